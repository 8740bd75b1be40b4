package directory_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// textOf returns a text of policies, which is the same for the same policies.
func textOf(set *iampolicy.Set) string {
	var b strings.Builder
	for _, list := range [][]*iampolicy.Policy{set.Identity, set.Boundaries} {
		for _, p := range list {
			fmt.Fprintln(&b, p)
		}
		b.WriteString("and\n")
	}
	return b.String()
}

// asked is a request that is under way, and the policies that its state has for it.
type asked struct {
	id       sigv4auth.Identity
	policies string
}

// TestKeptPolicies: after any changes, the policies that are kept are those of a fresh assembly. A
// request that is under way gets those of its own state or is told that this is gone, and one that
// begins now is served.
func TestKeptPolicies(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 2))
		s := newIAM(t)
		keys := []string{adminKey}
		var before []asked
		gone, kept, changes := 0, 0, 0
		for i := range 1200 {
			action, params := randomCall(random)
			params[slices.Index(params, "PolicyDocument")+1] = allowing(fmt.Sprint("ride:", seed, "-", i))
			if action == "CreatePolicyVersion" {
				params = append(params, "SetAsDefault", "true")
			}
			a := s.admin(action, params...)
			if a.status != http.StatusOK {
				continue
			}
			changes++
			if action == "CreateAccessKey" {
				keys = append(keys, a.get("AccessKey/AccessKeyId"))
			}
			if wrong := directory.Stale(s.dir); wrong != "" {
				t.Fatalf("seed %d, after %d changes, the last %s %q:\n%s", seed, i, action, params, wrong)
			}
			before = slices.DeleteFunc(before, func(b asked) bool {
				set, _, err := s.dir.Policies(t.Context(), b.id)
				switch {
				case errors.Is(err, sigv4auth.ErrRevisionGone):
					gone++
					return true
				case err != nil:
					t.Fatal(err)
				case textOf(&set) != b.policies:
					t.Fatalf("seed %d, after %s %q, a request of before gets\n%swant\n%s", seed, action, params, textOf(&set), b.policies)
				}
				kept++
				return false
			})
			for _, id := range keys {
				c, err := s.dir.Credential(t.Context(), id, "")
				if err != nil {
					t.Fatal(err)
				}
				before = append(before, s.asks(sigv4auth.Identity{Principal: c.Principal, AccessKeyID: id, Revision: c.Revision}))
			}
			for n := range 4 {
				r, err := s.dir.Role(t.Context(), fmt.Sprint(rootOfARN, "role/n", n))
				if err == nil {
					before = append(before, s.asks(sessionOf(&r)))
				}
			}
			before = before[max(0, len(before)-100):]
		}
		if changes < 200 || len(keys) < 4 || gone < 100 || kept < 100 {
			t.Errorf("seed %d: %d changes, %d keys, %d states gone, %d kept", seed, changes, len(keys), gone, kept)
		}
	}
}

// asks begins a request, which has to be served.
func (s *iam) asks(id sigv4auth.Identity) asked {
	s.t.Helper()
	set, _, err := s.dir.Policies(s.t.Context(), id)
	if err != nil {
		s.t.Fatalf("a request of %s that begins now: %v", id.Principal.ARN, err)
	}
	return asked{id, textOf(&set)}
}

// sessionOf is the identity of a session of a role.
func sessionOf(r *sigv4auth.Role) sigv4auth.Identity {
	return sigv4auth.Identity{Revision: r.Revision, Principal: iampolicy.Principal{
		ARN:     "arn:aws:sts::" + accountID + ":assumed-role/" + r.ARN[strings.LastIndexByte(r.ARN, '/')+1:] + "/x",
		RoleARN: r.ARN, UserID: r.ID + ":x", Tags: r.Tags,
	}}
}

// TestOlderStates: who still asks a state that is no longer in force gets what it had, and what
// that state has is not kept for the one that is.
func TestOlderStates(t *testing.T) {
	t.Parallel()
	s := newIAM(t, people())
	managed := s.must("CreatePolicy", "PolicyName", "Managed", "PolicyDocument", allowing("ride:Old")).get("Policy/Arn")
	s.must("AttachUserPolicy", "UserName", "ada", "PolicyArn", managed)
	ask := func() string {
		c, err := s.dir.Credential(t.Context(), adaKey, "")
		if err != nil {
			t.Fatal(err)
		}
		return s.asks(sigv4auth.Identity{Principal: c.Principal, AccessKeyID: adaKey, Revision: c.Revision}).policies
	}
	old, toOld := ask(), directory.Rewind(s.dir)
	s.must("CreatePolicyVersion", "PolicyArn", managed, "PolicyDocument", allowing("ride:New"), "SetAsDefault", "true")
	now, toNow := ask(), directory.Rewind(s.dir)
	if old == now || !strings.Contains(now, "ride:New") {
		t.Fatalf("a new version changes nothing: %s", now)
	}
	for range 3 {
		toOld()
		if got := ask(); got != old {
			t.Errorf("the older state has\n%swant\n%s", got, old)
		}
		toNow()
		if got := ask(); got != now {
			t.Errorf("the newer state has\n%swant\n%s", got, now)
		}
	}
}
