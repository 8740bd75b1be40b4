package sigv4auth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestSignatureCharacters: threat 10. In each of the 64 places exactly the lower-case hexadecimal
// digits can stand in a signature; one that is not the right one is a wrong signature and not a
// malformed one.
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

// TestAuthorizationForms: the form that most clients write is read by a short cut. Whatever is
// admitted or refused in it is admitted or refused, for the same reason, in a form that is not:
// with white space around the fields, and in another order.
func TestAuthorizationForms(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	right := sign(t, ride(), temporary()).Header.Get("Authorization")
	replaced := func(old, with string) string { return strings.Replace(right, old, with, 1) }
	for _, value := range []string{
		right,
		replaced(tempKeyID, tempKeyID+" "), replaced(tempKeyID, " "+tempKeyID), replaced(tempKeyID, ""), replaced(tempKeyID, testKeyID),
		replaced(tempKeyID, tempKeyID+
			"/x"),
		replaced("/"+testRegion+"/", "/eu-west-1/"), replaced("aws4_request", "aws4_request "), replaced("aws4_request", "aws4_request/"),
		replaced("aws4_request", "aws5_request"),
		replaced("20260102/", "20260103/"), replaced("20260102/", "2026/0102/"), replaced("20260102/", "/"),
		replaced("SignedHeaders=", "SignedHeaders= "), replaced("host;", "host; "), replaced("host;", ""),
		replaced("SignedHeaders=", "SignedHeaders=x="),
		replaced("Signature=", "Signature= "), replaced("Signature=", "Signature=="), right[:len(right)-1], right + "0", right + " ",
		right + ",", right + ", ",
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
			if code(wantErr) != code(gotErr) || (wantErr == nil) != (strings.ReplaceAll(strings.TrimRight(value, " "), " ,",
				",") == right) {
				t.Errorf("%q: %v; %q: %v", value, wantErr, other, gotErr)
			}
		}
	}
}

// TestPresignedForms: the same of a presigned URL, whose time and credential are read by short
// cuts. In each form a fault is refused for the same reason.
func TestPresignedForms(t *testing.T) {
	t.Parallel()
	m := &meter{counts: map[string]int{}}
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Meter, c.MaxPresignExpiry = m, time.Hour })
	verified := 0
	for _, at := range []time.Time{testNow, testNow.Add(-2 * time.Minute), testNow.Add(6 * time.Minute)} {
		for _, change := range [][2]string{
			{"", ""},
			{"aws4_request", "aws5_request"},
			{"aws4_request", "aws4_request%2F"},
			{"us-east-1", "eu-west-1"},
			{"%2F2026", "%2F2027"},
			{"%2F2026", "%2F%2F2026"},
			{"%2F20260102", "%2F"},
			{tempKeyID, tempKeyID + "x"},
			{tempKeyID, tempKeyID + "%21"},
			{tempKeyID, ""},
			{"X-Amz-Expires=60", "X-Amz-Expires=61"},
			{"X-Amz-Expires=60", "X-Amz-Expires=3600"},
			{"X-Amz-Expires=60", "X-Amz-Expires="},
		} {
			var codes [2]sigv4auth.Reason
			for i := range codes {
				s := temporary()
				s.presign, s.at = time.Minute, at
				r := sign(t, request("GET", "/prod/rides?limit=10", ""), s)
				path, query, _ := strings.Cut(strings.Replace(r.RequestURI, change[0], change[1], 1), "?")
				if i == 1 { // in another order: the signature covers the parameters sorted
					pairs := strings.Split(query, "&")
					slices.Reverse(pairs)
					query = strings.Join(pairs, "&")
				}
				r.RequestURI = path + "?" + query
				_, err := a.Verify(r)
				if codes[i] = code(err); err == nil {
					verified++
				}
			}
			if codes[0] != codes[1] {
				t.Errorf("signed at %v, %q for %q: %q; in another order %q", at, change[1], change[0], codes[0], codes[1])
			}
		}
	}
	if verified != 2 {
		t.Errorf("%d requests were admitted; want the right one, twice", verified)
	}
	// Each of the 72 requests that was whole was dated, and is measured once.
	if got := m.counts["sigv4auth.clock_skew "]; got != 72 {
		t.Errorf("the skew was recorded %d times; want 72", got)
	}
}

// TestPresignedLookalikes: what stands where the date or the lifetime usually does, and is another
// parameter, says nothing of the time.
func TestPresignedLookalikes(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	s := signing{presign: time.Hour, at: testNow.Add(-2 * time.Minute)}
	for _, tt := range []struct{ other, before string }{
		{"20250102T030405Z", "X-Amz-Expires="}, {"20250102T030405Z", "X-Amz-Date="}, {"60", "X-Amz-Expires="}, {"60", "X-Amz-Date="},
	} {
		r := sign(t, request("GET", "/prod/rides?"+tt.other, ""), s)
		moved := strings.Replace(r.RequestURI, tt.other+"=&", "", 1)
		moved = strings.Replace(moved, tt.before, tt.other+"&"+tt.before, 1)
		if moved == r.RequestURI {
			t.Fatal("nothing was moved")
		}
		if tt.other != "60" { // the date is where the parameter was
			moved = strings.Replace(moved, "X-Amz-Date="+s.at.Format("20060102T150405Z")+"&", "", 1) + "&X-Amz-Date=" +
				s.at.Format("20060102T150405Z")
		}
		r.RequestURI = moved
		if _, err := a.Verify(r); err != nil {
			t.Errorf("%s: %v", moved, err)
		}
	}
	anonymous := request("GET", "/prod/rides?x=1&X-Amz-Date=20250102T030405Z&X-Amz-Expires=60", "")
	if _, err := a.Verify(anonymous); !errors.Is(err, sigv4auth.ErrMissingAuthenticationToken) {
		t.Errorf("without an algorithm: %v", err)
	}
}

func code(err error) sigv4auth.Reason {
	if err == nil {
		return ""
	}
	return sigv4auth.AsError(err).Reason
}
