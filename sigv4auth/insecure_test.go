package sigv4auth_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestInsecureIsNamed: threat 230. Every payload mode that lets somebody on the way choose the body
// has a name that begins with Insecure, and no other has: shown with a body that was changed. A
// mode that is added has to be added here.
func TestInsecureIsNamed(t *testing.T) {
	t.Parallel()
	modes := map[string]struct {
		bit sigv4auth.PayloadMode
		u   upload // with a body that an intermediary can make
	}{
		"PayloadDigest": {sigv4auth.PayloadDigest, upload{mode: modeSigned, body: replaceBody}},
		"InsecureUnsigned": {
			sigv4auth.InsecureUnsigned,
			upload{
				mode: "UNSIGNED-PAYLOAD", body: func(string) string { return "evil!" },
				header: map[string]string{"X-Amz-Decoded-Content-Length": "", "Content-Encoding": ""},
			},
		},
		"StreamingSigned":                  {sigv4auth.StreamingSigned, upload{mode: modeSigned, body: replaceBody}},
		"StreamingSignedTrailer":           {sigv4auth.StreamingSignedTrailer, upload{mode: modeSignedTrailer, body: replaceBody}},
		"InsecureStreamingUnsignedTrailer": {sigv4auth.InsecureStreamingUnsignedTrailer, upload{mode: modeUnsignedTrailer, body: replaceBody}},
	}
	if declared := constantsOf(t, "payload.go", "PayloadMode"); !slices.Equal(declared, slices.Sorted(maps.Keys(modes))) {
		t.Fatalf("the payload modes are %v", declared)
	}
	for name, m := range modes {
		m.u.data = "hello"
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Payloads = m.bit })
		var read string
		var err error
		w := httptest.NewRecorder()
		r := m.u.request(t)
		if _, err = a.Verify(r); err == nil {
			var b []byte
			b, err = io.ReadAll(r.Body)
			read = string(b)
		}
		if insecure := strings.HasPrefix(name, "Insecure"); insecure != (err == nil && read == "evil!") {
			t.Errorf("%s: a body that was replaced reads %q, %v; %s", name, read, err, w.Body)
		}
	}
	// What is off at zero is off: the zero modes admit none of them.
	a := newAuthenticator(t, nil)
	for name, m := range modes {
		m.u.data, m.u.body = "hello", nil
		if _, err := a.Verify(m.u.request(t)); err == nil {
			t.Errorf("%s is on by default", name)
		}
	}
}

// replaceBody puts another body of the same length into chunks, and mends the checksum, as anybody
// can.
func replaceBody(body string) string {
	return strings.NewReplacer("hello", "evil!", crc32Of("hello"), crc32Of("evil!")).Replace(body)
}

// constantsOf returns the exported constants of a type that is counted by iota, sorted.
func constantsOf(t *testing.T, file, typ string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		current := ""
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); ok {
				current = id.Name
			} else if len(v.Values) > 0 {
				current = ""
			}
			for _, n := range v.Names {
				if current == typ && n.IsExported() {
					names = append(names, n.Name)
				}
			}
		}
	}
	slices.Sort(names)
	return names
}
