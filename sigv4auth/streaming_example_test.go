package sigv4auth_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// A handler that stores uploads in chunks. It keeps what it has read only once reading has ended
// without an error.
func ExamplePayloadMode() {
	folder, err := os.MkdirTemp("", "uploads")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "s3", Path: sigv4auth.PathS3,
		Payloads: sigv4auth.StreamingSigned | sigv4auth.StreamingSignedTrailer,
		Denied:   sigv4auth.WriteS3Error,
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secret: sigv4auth.NewSecret(exampleSecret), Principal: iampolicy.Principal{
				ARN: "arn:aws:iam::111122223333:user/alice",
			},
		}),
		Now: func() time.Time { return time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC) }, // when AWS's example was signed
	})
	if err != nil {
		panic(err)
	}
	store := func(w http.ResponseWriter, r *http.Request) {
		draft, err := os.CreateTemp(folder, "draft-*")
		if err != nil {
			http.Error(w, "cannot store", http.StatusInternalServerError)
			return
		}
		defer os.Remove(draft.Name())
		defer draft.Close()
		n, err := io.Copy(draft, r.Body)
		if refused, ok := errors.AsType[*sigv4auth.Error](err); ok {
			sigv4auth.WriteS3Error(w, r, refused) // the body does not verify
			return
		}
		if err != nil {
			http.Error(w, "cannot store", http.StatusInternalServerError)
			return
		}
		if err := os.Rename(draft.Name(), filepath.Join(folder, "object")); err != nil {
			http.Error(w, "cannot store", http.StatusInternalServerError)
			return
		}
		checksum, err := sigv4auth.VerifiedTrailer(r, "x-amz-checksum-crc32c")
		fmt.Println("stored", n, "bytes of", r.ContentLength, checksum, err)
	}
	handler := auth.Handler(http.HandlerFunc(store))

	whole := documentedUpload(true)
	damaged := strings.Replace(whole, "aaaa", "aaab", 1)
	for _, sent := range []string{damaged, whole} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(sent)))
		if err != nil {
			panic(err)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 403
	// stored 66560 bytes of 66560 sOO8/Q== <nil>
	// 200
}

// Taking the length of what was read for the proof that all is well: an unsigned body is released
// as it arrives, and a reader that stops at an error but does not look at it stores what nobody has
// verified.
func ExamplePayloadMode_incorrect() {
	_ = func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body) // the error says that the body is not what its trailer promises, and is lost
	}
}
