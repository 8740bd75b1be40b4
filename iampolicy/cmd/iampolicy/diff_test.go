package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type differenceAnswer struct {
	Verdict, Reason, OldExplanation string
	Witness                         *json.RawMessage
	GrantedBy                       *struct {
		PolicyType, Policy, Sid string
		Statement               int
	}
}

// TestDiffWitness: for each policy type the witness that diff prints is a request
// that simulate allows by the new policy and denies by the old one.
func TestDiffWitness(t *testing.T) {
	t.Parallel()
	const (
		begin = `{"Version":"2012-10-17","Statement":[{"Sid":"G",`
		grant = begin + `"Effect":"Allow",PRINCIPAL"Action":"ACTION","Resource":"RESOURCE",` +
			`"Condition":{"IpAddress":{"aws:SourceIp":"ADDRESS"}}}]}`
		trust = begin + `"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"ACTION",` +
			`"Condition":{"IpAddress":{"aws:SourceIp":"ADDRESS"}}}]}`
		deny = begin + `"Effect":"Deny","Principal":"*","Action":"ACTION","Resource":"*",` +
			`"Condition":{"NotIpAddress":{"aws:SourceIp":"ADDRESS"}}}]}`
	)
	tests := []struct {
		kind, flag, doc string
		replace         []string
		sid             string
	}{
		{"identity", "-identity", grant, []string{"PRINCIPAL", "", "ACTION", "s3:Get*", "RESOURCE", "arn:aws:s3:::rides/*"}, "G"},
		{"boundary", "-boundary", grant, []string{"PRINCIPAL", "", "ACTION", "s3:Get*", "RESOURCE", "*"}, "G"},
		{"session", "-session", grant, []string{"PRINCIPAL", "", "ACTION", "*", "RESOURCE", "arn:aws:s3:::rides/*"}, "G"},
		{"scp", "-scp", grant, []string{"PRINCIPAL", "", "ACTION", "s3:*", "RESOURCE", "*"}, "G"},
		{"rcp", "-rcp", deny, []string{"ACTION", "s3:*"}, ""},
		{
			"resource", "-resource-policy", grant,
			[]string{
				"PRINCIPAL", `"Principal":{"AWS":"arn:aws:iam::444455556666:user/bob"},`,
				"ACTION", "s3:Get*", "RESOURCE", "arn:aws:s3:::rides/*",
			},
			"G",
		},
		{"trust", "-trust-policy", trust, []string{"ACTION", "sts:AssumeRole"}, "G"},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write := func(name, text string) string {
				file := filepath.Join(dir, name)
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return file
			}
			doc := strings.NewReplacer(tt.replace...).Replace(tt.doc)
			older := write("old.json", strings.Replace(doc, "ADDRESS", "203.0.113.0/25", 1))
			newer := write("new.json", strings.Replace(doc, "ADDRESS", "203.0.113.0/24", 1))

			status, stdout, stderr := callArgs("", "diff", "-type", tt.kind, "-json", older, newer)
			var d differenceAnswer
			decode(t, stdout, &d)
			if status != 1 || d.Verdict != "FAIL" || d.Witness == nil || d.Reason != "" {
				t.Fatalf("status %d\n%s%s", status, stdout, stderr)
			}
			if (d.GrantedBy != nil) != (tt.sid != "") ||
				d.GrantedBy != nil && (d.GrantedBy.Sid != tt.sid || d.GrantedBy.Policy != newer || d.GrantedBy.PolicyType != tt.kind) {
				t.Errorf("granted by %+v", d.GrantedBy)
			}
			if !strings.Contains(d.OldExplanation, "Deny: ") {
				t.Errorf("the old policy's explanation is %q", d.OldExplanation)
			}
			witness := write("witness.json", string(*d.Witness))
			for policy, want := range map[string]int{newer: 0, older: 1} {
				if status, stdout, stderr := callArgs("", "simulate", "-request", witness, tt.flag, policy); status != want {
					t.Errorf("%s: status %d, want %d\n%s%s%s", policy, status, want, *d.Witness, stdout, stderr)
				}
			}

			_, text, _ := callArgs("", "diff", "-type", tt.kind, older, newer)
			for _, want := range []string{"new access: ", "new.json: allowed\n", "old.json: ", "aws:SourceIp: \"203.0.113."} {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}

			status, stdout, _ = callArgs("", "diff", "-type", tt.kind, "-json", newer, older)
			d = differenceAnswer{}
			if decode(t, stdout, &d); status != 0 || d.Verdict != "PASS" || d.Witness != nil || d.GrantedBy != nil {
				t.Errorf("from new to old: status %d\n%s", status, stdout)
			}
		})
	}
}

// TestDiffOfLists: policies that hold together may move statements between them.
func TestDiffOfLists(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, line string
		want       int
	}{
		{"the same in another order", "diff testdata/scp.json,testdata/wild-rydes.json testdata/wild-rydes.json,testdata/scp.json", 0},
		{"one taken away", "diff testdata/wild-rydes.json,testdata/suspicious.json testdata/suspicious.json", 0},
		{"one with a Deny taken away", "diff testdata/scp.json,testdata/wild-rydes.json testdata/wild-rydes.json", 1},
		{"one added", "diff testdata/suspicious.json testdata/suspicious.json,testdata/wild-rydes.json", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if status, stdout, stderr := call("", tt.line); status != tt.want {
				t.Errorf("status %d, want %d\n%s%s", status, tt.want, stdout, stderr)
			}
		})
	}
}
