package clienttest_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

//go:embed testdata/sts_boto3.py
var stsBoto3 string

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
	url       string // of the STS endpoint
	s3        string // of the protected service
	container string // of the container's credentials
	folder    string // of the files below

	mu      sync.Mutex
	events  []sigv4auth.Event
	expires time.Duration // of the container's credentials; 0 => an hour
	issued  int           // by the container
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
			stsAda:   policy(iampolicy.IdentityPolicy, `{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}`),
			stsRider: policy(iampolicy.IdentityPolicy, buckets), stsHub: policy(iampolicy.IdentityPolicy, buckets),
			stsWeb: policy(iampolicy.IdentityPolicy, buckets),
		},
	}
	keys := keyring.New(time.Now())
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }})
	must(err)
	s := &stsService{folder: t.TempDir()}
	s.store, err = sts.NewStore(sts.StoreConfig{Ring: ring, Roles: m, Credentials: m.keys, Policies: m})
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
		Region: "us-east-1", Service: "s3", Credentials: s.store, Path: sigv4auth.PathS3, Denied: sigv4auth.WriteS3Error,
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
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url, s.s3, s.container = server.URL+"/sts/", server.URL, server.URL+"/credentials?of=rider"

	c, err := s.issue(t.Context())
	must(err)
	output, err := sts.ProcessOutput(c)
	must(err)
	s.write(t, "process", string(output))
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
		i.Credential.Expires = time.Now().Add(s.expires)
	}
	return i.Credential, err
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

// stsWays are the ways to come to credentials, with who then calls, or the code of the refusal.
var stsWays = []struct{ profile, caller, code string }{
	{"base", stsAda, ""},
	{"assume", "arn:aws:sts::111122223333:assumed-role/Rider/alice", ""},
	{"chain", "arn:aws:sts::111122223333:assumed-role/Hub/bob", ""},
	{"web", "arn:aws:sts::111122223333:assumed-role/Web/build", ""},
	{"process", "arn:aws:sts::111122223333:assumed-role/Rider/given", ""},
	{"container", "arn:aws:sts::111122223333:assumed-role/Rider/given", ""},
	{"denied", "", "AccessDenied"},
	{"wrong", "", "InvalidIdentityToken"},
}

// TestSTSCLI: the AWS CLI comes to credentials in each way, with nothing but its own configuration,
// and makes signed calls with them.
func TestSTSCLI(t *testing.T) {
	t.Parallel()
	program := testneed.Program(t, "aws")
	cliVersion(t, program)
	s := newSTS(t)
	for _, way := range stsWays {
		run := func(args ...string) string {
			t.Helper()
			cmd := exec.CommandContext(t.Context(), program, append(args, "--output", "json")...)
			cmd.Env = s.environment(way.profile)
			out, err := cmd.CombinedOutput()
			if (err == nil) != (way.code == "") {
				t.Errorf("%s: %s: %v: %s", way.profile, args, err, out)
			}
			return string(out)
		}
		if out := run("sts", "get-caller-identity"); !strings.Contains(out, way.caller) || !strings.Contains(out, way.code) {
			t.Errorf("%s: %s", way.profile, out)
		}
		if way.code == "" && way.profile != "base" {
			if out := run("s3api", "list-buckets"); !strings.Contains(out, way.caller) {
				t.Errorf("%s: %s", way.profile, out)
			}
		}
	}
	login(t, s, program)
}

