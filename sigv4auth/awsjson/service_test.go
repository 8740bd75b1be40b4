package awsjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/awsjson"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	keyID, secret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	caller        = "arn:aws:iam::111122223333:user/alice"
	jsonType      = "application/x-amz-json-1.1"
	target        = "AWSCognitoIdentityProviderService"
)

// fake is a service with operations of each kind.
type fake struct {
	awsjson.Service
	events  []sigv4auth.Event
	ran     []string // the operations, each with the caller
	limited int      // requests that came to the place of the limits
	faults  []error
	check   sigv4auth.Check // nil: admits
}

func newFake() *fake {
	s := &fake{}
	s.Target, s.Invalid, s.RequestID = target, "InvalidParameterException", sigv4auth.RequestIDFrom
	s.Operations = map[string]awsjson.Operation{}
	add := func(name string, unsigned bool, do func(*http.Request, *awsjson.Input) (any, error)) {
		s.Operations[name] = awsjson.Operation{Unsigned: unsigned, Run: func(r *http.Request, in *awsjson.Input) (any, error) {
			id, _ := sigv4auth.IdentityFrom(r.Context())
			s.ran = append(s.ran, name+" "+id.Principal.ARN)
			return do(r, in)
		}}
	}
	add("SignUp", true, func(_ *http.Request, in *awsjson.Input) (any, error) {
		// What is wrong is told although the operation does not ask.
		return struct{ UserSub string }{in.String("Username", awsjson.Rule{Required: true, MaxLength: 8})}, nil
	})
	add("Nothing", true, func(*http.Request, *awsjson.Input) (any, error) { return nil, nil })
	add("Refuses", true, func(*http.Request, *awsjson.Input) (any, error) {
		return nil, fmt.Errorf("wrapped: %w", &awsjson.Error{Code: "NotAuthorizedException", Message: "Incorrect username or password."})
	})
	add("Fails", true, func(*http.Request, *awsjson.Input) (any, error) { return nil, errors.New("password=hunter2") })
	add("Late", true, func(*http.Request, *awsjson.Input) (any, error) { return nil, context.DeadlineExceeded })
	add("Panics", true, func(*http.Request, *awsjson.Input) (any, error) { panic("password=hunter2") })
	add("NoAnswer", true, func(*http.Request, *awsjson.Input) (any, error) { return func() {}, nil })
	add("ListUsers", false, func(_ *http.Request, in *awsjson.Input) (any, error) {
		return struct{ Limit int64 }{first(in.Int("Limit", awsjson.Rule{}))}, nil
	})
	return s
}

func first(n int64, _ bool) int64 { return n }

// handler returns the service behind an Authenticator.
func (s *fake) handler(t *testing.T) http.Handler {
	t.Helper()
	a, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "cognito-idp", Denied: s.WriteError,
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: keyID, Secret: sigv4auth.NewSecret(secret),
			Principal: iampolicy.Principal{ARN: caller, AccountID: "111122223333"},
		}),
		Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) { s.events = append(s.events, e) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	check := s.check
	if check == nil {
		check = func(*http.Request, sigv4auth.Identity) error { return nil }
	}
	return s.Handler(a.Require(check), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.limited++
			next.ServeHTTP(w, r)
		})
	})
}

func post(operation, body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", jsonType)
	r.Header.Set("X-Amz-Target", target+"."+operation)
	return r
}

func signed(r *http.Request) *http.Request {
	return sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: keyID, Secret: sigv4auth.NewSecret(secret)},
		Region:     "us-east-1", Service: "cognito-idp",
	}.Sign(r)
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestServiceAnswers: an operation is found by X-Amz-Target whatever the path, and its output is
// answered in the type that the request came in, not to be cached, and with an ID.
func TestServiceAnswers(t *testing.T) {
	t.Parallel()
	s := newFake()
	h := s.handler(t)
	for sent, want := range map[string]string{
		jsonType: jsonType, "application/x-amz-json-1.0": "application/x-amz-json-1.0", "application/json": "application/json",
		jsonType + "; charset=UTF-8": jsonType,
	} {
		r := post("SignUp", `{"Username": "<ada>", "Later": {"a": [1]}}`)
		r.URL.Path = "/some/path/"
		r.Header.Set("Content-Type", sent)
		w := do(h, r)
		if w.Code != 200 || w.Body.String() != `{"UserSub":"<ada>"}` || w.Header().Get("Content-Type") != want ||
			w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			!regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).
				MatchString(w.Header().Get("X-Amzn-Requestid")) {
			t.Errorf("%s: %d %s %v", sent, w.Code, w.Body, w.Header())
		}
	}
	if w := do(h, post("Nothing", " {} ")); w.Code != 200 || w.Body.String() != "{}" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if s.limited != 5 || len(s.events) != 0 {
		t.Errorf("%d of 5 came to the place of the limits; %d events", s.limited, len(s.events))
	}
	w := do(h, signed(post("ListUsers", `{"Limit": 3}`)))
	if w.Code != 200 || w.Body.String() != `{"Limit":3}` || len(s.events) != 1 || s.limited != 5 ||
		w.Header().Get("X-Amzn-Requestid") != s.events[0].RequestID || s.ran[len(s.ran)-1] != "ListUsers "+caller {
		t.Errorf("%d %s %v %v", w.Code, w.Body, s.events, s.ran)
	}
}

