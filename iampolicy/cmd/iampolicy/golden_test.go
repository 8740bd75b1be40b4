package main_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cli "github.com/wildgate/wildgate/iampolicy/cmd/iampolicy"
)

var update = flag.Bool("update", false, "write testdata/golden anew; look at what changes")

// call runs the command line, which has no quotes, as a shell would.
func call(stdin, line string) (status int, stdout, stderr string) {
	return callArgs(stdin, strings.Fields(line)...)
}

func callArgs(stdin string, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = cli.Run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

const (
	rider    = " -principal arn:aws:sts::111122223333:assumed-role/Rider/alice -action execute-api:Invoke"
	postRide = rider + " -resource arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride"
	listAll  = rider + " -resource arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/rides"
)

// TestGolden holds what people see against files that were checked by eye.
func TestGolden(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, line string }{
		{"help", "help"},
		{"help-validate", "help validate"},
		{"help-simulate", "help simulate"},
		{"help-diff", "help diff"},
		{"help-fmt", "help fmt"},
		{"diff-none", "diff testdata/wild-rydes-wider.json testdata/wild-rydes.json"},
		{"diff-unknown", "diff -type boundary testdata/wild-rydes.json,testdata/scp.json testdata/scp.json"},
		{"fmt", "fmt testdata/wild-rydes.json"},
		{"fmt-short-form", "fmt -type resource -api us-east-1/111122223333/rides testdata/api.json"},
		{"fmt-list", "fmt -l testdata/broken.json testdata/wild-rydes.json testdata/scp.json"},
		{"validate-fine", "validate testdata/wild-rydes.json"},
		{"validate-broken", "validate testdata/broken.json"},
		{"validate-several", "validate testdata/broken.json testdata/nosuch.json testdata/suspicious.json testdata/wild-rydes.json"},
		{"validate-wrong-type", "validate testdata/api.json"},
		{"validate-json", "validate -json testdata/suspicious.json testdata/nosuch.json"},
		{"simulate-allowed", "simulate -identity testdata/wild-rydes.json" + postRide},
		{"simulate-denied", "simulate -identity testdata/wild-rydes.json" + listAll},
		{
			"simulate-explicit-deny",
			"simulate -identity testdata/wild-rydes.json -scp testdata/scp.json" + rider +
				" -resource arn:aws:execute-api:us-east-1:111122223333:rides/prod/DELETE/ride/7",
		},
		{"validate-routes", "validate -routes testdata/actions.txt testdata/misspelt.json"},
		{"simulate-request-file", "simulate -request testdata/case.json -all"},
		{"simulate-unknown", "simulate -request testdata/unknown.json -unknown x:Team -all"},
		{"simulate-unknown-json", "simulate -request testdata/unknown.json -json"},
		{"simulate-json", "simulate -request testdata/case.json -context aws:SourceIp=203.0.113.7 -json"},
		{"simulate-broken-policy", "simulate -identity testdata/broken.json" + postRide},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := call("", tt.line)
			got := fmt.Sprintf("$ iampolicy %s\n-- status %d --\n-- stdout --\n%s-- stderr --\n%s", tt.line, status, stdout, stderr)
			file := filepath.Join("testdata", "golden", tt.name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
