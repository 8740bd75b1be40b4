package clienttest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const (
	stsAccount  = "111122223333"
	stsAda      = "arn:aws:iam::111122223333:user/ada"
	stsAdaKey   = "AKIAIOSFODNN7EXAMPLE"
	stsSecret   = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	stsRider    = "arn:aws:iam::111122223333:role/service/Rider"
	stsHub      = "arn:aws:iam::111122223333:role/Hub"
	stsWeb      = "arn:aws:iam::111122223333:role/Web"
	stsToken    = "header.payload.signature"
	stsProvider = "id.example.com"
	stsAuthz    = "a-token-of-the-container"
)

// stsService is a service that hands out credentials, and one that is protected with them.
type stsService struct {
	store     *sts.Store
	server    *http.Server
	url       string // of the STS endpoint
	s3        string // of the protected service
	container string // of the container's credentials
	folder    string // of the files below

	stands atomic.Int64 // where the clock of all of it stands, in nanoseconds since 1970; 0 => it goes

	mu      sync.Mutex
	events  []sigv4auth.Event
	expires time.Duration // of the container's credentials; 0 => an hour
	issued  int           // by the container
}

// now is the clock of the service.
func (s *stsService) now() time.Time {
	if at := s.stands.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Now()
}

// moves makes the clock stand at an instant, of which the process with credentials is told: what it
// prints is new.
func (s *stsService) moves(t *testing.T, to time.Time) {
	t.Helper()
	s.stands.Store(to.UnixNano())
	s.newProcess(t)
}

// memory holds the roles, keys and policies.
type memory struct {
	keys     sigv4auth.CredentialStore
	roles    map[string]sigv4auth.Role
	policies map[string]*iampolicy.Policy
}

func (m memory) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	if r, ok := m.roles[arn]; ok {
		return r, nil
	}
	return sigv4auth.Role{}, sigv4auth.ErrNoSuchRole
}

func (m memory) Policies(_ context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	var set iampolicy.Set
	if p := m.policies[id.Principal.PrincipalARN()]; p != nil {
		set.Identity = []*iampolicy.Policy{p}
	}
	return set, "", nil
}

// oneToken verifies the one token that it knows.
type oneToken struct{}

func (oneToken) VerifyToken(_ context.Context, token string) (sts.WebIdentity, error) {
	if token != stsToken {
		return sts.WebIdentity{}, &sts.TokenError{Code: sts.ErrInvalidIdentityToken, Message: "The token is not known"}
	}
	return sts.WebIdentity{
		Issuer: "https://" + stsProvider, Provider: stsProvider, Subject: "build", Audience: "sts.amazonaws.com",
		Claims: map[string][]string{stsProvider + ":sub": {"build"}, stsProvider + ":aud": {"sts.amazonaws.com"}},
	}, nil
}

