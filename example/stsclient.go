package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
)

// stsClient asks the program's own STS endpoint, as a client of this machine does, before anything
// is served: who may have a session is decided there and nowhere else.
type stsClient struct {
	handler  http.Handler
	endpoint string
	region   string
}

// assumeRole returns credentials of a session of the role. A refusal is an error with STS's code.
func (c stsClient) assumeRole(ctx context.Context, as caller, role, session string, lasts time.Duration) (
	rider sigv4auth.Credential, err error,
) {
	signing, err := sigv4client.New(sigv4client.Config{
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: as.accessKeyID, SecretAccessKey: as.secret.Reveal()}, nil
		}),
		Region: c.region, Service: "sts", Endpoints: []string{c.endpoint}, Next: c,
	})
	if err != nil {
		return rider, err
	}
	form := url.Values{
		"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {role}, "RoleSessionName": {session},
		"DurationSeconds": {strconv.Itoa(int(lasts / time.Second))},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint+"/", strings.NewReader(form.Encode()))
	if err != nil {
		return rider, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	answer, err := signing.RoundTrip(r)
	if err != nil {
		return rider, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return rider, err
	}
	var said struct {
		Error  struct{ Code, Message string }
		Result struct {
			Credentials struct {
				AccessKeyID     string `xml:"AccessKeyId"`
				SecretAccessKey string
				SessionToken    string
				Expiration      time.Time
			}
		} `xml:"AssumeRoleResult"`
	}
	if err := xml.Unmarshal(text, &said); err != nil {
		return rider, fmt.Errorf("AssumeRole was answered with %s: %w", answer.Status, err)
	}
	if answer.StatusCode != http.StatusOK {
		return rider, fmt.Errorf("AssumeRole was refused: %s: %s", said.Error.Code, said.Error.Message)
	}
	has := said.Result.Credentials
	return sigv4auth.Credential{
		AccessKeyID: has.AccessKeyID, Secret: sigv4auth.NewSecret(has.SecretAccessKey), SessionToken: sigv4auth.NewSecret(has.SessionToken),
		Expires: has.Expiration,
	}, nil
}

// RoundTrip lets the handler answer, as if the request had come over the network.
func (c stsClient) RoundTrip(r *http.Request) (*http.Response, error) {
	got := r.Clone(r.Context())
	got.RequestURI, got.RemoteAddr, got.Host = r.URL.RequestURI(), strings.TrimPrefix(c.endpoint, "http://"), r.URL.Host
	got.URL.Scheme, got.URL.Host = "", ""
	if got.Body == nil {
		got.Body = http.NoBody
	}
	if got.ContentLength > 0 {
		got.Header.Set("Content-Length", strconv.FormatInt(got.ContentLength, 10)) // where a server leaves it
	}
	a := &keptAnswer{header: http.Header{}, status: http.StatusOK}
	c.handler.ServeHTTP(a, got)
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Header: a.header, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(a.body.Len()), Body: io.NopCloser(&a.body),
	}, nil
}

// keptAnswer keeps what a handler answers.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *keptAnswer) Header() http.Header         { return a.header }
func (a *keptAnswer) WriteHeader(status int)      { a.status = status }
func (a *keptAnswer) Write(b []byte) (int, error) { return a.body.Write(b) }
