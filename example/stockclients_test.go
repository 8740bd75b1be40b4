package main_test

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signerv4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/wildgate/wildgate/internal/testneed"
)

//go:embed testdata/client_boto3.py
var boto3Client string

//go:embed testdata/client_node.mjs
var nodeClient string

//go:embed testdata/client_cli.sh
var cliClient string

// stockSaid is what a stock client has learnt: who it is by STS, and what POST /prod/ride was
// answered with.
type stockSaid struct {
	Arn    string
	Status int
	Rider  string
}

// stockProfiles are those of the aws.config that the program writes, with what a client with each
// has to learn.
var stockProfiles = []struct {
	name, arn string // how the ARN ends
	status    int
	rider     string
}{
	{"rider", ":assumed-role/Rider/alice", http.StatusCreated, "alice"},
	{"rider-user", ":user/wildrydes/rider", http.StatusForbidden, ""}, // who may assume the role, and nothing else
}

// stockEnvironment is all that a stock client is given.
func (s *site) stockEnvironment(profile string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": s.endpoint, "AWS_CONFIG_FILE": filepath.Join(s.data, "aws.config"), "AWS_PROFILE": profile,
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(s.data, "none"), "HOME": s.t.TempDir(), "RIDE": seattle,
	}
}

func (s *site) stockWants(t *testing.T, profile string, said stockSaid) {
	t.Helper()
	for _, p := range stockProfiles {
		if p.name == profile && (!strings.HasSuffix(said.Arn, p.arn) || said.Status != p.status || said.Rider != p.rider) {
			t.Errorf("%s: %+v; want %+v\n%s", profile, said, p, s.stderr)
		}
	}
}

// TestStockClients: the AWS CLI, boto3 and the JavaScript SDK get credentials by each profile of
// aws.config, with the endpoint's address alone, and make the signed call to the API.
func TestStockClients(t *testing.T) {
	s := start(t, t.TempDir())
	node := filepath.Join(testneed.Root(t), "sigv4auth", "clienttest", "testdata", "node")
	for name, client := range map[string]struct {
		command []string
		ready   func(t *testing.T, program string)
		dir     string
	}{
		"AWS CLI": {[]string{"sh", "-euc", cliClient}, func(t *testing.T, _ string) {
			testneed.Program(t, "aws")
			testneed.Program(t, "curl")
		}, ""},
		"boto3": {[]string{"python3", "-c", boto3Client}, func(t *testing.T, program string) {
			if exec.Command(program, "-c", "import boto3").Run() != nil {
				testneed.MissingProgram(t, "boto3 for python3")
			}
		}, ""},
		"JavaScript SDK": {[]string{"node", "--input-type=module", "-e", nodeClient}, func(t *testing.T, _ string) {
			if _, err := os.Stat(filepath.Join(node, "node_modules", ".package-lock.json")); err != nil {
				testneed.MissingProgram(t, "npm ci in sigv4auth/clienttest/testdata/node")
			}
		}, node}, // where its imports are looked for
	} {
		t.Run(name, func(t *testing.T) {
			program := testneed.Program(t, client.command[0])
			client.ready(t, program)
			for _, p := range stockProfiles {
				cmd := exec.CommandContext(t.Context(), program, client.command[1:]...)
				cmd.Dir = client.dir
				for _, kv := range os.Environ() {
					if variable, _, _ := strings.Cut(kv, "="); !strings.HasPrefix(variable, "AWS_") {
						cmd.Env = append(cmd.Env, kv)
					}
				}
				for variable, value := range s.stockEnvironment(p.name) {
					cmd.Env = append(cmd.Env, variable+"="+value)
				}
				var said stockSaid
				out, err := cmd.Output()
				if err != nil || json.Unmarshal(out, &said) != nil {
					if exit, ok := errors.AsType[*exec.ExitError](err); ok {
						t.Logf("%s", exit.Stderr)
					}
					t.Fatalf("%s: %s, %v\n%s", p.name, out, err, s.stderr)
				}
				s.stockWants(t, p.name, said)
			}
		})
	}
}

// TestStockGo: aws-sdk-go-v2 does the same. It makes the client that assumes a profile's role
// before it looks at AWS_ENDPOINT_URL (config 1.33.15), so that it needs AWS_ENDPOINT_URL_STS too.
func TestStockGo(t *testing.T) {
	s := start(t, t.TempDir())
	for _, kv := range os.Environ() {
		if variable, _, _ := strings.Cut(kv, "="); strings.HasPrefix(variable, "AWS_") {
			t.Setenv(variable, "")
		}
	}
	for _, p := range stockProfiles {
		for variable, value := range s.stockEnvironment(p.name) {
			t.Setenv(variable, value)
		}
		t.Setenv("AWS_ENDPOINT_URL_STS", s.endpoint)
		cfg, err := config.LoadDefaultConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		who, err := awssts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		credentials, err := cfg.Credentials.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, digest := s.request("POST", "/prod/ride", seattle), sha256.Sum256([]byte(seattle))
		err = signerv4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(digest[:]), "execute-api", cfg.Region,
			time.Now())
		if err != nil {
			t.Fatal(err)
		}
		a := s.send(r)
		s.stockWants(t, p.name, stockSaid{aws.ToString(who.Arn), a.status, a.field(t, "Rider")})
	}
}
