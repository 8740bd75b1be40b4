package oidc_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

const (
	zitadelClient   = "rides-web"
	zitadelSecret   = "client-secret" // of a server that lives for one test
	zitadelRedirect = "https://rides.example/auth/callback"
)

// zitadel is zitadel/oidc's server, an issuer that is not ours, with TLS on loopback.
type zitadel struct {
	*httptest.Server
	handler atomic.Pointer[http.Handler]
}

func newZitadel(t *testing.T) *zitadel {
	t.Helper()
	z := &zitadel{}
	z.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*z.handler.Load()).ServeHTTP(w, r)
	}))
	z.StartTLS()
	t.Cleanup(z.Close)
	storage.RegisterClients(storage.WebClient(zitadelClient, zitadelSecret, zitadelRedirect))
	z.restart()
	return z
}

// restart makes the server anew, which gives it another key.
func (z *zitadel) restart() {
	var h http.Handler = exampleop.SetupServer(z.URL, storage.NewStorage(storage.NewUserStore(z.URL)), slog.New(slog.DiscardHandler), false)
	z.handler.Store(&h)
}

// signIn signs a user in, as a browser and a web application do, and returns the ID token.
func (z *zitadel) signIn(t *testing.T) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Transport: z.Client().Transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), zitadelRedirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	do := func(res *http.Response, err error) *http.Response {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	page := do(browser.Get(z.URL + "/auth?" + url.Values{
		"client_id": {zitadelClient}, "redirect_uri": {zitadelRedirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"},
	}.Encode()))
	id := page.Request.URL.Query().Get("authRequestID")
	done := do(browser.PostForm(z.URL+"/login/username", url.Values{"username": {"test-user2"}, "password": {"verysecure"}, "id": {id}}))
	back, err := done.Location()
	if err != nil {
		t.Fatalf("no way back from the login: %v, status %d", err, done.StatusCode)
	}
	r, err := http.NewRequest(http.MethodPost, z.URL+"/oauth/token", strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {zitadelRedirect},
	}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(zitadelClient, zitadelSecret)
	res, err := z.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		IDToken string `json:"id_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.IDToken == "" {
		t.Fatalf("no ID token: %s, %v", body, err)
	}
	return answer.IDToken
}

// TestZitadel: the tokens of a maintained server that is not ours, by its discovery document, over
// TLS; after it has got another key; and the codes for another audience and for an expired one.
func TestZitadel(t *testing.T) {
	t.Parallel()
	z := newZitadel(t)
	roots := z.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	provider := oidc.Provider{Issuer: z.URL, Audiences: []string{zitadelClient}, RootCAs: roots}
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{provider}, Now: now})
	name := strings.TrimPrefix(z.URL, "https://")

	token := z.signIn(t)
	id := admitted(t, v, token)
	if id.Subject != "id2" || id.Audience != zitadelClient || id.Provider != name || id.SigningAlgorithm != "RS256" ||
		id.Claims[name+":sub"][0] != "id2" || id.Claims[name+":aud"][0] != zitadelClient {
		t.Errorf("the token says %+v", id)
	}
	parts := strings.Split(token, ".")
	refused(t, v, parts[0]+"."+parts[1]+".", sts.ErrInvalidIdentityToken)
	refused(t, v, encode(object{"alg": "none"})+"."+parts[1]+".", sts.ErrInvalidIdentityToken)
	refused(t, v, hs256([]byte("client-secret"), object{"alg": "HS256"}, string(decode(t, parts[1]))), sts.ErrInvalidIdentityToken)

	z.restart()
	rotated := z.signIn(t)
	refused(t, v, rotated, sts.ErrInvalidIdentityToken) // the keys were fetched a moment ago
	ahead.Store(int64(time.Minute))
	admitted(t, v, rotated)
	refused(t, v, token, sts.ErrInvalidIdentityToken)

	provider.Audiences = []string{"another"}
	refused(t, newVerifier(t, oidc.Config{Providers: []oidc.Provider{provider}, Now: now}), rotated, sts.ErrInvalidIdentityToken)
	ahead.Store(int64(2 * time.Hour))
	refused(t, v, rotated, sts.ErrExpiredIdentityToken)
}
