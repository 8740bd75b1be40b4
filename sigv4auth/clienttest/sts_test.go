package clienttest_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

//go:embed testdata/sts_boto3.py
var stsBoto3 string

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
	// The SDK sends no X-Amz-Expires; aws-iam-authenticator puts one in.
	for _, edit := range []func(*awssts.Options){
		func(*awssts.Options) {},
		func(o *awssts.Options) {
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Expires", "60"))
		},
	} {
		presigned, err := awssts.NewPresignClient(c).PresignGetCallerIdentity(ctx, nil, func(o *awssts.PresignOptions) {
			o.ClientOptions = append(o.ClientOptions, edit)
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
		said, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(said), stsAda) {
			t.Errorf("presigned: %s %s: %v %s", presigned.Method, answer.Status, err, said)
		}
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
