package clienttest_test

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
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
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

//go:embed testdata/cognito_boto3.py
var cognitoBoto3 string

const (
	cognitoPool     = "us-east-1:6f0c4dc2-8d4f-4a3b-a3a4-f2b5d8a4c001"
	cognitoProvider = "cognito-idp.us-east-1.amazonaws.com/us-east-1_RIDERS"
	cognitoAuth     = "arn:aws:iam::111122223333:role/Cognito_Auth"
	cognitoGuest    = "arn:aws:iam::111122223333:role/Cognito_Unauth"
	cognitoAdmin    = "arn:aws:iam::111122223333:role/Cognito_Admin"
	cognitoToken    = "alice.id.token"
	cognitoWrong    = "alice.id.tokem"
)

// The sessions of the pool's roles, as GetCallerIdentity names them.
const (
	cognitoAuthARN  = "arn:aws:sts::111122223333:assumed-role/Cognito_Auth/CognitoIdentityCredentials"
	cognitoGuestARN = "arn:aws:sts::111122223333:assumed-role/Cognito_Unauth/CognitoIdentityCredentials"
	cognitoAdminARN = "arn:aws:sts::111122223333:assumed-role/Cognito_Admin/CognitoIdentityCredentials"
)

// cognitoTokens verifies the login of the user pool and the tokens that it has made itself.
type cognitoTokens struct {
	mu   sync.Mutex
	made map[string]sts.TokenClaims
}

func (c *cognitoTokens) SignToken(_ context.Context, claims sts.TokenClaims) (string, time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	token := "open.id." + rand.Text()
	c.made[token] = claims
	return token, time.Now().Add(claims.Lifetime), nil
}

func (c *cognitoTokens) VerifyToken(_ context.Context, token string) (sts.WebIdentity, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if token == cognitoToken {
		return sts.WebIdentity{
			Issuer: "https://" + cognitoProvider, Provider: cognitoProvider, Subject: "alice", Audience: "app",
			Claim: func(name string) ([]string, bool) {
				values, ok := map[string][]string{
					"token_use": {"id"}, "cognito:roles": {cognitoAuth, cognitoAdmin}, "cognito:preferred_role": {cognitoAuth},
				}[name]
				return values, ok
			},
		}, nil
	}
	claims, ok := c.made[token]
	if !ok {
		return sts.WebIdentity{}, &sts.TokenError{Code: sts.ErrInvalidIdentityToken, Message: "The token is not known"}
	}
	const name = "cognito-identity.amazonaws.com"
	return sts.WebIdentity{
		Issuer: sts.IdentityPoolIssuer, Provider: name, Subject: claims.Subject, Audience: claims.Audiences[0],
		Claims: map[string][]string{name + ":sub": {claims.Subject}, name + ":aud": claims.Audiences, name + ":amr": claims.Methods},
	}, nil
}

// newCognito returns the address at which there are an identity pool, under /cognito/, and an STS
// endpoint, under /sts/.
func newCognito(t *testing.T) string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	m := memory{keys: sigv4auth.StaticCredentials(), roles: map[string]sigv4auth.Role{}}
	for arn, amr := range map[string]string{cognitoAuth: "authenticated", cognitoGuest: "unauthenticated", cognitoAdmin: "authenticated"} {
		trust, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
			"Principal": {"Federated": "cognito-identity.amazonaws.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
			"Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "`+cognitoPool+`"},
			"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "`+amr+`"}}}]}`), iampolicy.TrustPolicy)
		must(err)
		m.roles[arn] = sigv4auth.Role{ARN: arn, ID: "AROA" + strings.ToUpper(strings.ReplaceAll(arn[31:], "_", "")), TrustPolicy: trust}
	}
	keys := keyring.New(time.Now())
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }})
	must(err)
	store, err := sts.NewStore(sts.StoreConfig{Ring: ring, Roles: m, Credentials: m.keys, Policies: m})
	must(err)
	tokens := &cognitoTokens{made: map[string]sts.TokenClaims{}}
	pool, err := sts.NewIdentityPool(sts.IdentityPoolConfig{
		ID: cognitoPool, Store: store, Identities: &sts.MemoryIdentities{}, Tokens: tokens, OpenIDTokens: tokens,
		AuthenticatedRole: cognitoAuth, GuestRole: cognitoGuest, Providers: []sts.LoginProvider{{
			Name: cognitoProvider, ClientIDs: []string{"app"}, UserPool: true, Roles: &sts.RoleMapping{FromToken: true},
		}},
	})
	must(err)
	endpoint, err := sts.NewEndpoint(sts.EndpointConfig{
		Store: store, WebIdentities: tokens, Auth: sigv4auth.Config{Region: "us-east-1"},
	})
	must(err)
	mux := http.NewServeMux()
	mux.Handle("/cognito/", pool)
	mux.Handle("/sts/", endpoint)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// cognitoEnvironment is that of a client that has no credentials.
