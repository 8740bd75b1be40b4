package sigv4auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	ofUser = "arn:aws:iam::111122223333:user/"
	ofRole = "arn:aws:sts::111122223333:assumed-role/"
)

func principal(arn, userID string) sigv4auth.Credential {
	return sigv4auth.Credential{Principal: iampolicy.Principal{ARN: arn, UserID: userID}}
}

func federated(arn, userID, provider, subject string) sigv4auth.Credential {
	c := principal(arn, userID)
	c.Session = &sigv4auth.Session{Federated: &sigv4auth.FederatedIdentity{Provider: provider, Subject: subject}}
	return c
}

// Threat 241: each caller has one key, whatever name they share, and the same one wherever they
// come from.
func TestOwnerKey(t *testing.T) {
	t.Parallel()
	pool := "cognito-identity.amazonaws.com"
	for _, tt := range []struct {
		name string
		of   sigv4auth.Credential
		want string
	}{
		{"a user", principal(ofUser+"alice", "AIDAONE"), "user:111122223333:AIDAONE"},
		{"the same, renamed", principal(ofUser+"bob", "AIDAONE"), "user:111122223333:AIDAONE"},
		{"the same, moved to a path", principal(ofUser+"intern/alice", "AIDAONE"), "user:111122223333:AIDAONE"},
		{"a user made again", principal(ofUser+"alice", "AIDATWO"), "user:111122223333:AIDATWO"},
		{"a user of another account", principal("arn:aws:iam::444455556666:user/alice", "AIDAONE"), "user:444455556666:AIDAONE"},
		{"a session", principal(ofRole+"Rider/alice", "AROAONE:alice"), "role:111122223333:AROAONE:alice"},
		{"the same of a renamed role", principal(ofRole+"Driver/alice", "AROAONE:alice"), "role:111122223333:AROAONE:alice"},
		{"another session name", principal(ofRole+"Rider/bob", "AROAONE:bob"), "role:111122223333:AROAONE:bob"},
		{"a role made again", principal(ofRole+"Rider/alice", "AROATWO:alice"), "role:111122223333:AROATWO:alice"},
		{"a federated identity", federated(ofRole+"Pool/x-y", "AROAONE:x-y", pool, "us-east-1:uuid"), "federated:" + pool + ":us-east-1%3Auuid"},
		{"the same, of another role", federated(ofRole+"Other/z", "AROATWO:z", pool, "us-east-1:uuid"), "federated:" + pool + ":us-east-1%3Auuid"},
		{
			"the subject of another provider", federated(ofRole+"Pool/x-y", "AROAONE:x-y", "accounts.example.com", "us-east-1:uuid"),
			"federated:accounts.example.com:us-east-1%3Auuid",
		},
		{
			"a subject that looks like a key", federated(ofRole+"Pool/x-y", "AROAONE:x-y", "p", "user:111122223333:AIDAONE"),
			"federated:p:user%3A111122223333%3AAIDAONE",
		},
		{"a subject with an escape in it", federated(ofRole+"Pool/x-y", "AROAONE:x-y", "p", "a%3Ab"), "federated:p:a%253Ab"},
		{"a subject in UTF-8", federated(ofRole+"Pool/x-y", "AROAONE:x-y", "p", "\u00e9\n"), "federated:p:%C3%A9%0A"},
		{"an e-mail address", federated(ofRole+"Pool/x-y", "AROAONE:x-y", "p", "a.b+c@example.com"), "federated:p:a.b+c@example.com"},

		{"a user without a unique ID", principal(ofUser+"alice", ""), ""},
		{"a session without a unique ID", principal(ofRole+"Rider/alice", ""), ""},
		{"a session without a role ID", principal(ofRole+"Rider/alice", ":alice"), ""},
		{"a session without a name in its ID", principal(ofRole+"Rider/alice", "AROAONE"), ""},
		{"a session with another name in its ID", principal(ofRole+"Rider/alice", "AROAONE:bob"), ""},
		{"a session whose ID has one name more", principal(ofRole+"Rider/alice", "AROAONE:bob:alice"), ""},
		{"a federated identity without a subject", federated(ofRole+"Pool/alice", "AROAONE:alice", pool, ""), ""},
		{"a federated identity without a provider", federated(ofRole+"Pool/alice", "AROAONE:alice", "", "alice"), ""},
		{"the root", principal("arn:aws:iam::111122223333:root", "111122223333"), ""},
		{"a federated user", principal("arn:aws:sts::111122223333:federated-user/bob", "111122223333:bob"), ""},
		{"a service", principal("events.amazonaws.com", "AIDAONE"), ""},
		{"nobody", principal("", "AIDAONE"), ""},
		{"a role itself", principal("arn:aws:iam::111122223333:role/Rider", "AROAONE"), ""},
		{
			"one that contradicts itself",
			sigv4auth.Credential{Principal: iampolicy.Principal{ARN: ofUser + "alice", AccountID: "444455556666", UserID: "AIDAONE"}},
			"",
		},
		{"a subject too long to index", federated(ofRole+"Pool/x-y", "AROAONE:x-y", "p", strings.Repeat("a", 2048)), ""},
		{"a subject too long once it is encoded", federated(ofRole+"Pool/x-y", "AROAONE:x-y", "p", strings.Repeat("/", 700)), ""},
	} {
		got, ok := tt.of.OwnerKey()
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s: %q, %t; want %q", tt.name, got, ok, tt.want)
		}
		// What was verified has the same.
		verified, ok := verify(t, tt.of)
		if ok != (tt.want != "") || ok && verified != tt.want {
			t.Errorf("%s, verified: %q, %t; want %q", tt.name, verified, ok, tt.want)
		}
	}
	unverified := sigv4auth.Identity{Principal: iampolicy.Principal{ARN: ofUser + "alice", UserID: "AIDAONE"}}
	if key, ok := unverified.OwnerKey(); ok {
		t.Errorf("an identity that nobody verified owns as %q", key)
	}
}

