package dbtest_test

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const bossKey = "AKIABOSSBOSSBOSSBOS1"

// boss is a user who may do everything.
func boss() directory.NewUser {
	return directory.NewUser{
		ARN: iamARN + "user/boss", Holder: directory.Holder{Inline: map[string]string{"All": allow("*")}},
		Keys: []directory.NewKey{{ID: bossKey, Secret: secretOf(bossKey)}},
	}
}

// caller calls the endpoint of a process, as the boss if its key is not changed.
type caller struct {
	t   testing.TB
	key string
	http.Handler
}

func newCaller(t testing.TB, p *process) *caller {
	t.Helper()
	endpoint, err := directory.NewEndpoint(directory.EndpointConfig{Directory: p.Directory, Auth: sigv4auth.Config{Region: "us-east-1"}})
	if err != nil {
		t.Fatal(err)
	}
	return &caller{t, bossKey, endpoint}
}

// send returns the status and the body of an answer. params are names and values in turn.
func (c *caller) send(action string, params ...string) (status int, body string) {
	c.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, "https://iam.amazonaws.com/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	signer := sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: c.key, Secret: secretOf(c.key)}, Region: "us-east-1", Service: "iam",
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, signer.Sign(r))
	return w.Code, w.Body.String()
}

// call returns the code of an answer's error, "" if it has none.
func (c *caller) call(action string, params ...string) (code string) {
	c.t.Helper()
	status, body := c.send(action, params...)
	if status == http.StatusOK {
		return ""
	}
	var e struct{ Error struct{ Code string } }
	if err := xml.Unmarshal([]byte(body), &e); err != nil || e.Error.Code == "" {
		c.t.Fatalf("%s: %d: %s", action, status, body)
	}
	return e.Error.Code
}
