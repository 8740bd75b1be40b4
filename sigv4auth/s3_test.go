package sigv4auth_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// s3Wire is what S3's clients look at in a refusal.
type s3Wire struct {
	Code, Message, Region, HeadersNotSigned, RequestTime, Expires, ServerTime, Resource, RequestId,
	HostId string //nolint // the names of the elements
	Lifetime                   string `xml:"X-Amz-Expires"`
	MaxAllowedSkewMilliseconds string
}

func s3Config(c *sigv4auth.Config) {
	c.Service, c.Path, c.Payloads, c.Denied = "s3", sigv4auth.PathS3, sigv4auth.InsecureUnsigned, sigv4auth.WriteS3Error
	c.Payloads |= sigv4auth.StreamingSigned
	c.MaxPresignExpiry, c.MaxBodyBytes = time.Hour, 1<<10
}

// TestS3Errors pins what S3's clients are told, by code, status, message and the elements that they
// read: "Error responses", S3 API Reference.
func TestS3Errors(t *testing.T) {
	t.Parallel()
	const body = "a unicorn"
	object := func(method string) *http.Request { return request(method, "/unicorns/one", body) }
	// header signs in the header, with the headers that are given.
	header := func(s signing, headers ...string) *http.Request {
		s.service, s.digestHeader = "s3", true
		r := object(http.MethodPut)
		for i := 0; i < len(headers); i += 2 {
			if r.Header.Set(headers[i], headers[i+1]); headers[i] == "X-Amz-Content-Sha256" {
				s.digestHeader = false
			}
		}
		return sign(t, r, s)
	}
	presigned := func(at time.Time) *http.Request {
		return sign(t, object(http.MethodGet), signing{service: "s3", presign: time.Minute, at: at})
	}
	unsigned := header(signing{})
	unsigned.Header.Set("X-Amz-Acl", "public-read")
	large := request(http.MethodPut, "/unicorns/one", strings.Repeat("x", 2<<10))
	large = sign(t, large, signing{service: "s3", digestHeader: true})
	changed := header(signing{})
	changed.Body = io.NopCloser(strings.NewReader("a donkey."))
	putForm := postPolicy("multipart/form-data; boundary=x")
	putForm.Method = http.MethodPut
	undeclared := header(signing{})
	undeclared.Header.Del("X-Amz-Content-Sha256")
	authorization("x-amz-content-sha256;", "")(undeclared)
	tests := []struct {
		name   string
		r      *http.Request
		status int
		want   s3Wire
	}{
		{"no credentials", object(http.MethodGet), 403, s3Wire{Code: "AccessDenied", Message: "Access Denied"}},
		{
			"a wrong secret", header(signing{secret: "wrong"}), 403,
			s3Wire{
				Code: "SignatureDoesNotMatch",
				Message: "The request signature we calculated does not match the signature you provided. Check your key and " +
					"signing method.",
			},
		},
		{
			"an unknown key", header(signing{keyID: "AKIAUNKNOWN"}), 403,
			s3Wire{Code: "InvalidAccessKeyId", Message: "The AWS Access Key Id you provided does not exist in our records."},
		},
		{
			"another region, header", header(signing{region: "eu-west-1"}), 400,
			s3Wire{
				Code:    "AuthorizationHeaderMalformed",
				Message: "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-east-1'",
				Region:  "us-east-1",
			},
		},
		{
			"another region, presigned", sign(t, object(http.MethodGet), signing{service: "s3", region: "eu-west-1", presign: time.Minute}),
			400,
			s3Wire{
				Code:    "AuthorizationQueryParametersError",
				Message: "Error parsing the X-Amz-Credential parameter; the region 'eu-west-1' is wrong; expecting 'us-east-1'",
				Region:  "us-east-1",
			},
		},
		{"signed too long ago", header(signing{at: testNow.Add(-time.Hour)}), 403, s3Wire{
			Code: "RequestTimeTooSkewed", Message: "The difference between the request time and the current time is too large.",
			RequestTime: testNow.Add(-time.Hour).Format("20060102T150405Z"), ServerTime: testNow.Format(time.RFC3339),
			MaxAllowedSkewMilliseconds: "300000",
		}},
		{"signed in the future", header(signing{at: testNow.Add(time.Hour)}), 403, s3Wire{
			Code: "RequestTimeTooSkewed", Message: "The difference between the request time and the current time is too large.",
			RequestTime: testNow.Add(time.Hour).Format("20060102T150405Z"), ServerTime: testNow.Format(time.RFC3339),
			MaxAllowedSkewMilliseconds: "300000",
		}},
		{
			"a header that is not signed", unsigned, 403,
			s3Wire{
				Code: "AccessDenied", Message: "There were headers present in the request which were not signed: x-amz-acl",
				HeadersNotSigned: "x-amz-acl",
			},
		},
		{
			"another body", changed, 400,
			s3Wire{Code: "XAmzContentSHA256Mismatch", Message: "The provided 'x-amz-content-sha256' header does not match what " +
				"was computed."},
		},
		{"threat 53: no digest", undeclared, 400, s3Wire{Code: "InvalidRequest", Message: "Missing required header for this request: x-amz-content-sha256"}},
		{
			"a digest that is none", header(signing{}, "X-Amz-Content-Sha256", strings.Repeat("A", 64)), 400,
			s3Wire{Code: "InvalidArgument", Message: "X-Amz-Content-Sha256 must be 64 lower-case hexadecimal digits or the name of a " +
				"payload mode"},
		},
		{
			"chunks without their length", header(signing{}, "X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), 411,
			s3Wire{Code: "MissingContentLength", Message: "Missing required header for this request: x-amz-decoded-content-length"},
		},
		{
			"chunks where they are not accepted", header(signing{}, "X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), 403,
			s3Wire{Code: "AccessDenied", Message: "The payload mode of X-Amz-Content-Sha256 is not accepted here; send the SHA-256 " +
				"of the body"},
		},
		{
			"a wrong checksum", header(signing{}, "X-Amz-Checksum-Crc32", "AAAAAA=="), 400,
			s3Wire{Code: "BadDigest", Message: "The CRC32 you specified did not match the calculated checksum."},
		},
		{"a body beyond the limit", large, 400, s3Wire{Code: "EntityTooLarge", Message: "Request Too Long"}},
		{
			"threat 99: a form with a POST policy", postPolicy("multipart/form-data; boundary=x"), 403,
			s3Wire{
				Code:    "AccessDenied",
				Message: "Uploads from a form with a POST policy are not supported; sign the request, or use a presigned URL with PUT",
			},
		},
		{
			"threat 99: another body that is posted", postPolicy("application/x-www-form-urlencoded"), 403,
			s3Wire{Code: "AccessDenied", Message: "Access Denied"},
		},
		{"threat 99: a type that is shorter than a form's", postPolicy("text/xml"), 403, s3Wire{Code: "AccessDenied", Message: "Access Denied"}},
		{"threat 99: a form that is not posted", putForm, 403, s3Wire{Code: "AccessDenied", Message: "Access Denied"}},
		{
			"threat 11: a URL with Signature Version 2",
			request(http.MethodGet, "/unicorns/one?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D&"+
				"Expires=1141889120", ""),
			403,
			s3Wire{Code: "AccessDenied", Message: "The authorization mechanism you have provided is not supported. Please use " +
				"AWS4-HMAC-SHA256."},
		},
		{
			"threat 2: a form is no class of its own",
			sign(t, postPolicy("Multipart/Form-Data"), signing{service: "s3", digestHeader: true, secret: "wrong"}), 403,
			s3Wire{
				Code: "SignatureDoesNotMatch",
				Message: "The request signature we calculated does not match the signature you provided. Check your key and " +
					"signing method.",
			},
		},
		{"a URL that has expired", presigned(testNow.Add(-time.Hour)), 403, s3Wire{
			Code: "AccessDenied", Message: "Request has expired", Lifetime: "60",
			Expires: testNow.Add(-time.Hour + time.Minute).Format(time.RFC3339), ServerTime: testNow.Format(time.RFC3339),
		}},
		{"a URL that is not yet valid", presigned(testNow.Add(time.Hour)), 403, s3Wire{
			Code: "AccessDenied", Message: "Request is not valid yet", Lifetime: "60",
			Expires: testNow.Add(time.Hour + time.Minute).Format(time.RFC3339), ServerTime: testNow.Format(time.RFC3339),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var reached spy
			w := httptest.NewRecorder()
			newAuthenticator(t, s3Config).Handler(&reached).ServeHTTP(w, tt.r)
			var got s3Wire
			if err := xml.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			id := w.Header().Get("X-Amz-Request-Id")
			if id == "" || got.RequestId != id || got.HostId != id || w.Header().Get("X-Amz-Id-2") != id ||
				w.Header().Get("X-Amzn-Requestid") != id {
				t.Errorf("the IDs differ: %+v, %v", got, w.Header())
			}
			if region := w.Header().Get("X-Amz-Bucket-Region"); region != tt.want.Region {
				t.Errorf("X-Amz-Bucket-Region is %q", region)
			}
			if contentType := w.Header().Get("Content-Type"); contentType != "application/xml" {
				t.Errorf("Content-Type is %q", contentType)
			}
			tt.want.RequestId, tt.want.HostId, tt.want.Resource = id, id, "/unicorns/one"
			if w.Code != tt.status || got != tt.want {
				t.Errorf("got %d %+v\nwant %d %+v", w.Code, got, tt.status, tt.want)
			}
			if reached.ran > 0 {
				t.Error("the handler ran")
			}
		})
	}
}

// postPolicy is an upload from a browser's form.
func postPolicy(contentType string) *http.Request {
	r := request(http.MethodPost, "/unicorns/one", "--x\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\ne30=\r\n--x--\r\n")
	r.Header.Set("Content-Type", contentType)
	return r
}

// TestS3PostPolicyElsewhere: to other services a form is a request without credentials like any
// other.
func TestS3PostPolicyElsewhere(t *testing.T) {
	t.Parallel()
	_, err := newAuthenticator(t, nil).Verify(postPolicy("multipart/form-data; boundary=x"))
	if e := sigv4auth.AsError(err); e.Reason != sigv4auth.ErrMissingAuthenticationToken || e.Message != "Missing Authentication Token" {
		t.Errorf("%v", err)
	}
}

// TestS3ErrorToHead: an answer to HEAD has headers alone, also behind a server that does not see to
// that.
func TestS3ErrorToHead(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	newAuthenticator(t, s3Config).Handler(&spy{}).ServeHTTP(w, request(http.MethodHead, "/unicorns/one", ""))
	if w.Code != 403 || w.Body.Len() > 0 || w.Header().Get("X-Amz-Request-Id") == "" {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
}

// TestS3ErrorOfAHandler: a handler's own refusal keeps its text, and repeats nothing of the
// request.
func TestS3ErrorOfAHandler(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&sigv4auth.Error{Reason: sigv4auth.ErrRequestExpired, Message: "too late"}, "<Code>RequestTimeTooSkewed</Code><Message>too late</Message><Resource>"},
		{
			&sigv4auth.Error{Reason: sigv4auth.ErrInvalidScope, Message: "elsewhere"},
			"<Code>AuthorizationHeaderMalformed</Code><Message>elsewhere</Message><Resource>",
		},
		{&sigv4auth.Error{Reason: sigv4auth.ErrSignatureMismatch, Message: "no"}, "<Code>SignatureDoesNotMatch</Code><Message>no</Message><Resource>"},
	} {
		w := httptest.NewRecorder()
		sigv4auth.WriteS3Error(w, request(http.MethodGet, "/unicorns/one", ""), tt.err)
		if !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s", w.Body)
		}
	}
}
