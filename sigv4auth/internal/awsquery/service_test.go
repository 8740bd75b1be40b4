package awsquery_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	keyID, secret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	formType      = "application/x-www-form-urlencoded"
	version       = "2011-06-15"
	caller        = "arn:aws:iam::111122223333:user/alice"
)

// fake is a service with the operations of each kind.
type fake struct {
	awsquery.Service
	events   []sigv4auth.Event
	ran      []string // the actions, each with the caller
	limited  int      // requests that came to the place of the limits
	faults   []error
	disagree bool // ignore what Err says
}

func newFake() *fake {
	s := &fake{}
	s.Namespace, s.Version, s.RequestID = namespace, version, sigv4auth.RequestIDFrom
	run := func(action string, do func(*http.Request, *awsquery.Params) (any, error)) func(*http.Request, *awsquery.Params) (any, error) {
		return func(r *http.Request, p *awsquery.Params) (any, error) {
			id, _ := sigv4auth.IdentityFrom(r.Context())
			s.ran = append(s.ran, action+" "+id.Principal.ARN)
			return do(r, p)
		}
	}
	s.Operations = map[string]awsquery.Operation{
		"GetCallerIdentity": {Run: run("GetCallerIdentity", func(r *http.Request, _ *awsquery.Params) (any, error) {
			id, _ := sigv4auth.IdentityFrom(r.Context())
			return struct{ Arn string }{id.Principal.ARN}, nil
		})},
		"AssumeRole": {Run: run("AssumeRole", func(_ *http.Request, p *awsquery.Params) (any, error) {
			name := p.String("RoleSessionName", sessionName)
			if err := p.Err(); err != nil && !s.disagree {
				return nil, err
			}
			return result{Credentials: credentials{SessionToken: name}}, nil
		})},
		"AssumeRoleWithWebIdentity": {Unsigned: true, Run: run("AssumeRoleWithWebIdentity",
			func(_ *http.Request, p *awsquery.Params) (any, error) {
				return result{Credentials: credentials{SessionToken: p.String("WebIdentityToken", token)}}, p.Err()
			})},
		"DeleteRole": {Run: run("DeleteRole", func(*http.Request, *awsquery.Params) (any, error) { return nil, nil })},
		"Denied": {Run: run("Denied", func(*http.Request, *awsquery.Params) (any, error) {
			return nil, fmt.Errorf("wrapped: %w", &awsquery.Error{Code: "AccessDenied", Message: "User: <x>", Status: 403})
		})},
		"Fails":    {Run: run("Fails", func(*http.Request, *awsquery.Params) (any, error) { return nil, errors.New("password=hunter2") })},
		"Late":     {Run: run("Late", func(*http.Request, *awsquery.Params) (any, error) { return nil, context.DeadlineExceeded })},
		"Panics":   {Run: run("Panics", func(*http.Request, *awsquery.Params) (any, error) { panic("password=hunter2") })},
		"NoAnswer": {Run: run("NoAnswer", func(*http.Request, *awsquery.Params) (any, error) { return map[string]int{"a": 1}, nil })},
	}
	return s
}

// handler returns the service behind an Authenticator.
func (s *fake) handler(t *testing.T) http.Handler {
	t.Helper()
	a, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "sts", MaxPresignExpiry: time.Minute, Denied: sigv4auth.WriteQueryError,
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: keyID, Secret: sigv4auth.NewSecret(secret), Principal: iampolicy.Principal{ARN: caller, AccountID: "111122223333"},
		}),
		Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) { s.events = append(s.events, e) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler(a.Handler, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.limited++
			next.ServeHTTP(w, r)
		})
	})
}

func post(body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", formType+"; charset=utf-8")
	return r
}

