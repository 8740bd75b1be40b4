// Package sigv4grpc signs the calls of a grpc.ClientConn with Signature Version 4, for services
// behind sigv4auth. The signatures are made by aws-sdk-go-v2's own signer.
//
// The signature of a unary call covers its message: a [Signer] encodes it, signs its SHA-256 and
// sends what it has signed. Of a call in which the client or the server streams, the headers go out
// before any message is known, so that they declare UNSIGNED-PAYLOAD: use TLS, since anyone between
// the two could replace the messages otherwise. Messages must not be compressed: what is signed is
// what goes over the wire.
package sigv4grpc

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that is used below
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const unsignedPayload = "UNSIGNED-PAYLOAD"

// Signer signs the calls to one host. It is safe for concurrent use.
type Signer struct {
	Credentials     aws.CredentialsProvider
	Region, Service string

	// Authority is the :authority of the calls, host and port as the client dials them. It is part
	// of what is signed, and DialOptions sees to it that it is what is sent.
	Authority string

	// Uncovered declares UNSIGNED-PAYLOAD for unary calls, too: for servers with a [Tap], which see
	// no messages. Use TLS.
	Uncovered bool
}

// DialOptions are for grpc.NewClient.
func (s *Signer) DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithAuthority(s.Authority),
		grpc.WithChainUnaryInterceptor(s.unary),
		grpc.WithChainStreamInterceptor(s.stream),
	}
}

func (s *Signer) unary(
	ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	if s.Uncovered {
		ctx, err := s.Sign(ctx, method, nil)
		if err != nil {
			return err
		}
		return invoke(ctx, method, request, reply, conn, opts...)
	}
	text, err := Marshal(request)
	if err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	if ctx, err = s.Sign(ctx, method, text); err != nil {
		return err
	}
	return invoke(ctx, method, encoded(text), reply, conn, append(opts, grpc.ForceCodecV2(codec{encoding.GetCodecV2("proto")}))...)
}

func (s *Signer) stream(
	ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	ctx, err := s.Sign(ctx, method, nil)
	if err != nil {
		return nil, err
	}
	return streamer(ctx, desc, conn, method, opts...)
}

// Sign returns a context whose outgoing metadata carry the signature of a call with one message,
// which is encoded, or with nil of one whose messages are not covered. What the context's metadata
// has already is not signed. It is for programs that have interceptors of their own.
func (s *Signer) Sign(ctx context.Context, method string, message []byte) (context.Context, error) {
	creds, err := s.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, fmt.Sprintf("sigv4grpc: no credentials: %v", err))
	}
	digest := unsignedPayload
	if message != nil {
		h := sha256.New()
		h.Write(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))) // as it goes over the wire: not compressed
		h.Write(message)
		digest = hex.EncodeToString(h.Sum(nil))
	}
	r := &http.Request{
		Method: http.MethodPost, Host: s.Authority, Header: http.Header{"X-Amz-Content-Sha256": {digest}},
		URL: &url.URL{Opaque: "//" + s.Authority + method},
	}
	if err := signer.NewSigner().SignHTTP(ctx, creds, r, digest, s.Service, s.Region, time.Now()); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	md, _ := metadata.FromOutgoingContext(ctx)
	md = md.Copy()
	for name, values := range r.Header {
		md.Set(strings.ToLower(name), values...)
	}
	return metadata.NewOutgoingContext(ctx, md), nil
}

// Marshal encodes a message as it will be sent.
func Marshal(message any) ([]byte, error) {
	b, err := encoding.GetCodecV2("proto").Marshal(message)
	if err != nil {
		return nil, err
	}
	defer b.Free()
	return append([]byte{}, b.Materialize()...), nil
}

// encoded is a message that is signed as it stands: to encode it twice need not give the same
// bytes.
type encoded []byte

type codec struct{ encoding.CodecV2 }

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if text, ok := v.(encoded); ok {
		return mem.BufferSlice{mem.SliceBuffer(text)}, nil
	}
	return c.CodecV2.Marshal(v)
}