// TestServiceRefuses: what is wrong is answered as Cognito does, and no operation runs.
func TestServiceRefuses(t *testing.T) {
	t.Parallel()
	head := func(name string, values ...string) *http.Request {
		r := post("SignUp", "{}")
		r.Header[name] = values
		return r
	}
	get := post("SignUp", "{}")
	get.Method = "GET"
	redated := signed(post("ListUsers", "{}"))
	redated.Header.Set("X-Amz-Date", "20200101T000000Z")
	big := `{"Username": "` + strings.Repeat("a", 300<<10) + `"}`
	deep := `{"a":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`
	const (
		unknown   = "UnknownOperationException"
		malformed = "SerializationException"
		internal  = "InternalErrorException"
		failed    = "The request processing has failed because of an internal error."
		broken    = "1 validation error detected: Value "
	)
	for name, c := range map[string]struct {
		r             *http.Request
		status        int
		code, message string
		ran           bool
	}{
		"no target":             {head("X-Amz-Target"), 400, unknown, "", false},
		"two targets":           {head("X-Amz-Target", target+".SignUp", target+".SignUp"), 400, unknown, "", false},
		"another service":       {head("X-Amz-Target", "AWSCognitoIdentityService.SignUp"), 400, unknown, "", false},
		"no operation":          {head("X-Amz-Target", target), 400, unknown, "", false},
		"an unknown operation":  {post("Unknown", "{}"), 400, unknown, "", false},
		"another case":          {post("signUp", "{}"), 400, unknown, "", false},
		"no content type":       {head("Content-Type"), 400, unknown, "", false},
		"a form":                {head("Content-Type", "text/plain"), 400, unknown, "", false},
		"two content types":     {head("Content-Type", jsonType, jsonType), 400, unknown, "", false},
		"another character set": {head("Content-Type", jsonType+"; charset=utf-16"), 400, unknown, "", false},
		"GET":                   {get, 405, "MethodNotAllowedException", "The specified method is not allowed", false},
		"no body":               {post("SignUp", ""), 400, malformed, "", false},
		"no JSON":               {post("SignUp", `{"Username": hunter2}`), 400, malformed, "", false},
		"a member twice":        {post("SignUp", `{"Username": "a", "Username": "hunter2"}`), 400, malformed, "", false},
		"not UTF-8":             {post("SignUp", "{\"Username\": \"\xff\"}"), 400, malformed, "", false},
		"text behind":           {post("SignUp", `{"Username": "a"} {}`), 400, malformed, "", false},
		"a list":                {post("SignUp", `[]`), 400, malformed, "Start of list found where not expected", false},
		"a text":                {post("SignUp", `"hunter2"`), 400, malformed, "Unexpected value type in payload", false},
		"deep":                  {post("SignUp", deep), 400, malformed, "", false},
		"too large":             {post("SignUp", big), 413, "RequestEntityTooLargeException", "Request body is too large", false},
		"a wrong type":          {post("SignUp", `{"Username": 7}`), 400, malformed, "NUMBER_VALUE can not be converted to a String", true},
		"a broken rule": {
			post("SignUp", `{"Username": "much too long"}`), 400, "InvalidParameterException",
			broken + "'much too long' at 'username' failed to satisfy constraint: Member must have length less than or equal to 8", true,
		},
		"null": {
			post("SignUp", `{"Username": null}`), 400, "InvalidParameterException",
			broken + "null at 'username' failed to satisfy constraint: Member must not be null", true,
		},
		"an operation that refuses": {
			post("Refuses", `{}`), 400, "NotAuthorizedException", "Incorrect username or password.", true,
		},
		"an error":  {post("Fails", `{}`), 500, internal, failed, true},
		"a panic":   {post("Panics", `{}`), 500, internal, failed, true},
		"no output": {post("NoAnswer", `{}`), 500, internal, failed, true},
		"late": {
			post("Late", `{}`), 503, "ServiceUnavailableException",
			"The request has failed due to a temporary failure of the server.", true,
		},
		"not signed":       {post("ListUsers", `{}`), 400, "MissingAuthenticationTokenException", "Missing Authentication Token", false},
		"signed otherwise": {redated, 400, "InvalidSignatureException", "*", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFake()
			w := do(s.handler(t), c.r)
			var got struct {
				Type    string `json:"__type"`
				Message string `json:"message"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if w.Code != c.status || got.Type != c.code || c.message != "*" && got.Message != c.message ||
				w.Header().Get("X-Amzn-Errortype") != c.code+":" || w.Header().Get("X-Amzn-Requestid") == "" ||
				w.Header().Get("Content-Type") != jsonType {
				t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
			}
			if strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("the answer tells a secret: %s", w.Body)
			}
			if (len(s.ran) > 0) != c.ran {
				t.Errorf("ran: %v", s.ran)
			}
			if w.Code == 503 && (w.Header().Get("Retry-After") != "1" || w.Header().Get("X-Amz-Retry-After") != "1000") ||
				w.Code == 405 && w.Header().Get("Allow") != "POST" {
				t.Errorf("%v", w.Header())
			}
		})
	}
}

// TestServiceChecks: a Check of the signed operations is asked with the operation and the input,
// and what it returns is answered: an *awsjson.Error as it is.
func TestServiceChecks(t *testing.T) {
	t.Parallel()
	s := newFake()
	var asked []string
	s.check = func(r *http.Request, _ sigv4auth.Identity) error {
		operation, in, err := awsjson.Asked(r)
		if err != nil {
			return err
		}
		limit, _ := in.Int("Limit", awsjson.Rule{})
		asked = append(asked, fmt.Sprint(operation, limit))
		switch limit {
		case 1:
			return &awsjson.Error{Code: "ResourceNotFoundException", Message: "User pool does not exist."}
		case 2:
			return errors.New("password=hunter2")
		}
		return nil
	}
	h := s.handler(t)
	for _, c := range []struct{ body, want string }{
		{`{"Limit": 1}`, `{"__type":"ResourceNotFoundException","message":"User pool does not exist."}`},
		{`{"Limit": 2}`, `{"__type":"AccessDeniedException","message":`},
		{`{"Limit": `, `{"__type":"SerializationException"}`},
		{`{"Limit": 9}`, `{"Limit":9}`},
	} {
		w := do(h, signed(post("ListUsers", c.body)))
		if !strings.HasPrefix(w.Body.String(), c.want) || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		}
	}
	if want := []string{"ListUsers1", "ListUsers2", "ListUsers9"}; !slices.Equal(asked, want) || len(s.ran) != 1 {
		t.Errorf("asked %v, ran %v", asked, s.ran)
	}
	if _, _, err := awsjson.Asked(httptest.NewRequest("POST", "/", nil)); err == nil {
		t.Error("a request that has not come through a Service was read")
	}
}

// TestServiceCredentialsAreNothing: an operation that is Unsigned has no caller, whatever a request
// carries.
func TestServiceCredentialsAreNothing(t *testing.T) {
	t.Parallel()
	s := newFake()
	h := s.handler(t)
	if w := do(h, signed(post("SignUp", `{"Username": "ada"}`))); w.Code != 200 || s.ran[0] != "SignUp " {
		t.Errorf("%d %s: %v", w.Code, w.Body, s.ran)
	}
}

// TestServiceFault: the operator gets to know of an error that is no answer, and may answer it.
func TestServiceFault(t *testing.T) {
	t.Parallel()
	s := newFake()
	s.Fault = func(_ *http.Request, err error) *awsjson.Error {
		s.faults = append(s.faults, err)
		if strings.Contains(err.Error(), "panic") {
			return nil
		}
		return &awsjson.Error{Code: "TooManyRequestsException", Status: 999}
	}
	h := s.handler(t)
	if w := do(h, post("Fails", "{}")); w.Code != 500 || w.Body.String() != `{"__type":"TooManyRequestsException"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := do(h, post("Panics", "{}")); w.Code != 500 || len(s.faults) != 2 ||
		s.faults[1].Error() != "awsjson: panic with a value of type string" {
		t.Errorf("%d %s: %v", w.Code, w.Body, s.faults)
	}
}

// TestServiceMistakes: a service that lacks what it needs panics when it is made.
func TestServiceMistakes(t *testing.T) {
	t.Parallel()
	run := func(*http.Request, *awsjson.Input) (any, error) { return nil, nil }
	around := func(h http.Handler) http.Handler { return h }
	ops := func(op awsjson.Operation) map[string]awsjson.Operation { return map[string]awsjson.Operation{"A": op} }
	for name, c := range map[string]struct {
		s                awsjson.Service
		signed, unsigned func(http.Handler) http.Handler
	}{
		"no target":              {awsjson.Service{Operations: ops(awsjson.Operation{Run: run})}, around, around},
		"no operations":          {awsjson.Service{Target: target}, around, around},
		"no Run":                 {awsjson.Service{Target: target, Operations: ops(awsjson.Operation{})}, around, around},
		"nothing around signed":  {awsjson.Service{Target: target, Operations: ops(awsjson.Operation{Run: run})}, nil, around},
		"nothing around another": {awsjson.Service{Target: target, Operations: ops(awsjson.Operation{Run: run, Unsigned: true})}, around, nil},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			c.s.Handler(c.signed, c.unsigned)
		}()
	}
}

// TestTime: an instant is a number of seconds.
func TestTime(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]string{
		time.Unix(1_764_504_000, 0):           "1764504000",
		time.Unix(1_764_504_000, 123_999_999): "1764504000.123",
		time.Unix(0, 0):                       "0",
	} {
		if got, err := json.Marshal(awsjson.Time(at)); err != nil || string(got) != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}
