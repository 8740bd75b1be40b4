package userpool_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/example/userpool/internal/srptest"
	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	poolID   = "us-east-1_Example01"
	shortID  = "Example01"
	clientID = "3n4b5urk1ft4fl3mg5e62d9ado"
	account  = "111122223333"
	password = "Correct-Horse-7-Battery"
	admin    = "arn:aws:iam::111122223333:user/admin"
	stranger = "arn:aws:iam::111122223333:user/stranger"
)

var begin = time.Date(2026, 11, 30, 20, 0, 0, 0, time.UTC)

// site is a pool that serves.
type site struct {
	t      *testing.T
	pool   *userpool.Pool
	db     *sql.DB
	ring   *keyring.Ring
	server *httptest.Server
	admin  sigv4test.Signer
	nobody sigv4test.Signer

	mu       sync.Mutex
	at       time.Time
	sent     []userpool.Delivery
	failures []error
	failing  error // what deliveries fail with
}

// openSQLite opens a database as the example does.
func openSQLite(t *testing.T, path string) *sql.DB {
	t.Helper()
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)"}, "_txlock": {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(8) // as the example has it
	db.SetMaxIdleConns(8)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// start starts a pool on a database of its own.
func start(t *testing.T, change ...func(*userpool.Config)) *site {
	t.Helper()
	return startOn(t, openSQLite(t, filepath.Join(t.TempDir(), "pool.db")), change...)
}

func startOn(t *testing.T, db *sql.DB, change ...func(*userpool.Config)) *site {
	t.Helper()
	s := &site{t: t, db: db, at: begin}
	keys := keyring.New(begin.Add(-time.Hour))
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }, Now: s.now})
	if err != nil {
		t.Fatal(err)
	}
	s.ring = ring
	s.open(change...)
	return s
}

// open makes the pool, and serves it.
func (s *site) open(change ...func(*userpool.Config)) {
	s.t.Helper()
	// It starts once it has a handler: who has called an earlier server at its address may call it.
	s.server = httptest.NewUnstartedServer(nil)
	s.t.Cleanup(s.server.Close)
	cfg := userpool.Config{
		DB: s.db, Ring: s.ring, ID: poolID, Name: "WildRydes", AccountID: account, Region: "us-east-1",
		Issuer: "http://" + s.server.Listener.Addr().String() + "/" + poolID, Clients: []userpool.Client{{ID: clientID}},
		Limits: userpool.Limits{PerMinute: 100_000, Failures: 10_000},
		Deliver: func(_ context.Context, d userpool.Delivery) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sent = append(s.sent, d)
			return s.failing
		},
		Failed: func(_ context.Context, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.failures = append(s.failures, err)
		},
		Now: s.now,
	}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if s.pool, err = userpool.New(s.t.Context(), cfg); err != nil {
		s.t.Fatal(err)
	}
	s.server.Config.Handler = s.handler()
	s.server.Start()
}

