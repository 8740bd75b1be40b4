package directory_test

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	accountID = "111122223333"
	rootOfARN = "arn:aws:iam::" + accountID + ":"
	adminARN  = rootOfARN + "user/admin"
	adminKey  = "AKIAADMINADMINADMIN1"
)

var start = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// everything allows all actions.
const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// iam is an endpoint on a directory in memory, with an administrator.
type iam struct {
	t     testing.TB
	dir   *directory.Directory
	clock *sigv4test.Clock
	http.Handler
}

// newIAM returns an endpoint with an account, an administrator and more.
func newIAM(t testing.TB, more ...directory.Contents) *iam {
	t.Helper()
	clock := sigv4test.NewClock(start)
	dir, err := directory.Open(t.Context(), directory.Config{Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	contents := append([]directory.Contents{{
		Accounts: []string{accountID},
		Users: []directory.NewUser{{
			ARN: adminARN, Holder: directory.Holder{Inline: map[string]string{"All": everything}},
			Keys: []directory.NewKey{{ID: adminKey, Secret: secretOf(adminKey)}},
		}},
	}}, more...)
	for _, c := range contents {
		if err := dir.Fill(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return newIAMOn(t, dir, clock)
}

// newIAMOn returns an endpoint on a directory.
func newIAMOn(t testing.TB, dir *directory.Directory, clock *sigv4test.Clock) *iam {
	t.Helper()
	endpoint, err := directory.NewEndpoint(directory.EndpointConfig{
		Directory: dir, Auth: sigv4auth.Config{Region: "us-east-1"},
		Failed: func(_ context.Context, err error) { t.Log("failed:", err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &iam{t: t, dir: dir, clock: clock, Handler: endpoint}
}

// gate is a store of policies that lets nobody decide before so many ask.
type gate struct {
	sigv4auth.PolicyStore
	missing atomic.Int64
	open    chan struct{}
}

func (g *gate) Policies(ctx context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	if g.missing.Add(-1) == 0 {
		close(g.open)
	}
	<-g.open
	return g.PolicyStore.Policies(ctx, id)
}

// gated returns another endpoint on the same directory. The first n requests to it, which have to
// be under way at once, are all decided about by the same state, before any of them changes it.
func (s *iam) gated(n int64) *iam {
	s.t.Helper()
	g := &gate{PolicyStore: s.dir, open: make(chan struct{})}
	g.missing.Store(n)
	endpoint, err := directory.NewEndpoint(directory.EndpointConfig{
		Directory: s.dir, Auth: sigv4auth.Config{Region: "us-east-1"}, Policies: g,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return &iam{t: s.t, dir: s.dir, clock: s.clock, Handler: endpoint}
}

// secretOf is the secret of a key in tests.
func secretOf(accessKeyID string) sigv4auth.Secret {
	return sigv4auth.NewSecret("secret-of-" + accessKeyID)
}

// answer is what the endpoint answered: the elements of the document by path, such as
// CreateUserResult/User/Arn, with member.1 and so on for the members of lists, and the error.
type answer struct {
	status        int
	code, message string
	values        map[string]string
	body          string
}

// get returns the text of an element of the result.
func (a answer) get(path string) string { return a.values[path] }

// call signs a request with a key and sends it. params are names and values in turn.
func (s *iam) call(accessKeyID, action string, params ...string) answer {
	s.t.Helper()
	return s.callWith(secretOf(accessKeyID), accessKeyID, action, params...)
}

// callWith is call with a secret.
func (s *iam) callWith(secret sigv4auth.Secret, accessKeyID, action string, params ...string) answer {
	s.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "https://iam.amazonaws.com/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	signer := sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: accessKeyID, Secret: secret},
		Region:     "us-east-1", Service: "iam", Now: s.clock.Now,
	}
	return s.send(signer.Sign(r))
}

// send sends a request.
func (s *iam) send(r *http.Request) answer {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return parseAnswer(s.t, w)
}

// admin calls as the administrator.
func (s *iam) admin(action string, params ...string) answer {
	s.t.Helper()
	return s.call(adminKey, action, params...)
}

// must calls as the administrator, and expects success.
func (s *iam) must(action string, params ...string) answer {
	s.t.Helper()
	a := s.admin(action, params...)
	if a.status != http.StatusOK {
		s.t.Fatalf("%s %q: %d %s: %s", action, params, a.status, a.code, a.message)
	}
	return a
}

// refused calls as the administrator, and expects an error.
func (s *iam) refused(status int, code, message, action string, params ...string) {
	s.t.Helper()
	a := s.admin(action, params...)
	if a.status != status || a.code != code || message != "" && a.message != message {
		s.t.Errorf("%s %q: %d %s: %q; want %d %s: %q", action, params, a.status, a.code, a.message, status, code, message)
	}
}

func parseAnswer(t testing.TB, w *httptest.ResponseRecorder) answer {
	t.Helper()
	a := answer{status: w.Code, values: map[string]string{}, body: w.Body.String()}
	decoder := xml.NewDecoder(strings.NewReader(a.body))
	var path []string
	members := map[string]int{}
	for {
		token, err := decoder.Token()
		if token == nil {
			break
		}
		if err != nil {
			t.Fatalf("the answer is no XML: %v\n%s", err, a.body)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if name == "member" || name == "entry" {
				at := strings.Join(path, "/")
				members[at]++
				name += "." + itoa(members[at])
			}
			path = append(path, name)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 1 {
				a.values[strings.Join(path[2:], "/")] += string(token)
			}
		}
	}
	if w.Code != http.StatusOK {
		var e struct {
			Error struct{ Code, Message string }
		}
		if err := xml.Unmarshal(w.Body.Bytes(), &e); err != nil {
			t.Fatalf("the answer is no error document: %v\n%s", err, a.body)
		}
		a.code, a.message = e.Error.Code, e.Error.Message
	}
	return a
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}