// signed signs a request, in the query if presign is not 0.
func signed(r *http.Request, presign time.Duration) *http.Request {
	return sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: keyID, Secret: sigv4auth.NewSecret(secret)},
		Region:     "us-east-1", Service: "sts", Presign: presign,
	}.Sign(r)
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestServiceAnswers: a signed POST gets its answer, in the service's namespace, not to be cached,
// and with the ID that the request's event has.
func TestServiceAnswers(t *testing.T) {
	t.Parallel()
	s := newFake()
	h := s.handler(t)
	w := do(h, signed(post("Action=AssumeRole&Version="+version+"&RoleSessionName=me"), 0))
	if w.Code != 200 || len(s.events) != 1 || s.limited != 0 || len(s.ran) != 1 || s.ran[0] != "AssumeRole "+caller {
		t.Fatalf("%d %s: %v, %d limited", w.Code, w.Body, s.ran, s.limited)
	}
	var got struct {
		XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
		Token   string   `xml:"AssumeRoleResult>Credentials>SessionToken"`
		Request string   `xml:"ResponseMetadata>RequestId"`
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Token != "me" || got.Request != s.events[0].RequestID ||
		got.Request != w.Header().Get("X-Amzn-Requestid") {
		t.Errorf("%+v, %v; event %q, header %v", got, err, s.events[0].RequestID, w.Header())
	}
	for name, want := range map[string]string{
		"Content-Type": "text/xml", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Amzn-Errortype": "",
	} {
		if w.Header().Get(name) != want {
			t.Errorf("%s: %q", name, w.Header().Get(name))
		}
	}
	if w := do(h, signed(post("Action=DeleteRole&Version="+version), 0)); w.Code != 200 ||
		!strings.HasPrefix(w.Body.String(), `<DeleteRoleResponse xmlns="`+namespace+`"><ResponseMetadata>`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// A path with a slash appended, and parameters in the query of a POST.
	r := signed(httptest.NewRequest("POST", "/sts/?Action=GetCallerIdentity&Version="+version, nil), 0)
	if w := do(h, r); w.Code != 200 || !strings.Contains(w.Body.String(), "<GetCallerIdentityResult><Arn>"+caller+"</Arn>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestServicePresigned: a presigned GET of GetCallerIdentity is answered; changed, it is not.
func TestServicePresigned(t *testing.T) {
	t.Parallel()
	s := newFake()
	h := s.handler(t)
	r := signed(httptest.NewRequest("GET", "/?Action=GetCallerIdentity&Version="+version, nil), time.Minute)
	if w := do(h, r); w.Code != 200 || !strings.Contains(w.Body.String(), caller) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	again := httptest.NewRequest("GET", strings.Replace(r.RequestURI, "GetCallerIdentity", "DeleteRole", 1), nil)
	if w := do(h, again); w.Code != 403 || len(s.ran) != 1 {
		t.Errorf("%d %s: %v", w.Code, w.Body, s.ran)
	}
}

// TestServiceRefuses: what no operation is found for, and what is wrong with it, in AWS's words.
func TestServiceRefuses(t *testing.T) {
	t.Parallel()
	typed := func(kind string) *http.Request {
		r := post("Action=GetCallerIdentity&Version=" + version)
		r.Header.Set("Content-Type", kind)
		if kind == "" {
			r.Header.Del("Content-Type")
		}
		return r
	}
	// What asks for an operation in the query, and says more in a body that is not read as a form.
	beside := func(method, kind string) *http.Request {
		r := typed(kind)
		u := httptest.NewRequest(method, "/?Action=GetCallerIdentity&Version="+version, nil)
		r.Method, r.URL, r.RequestURI = method, u.URL, u.RequestURI
		return r
	}
	for _, tt := range []struct {
		name    string
		r       *http.Request
		status  int
		code    string
		message string
	}{
		{"no action", post("Version=" + version), 400, "MissingAction", "Missing Action"},
		{"an empty body", post(""), 400, "MissingAction", "Missing Action"},
		{"JSON", typed("application/json"), 400, "MissingAction", "Missing Action"},
		{"no content type", typed(""), 400, "MissingAction", "Missing Action"},
		{"two content types", func() *http.Request {
			r := typed(formType)
			r.Header.Add("Content-Type", "application/json")
			return r
		}(), 400, "MissingAction", "Missing Action"},
		{
			"a long action", post("Action=" + strings.Repeat("A", 5000)), 400, "InvalidAction",
			"Could not find operation " + strings.Repeat("A", 1024) + "... for version NO_VERSION_SPECIFIED",
		},
		{"another character set", typed(formType + "; charset=utf-7"), 400, "MissingAction", "Missing Action"},
		{
			"an unknown action", post("Action=getCallerIdentity&Version=" + version), 400, "InvalidAction",
			"Could not find operation getCallerIdentity for version 2011-06-15",
		},
		{
			"an unknown version", post("Action=GetCallerIdentity&Version=2010-05-08"), 400, "InvalidAction",
			"Could not find operation GetCallerIdentity for version 2010-05-08",
		},
		{
			"no version", post("Action=GetCallerIdentity"), 400, "InvalidAction",
			"Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
		},
		{
			"a validation error", post("Action=AssumeRole&Version=" + version), 400, "ValidationError",
			"1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
		},
		{"an action twice", post("Action=GetCallerIdentity&Action=Fails&Version=" + version), 400, "InvalidQueryParameter", ""},
		{"a bad escape", post("Action=GetCallerIdentity&Version=" + version + "&a=%"), 404, "MalformedQueryString", ""},
		{
			"an action in both places", func() *http.Request {
				r := post("Action=GetCallerIdentity&Version=" + version)
				u := httptest.NewRequest("POST", "/?Action=Denied", nil)
				r.URL, r.RequestURI = u.URL, u.RequestURI
				return r
			}(), 400, "InvalidQueryParameter", "The parameter Action is given more than once",
		},
		{"JSON beside a query", beside("POST", "application/json"), 400, "MalformedInput", "The body of the request is not a form"},
		{"a body beside a query, of no type", beside("POST", ""), 400, "MalformedInput", "The body of the request is not a form"},
		{"another character set beside a query", beside("POST", formType+"; charset=utf-7"), 400, "MalformedInput", ""},
		{"a form in a GET", beside("GET", formType), 400, "MalformedInput", "The body of the request is not a form"},
		{"a large body", post("Action=GetCallerIdentity&a=" + strings.Repeat("a", 256<<10)), 413, "RequestEntityTooLarge", ""},
		{"another method", httptest.NewRequest("PUT", "/?Action=GetCallerIdentity&Version="+version, nil), 405, "MethodNotAllowed", ""},
		{"an error", post("Action=Denied&Version=" + version), 403, "AccessDenied", "User: <x>"},
	} {
		s := newFake()
		w := do(s.handler(t), signed(tt.r, 0))
		var got errorAnswer
		if err := xml.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != tt.status || got.Error.Code != tt.code ||
			tt.message != "" && got.Error.Message != tt.message || got.Error.Type != "Sender" {
			t.Errorf("%s: %d %s, %v", tt.name, w.Code, w.Body, err)
		}
		if (w.Header().Get("Allow") != "") != (w.Code == 405) {
			t.Errorf("%s: %v", tt.name, w.Header())
		}
		if got.Request == "" || got.Request != w.Header().Get("X-Amzn-Requestid") || w.Header().Get("X-Amzn-Errortype") != tt.code ||
			w.Header().Get("Content-Type") != "text/xml" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s %v", tt.name, w.Body, w.Header())
		}
	}
}

// TestServiceKeepsErr: an operation that forgets to ask whether its parameters are right does
// not succeed with wrong ones.
func TestServiceKeepsErr(t *testing.T) {
	t.Parallel()
	s := newFake()
	s.disagree = true
	w := do(s.handler(t), signed(post("Action=AssumeRole&RoleSessionName=x:y&Version="+version), 0))
	if w.Code != 400 || !strings.Contains(w.Body.String(), "ValidationError") || strings.Contains(w.Body.String(), "Credentials") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestServiceUnsigned: an operation that needs no signature is served without one, behind its
// limits; nothing else is, and wrong credentials are refused for it too.
func TestServiceUnsigned(t *testing.T) {
	t.Parallel()
	const open = "Action=AssumeRoleWithWebIdentity&Version=" + version + "&WebIdentityToken=eyJ0"
	wrong := func(change func(*http.Request)) *http.Request {
		r := post(open)
		change(r)
		return r
	}
	for _, tt := range []struct {
		name    string
		r       *http.Request
		status  int
		text    string
		limited int
		ran     string
	}{
		{"unsigned", post(open), 200, "<SessionToken>eyJ0<", 1, "AssumeRoleWithWebIdentity "},
		{"unsigned, GET", httptest.NewRequest("GET", "/?"+open, nil), 200, "<SessionToken>eyJ0<", 1, "AssumeRoleWithWebIdentity "},
		{"unsigned and wrong", post(open + "&WebIdentityToken.x="), 400, "MalformedInput", 1, "AssumeRoleWithWebIdentity "},
		{"signed", signed(post(open), 0), 200, "<SessionToken>eyJ0<", 0, "AssumeRoleWithWebIdentity " + caller},
		{"unsigned, and needs it", post("Action=AssumeRole&RoleSessionName=me&Version=" + version), 403, "MissingAuthenticationToken", 0, ""},
		{"unsigned GET, and needs it", httptest.NewRequest("GET", "/?Action=DeleteRole&Version="+version, nil), 403, "MissingAuth", 0, ""},
		{"unsigned, and unknown", post("Action=X&Version=" + version), 403, "Request is missing Authentication Token", 0, ""},
		{"unsigned, and nothing", post(""), 403, "MissingAuthenticationToken", 0, ""},
		{"unsigned, and another version", post(strings.Replace(open, version, "2010-05-08", 1)), 403, "MissingAuthenticationToken", 0, ""},
		{"unsigned, and a body beside it", func() *http.Request {
			r := httptest.NewRequest("POST", "/?"+open, strings.NewReader(`{"Policy": "{}"}`))
			r.Header.Set("Content-Type", "application/json")
			return r
		}(), 403, "MissingAuthenticationToken", 0, ""},
		{"unsigned, and malformed", post(open + "&a=%"), 403, "MissingAuthenticationToken", 0, ""},
		{"unsigned, and a parameter twice", post(open + "&Action=AssumeRole"), 403, "MissingAuthenticationToken", 0, ""},
		{"unsigned, and large", post(open + "&a=" + strings.Repeat("a", 256<<10)), 403, "MissingAuthenticationToken", 0, ""},
		{"unsigned, and another method", httptest.NewRequest("PUT", "/?"+open, nil), 403, "MissingAuthenticationToken", 0, ""},
		{
			"an empty Authorization", wrong(func(r *http.Request) { r.Header["Authorization"] = []string{""} }), 400,
			"IncompleteSignature", 0, "",
		},
		{"a bearer", wrong(func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }), 400, "IncompleteSignature", 0, ""},
		{"half a presigned URL", httptest.NewRequest("GET", "/?x%2Damz-Signature=0&"+open, nil), 400, "IncompleteSignature", 0, ""},
		{
			"a signature of version 2", httptest.NewRequest("GET", "/?AWSAccessKeyId=A&Signature=0&"+open, nil), 403,
			"MissingAuthenticationToken", 0, "",
		},
	} {
		s := newFake()
		w := do(s.handler(t), tt.r)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.text) ||
			s.limited != tt.limited || strings.Join(s.ran, "") != tt.ran {
			t.Errorf("%s: %d %s: ran %q, %d limited", tt.name, w.Code, w.Body, s.ran, s.limited)
		}
		if len(s.events)+s.limited != 1 {
			t.Errorf("%s: %d events, %d limited", tt.name, len(s.events), s.limited)
		}
		if !strings.Contains(w.Body.String(), `xmlns="`+namespace+`"`) {
			t.Errorf("%s: %s", tt.name, w.Body)
		}
	}
}

// TestServiceStaysUnsigned: what stands around the operations that need no signature cannot turn a
// request into one for an operation that does: what runs is what the request asked for.
func TestServiceStaysUnsigned(t *testing.T) {
	t.Parallel()
	s := newFake()
	h := s.Handler(func(next http.Handler) http.Handler { return http.NotFoundHandler() }, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.RawQuery = "Action=DeleteRole&Version=" + version
			next.ServeHTTP(w, r)
		})
	})
	w := do(h, httptest.NewRequest("GET", "/?Action=AssumeRoleWithWebIdentity&Version="+version, nil))
	if w.Code != 400 || strings.Join(s.ran, "") != "AssumeRoleWithWebIdentity " {
		t.Errorf("%d %s: ran %q", w.Code, w.Body, s.ran)
	}
}