// handler is how a program serves the pool.
func (s *site) handler() http.Handler {
	s.t.Helper()
	s.admin, s.nobody = sigv4test.NewSigner(admin), sigv4test.NewSigner(stranger)
	s.admin.Service, s.nobody.Service = "cognito-idp", "cognito-idp"
	policy, err := iampolicy.Parse(fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",
		"Action":"cognito-idp:*","Resource":%q}}`, s.pool.ARN()), iampolicy.IdentityPolicy)
	if err != nil {
		s.t.Fatal(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{admin: {policy}}),
		Target:   s.pool.Target, ResourceAccount: sigv4auth.AccountInARN,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "cognito-idp", Denied: s.pool.WriteError, Now: s.now,
		Credentials: sigv4auth.StaticCredentials(s.admin.Credential, s.nobody.Credential),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	endpoint, published := s.pool.Handler(auth.Require(authz.Check)), s.pool.Published()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if userpool.IsRequest(r) {
			endpoint.ServeHTTP(w, r)
			return
		}
		published.ServeHTTP(w, r)
	})
}

func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// pass lets time pass.
func (s *site) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

// code returns what was delivered last.
func (s *site) code() string {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sent) == 0 {
		s.t.Fatal("nothing was delivered")
	}
	return s.sent[len(s.sent)-1].Code.Reveal()
}

type input map[string]any

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	body   map[string]any
	raw    string
	header http.Header
}

// call asks for an operation that needs no signature.
func (s *site) call(operation string, in input) answer { return s.send(operation, in, nil) }

// as asks for an operation with a signature.
func (s *site) as(who sigv4test.Signer, operation string, in input) answer {
	if in["UserPoolId"] == nil {
		in["UserPoolId"] = poolID
	}
	return s.send(operation, in, &who)
}

func (s *site) send(operation string, in input, who *sigv4test.Signer) answer {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+"/", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	if who != nil {
		who.Now = s.now
		r = who.Sign(r)
	}
	got, err := s.server.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{t: s.t, status: got.StatusCode, raw: string(text), header: got.Header}
	if err := json.Unmarshal(text, &a.body); err != nil {
		s.t.Fatalf("%s: %s", operation, text)
	}
	return a
}

// ok fails the test unless the answer is 200.
func (a answer) ok() answer {
	a.t.Helper()
	if a.status != 200 {
		a.t.Fatalf("%d %s", a.status, a.raw)
	}
	return a
}

// says fails the test unless the answer is an error of a code, in some words.
func (a answer) says(code, message string) answer {
	a.t.Helper()
	if got, _ := a.body["__type"].(string); a.status != 400 || got != code || !strings.Contains(a.raw, message) {
		a.t.Errorf("%d %s; want %s %q", a.status, a.raw, code, message)
	}
	if got := a.header.Get("X-Amzn-Errortype"); got != code+":" {
		a.t.Errorf("X-Amzn-Errortype: %q", got)
	}
	return a
}

// text returns a text in the answer.
func (a answer) text(path ...string) string {
	a.t.Helper()
	v := any(a.body)
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, ok := v.(string)
	if !ok {
		a.t.Fatalf("no %v in %s", path, a.raw)
	}
	return s
}

// tokens are those of a sign-in.
type tokens struct{ id, access, refresh string }

func (a answer) tokens() tokens {
	a.t.Helper()
	a.ok()
	const result = "AuthenticationResult"
	return tokens{a.text(result, "IdToken"), a.text(result, "AccessToken"), a.text(result, "RefreshToken")}
}

// signUp makes a user that is confirmed.
func (s *site) signUp(name, password string) string {
	s.t.Helper()
	sub := s.call("SignUp", input{
		"ClientId": clientID, "Username": name, "Password": password,
		"UserAttributes": []input{{"Name": "email", "Value": name + "@example.com"}},
	}).ok().text("UserSub")
	s.call("ConfirmSignUp", input{"ClientId": clientID, "Username": name, "ConfirmationCode": s.code()}).ok()
	return sub
}

// srp is a sign-in by SRP under way.
type srp struct {
	s          *site
	client     *srptest.Client
	parameters map[string]string
	responses  map[string]string
}

const timestampForm = "Mon Jan 2 15:04:05 UTC 2006"

// startSRP sends the first request.
func (s *site) startSRP(name string) *srp {
	s.t.Helper()
	a, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 256))
	if err != nil {
		s.t.Fatal(err)
	}
	f := &srp{s: s, client: srptest.New(a), parameters: map[string]string{}}
	got := s.call("InitiateAuth", input{
		"AuthFlow": "USER_SRP_AUTH", "ClientId": clientID, "AuthParameters": input{"USERNAME": name, "SRP_A": f.client.Public.Text(16)},
	}).ok()
	if name := got.text("ChallengeName"); name != "PASSWORD_VERIFIER" {
		s.t.Fatalf("the challenge is %s", name)
	}
	for _, p := range []string{"SALT", "SECRET_BLOCK", "SRP_B", "USERNAME", "USER_ID_FOR_SRP"} {
		f.parameters[p] = got.text("ChallengeParameters", p)
	}
	return f
}

func number(t *testing.T, digits string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(digits, 16)
	if !ok {
		t.Fatalf("%q is no number", digits)
	}
	return n
}

// sign makes the responses of a client with a password.
func (f *srp) sign(password string, at time.Time) *srp {
	f.s.t.Helper()
	user, stamp := f.parameters["USER_ID_FOR_SRP"], at.UTC().Format(timestampForm)
	key := f.client.Key(shortID, user, password, number(f.s.t, f.parameters["SALT"]), number(f.s.t, f.parameters["SRP_B"]))
	block, err := base64.StdEncoding.DecodeString(f.parameters["SECRET_BLOCK"])
	if err != nil {
		f.s.t.Fatal(err)
	}
	f.responses = map[string]string{
		"USERNAME": user, "PASSWORD_CLAIM_SECRET_BLOCK": f.parameters["SECRET_BLOCK"], "TIMESTAMP": stamp,
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(srptest.Signature(key, shortID, user, block, stamp)),
	}
	return f
}

// send sends the second request.
func (f *srp) send() answer {
	f.s.t.Helper()
	return f.s.call("RespondToAuthChallenge", input{
		"ClientId": clientID, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": f.responses,
	})
}

// signIn signs in by SRP.
func (s *site) signIn(name, password string) answer {
	s.t.Helper()
	return s.startSRP(name).sign(password, s.now()).send()
}

// withPassword signs in by USER_PASSWORD_AUTH.
func (s *site) withPassword(name, password string) answer {
	s.t.Helper()
	return s.call("InitiateAuth", input{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": clientID, "AuthParameters": input{"USERNAME": name, "PASSWORD": password},
	})
}

// claims returns what a token says, without a look at its signature.
func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %q", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}
