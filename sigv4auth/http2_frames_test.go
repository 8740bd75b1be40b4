package sigv4auth_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestHTTP2Frames sends HTTP/2 frames that no client library makes: the verdict is that of
// HTTP/1.1, and a Host that differs from :authority is refused: threat 127.
func TestHTTP2Frames(t *testing.T) {
	t.Parallel()
	w := newWatched(t, nil)
	r := sign(t, request("GET", "/prod/rides", ""), signing{})
	with := func(pseudo ...string) []string {
		return append(pseudo, "x-amz-date", r.Header.Get("X-Amz-Date"), "authorization", r.Header.Get("Authorization"))
	}
	get := []string{":method", "GET", ":scheme", "http", ":path", "/prod/rides"}
	and := func(more ...string) []string { return append(append([]string{}, get...), more...) }
	tests := []struct {
		name    string
		fields  []string
		through bool
		code    sigv4auth.Reason // "": net/http itself refuses
	}{
		{":authority", with(and(":authority", "example.com")...), true, ""},
		{"Host in place of :authority", with(append(and(), "host", "example.com")...), true, ""},
		{"both, the same", with(append(and(":authority", "example.com"), "host", "example.com")...), true, ""},
		{"both, another Host", with(append(and(":authority", "example.com"), "host", "example.org")...), false, sigv4auth.ErrMalformedRequest},
		{"both, another :authority", with(append(and(":authority", "example.org"), "host", "example.com")...), false, sigv4auth.ErrMalformedRequest},
		{"Host twice", with(append(and(), "host", "example.com", "host", "example.org")...), false, sigv4auth.ErrMalformedRequest},
		{"neither", with(and()...), false, sigv4auth.ErrMalformedRequest},
		{":authority twice", with(and(":authority", "example.com", ":authority", "example.com")...), false, ""},
		{":path twice", with(and(":authority", "example.com", ":path", "/prod/admin")...), false, ""},
		{"a pseudo-header behind a header", append(with(get...), ":authority", "example.com"), false, ""},
		{"an upper-case name", append(with(and(":authority", "example.com")...), "X-Amz-Acl", "private"), false, ""},
		{
			"threat 17: an x-amz-* header that is not signed", append(with(and(":authority", "example.com")...), "x-amz-acl", "private"),
			false, sigv4auth.ErrHeaderNotSigned,
		},
		{"threat 134: CONNECT", with(":method", "CONNECT", ":authority", "example.com:443"), false, sigv4auth.ErrMalformedRequest},
		{"another :authority", with(and(":authority", "example.org")...), false, sigv4auth.ErrSignatureMismatch},
	}
	for _, tt := range tests {
		through, refused := w.frames(t, tt.fields)
		if len(through) > 1 || (len(through) == 1) != tt.through || tt.code != "" && (len(refused) != 1 || refused[0] != tt.code) ||
			tt.code == "" && len(refused) > 0 {
			t.Errorf("%s: %+v, %v; want %q", tt.name, through, refused, tt.code)
		}
	}
}

// frames sends one request as HTTP/2, and waits for the end of its stream.
func (w *watched) frames(t *testing.T, fields []string) (through []seen, refused []sigv4auth.Reason) {
	t.Helper()
	w.forget()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	var block []byte
	text := func(s string) { // RFC 7541, section 5.2, without Huffman coding
		if n := len(s); n < 127 {
			block = append(block, byte(n))
		} else {
			block = append(block, 127)
			for n -= 127; n >= 128; n >>= 7 {
				block = append(block, byte(n)|128)
			}
			block = append(block, byte(n))
		}
		block = append(block, s...)
	}
	for i := 0; i < len(fields); i += 2 {
		block = append(block, 0) // a literal that is not indexed, with a new name
		text(fields[i])
		text(fields[i+1])
	}
	frame := func(kind, flags byte, stream uint32, payload []byte) []byte {
		b := append([]byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}, 0, 0, 0, 0)
		binary.BigEndian.PutUint32(b[5:], stream)
		return append(b, payload...)
	}
	const settings, headers, rstStream, goAway, endStream, endHeaders = 4, 1, 3, 7, 1, 4
	out := append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(settings, 0, 0, nil)...)
	if _, err := conn.Write(append(out, frame(headers, endStream|endHeaders, 1, block)...)); err != nil {
		t.Fatal(err)
	}
	for in := bufio.NewReader(conn); ; {
		var h [9]byte
		if _, err := io.ReadFull(in, h[:]); err != nil {
			break
		}
		if _, err := in.Discard(int(h[0])<<16 | int(h[1])<<8 | int(h[2])); err != nil {
			break
		}
		stream := binary.BigEndian.Uint32(h[5:])
		if h[3] == goAway || stream == 1 && (h[3] == rstStream || h[4]&endStream != 0) {
			break
		}
	}
	return w.noted()
}
