package sigv4auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestSignatureCharacters: threat 10. In each of the 64 places exactly the lower-case hexadecimal digits can stand in a signature; one that
// is not the right one is a wrong signature and not a malformed one.
func TestSignatureCharacters(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	right := sign(t, ride(), temporary()).Header.Get("Authorization")
	start := strings.Index(right, "Signature=") + len("Signature=")
	for at := start; at < len(right); at++ {
		for c := range 256 {
			if at != start && at != len(right)-1 && c%37 != at%37 { // the first and the last place with every byte, the others with some
				continue
			}
			r := sign(t, ride(), temporary())
			r.Header["Authorization"] = []string{right[:at] + string([]byte{byte(c)}) + right[at+1:]}
			_, err := a.Verify(r)
			switch want := sigv4auth.ErrSignatureMismatch; {
			case byte(c) == right[at]:
				if err != nil {
					t.Fatalf("the right signature: %v", err)
				}
			case c == ' ' && at == len(right)-1, c == ',', !strings.ContainsRune("0123456789abcdef", rune(c)):
				if !errors.Is(err, sigv4auth.ErrIncompleteSignature) {
					t.Fatalf("%q at %d: %v", byte(c), at-start, err)
				}
			case !errors.Is(err, want):
				t.Fatalf("%q at %d: %v; want %v", byte(c), at-start, err, want)
			}
		}
	}
}

// TestAuthorizationForms: the form that most clients write is read by a short cut. Whatever is admitted or refused in it is admitted or refused, for the
// same reason, in a form that is not: with white space around the fields, and in another order.
func TestAuthorizationForms(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	right := sign(t, ride(), temporary()).Header.Get("Authorization")
	replaced := func(old, with string) string { return strings.Replace(right, old, with, 1) }
	for _, value := range []string{
		right,
		replaced(tempKeyID, tempKeyID+" "), replaced(tempKeyID, " "+tempKeyID), replaced(tempKeyID, ""), replaced(tempKeyID, testKeyID), replaced(tempKeyID, tempKeyID+"/x"),
		replaced("/"+testRegion+"/", "/eu-west-1/"), replaced("aws4_request", "aws4_request "), replaced("aws4_request", "aws4_request/"), replaced("aws4_request", "aws5_request"),
		replaced("20260102/", "20260103/"), replaced("20260102/", "2026/0102/"), replaced("20260102/", "/"),
		replaced("SignedHeaders=", "SignedHeaders= "), replaced("host;", "host; "), replaced("host;", ""), replaced("SignedHeaders=", "SignedHeaders=x="),
		replaced("Signature=", "Signature= "), replaced("Signature=", "Signature=="), right[:len(right)-1], right + "0", right + " ", right + ",", right + ", ",
		replaced("Credential=", "Credential=Credential="), replaced("Signature=", "Signature=0,Signature="),
	} {
		fields := strings.SplitN(strings.TrimPrefix(value, "AWS4-HMAC-SHA256 "), ",", 3)
		for _, other := range []string{
			"AWS4-HMAC-SHA256  " + strings.TrimPrefix(value, "AWS4-HMAC-SHA256 "),
			"AWS4-HMAC-SHA256 " + strings.Join([]string{fields[1], fields[0], fields[2]}, " ,"),
		} {
			want, got := sign(t, ride(), temporary()), sign(t, ride(), temporary())
			want.Header["Authorization"], got.Header["Authorization"] = []string{value}, []string{other}
			_, wantErr := a.Verify(want)
			_, gotErr := a.Verify(got)
			if code(wantErr) != code(gotErr) {
				t.Errorf("%q: %v; %q: %v", value, wantErr, other, gotErr)
			}
		}
	}
}

func code(err error) sigv4auth.ErrorCode {
	if err == nil {
		return ""
	}
	return sigv4auth.AsError(err).Code
}
