package sigv4auth_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestPrincipalsOfStores: what stands where an ARN of a caller is meant, and is none, is reported
// by New and not taken for a service in silence.
func TestPrincipalsOfStores(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		principal iampolicy.Principal
		want      string // "": it is taken
	}{
		{iampolicy.Principal{}, ""},
		{iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"}, ""},
		{iampolicy.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/Rider/alice"}, ""},
		{iampolicy.Principal{ARN: "events.amazonaws.com"}, ""},
		{iampolicy.Principal{ARN: "billing.acme.example", Type: iampolicy.Service}, ""},
		{iampolicy.Principal{ARN: "alice"}, "is no ARN"},
		{iampolicy.Principal{ARN: "alice.smith"}, "is no ARN"},
		{iampolicy.Principal{ARN: "alice@example.com"}, "is no ARN"},
		{iampolicy.Principal{ARN: "https://idp.example/alice"}, "is no ARN"},
		{iampolicy.Principal{ARN: "arn:nonsense"}, "is nobody who can call"},
		{iampolicy.Principal{ARN: "arn:aws:iam::111122223333:alice"}, "is nobody who can call"},
		{iampolicy.Principal{ARN: "arn:aws:iam::111122223333:role/Rider"}, "is nobody who can call"},
	} {
		signer := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
		signer.Credential.Principal = tt.principal
		_, err := sigv4auth.New(signer.Config())
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.principal, err, tt.want)
		}
	}
}