func cognitoEnvironment(t *testing.T, url string) []string {
	s := &stsService{folder: t.TempDir(), url: url + "/sts/"}
	env := s.environment("none")
	env = env[:len(env)-1] // the profile
	return append(env, "AWS_ENDPOINT_URL_COGNITO_IDENTITY="+url+"/cognito/")
}

// TestCognitoGo: the Go SDK gets an identity, credentials and a token, and knows the errors by
// their types.
func TestCognitoGo(t *testing.T) {
	t.Parallel()
	url := newCognito(t)
	ctx := t.Context()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion("us-east-1"), config.WithCredentialsProvider(aws.AnonymousCredentials{}),
		config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil), config.WithRetryMaxAttempts(1))
	if err != nil {
		t.Fatal(err)
	}
	client := cognitoidentity.NewFromConfig(cfg, func(o *cognitoidentity.Options) { o.BaseEndpoint = aws.String(url + "/cognito/") })
	logins := map[string]string{cognitoProvider: cognitoToken}
	id, err := client.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: aws.String(cognitoPool), Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	caller := func(c *types.Credentials) string {
		t.Helper()
		got, err := awssts.NewFromConfig(cfg, func(o *awssts.Options) {
			o.BaseEndpoint = aws.String(url + "/sts/")
			o.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretKey, *c.SessionToken)
		}).GetCallerIdentity(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		return *got.Arn
	}
	for custom, want := range map[string]string{"": cognitoAuthARN, cognitoAdmin: cognitoAdminARN} {
		in := &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins}
		if custom != "" {
			in.CustomRoleArn = aws.String(custom)
		}
		got, err := client.GetCredentialsForIdentity(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if life := time.Until(*got.Credentials.Expiration); life < 59*time.Minute || life > time.Hour {
			t.Errorf("the credentials last %v", life)
		}
		if arn := caller(got.Credentials); arn != want || *got.IdentityId != *id.IdentityId {
			t.Errorf("%q: %s is called %s", custom, *got.IdentityId, arn)
		}
	}
	token, err := client.GetOpenIdToken(ctx, &cognitoidentity.GetOpenIdTokenInput{IdentityId: id.IdentityId, Logins: logins})
	if err != nil || !strings.HasPrefix(*token.Token, "open.id.") || *token.IdentityId != *id.IdentityId {
		t.Errorf("%v: %v", err, token)
	}
	_, err = client.GetId(ctx, &cognitoidentity.GetIdInput{
		IdentityPoolId: aws.String(cognitoPool), Logins: map[string]string{cognitoProvider: cognitoWrong},
	})
	if wrong, ok := errors.AsType[*types.NotAuthorizedException](err); !ok ||
		wrong.ErrorMessage() != "Invalid login token. Couldn't verify signed token." {
		t.Error(err)
	}
	_, err = client.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: aws.String(cognitoPool)})
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
		t.Error(err)
	}
	_, err = client.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{
		IdentityId: id.IdentityId, Logins: logins, CustomRoleArn: aws.String(cognitoGuest),
	})
	if _, ok := errors.AsType[*types.NotAuthorizedException](err); !ok {
		t.Error(err)
	}
}