// login logs in with what "aws eks get-token" prints.
func login(t *testing.T, s *stsService, program string) {
	t.Helper()
	l, err := sts.NewLogin(sts.LoginConfig{
		Credentials: s.store, Region: "us-east-1", Hosts: []string{"sts.us-east-1.amazonaws.com"}, ServerID: "demo",
		Lifetime: 15 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range stsWays[:2] {
		cmd := exec.CommandContext(t.Context(), program, "eks", "get-token", "--cluster-name", "demo", "--output", "json")
		cmd.Env = s.environment(way.profile)
		for i, kv := range cmd.Env {
			if way.profile == "base" && strings.HasPrefix(kv, "AWS_ENDPOINT_URL_STS=") {
				cmd.Env[i] = "UNUSED=1"
			}
		}
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("aws eks get-token: %v", err)
			continue
		}
		var said struct{ Status struct{ Token string } }
		if err := json.Unmarshal(out, &said); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		id, err := l.Verify(t.Context(), said.Status.Token)
		if way.profile == "base" && (err != nil || id.Principal.ARN != way.caller) {
			t.Errorf("aws eks get-token: %v: %q", err, id.Principal.ARN)
		}
	}
}

// TestSTSBoto3: boto3 does the same, and calls every operation.
func TestSTSBoto3(t *testing.T) {
	t.Parallel()
	python := testneed.Program(t, "python3")
	if exec.Command(python, "-c", "import boto3").Run() != nil {
		testneed.MissingProgram(t, "boto3 for python3")
	}
	s := newSTS(t)
	for _, way := range stsWays {
		cmd := exec.CommandContext(t.Context(), python, "-c", stsBoto3, "whoami")
		cmd.Env = s.environment(way.profile)
		out, err := cmd.CombinedOutput()
		if want := way.caller + " " + way.caller; err != nil || way.code == "" && way.profile != "base" &&
			strings.TrimSpace(string(out)) != want ||
			!strings.Contains(string(out), way.caller) || !strings.Contains(string(out), way.code) {
			t.Errorf("%s: %v: %s", way.profile, err, out)
		}
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", stsBoto3, "operations", stsRider)
	cmd.Env = s.environment("base")
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "all" {
		t.Errorf("%v: %s", err, out)
	}
}

// TestSTSGo: aws-sdk-go-v2 does the same, by its own configuration, from its own environment.
func TestSTSGo(t *testing.T) {
	s := newSTS(t)
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	for _, way := range stsWays {
		t.Run(way.profile, func(t *testing.T) {
			for _, kv := range s.variables(way.profile) {
				name, value, _ := strings.Cut(kv, "=")
				t.Setenv(name, value)
			}
			cfg, err := config.LoadDefaultConfig(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			who, err := awssts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
			if way.code != "" {
				if refused, ok := errors.AsType[smithy.APIError](err); !ok || refused.ErrorCode() != way.code {
					t.Errorf("%v; want %s", err, way.code)
				}
				return
			}
			if err != nil || aws.ToString(who.Arn) != way.caller || aws.ToString(who.Account) != stsAccount {
				t.Fatalf("%v: %v", err, who)
			}
			if way.profile == "base" {
				return
			}
			out, err := s3.NewFromConfig(cfg).ListBuckets(t.Context(), nil)
			if err != nil || aws.ToString(out.Owner.ID) != way.caller {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestSTSGoRefresh: a client whose credentials are about to expire asks the container's endpoint
// for others, by the token that its file holds by then.
func TestSTSGoRefresh(t *testing.T) {
	s := newSTS(t)
	s.expires = time.Minute // the SDK renews those that end within five
	for _, kv := range s.variables("container") {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
	t.Setenv("AWS_PROFILE", "")
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for i := range 3 {
		s.write(t, "authorization", fmt.Sprint(stsAuthz, i))
		if _, err := s3.NewFromConfig(cfg).ListBuckets(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		c, err := cfg.Credentials.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		keys[c.AccessKeyID] = true
	}
	if s.issued < 3 || len(keys) < 3 {
		t.Errorf("%d sessions were given, %d different keys used", s.issued, len(keys))
	}
}

// TestSTSGoOperations: every operation of aws-sdk-go-v2 that the endpoint has is understood both
// ways, with each member of what it answers, also those that are newer than other clients.
func TestSTSGoOperations(t *testing.T) {
	t.Parallel()
	s := newSTS(t)
	cfg := aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(s.url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: stsAdaKey, SecretAccessKey: stsSecret}, nil
		}),
	}
	c, ctx := awssts.NewFromConfig(cfg), t.Context()
	size := aws.Int32(1600)
	role, err := c.AssumeRole(ctx, &awssts.AssumeRoleInput{
		RoleArn: aws.String(stsRider), RoleSessionName: aws.String("alice"), MinimumSessionTokenSize: size,
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a b+c")}}, TransitiveTagKeys: []string{"team"},
		Policy: aws.String(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(role.AssumedRoleUser.Arn) != "arn:aws:sts::111122223333:assumed-role/Rider/alice" ||
		aws.ToInt32(role.SessionTokenSize) < *size ||
		aws.ToInt32(role.SessionTokenUtilization) < 39 ||
		time.Until(aws.ToTime(role.Credentials.Expiration)) < 59*time.Minute ||
		len(*role.Credentials.SessionToken) != int(*role.SessionTokenSize) {
		t.Errorf("%+v %+v", role, role.AssumedRoleUser)
	}
	got, err := s.store.Session(*role.Credentials.AccessKeyId, *role.Credentials.SessionToken)
	if err != nil || got.Tags["team"] != "a b+c" || len(got.TransitiveTags) != 1 {
		t.Errorf("%v %+v", err, got)
	}
	web, err := c.AssumeRoleWithWebIdentity(ctx, &awssts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(stsWeb), RoleSessionName: aws.String("build"), WebIdentityToken: aws.String(stsToken),
		MinimumSessionTokenSize: size,
	})
	if err != nil || aws.ToString(web.SubjectFromWebIdentityToken) != "build" || aws.ToString(web.Audience) != "sts.amazonaws.com" ||
		aws.ToString(web.Provider) != "https://"+stsProvider || aws.ToInt32(web.SessionTokenSize) < *size {
		t.Errorf("%v %+v", err, web)
	}
	session, err := c.GetSessionToken(ctx, &awssts.GetSessionTokenInput{MinimumSessionTokenSize: size})
	if err != nil || aws.ToInt32(session.SessionTokenSize) < *size || session.Credentials == nil {
		t.Errorf("%v %+v", err, session)
	}
	federated, err := c.GetFederationToken(ctx, &awssts.GetFederationTokenInput{Name: aws.String("bob"), MinimumSessionTokenSize: size})
	if err != nil || aws.ToString(federated.FederatedUser.FederatedUserId) != "111122223333:bob" ||
		aws.ToInt32(federated.SessionTokenSize) < *size {
		t.Errorf("%v %+v", err, federated)
	}
	key, err := c.GetAccessKeyInfo(ctx, &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String(stsAdaKey)})
	if err != nil || aws.ToString(key.Account) != stsAccount {
		t.Errorf("%v %+v", err, key)
	}
	_, err = c.AssumeRole(ctx, &awssts.AssumeRoleInput{
		RoleArn: aws.String(stsRider), RoleSessionName: aws.String("alice"), Policy: aws.String(`{"Version": "2012-10-17"}`),
	})
	if _, ok := errors.AsType[*types.MalformedPolicyDocumentException](err); !ok {
		t.Errorf("a policy that is none: %v", err)
	}
	_, err = c.GetWebIdentityToken(ctx, &awssts.GetWebIdentityTokenInput{Audience: []string{"a"}, SigningAlgorithm: aws.String("RS256")})
	if _, ok := errors.AsType[*types.OutboundWebIdentityFederationDisabledException](err); !ok {
		t.Errorf("without a signer: %v", err)
	}
	// As aws-iam-authenticator does.
	presigned, err := awssts.NewPresignClient(c).PresignGetCallerIdentity(ctx, nil, func(o *awssts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *awssts.Options) {
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Expires", "60"))
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, presigned.Method, presigned.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(answer.Body)
		t.Errorf("presigned: %s %s: %s", presigned.Method, answer.Status, said)
	}
	v4a := awssts.NewFromConfig(cfg, func(o *awssts.Options) { o.AuthSchemePreference = []string{"sigv4a"} })
	if who, err := v4a.GetCallerIdentity(ctx, nil); err != nil || aws.ToString(who.Arn) != stsAda {
		t.Errorf("SigV4A: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	actions := map[string]bool{}
	for _, e := range s.events {
		actions[e.Action] = true
	}
	for _, action := range []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:GetFederationToken", "sts:GetAccessKeyInfo"} {
		if !actions[action] {
			t.Errorf("no event of %s", action)
		}
	}
}