// verify sends a signed request, and returns its identity's owner key.
func verify(t *testing.T, of sigv4auth.Credential) (key string, ok bool) {
	t.Helper()
	signer := sigv4test.NewSigner(ofUser + "anyone")
	signer.Credential.Principal, signer.Credential.Session = of.Principal, of.Session
	if of.Session != nil {
		signer.Credential.SessionToken, signer.Credential.Expires = sigv4auth.NewSecret("token"), time.Now().Add(time.Hour)
	}
	cfg := signer.Config()
	cfg.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential, error) {
		return signer.Credential, nil // also with a principal that StaticCredentials refuses
	})
	auth, err := sigv4auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	reached := false
	handler := auth.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached = true
		id, _ := sigv4auth.IdentityFrom(r.Context())
		key, ok = id.OwnerKey()
	}))
	handler.ServeHTTP(httptest.NewRecorder(), signer.Sign(httptest.NewRequest("GET", "https://example.com/", nil)))
	if !reached {
		t.Fatal("the request was refused")
	}
	return key, ok
}

// FuzzOwnerKey: threat 241. Two callers whose provider or subject differ in a byte have two keys,
// and a key is one word of ASCII.
func FuzzOwnerKey(f *testing.F) {
	f.Add("p", "a:b", "p:a", "b")
	f.Add("p", "a%3Ab", "p", "a:b")
	f.Add("p", "\xff", "p", "\ufffd")
	f.Add("user", "1", "role", "1")
	f.Fuzz(func(t *testing.T, provider, subject, otherProvider, otherSubject string) {
		one, ok := federated(ofRole+"Pool/x-y", "AROAONE:x-y", provider, subject).OwnerKey()
		two, ok2 := federated(ofRole+"Pool/x-y", "AROAONE:x-y", otherProvider, otherSubject).OwnerKey()
		if same := provider == otherProvider && subject == otherSubject; ok && ok2 && (one == two) != same {
			t.Errorf("%q of %q is %q, %q of %q is %q", subject, provider, one, otherSubject, otherProvider, two)
		}
		for _, c := range one {
			if c <= ' ' || c >= 0x7f {
				t.Errorf("%q is no word", one)
			}
		}
		if ok && (one == "" || len(one) > 2048 || !utf8.ValidString(one)) || !ok && one != "" {
			t.Errorf("%q, %t", one, ok)
		}
	})
}
