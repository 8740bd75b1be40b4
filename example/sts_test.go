package main_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// query sends a request of the query protocol, signed for STS as a caller of the folder.
func (s *site) query(caller, path string, form url.Values, change func(*http.Request)) answer {
	s.t.Helper()
	r := s.request("POST", path, form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	with := signer(s.credentials(caller))
	with.Service = "sts"
	return s.send(with.Sign(r))
}

func action(name string) url.Values {
	return url.Values{"Action": {name}, "Version": {"2011-06-15"}}
}

// TestOneAddress: STS and the API are at one address. A request to / is told apart by its protocol,
// and what its action and version name; everything else is the API's.
func TestOneAddress(t *testing.T) {
	s := startFiles(t, t.TempDir())
	who := s.query("rider", "/", action("GetCallerIdentity"), nil).wants(t, 200)
	if !strings.Contains(who.body, ":assumed-role/Rider/alice</Arn>") {
		t.Errorf("%s", who.body)
	}
	s.query("newcomer", "/", action("GetCallerIdentity"), nil).wants(t, 200) // needs no permission
	for _, tt := range []struct {
		name, path string
		form       url.Values
		change     func(*http.Request)
		status     int
		want       string
	}{
		{"another action", "/", action("ListUsers"), nil, 400, "InvalidAction"},
		{"another version", "/", url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2010-05-08"}}, nil, 400, "InvalidAction"},
		{"no action", "/", url.Values{}, nil, 400, "MissingAction"},
		{"a role that does not trust", "/", url.Values{
			"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleSessionName": {"eve"},
			"RoleArn": {roleOf(t, s)},
		}, nil, 403, "AccessDenied"},
		{"X-Amz-Target", "/", action("GetCallerIdentity"), func(r *http.Request) { r.Header.Set("X-Amz-Target", "A.B") }, 403, `{"message"`},
		{"another path", "/prod", action("GetCallerIdentity"), nil, 403, `{"message"`},
	} {
		if got := s.query("newcomer", tt.path, tt.form, tt.change).wants(t, tt.status); !strings.Contains(got.body, tt.want) {
			t.Errorf("%s: %s", tt.name, got.body)
		}
	}
	unsigned := s.request("POST", "/", action("GetCallerIdentity").Encode())
	unsigned.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := s.send(unsigned).wants(t, 403); !strings.Contains(got.body, "MissingAuthenticationToken") {
		t.Errorf("unsigned: %s", got.body)
	}
	// The signature of one service is none of the other.
	s.send(signer(s.credentials("rider")).Sign(s.request("POST", "/?Action=GetCallerIdentity&Version=2011-06-15", ""))).wants(t, 403)
}

// TestWhoMayAssumeTheRole: the trust policy in principals.json decides, also of the rider's own
// credentials at the start.
func TestWhoMayAssumeTheRole(t *testing.T) {
	data := t.TempDir()
	first := startFiles(t, data)
	first.edit("principals.json", `"Action": "sts:AssumeRole"`,
		`"Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:SecureTransport": "true"}}`)
	first.stop()
	second := startFiles(t, data)
	if _, err := os.Stat(filepath.Join(data, "rider.env")); err == nil ||
		!strings.Contains(second.stdout.String(), "no env file: AssumeRole was refused: AccessDenied: ") {
		t.Errorf("the rider has credentials:\n%s", second.stdout)
	}
	second.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
}

// TestOneAddressForThePools: AWS JSON is told apart by X-Amz-Target, each service decides about its
// own, and what is no service's is the API's to refuse. Threat 238: a header chooses who decides,
// and lets nobody in.
func TestOneAddressForThePools(t *testing.T) {
	s := start(t, t.TempDir())
	i := s.ids()
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		status int
		want   string
	}{
		{"the user pool", nil, 400, `"InvalidParameterException"`},
		{"an operation that it has not", target(userPool + ".NoSuchThing"), 400, `"UnknownOperationException"`},
		{"one for administrators", target(userPool + ".ListUsers"), 400, `"MissingAuthenticationTokenException"`},
		{"the identity pool", target(identityPool + ".GetId"), 400, `"ValidationException"`},
		{"another service", target("DynamoDB_20120810.ListTables"), 403, `{"message"`},
		{"a service that begins alike", target(userPool + "X.SignUp"), 403, `{"message"`},
		{"no operation", target(userPool), 400, `"UnknownOperationException"`},
		{"two targets", func(r *http.Request) {
			r.Header["X-Amz-Target"] = []string{userPool + ".SignUp", identityPool + ".GetId"}
		}, 400, `"UnknownOperationException"`},
		{"another method", func(r *http.Request) { r.Method = "PUT" }, 403, `{"message"`},
		{"a path of the API", func(r *http.Request) { r.URL.Path = "/prod/ride" }, 403, `{"message"`},
		{"a form", func(r *http.Request) {
			r.Header.Del("X-Amz-Target")
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}, 403, "<Code>"},
	} {
		r := s.jsonRequest(userPool, "SignUp", map[string]any{})
		if tt.change != nil {
			tt.change(r)
		}
		if got := s.send(r).wants(t, tt.status); !strings.Contains(got.body, tt.want) {
			t.Errorf("%s: %s", tt.name, got.body)
		}
	}
	// A target does not let anybody past the signature of the API.
	s.send(s.jsonRequest(userPool, "SignUp", nil)).wants(t, 400)
	r := s.request("GET", "/prod/rides", "")
	r.Header.Set("X-Amz-Target", userPool+".SignUp")
	s.send(r).wants(t, 403)

	// The pool's keys are below its ID, for anybody.
	discovery := s.send(s.request("GET", "/"+i.UserPoolID+"/.well-known/openid-configuration", "")).wants(t, 200)
	if got := discovery.field(t, "issuer"); got != s.endpoint+"/"+i.UserPoolID {
		t.Errorf("the issuer is %s", got)
	}
	keys := s.send(s.request("GET", strings.TrimPrefix(discovery.field(t, "jwks_uri"), s.endpoint), "")).wants(t, 200)
	if !strings.Contains(keys.body, `"kty":"RSA"`) || strings.Contains(keys.body, `"d"`) {
		t.Errorf("the keys are %s", keys.body)
	}
	for _, path := range []string{"/us-east-1_OTHER/.well-known/jwks.json", "/" + i.UserPoolID + "/other", "/.well-known/jwks.json"} {
		s.send(s.request("GET", path, "")).wants(t, 403) // the API's
	}
	s.send(s.request("GET", "/"+i.UserPoolID+"/.well-known/other", "")).wants(t, 404)
}

// target sets X-Amz-Target.
func target(value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Amz-Target", value) }
}

// A URL of -url is the issuer of the tokens, whatever the address is.
func TestTheIssuerIsTheURL(t *testing.T) {
	s := start(t, t.TempDir(), "-url", "https://rides.example")
	i := s.ids()
	got := s.send(s.request("GET", "/"+i.UserPoolID+"/.well-known/openid-configuration", "")).wants(t, 200)
	if issuer := got.field(t, "issuer"); issuer != "https://rides.example/"+i.UserPoolID {
		t.Errorf("the issuer is %s", issuer)
	}
	// The identity pool takes the tokens under the name that clients find in them, too.
	s.signUp("alice")
	s.ask(identityPool, "GetId", map[string]any{
		"IdentityPoolId": i.IdentityPoolID, "Logins": map[string]any{"rides.example/" + i.UserPoolID: s.signIn("alice").IDToken},
	}).wants(t, 200)
}

// Who signs in is counted by address: that of the peer, or, behind a proxy that -proxies names, the
// one that it tells in X-Forwarded-For. Nobody else chooses by what they are counted.
func TestSignInsAreCountedByAddress(t *testing.T) {
	for _, behind := range []bool{false, true} {
		var args []string
		if behind {
			args = []string{"-proxies", "127.0.0.1"}
		}
		s := start(t, t.TempDir(), args...)
		for _, target := range []struct{ service, operation string }{{userPool, "InitiateAuth"}, {identityPool, "GetId"}} {
			ask := func(from string) string {
				r := s.jsonRequest(target.service, target.operation, map[string]any{})
				r.Header.Set("X-Forwarded-For", from)
				return s.send(r).header.Get("X-Amzn-Errortype")
			}
			// A minute that ends meanwhile begins anew.
			eventually(t, "too many of one address are refused", func() bool {
				for range 320 {
					if ask("192.0.2.1") == "TooManyRequestsException:" {
						return true
					}
				}
				return false
			})
			if refused := ask("192.0.2.2") == "TooManyRequestsException:"; refused == behind {
				t.Errorf("%s, behind a proxy %v: another address is refused: %v", target.operation, behind, refused)
			}
		}
	}
}
