package main_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// nodeClients returns the folder of the JavaScript clients, and skips the test where they are not
// installed.
func nodeClients(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("testdata", "node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
		testneed.MissingProgram(t, "the JavaScript clients: npm ci in example/testdata/node")
	}
	return dir
}

// poolEnv is the environment of somebody who has sourced pool.env.
func (s *site) poolEnv() []string {
	i := s.ids()
	return append(os.Environ(), "AWS_REGION="+i.Region, "AWS_DEFAULT_REGION="+i.Region, "WILDGATE_ENDPOINT="+s.endpoint,
		"AWS_ENDPOINT_URL="+s.endpoint, "USER_POOL_ID="+i.UserPoolID, "USER_POOL_CLIENT_ID="+i.UserPoolClientID,
		"IDENTITY_POOL_ID="+i.IdentityPoolID, "LOGIN_PROVIDER="+s.provider(), "PASSWORD="+password, "no_proxy=*", "HOME="+s.t.TempDir(),
		"AWS_CONFIG_FILE="+filepath.Join(s.data, "none"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(s.data, "none"))
}

// converse runs a client that asks for the code of an address by a line CODE?, and returns the
// other lines, by their first words.
func (s *site) converse(cmd *exec.Cmd, email string) map[string]string {
	s.t.Helper()
	var errs output
	cmd.Env, cmd.Stderr = s.poolEnv(), &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	watchdog := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	said := map[string]string{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		if line == "CODE?" {
			_, _ = io.WriteString(in, s.code(email, 1)+"\n")
			continue
		}
		if cut := strings.LastIndex(line, " "); strings.HasPrefix(line, "ride ") || strings.HasPrefix(line, "another ride ") {
			cut = strings.LastIndex(line[:cut], " ")
			said[line[:cut]] = line[cut+1:]
		} else if cut > 0 {
			said[line[:cut]] = line[cut+1:]
		}
	}
	if err := cmd.Wait(); err != nil {
		s.t.Errorf("%v: %v\n%s\n%s", err, said, errs.String(), s.stderr)
	}
	return said
}

// TestJavaScriptClients: Amplify and amazon-cognito-identity-js sign up, confirm, sign in with SRP,
// which is their default, get identity and credentials, ask for a ride, refresh, and sign out
// everywhere. Nothing of theirs is replaced; where the one has no signer for APIs, it is the SDK's.
func TestJavaScriptClients(t *testing.T) {
	node, dir := testneed.Program(t, "node"), nodeClients(t)
	for client, want := range map[string]map[string]string{
		"amplify": {
			"sign-up": "CONFIRM_SIGN_UP", "confirm": "DONE", "wrong password": "NotAuthorizedException", "sign-in": "DONE", "ride": "201 amy",
			"refresh": "true", "another ride": "201 amy", "attributes": "amy@example.com", "signed out everywhere": "NotAuthorizedException:",
		},
		"identityjs": {
			"sign-up": "false", "confirm": "SUCCESS", "wrong password": "NotAuthorizedException", "sign-in": "true", "ride": "201 ida",
			"refresh": "true", "another ride": "201 ida", "attributes": "ida@example.com", "signed out everywhere": "NotAuthorizedException:",
		},
	} {
		t.Run(client, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), node, "clients.mjs", client)
			cmd.Dir = dir
			livesTheWorkshop(t, cmd, want)
		})
	}
}

// TestBoto3: so does boto3, which has no SRP: with the password itself.
func TestBoto3(t *testing.T) {
	python := testneed.Program(t, "python3")
	if exec.Command(python, "-c", "import boto3").Run() != nil {
		testneed.MissingProgram(t, "boto3 for python3")
	}
	livesTheWorkshop(t, exec.CommandContext(t.Context(), python, filepath.Join("testdata", "boto3client.py")), map[string]string{
		"sign-up": "False", "unconfirmed": "UserNotConfirmedException", "wrong password": "NotAuthorizedException", "lasts": "5.0",
		"ride": "201 bo", "another ride": "201 bo", "attributes": "bo@example.com", "guest": "NotAuthorizedException",
		"signed out everywhere": "NotAuthorizedException",
	})
}

// livesTheWorkshop runs a client against a program whose Auth role has the policy, and looks at
// what it says.
func livesTheWorkshop(t *testing.T, cmd *exec.Cmd, want map[string]string) {
	t.Helper()
	data := t.TempDir()
	startFiles(t, data).stop()
	(&site{t: t, data: data}).attachToAuthRole("WildRydesAPI-StandardUserPolicy")
	s := startFiles(t, data)
	said := s.converse(cmd, want["attributes"])
	for step, value := range want {
		if said[step] != value {
			t.Errorf("%s: %q, want %q", step, said[step], value)
		}
	}
	if !strings.HasPrefix(said["identity"], "us-east-1:") {
		t.Errorf("the identity is %q", said["identity"])
	}
}
