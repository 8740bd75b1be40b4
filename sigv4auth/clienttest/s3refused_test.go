package clienttest_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// mustRefuse runs what has to be refused, and wants the code that the client surfaces and a store
// that nothing changed.
func (s *s3Service) mustRefuse(t *testing.T, what, want string, run func() string) {
	t.Helper()
	before := s.store.Changes()
	if got := run(); got != want {
		t.Errorf("%s: the client says %q, want %q", what, got, want)
	}
	if s.store.Changes() != before {
		t.Errorf("%s changed the store", what)
	}
}

// s3Code returns the code of an S3 error document.
func s3Code(body string) string {
	code, _, _ := strings.Cut(s3Said(body), ": ")
	return code
}

// s3Said returns the code and the message of an S3 error document.
func s3Said(body string) string {
	var e struct{ Code, Message string }
	if err := xml.Unmarshal([]byte(body), &e); err != nil {
		return body
	}
	return e.Code + ": " + e.Message
}

// form sends what a browser sends from a form with a file.
func (s *s3Service) form(t *testing.T, url string, fields map[string]string, file []byte) (int, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", "unicorn.bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return s.do(t, r)
}

func (s *s3Service) do(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	res, err := s.client(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}
