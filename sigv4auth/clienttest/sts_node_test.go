package clienttest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// nodeClient is a process with clients of the JavaScript SDK, which does what it is told.
type nodeClient struct {
	t   *testing.T
	in  *json.Encoder
	out *bufio.Reader
}

// nodeAnswer is what became of a command.
type nodeAnswer struct {
	Caller, Owner, AccessKeyID string
	Error, Code, Message       string
	Output                     map[string]any
}

func newNodeClient(t *testing.T) *nodeClient {
	t.Helper()
	program := testneed.Program(t, "node")
	dir := filepath.Join("testdata", "node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
		testneed.MissingProgram(t, "npm ci in sigv4auth/clienttest/testdata/node")
	}
	process := exec.CommandContext(context.WithoutCancel(t.Context()), program, filepath.Join(dir, "sts.mjs"))
	process.Stderr = t.Output()
	in, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // which ends the process
		_, _ = io.Copy(io.Discard, out)
		if err := process.Wait(); err != nil && !t.Failed() {
			t.Errorf("node: %v", err)
		}
	})
	return &nodeClient{t: t, in: json.NewEncoder(in), out: bufio.NewReader(out)}
}

// do runs a command.
func (n *nodeClient) do(command map[string]any) (a nodeAnswer) {
	n.t.Helper()
	if err := n.in.Encode(command); err != nil {
		n.t.Fatal(err)
	}
	line, err := n.out.ReadBytes('\n')
	if err != nil {
		n.t.Fatalf("node ends: %v", err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		n.t.Fatalf("%v: %s", err, line)
	}
	return a
}

// open makes a client that finds its credentials in a way of the SDK's, in the environment of a
// profile. Without a way, it does so by itself.
func (n *nodeClient) open(s *stsService, name, profile, way string, options map[string]any) {
	n.t.Helper()
	environment := map[string]string{}
	for _, kv := range s.variables(profile) {
		key, value, _ := strings.Cut(kv, "=")
		environment[key] = value
	}
	if way == "fromContainerMetadata" { // it does not know of the file
		environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = stsAuthz
	}
	if way == "fromTokenFile" {
		environment["AWS_WEB_IDENTITY_TOKEN_FILE"], environment["AWS_ROLE_ARN"] = s.file("token"), stsWeb
		environment["AWS_ROLE_SESSION_NAME"] = "build"
	}
	a := n.do(map[string]any{"run": "open", "name": name, "environment": environment, "way": way, "options": options})
	if a.Error != "" {
		n.t.Fatalf("%s: %+v", name, a)
	}
}

func (n *nodeClient) call(name string) nodeAnswer {
	n.t.Helper()
	return n.do(map[string]any{"run": "call", "name": name})
}

// nodeWays are the ways of the JavaScript SDK that a program names itself, in the environment of a
// profile.
var nodeWays = []struct {
	way, profile string
	options      map[string]any
	caller       string
	lasts        time.Duration // 0: for good
}{
	{"fromHttp", "container", nil, "arn:aws:sts::111122223333:assumed-role/Rider/given", time.Hour},
	{"fromContainerMetadata", "container", nil, "arn:aws:sts::111122223333:assumed-role/Rider/given", time.Hour},
	{"fromTokenFile", "base", nil, "arn:aws:sts::111122223333:assumed-role/Web/build", time.Hour},
	{"fromIni", "base", map[string]any{"profile": "assume"}, "arn:aws:sts::111122223333:assumed-role/Rider/alice", 15 * time.Minute},
	{"fromIni", "base", map[string]any{"profile": "chain"}, "arn:aws:sts::111122223333:assumed-role/Hub/bob", time.Hour},
	{"fromIni", "base", map[string]any{"profile": "web"}, "arn:aws:sts::111122223333:assumed-role/Web/build", time.Hour},
	{"fromProcess", "base", map[string]any{"profile": "process"}, "arn:aws:sts::111122223333:assumed-role/Rider/given", time.Hour},
	{
		"fromTemporaryCredentials", "base",
		map[string]any{"roles": [][]string{{stsRider, "alice"}}},
		"arn:aws:sts::111122223333:assumed-role/Rider/alice", time.Hour,
	},
	{
		"fromTemporaryCredentials", "base",
		map[string]any{"roles": [][]string{{stsRider, "alice"}, {stsHub, "bob"}}},
		"arn:aws:sts::111122223333:assumed-role/Hub/bob", time.Hour,
	},
	{"getSessionToken", "base", nil, stsAda, time.Hour},
}

// TestSTSNode: the JavaScript SDK comes to credentials in each way, by its own configuration and by
// each of its providers, and makes signed calls with them.
func TestSTSNode(t *testing.T) {
	t.Parallel()
	n, s := newNodeClient(t), newSTS(t)
	for _, way := range stsWays {
		n.open(s, way.profile, way.profile, "", nil)
		switch a := n.call(way.profile); {
		case way.code != "" && a.Code != way.code && a.Error != way.code && a.Error != way.code+"Exception":
			t.Errorf("%s: %+v; want %s", way.profile, a, way.code)
		case way.code == "" && (a.Caller != way.caller || a.Owner != way.caller):
			t.Errorf("%s: %+v; want %s", way.profile, a, way.caller)
		}
	}
	for _, way := range nodeWays {
		n.open(s, way.way, way.profile, way.way, way.options)
		a := n.call(way.way)
		if a.Caller != way.caller || a.Owner != way.caller || (a.AccessKeyID == stsAdaKey) {
			t.Errorf("%s %v: %+v; want %s", way.way, way.options, a, way.caller)
		}
	}
}

// TestSTSNodeRefresh: while credentials last, the JavaScript SDK keeps them; once they have expired
// it has others, by itself, in each way to come to some.
func TestSTSNodeRefresh(t *testing.T) {
	t.Parallel()
	n, s := newNodeClient(t), newSTS(t)
	start := time.Now()
	at := func(ahead time.Duration) {
		s.moves(t, start.Add(ahead))
		n.do(map[string]any{"run": "clock", "milliseconds": ahead.Milliseconds()})
	}
	type client struct {
		name, caller string
		lasts        time.Duration
	}
	var clients []client
	at(0)
	for _, way := range stsWays {
		if way.code != "" || way.profile == "base" {
			continue
		}
		lasts := time.Hour
		if way.profile == "assume" {
			lasts = 15 * time.Minute
		}
		clients = append(clients, client{way.profile, way.caller, lasts})
		n.open(s, way.profile, way.profile, "", nil)
	}
	for i, way := range nodeWays {
		name := way.way + string(rune('0'+i))
		clients = append(clients, client{name, way.caller, way.lasts})
		n.open(s, name, way.profile, way.way, way.options)
	}
	first := map[string]string{}
	for _, c := range clients {
		a := n.call(c.name)
		if a.Owner != c.caller {
			t.Fatalf("%s: %+v", c.name, a)
		}
		first[c.name] = a.AccessKeyID
	}
	for _, minutes := range []time.Duration{9, 16, 54, 61} {
		at(minutes * time.Minute)
		for _, c := range clients {
			a := n.call(c.name)
			if a.Owner != c.caller || a.Caller != c.caller {
				t.Errorf("%s, after %d minutes: %+v", c.name, minutes, a)
			}
			if kept := a.AccessKeyID == first[c.name]; kept != (minutes*time.Minute < c.lasts) {
				t.Errorf("%s, after %d minutes: kept: %v", c.name, minutes, kept)
			}
		}
	}
}

// TestSTSNodeOperations: what the models of the JavaScript SDK have is understood both ways, also
// the members that are newer than other clients.
func TestSTSNodeOperations(t *testing.T) {
	t.Parallel()
	n, s := newNodeClient(t), newSTS(t)
	n.open(s, "ada", "base", "", nil)
	send := func(operation string, input map[string]any) nodeAnswer {
		return n.do(map[string]any{"run": "send", "name": "ada", "operation": operation, "input": input})
	}
	const size = 1600
	tags := []map[string]string{{"Key": "team", "Value": "a b+c"}}
	for _, c := range []struct {
		operation string
		input     map[string]any
		want      map[string]any // members of what is answered
	}{
		{"AssumeRole", map[string]any{
			"RoleArn": stsRider, "RoleSessionName": "alice", "MinimumSessionTokenSize": size, "Tags": tags, "TransitiveTagKeys": []string{"team"},
			"Policy": `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`,
		}, map[string]any{
			"AssumedRoleUser": map[string]any{"AssumedRoleId": "AROARIDER:alice", "Arn": "arn:aws:sts::111122223333:assumed-role/Rider/alice"},
		}},
		{"AssumeRoleWithWebIdentity", map[string]any{
			"RoleArn": stsWeb, "RoleSessionName": "build", "WebIdentityToken": stsToken, "MinimumSessionTokenSize": size,
		}, map[string]any{"SubjectFromWebIdentityToken": "build", "Audience": "sts.amazonaws.com", "Provider": "https://" + stsProvider}},
		{"GetSessionToken", map[string]any{"MinimumSessionTokenSize": size}, map[string]any{}},
		{"GetFederationToken", map[string]any{"Name": "bob", "MinimumSessionTokenSize": size}, map[string]any{
			"FederatedUser": map[string]any{"FederatedUserId": "111122223333:bob", "Arn": "arn:aws:sts::111122223333:federated-user/bob"},
		}},
		{"GetAccessKeyInfo", map[string]any{"AccessKeyId": stsAdaKey}, map[string]any{"Account": stsAccount}},
		{"GetCallerIdentity", map[string]any{}, map[string]any{"Account": stsAccount, "Arn": stsAda, "UserId": "AIDAADA"}},
	} {
		a := send(c.operation, c.input)
		for member, want := range c.want {
			got, err := json.Marshal(a.Output[member])
			if wanted, _ := json.Marshal(want); err != nil || string(got) != string(wanted) {
				t.Errorf("%s: %s is %s; want %s: %+v", c.operation, member, got, wanted, a)
			}
		}
		if c.input["MinimumSessionTokenSize"] == nil {
			continue
		}
		credentials, _ := a.Output["Credentials"].(map[string]any)
		token, _ := credentials["SessionToken"].(string)
		told, _ := a.Output["SessionTokenSize"].(float64)
		if len(token) < size || int(told) != len(token) || a.Output["SessionTokenUtilization"] == nil {
			t.Errorf("%s: a token of %d bytes: %+v", c.operation, len(token), a)
		}
	}
	for _, c := range []struct {
		operation string
		input     map[string]any
		want      string
	}{
		{"AssumeRole", map[string]any{"RoleArn": stsRider, "RoleSessionName": "alice", "Policy": `{}`}, "MalformedPolicyDocumentException"},
		{"AssumeRole", map[string]any{"RoleArn": stsHub, "RoleSessionName": "alice"}, "AccessDenied"},
		{"AssumeRole", map[string]any{"RoleArn": stsRider, "RoleSessionName": "a b"}, "ValidationError"},
		{"AssumeRoleWithWebIdentity", map[string]any{
			"RoleArn": stsWeb, "RoleSessionName": "build", "WebIdentityToken": "no.such.token",
		}, "InvalidIdentityTokenException"},
		{
			"GetWebIdentityToken",
			map[string]any{"Audience": []string{"a"}, "SigningAlgorithm": "RS256"},
			"OutboundWebIdentityFederationDisabledException",
		},
	} {
		if a := send(c.operation, c.input); a.Error != c.want {
			t.Errorf("%s: %+v; want %s", c.operation, a, c.want)
		}
	}
}