// TestCognitoBoto3: boto3 goes both flows to the end, and knows the errors by their types.
func TestCognitoBoto3(t *testing.T) {
	t.Parallel()
	python := testneed.Program(t, "python3")
	if exec.Command(python, "-c", "import boto3").Run() != nil {
		testneed.MissingProgram(t, "boto3 for python3")
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", cognitoBoto3,
		cognitoPool, cognitoProvider, cognitoToken, cognitoAuth, cognitoWrong)
	cmd.Env = cognitoEnvironment(t, newCognito(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := []string{
		cognitoAuthARN, "60", cognitoGuestARN, "arn:aws:sts::111122223333:assumed-role/Cognito_Auth/basic",
		"Invalid login token. Couldn't verify signed token.", "Access to Identity '*' is forbidden.", "IdentityPool 'us-east-1:0' not found.",
	}
	for i, line := range want {
		before, after, _ := strings.Cut(line, "*")
		if len(lines) != len(want) || !strings.HasPrefix(lines[i], before) || !strings.HasSuffix(lines[i], after) {
			t.Fatalf("boto3 says\n%s\nwant %q", out, line)
		}
	}
}

// TestCognitoCLI: the AWS CLI gets an identity and its credentials, and signs with them.
func TestCognitoCLI(t *testing.T) {
	t.Parallel()
	program := testneed.Program(t, "aws")
	cliVersion(t, program)
	url := newCognito(t)
	run := func(more []string, args ...string) (out map[string]any, text string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append(args, "--output", "json")...)
		cmd.Env = append(cognitoEnvironment(t, url), more...)
		got, _ := cmd.CombinedOutput()
		_ = json.Unmarshal(got, &out) // an error is no JSON
		return out, string(got)
	}
	login := cognitoProvider + "=" + cognitoToken
	out, text := run(nil, "cognito-identity", "get-id", "--identity-pool-id", cognitoPool, "--logins", login)
	id, _ := out["IdentityId"].(string)
	if id == "" {
		t.Fatal(text)
	}
	out, text = run(nil, "cognito-identity", "get-credentials-for-identity", "--identity-id", id, "--logins", login)
	c, _ := out["Credentials"].(map[string]any)
	if c == nil {
		t.Fatal(text)
	}
	value := func(name string) string {
		v, _ := c[name].(string)
		return v
	}
	out, text = run([]string{
		"AWS_ACCESS_KEY_ID=" + value("AccessKeyId"), "AWS_SECRET_ACCESS_KEY=" + value("SecretKey"),
		"AWS_SESSION_TOKEN=" + value("SessionToken"),
	}, "sts", "get-caller-identity")
	if out["Arn"] != cognitoAuthARN {
		t.Error(text)
	}
	if _, text := run(nil, "cognito-identity", "get-credentials-for-identity", "--identity-id", id); !strings.Contains(text,
		"(NotAuthorizedException)") || !strings.Contains(text, "is forbidden") {
		t.Error(text)
	}
}

// TestCognitoNode: the JavaScript SDK's own providers of credentials work with a pool, for users,
// guests and custom roles, and tell why they were refused.
func TestCognitoNode(t *testing.T) {
	t.Parallel()
	program := testneed.Program(t, "node")
	dir := filepath.Join("matrix", "testdata", "node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@aws-sdk", "credential-providers")); err != nil {
		testneed.MissingProgram(t, "npm ci in sigv4auth/clienttest/matrix/testdata/node")
	}
	url := newCognito(t)
	logins := map[string]string{cognitoProvider: cognitoToken}
	run := func(calls ...map[string]any) (said []map[string]any) {
		t.Helper()
		args := []string{filepath.Join(dir, "cognito.mjs"), url + "/cognito"} // the SDK appends a slash
		for _, c := range calls {
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, string(text))
		}
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = cognitoEnvironment(t, url)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			var v map[string]any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			said = append(said, v)
		}
		return said
	}
	caller := func(c map[string]any) string {
		t.Helper()
		text := func(name string) string {
			v, _ := c[name].(string)
			return v
		}
		got, err := awssts.New(awssts.Options{
			Region: "us-east-1", BaseEndpoint: aws.String(url + "/sts/"),
			Credentials: credentials.NewStaticCredentialsProvider(text("accessKeyId"), text("secretAccessKey"), text("sessionToken")),
		}).GetCallerIdentity(t.Context(), nil)
		if err != nil {
			t.Fatalf("%v: %v", err, c)
		}
		return *got.Arn
	}
	said := run(
		map[string]any{"identityPoolId": cognitoPool, "logins": logins},
		map[string]any{"identityPoolId": cognitoPool},
		map[string]any{"identityPoolId": cognitoPool, "logins": map[string]string{cognitoProvider: cognitoWrong}},
		map[string]any{"identityPoolId": cognitoPool, "logins": logins, "customRoleArn": cognitoAdmin},
	)
	for i, want := range []string{cognitoAuthARN, cognitoGuestARN, "", cognitoAdminARN} {
		if want == "" {
			if said[i]["error"] != "NotAuthorizedException" || said[i]["message"] != "Invalid login token. Couldn't verify signed token." {
				t.Errorf("%v", said[i])
			}
			continue
		}
		if arn := caller(said[i]); arn != want {
			t.Errorf("the call %d is %s's", i, arn)
		}
		if expires, _ := said[i]["expiration"].(float64); time.Until(time.Unix(int64(expires), 0)) > time.Hour {
			t.Errorf("%v", said[i])
		}
	}
	id := said[0]["identityId"]
	if id == nil || said[3]["identityId"] != id || said[1]["identityId"] == id {
		t.Errorf("the identities are %v, %v and %v", id, said[3]["identityId"], said[1]["identityId"])
	}
	again := run(map[string]any{"identityId": id, "logins": logins}, map[string]any{"identityId": id})
	if caller(again[0]) != cognitoAuthARN || again[0]["identityId"] != id || again[1]["error"] != "NotAuthorizedException" {
		t.Errorf("%v", again)
	}
}
