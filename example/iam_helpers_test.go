package main_test

import (
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/internal/testneed"
)

// iamAs sends a request to IAM that somebody has signed: an action and its parameters, name and
// value in turn.
func (s *site) iamAs(credentials aws.Credentials, action string, parameters ...string) answer {
	s.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	r := s.request("POST", "/", form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	with := signer(credentials)
	with.Service = "iam"
	return s.send(with.Sign(r))
}

// iam sends a request of the operator to IAM.
func (s *site) iam(action string, parameters ...string) answer {
	s.t.Helper()
	return s.iamAs(s.credentials("operator"), action, parameters...)
}

// policyARN returns the ARN of a managed policy of the API's account.
func (s *site) policyARN(name string) string {
	return "arn:aws:iam::" + s.ids().AccountID + ":policy/" + name
}

// userARN returns the ARN of a user of the workshop.
func (s *site) userARN(name string) string {
	return "arn:aws:iam::" + s.ids().AccountID + ":user/wildrydes/" + name
}

const standard = "WildRydesAPI-StandardUserPolicy"

// attach has the operator attach a policy to a user.
func (s *site) attach(user, policy string) {
	s.t.Helper()
	s.iam("AttachUserPolicy", "UserName", user, "PolicyArn", s.policyARN(policy)).wants(s.t, 200)
}

// detach is the opposite of attach.
func (s *site) detach(user, policy string) {
	s.t.Helper()
	s.iam("DetachUserPolicy", "UserName", user, "PolicyArn", s.policyARN(policy)).wants(s.t, 200)
}

// element returns the text of the first element of the name in an answer in XML.
func (a answer) element(t *testing.T, name string) string {
	t.Helper()
	_, after, found := strings.Cut(a.body, "<"+name+">")
	text, _, ended := strings.Cut(after, "</"+name+">")
	if !found || !ended {
		t.Fatalf("no %s in %s", name, a.body)
	}
	return text
}

// newKey has the operator create a user with a key.
func (s *site) newKey(user string) aws.Credentials {
	s.t.Helper()
	s.iam("CreateUser", "UserName", user).wants(s.t, 200)
	made := s.iam("CreateAccessKey", "UserName", user).wants(s.t, 200)
	return aws.Credentials{AccessKeyID: made.element(s.t, "AccessKeyId"), SecretAccessKey: made.element(s.t, "SecretAccessKey")}
}

// asks is the status of a ride that somebody asks for.
func (s *site) asks(who aws.Credentials) int {
	s.t.Helper()
	return s.send(signer(who).Sign(s.request("POST", "/prod/ride", seattle))).status
}

// cli runs a line of a shell, with the env file of a caller sourced before, and returns what it
// prints.
func (s *site) cli(caller, line string) (printed string, ok bool) {
	s.t.Helper()
	testneed.Program(s.t, "aws")
	cmd := exec.CommandContext(s.t.Context(), testneed.Program(s.t, "sh"), "-euc", `. "$1/$2.env"; `+line, "sh", s.data, caller)
	cmd.Env = append(os.Environ(), "no_proxy=*", "AWS_PAGER=", "AWS_CONFIG_FILE=/dev/null", "AWS_MAX_ATTEMPTS=1")
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err == nil
}