// TestAsked: what stands around an operation learns what it will be run with, as often as it asks;
// of a request that it has verified, what it has verified.
func TestAsked(t *testing.T) {
	t.Parallel()
	s := newFake()
	var said []string
	around := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for range 2 {
				action, p, err := awsquery.Asked(r)
				if err != nil {
					said = append(said, err.Error())
					continue
				}
				said = append(said, action+" "+p.String("RoleSessionName", awsquery.Rule{}))
			}
			next.ServeHTTP(w, r)
		})
	}
	verified := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader("Action=AssumeRole&RoleSessionName=verified&Version=" + version))
			around(next).ServeHTTP(w, r)
		})
	}
	h := s.Handler(verified, around)
	for _, c := range []struct{ form, want string }{
		{"Action=AssumeRole&RoleSessionName=sent&Version=" + version, "AssumeRole verified, AssumeRole verified"},
		{
			"Action=AssumeRoleWithWebIdentity&RoleSessionName=sent&Version=" + version,
			"AssumeRoleWithWebIdentity sent, AssumeRoleWithWebIdentity sent",
		},
	} {
		said = nil
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.form))
		r.Header.Set("Content-Type", formType)
		do(h, r)
		if got := strings.Join(said, ", "); got != c.want {
			t.Errorf("%s: %q; want %q", c.form, got, c.want)
		}
	}
	if _, _, err := awsquery.Asked(httptest.NewRequest("GET", "/", nil)); err == nil {
		t.Error("a request of another handler asks for something")
	}
}

