package sts_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestReports: the requests to STS that people reported of their clients, the tokens of EKS among
// them, have the verdict that was found right for them, from an Endpoint and, where they name a
// server, from its Login: threats 83 to 87, and 93.
func TestReports(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(testneed.Shared(t, "cases", "sigv4.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	tried, loggedIn := 0, 0
	for line := range bytes.Lines(text) {
		var c struct {
			ID     string
			Config struct{ Service, Now string }
			Key    struct{ ID, Secret string }
			Raw    string
			Expect struct{ Verdict, Code string }
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		if c.Config.Service != "sts" {
			continue
		}
		tried++
		now, err := time.Parse("20060102T150405Z", c.Config.Now)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(c.Raw)))
		if err != nil {
			t.Fatal(err)
		}
		d := open(t)
		d.clock.Set(now)
		key := d.key(adaKey)
		key.AccessKeyID, key.Secret = c.Key.ID, sigv4auth.NewSecret(c.Key.Secret)
		d.dir.keys[c.Key.ID] = key
		a := d.serve(r)
		var want error
		if c.Expect.Verdict != "admitted" {
			want = sigv4auth.Reason(c.Expect.Code)
		}
		if got := d.last().Reason; string(got) != c.Expect.Code || (a.status == 200) != (want == nil) ||
			want == nil && a.text("Arn") != adaARN {
			t.Errorf("%s: %q, %d %s; want %+v", c.ID, got, a.status, a.body, c.Expect)
		}
		server := r.Header.Get("X-K8s-Aws-Id")
		if server == "" {
			continue
		}
		login, err := sts.NewLogin(sts.LoginConfig{
			Credentials: d, Region: "us-east-1", Hosts: []string{r.Host}, ServerID: server, Now: d.clock.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		id, err := login.Verify(t.Context(), wrapped("https://"+r.Host+r.URL.RequestURI()))
		if !errors.Is(err, want) || want == nil && id.Principal.ARN != adaARN {
			t.Errorf("%s, a login at %s: %v, %+v; want %+v", c.ID, server, err, id.Principal, c.Expect)
		}
		loggedIn++
	}
	if tried < 4 || loggedIn < 3 {
		t.Errorf("%d requests and %d logins; there were 4 and 3", tried, loggedIn)
	}
}
