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
	s := start(t, t.TempDir())
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
	first := start(t, data)
	first.edit("principals.json", `"Action": "sts:AssumeRole"`,
		`"Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:SecureTransport": "true"}}`)
	first.stop()
	second := start(t, data)
	if _, err := os.Stat(filepath.Join(data, "rider.env")); err == nil ||
		!strings.Contains(second.stdout.String(), "no env file: AssumeRole was refused: AccessDenied: ") {
		t.Errorf("the rider has credentials:\n%s", second.stdout)
	}
	second.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
}