// TestServicePeekedBody: a body that is too long for a look is not read again from its middle,
// where another form could stand, even if what stands around the operations lets it through.
func TestServicePeekedBody(t *testing.T) {
	t.Parallel()
	same := func(h http.Handler) http.Handler { return h }
	s := newFake()
	s.MaxBytes = 64
	body := strings.Repeat("a", 65) + "Action=DeleteRole&Version=" + version
	if w := do(s.Handler(same, same), post(body)); w.Code != 413 || len(s.ran) != 0 {
		t.Errorf("%d %s: ran %q", w.Code, w.Body, s.ran)
	}
	long := httptest.NewRequest("GET", "/?Action=DeleteRole&Version="+version+"&a="+strings.Repeat("a", 64), nil)
	if w := do(s.Handler(same, same), long); w.Code != 413 || len(s.ran) != 0 {
		t.Errorf("%d %s: ran %q", w.Code, w.Body, s.ran)
	}
	// One that was read is there again, and the caller's request is not changed.
	s = newFake()
	r := post("Action=DeleteRole&Version=" + version)
	before := r.Body
	if w := do(s.Handler(same, same), r); w.Code != 200 || r.Body != before {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestServiceFaults: what goes wrong inside is told to the operator, and not to the client.
func TestServiceFaults(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]struct {
		status int
		text   string
	}{
		"Fails":  {500, "<Type>Receiver</Type><Code>InternalFailure</Code><Message>The request processing has failed because"},
		"Panics": {500, "<Type>Receiver</Type><Code>InternalFailure</Code>"}, "NoAnswer": {500, "<Code>InternalFailure</Code>"},
		"Late": {503, "<Type>Receiver</Type><Code>ServiceUnavailable</Code>"},
	} {
		for _, told := range []bool{false, true} {
			s := newFake()
			if told {
				s.Fault = func(_ *http.Request, err error) *awsquery.Error {
					s.faults = append(s.faults, err)
					return nil
				}
			}
			w := do(s.handler(t), signed(post("Action="+action+"&Version="+version), 0))
			if w.Code != want.status || !strings.Contains(w.Body.String(), want.text) || strings.Contains(w.Body.String(), "hunter2") ||
				len(s.faults) != 0 != told || (w.Header().Get("X-Amz-Retry-After") != "") != (w.Code == 503) {
				t.Errorf("%s: %d %s %v; faults %v", action, w.Code, w.Body, w.Header(), s.faults)
			}
			if action == "Panics" && strings.Contains(fmt.Sprint(s.faults), "hunter2") {
				t.Errorf("the value of a panic may be secret: %v", s.faults)
			}
		}
	}
	s := newFake()
	s.Fault = func(*http.Request, error) *awsquery.Error {
		return &awsquery.Error{Code: "IDPCommunicationError", Message: "m", Status: 400}
	}
	if w := do(s.handler(t), signed(post("Action=Fails&Version="+version), 0)); w.Code != 400 ||
		!strings.Contains(w.Body.String(), "IDPCommunicationError") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestServiceNeedsItsWalls: a service whose operations nothing stands around is not made.
func TestServiceNeedsItsWalls(t *testing.T) {
	t.Parallel()
	same := func(h http.Handler) http.Handler { return h }
	for name, make := range map[string]func(){
		"signed is nil":         func() { newFake().Handler(nil, same) },
		"unsigned is nil":       func() { newFake().Handler(same, nil) },
		"an operation is empty": func() { (&awsquery.Service{Operations: map[string]awsquery.Operation{"A": {}}}).Handler(same, same) },
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "awsquery: ") {
					t.Errorf("%s: no panic that says so: %q", name, text)
				}
			}()
			make()
		}()
	}
	// Where every operation needs a signature, there is nothing for unsigned to stand around; and
	// what is changed later is not served.
	s := &awsquery.Service{Version: "1", Operations: map[string]awsquery.Operation{
		"A": {Run: func(*http.Request, *awsquery.Params) (any, error) { return nil, nil }},
	}}
	h := s.Handler(same, nil)
	delete(s.Operations, "A")
	w := do(h, httptest.NewRequest("GET", "/?Action=A&Version=1", nil))
	id := w.Header().Get("X-Amzn-Requestid")
	if w.Code != 200 || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("%d %s, ID %q", w.Code, w.Body, id)
	}
}

// TestServiceAborts: a handler that gives a connection up is not answered for.
func TestServiceAborts(t *testing.T) {
	t.Parallel()
	same := func(h http.Handler) http.Handler { return h }
	s := &awsquery.Service{Version: "1", Operations: map[string]awsquery.Operation{
		"A": {Run: func(*http.Request, *awsquery.Params) (any, error) { panic(http.ErrAbortHandler) }},
	}}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("%v", v)
		}
	}()
	do(s.Handler(same, nil), httptest.NewRequest("GET", "/?Action=A&Version=1", nil))
}