func newSTS(t *testing.T) *stsService {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	policy := func(typ iampolicy.PolicyType, text string) *iampolicy.Policy {
		p, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [`+text+`]}`), typ)
		must(err)
		return p
	}
	role := func(arn, id, principal string) sigv4auth.Role {
		return sigv4auth.Role{ARN: arn, ID: id, MaxSession: 12 * time.Hour, TrustPolicy: policy(iampolicy.TrustPolicy,
			`{"Effect": "Allow", "Principal": {`+principal+`}, "Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"]}`)}
	}
	buckets := `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`
	m := memory{
		keys: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: stsAdaKey, Secret: sigv4auth.NewSecret(stsSecret), Principal: iampolicy.Principal{ARN: stsAda, UserID: "AIDAADA"},
		}),
		roles: map[string]sigv4auth.Role{
			stsRider: role(stsRider, "AROARIDER", `"AWS": "`+stsAda+`"`), stsHub: role(stsHub, "AROAHUB", `"AWS": "`+stsRider+`"`),
			stsWeb: role(stsWeb, "AROAWEB", `"Federated": "arn:aws:iam::111122223333:oidc-provider/`+stsProvider+`"`),
		},
		policies: map[string]*iampolicy.Policy{
			stsAda:   policy(iampolicy.IdentityPolicy, `{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}, `+buckets),
			stsRider: policy(iampolicy.IdentityPolicy, buckets), stsHub: policy(iampolicy.IdentityPolicy, buckets),
			stsWeb: policy(iampolicy.IdentityPolicy, buckets),
		},
	}
	keys := keyring.New(time.Now())
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }})
	must(err)
	s := &stsService{folder: t.TempDir()}
	s.store, err = sts.NewStore(sts.StoreConfig{Ring: ring, Roles: m, Credentials: m.keys, Policies: m, Now: s.now})
	must(err)
	endpoint, err := sts.NewEndpoint(sts.EndpointConfig{
		Store: s.store, WebIdentities: oneToken{}, Regions: []string{"eu-west-1"},
		Auth: sigv4auth.Config{
			Region: "us-east-1", Algorithms: sigv4auth.SigV4A, MaxPresignExpiry: time.Hour,
			Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.events = append(s.events, e)
			}},
		},
	})
	must(err)

	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "s3", Credentials: s.store, Path: sigv4auth.PathS3, Denied: sigv4auth.WriteS3Error, Now: s.now,
	})
	must(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: s.store, ResourceAccount: stsAccount, Target: func(*http.Request) (string, string) {
			return "s3:ListAllMyBuckets",
				"arn:aws:s3:::*"
		},
	})
	must(err)
	protected := auth.Require(authz.Check)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := sigv4auth.IdentityFrom(r.Context())
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprintf(w, `<ListAllMyBucketsResult><Buckets></Buckets><Owner><ID>%s</ID></Owner></ListAllMyBucketsResult>`, id.Principal.ARN)
	}))

	s.write(t, "authorization", stsAuthz)
	container, err := sts.NewContainer(sts.ContainerConfig{
		TokenFile: s.file("authorization"),
		Credentials: func(ctx context.Context) (sigv4auth.Credential, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.issued++
			return s.issue(ctx)
		},
	})
	must(err)

	mux := http.NewServeMux()
	mux.Handle("/sts/", endpoint)
	mux.Handle("/credentials", container)
	mux.Handle("/", protected)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat)) // by which clients set their clocks
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.server = server.Config
	s.url, s.s3, s.container = server.URL+"/sts/", server.URL, server.URL+"/credentials?of=rider"

	s.newProcess(t)
	s.write(t, "token", stsToken)
	s.write(t, "wrong-token", stsToken+"x")
	s.write(t, "credentials", "[base]\naws_access_key_id = "+stsAdaKey+"\naws_secret_access_key = "+stsSecret+"\n")
	s.write(t, "config", strings.Join([]string{
		"[profile base]", "region = us-east-1",
		"[profile assume]", "region = us-east-1", "role_arn = " + stsRider, "source_profile = base", "role_session_name = alice", "duration_seconds = 900",
		"[profile chain]", "region = us-east-1", "role_arn = " + stsHub, "source_profile = assume", "role_session_name = bob",
		"[profile denied]", "region = us-east-1", "role_arn = " + stsHub, "source_profile = base", "role_session_name = bob",
		"[profile web]", "region = us-east-1", "role_arn = " + stsWeb, "web_identity_token_file = " + s.file("token"), "role_session_name = build",
		"[profile wrong]", "region = us-east-1", "role_arn = " + stsWeb, "web_identity_token_file = " + s.file("wrong-token"), "role_session_name = build",
		"[profile process]", "region = us-east-1", "credential_process = cat " + s.file("process"),
		"[profile container]", "region = us-east-1", "",
	}, "\n"))
	return s
}

// issue issues a session of the rider's role.
func (s *stsService) issue(ctx context.Context) (sigv4auth.Credential, error) {
	i, err := s.store.Issue(ctx, sts.Grant{
		Session: sts.Session{Kind: sts.RoleSession, RoleARN: stsRider, Name: "given"}, Duration: time.Hour,
	})
	if err == nil && s.expires > 0 {
		i.Credential.Expires = s.now().Add(s.expires)
	}
	return i.Credential, err
}

// newProcess writes what the credential process prints, with a session of its own.
func (s *stsService) newProcess(t *testing.T) {
	t.Helper()
	c, err := s.issue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	output, err := sts.ProcessOutput(c)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "process", string(output))
}

func (s *stsService) file(name string) string { return filepath.Join(s.folder, name) }

func (s *stsService) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// environment is that of a client that uses a profile, or a container's credentials.
func (s *stsService) environment(profile string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			env = append(env, kv)
		}
	}
	if home, err := os.UserHomeDir(); err == nil && os.Getenv("PYENV_ROOT") == "" {
		env = append(env, "PYENV_ROOT="+filepath.Join(home, ".pyenv")) // which is in HOME otherwise
	}
	return append(env, s.variables(profile)...)
}

func (s *stsService) variables(profile string) []string {
	env := []string{
		"HOME=" + s.file("home-"+profile), // where the CLI keeps the sessions of roles
		"AWS_CONFIG_FILE=" + s.file("config"), "AWS_SHARED_CREDENTIALS_FILE=" + s.file("credentials"), "AWS_EC2_METADATA_DISABLED=true",
		"AWS_MAX_ATTEMPTS=1", "AWS_ENDPOINT_URL_STS=" + s.url, "AWS_ENDPOINT_URL_S3=" + s.s3, "AWS_PAGER=", "AWS_REGION=us-east-1",
		"AWS_DEFAULT_REGION=us-east-1",
	}
	if profile == "container" {
		return append(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI="+s.container,
			"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+s.file("authorization"))
	}
	return append(env, "AWS_PROFILE="+profile)
}
