package sts_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// BenchmarkEndpoint measures requests over loopback: to a handler that answers as many bytes as
// AssumeRole does once it has read the form, and to the endpoint.
func BenchmarkEndpoint(b *testing.B) {
	keys := keyring.New(start)
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }})
	if err != nil {
		b.Fatal(err)
	}
	dir := newDirectory()
	store, err := sts.NewStore(sts.StoreConfig{Ring: ring, Roles: dir, Credentials: dir, Policies: dir, ManagedPolicies: dir})
	if err != nil {
		b.Fatal(err)
	}
	d := &desk{process: &process{Store: store, t: b, dir: dir}}
	d.trust(riderARN, trusting(`"AWS": "`+adaARN+`"`), statement(allow, `"Principal": {"Federated": "`+githubProvider+`"}`,
		`"Action": "sts:AssumeRoleWithWebIdentity"`))
	e, err := sts.NewEndpoint(sts.EndpointConfig{
		Store: store, Auth: sigv4auth.Config{Region: "us-east-1"}, WebIdentitiesPerMinute: 1 << 30,
		WebIdentities: &tokens{known: map[string]sts.WebIdentity{"github": github()}},
	})
	if err != nil {
		b.Fatal(err)
	}
	ada := sigv4test.Signer{Credential: dir.keys[adaKey], Region: "us-east-1", Service: "sts"}
	answer := strings.Repeat("a", 1700)
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, answer)
	})
	role := form("AssumeRole", "RoleArn", riderARN, "RoleSessionName", "alice")
	for _, c := range []struct {
		name string
		h    http.Handler
		form string
		sign bool
	}{
		{"bare", bare, role, true},
		{"GetCallerIdentity", e, form("GetCallerIdentity"), true},
		{"AssumeRole", e, role, true},
		{
			"AssumeRoleWithWebIdentity", e,
			form("AssumeRoleWithWebIdentity", "RoleArn", riderARN, "RoleSessionName", "build", "WebIdentityToken", "github"), false,
		},
	} {
		b.Run("type="+c.name, func(b *testing.B) {
			server := httptest.NewServer(c.h)
			defer server.Close()
			signed := post(c.form)
			if signed.Host = strings.TrimPrefix(server.URL, "http://"); c.sign {
				ada.Sign(signed)
			}
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+"/", strings.NewReader(c.form))
					if err != nil {
						b.Error(err)
						return
					}
					r.Header = signed.Header
					w, err := client.Do(r)
					if err != nil {
						b.Error(err)
						return
					}
					_, err = io.Copy(io.Discard, w.Body)
					if w.Body.Close(); err != nil || w.StatusCode != http.StatusOK {
						b.Errorf("%v: %s", err, w.Status)
						return
					}
				}
			})
		})
	}
}
