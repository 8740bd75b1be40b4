package directory_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// TestVerdictsUnderChange: while rights are given and taken in every way, whoever asks between two
// changes gets the verdict of the state that they left, and a credential of before a change of its
// user is refused with the policies of after it (threat 104).
func TestVerdictsUnderChange(t *testing.T) {
	t.Parallel()
	long := 2 * time.Second
	if testneed.Long() {
		long = time.Minute
	}
	const allowed, denied = everything, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"none:*","Resource":"*"}]}`
	const key = "AKIAMALLORYMALLORYM1"
	s := newIAM(t)
	rights, bound := rootOfARN+"policy/Rights", rootOfARN+"policy/Bound"
	if err := s.dir.Fill(t.Context(), directory.Contents{
		Policies: []directory.NewPolicy{{ARN: rights, Document: allowed}, {ARN: bound, Document: allowed}},
		Groups:   []directory.NewGroup{{ARN: rootOfARN + "group/g"}},
		Users:    []directory.NewUser{{ARN: rootOfARN + "user/m", Keys: []directory.NewKey{{ID: key, Secret: secretOf(key)}}}},
	}); err != nil {
		t.Fatal(err)
	}
	// The model: by which ways the user has the right, and what limits it.
	var inline, attached, ofGroup, member, policyAllows, limited, limitAllows bool
	policyAllows, limitAllows = true, true
	verdict := func() bool {
		return (inline || policyAllows && attached || ofGroup && member) && (!limited || limitAllows)
	}
	toggle := func(now *bool, on, off []string) {
		*now = !*now
		change := off
		if *now {
			change = on
		}
		s.must(change[0], change[1:]...)
	}
	version := map[string]int{rights: 1, bound: 1}
	rewrite := func(now *bool, arn string) {
		*now = !*now
		document := denied
		if *now {
			document = allowed
		}
		s.must("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", document, "SetAsDefault", "true")
		s.must("DeletePolicyVersion", "PolicyArn", arn, "VersionId", fmt.Sprintf("v%d", version[arn]))
		version[arn]++
	}
	user, group := []string{"UserName", "m"}, []string{"GroupName", "g"}
	with := func(action string, of []string, more ...string) []string {
		return append(append([]string{action}, of...), more...)
	}
	p, document := []string{"PolicyName", "p"}, []string{"PolicyDocument", allowed}
	ways := []func(){
		func() {
			toggle(&inline, with("PutUserPolicy", user, append(p, document...)...), with("DeleteUserPolicy", user, p...))
		},
		func() {
			arn := []string{"PolicyArn", rights}
			toggle(&attached, with("AttachUserPolicy", user, arn...), with("DetachUserPolicy", user, arn...))
		},
		func() {
			toggle(&ofGroup, with("PutGroupPolicy", group, append(p, document...)...), with("DeleteGroupPolicy", group, p...))
		},
		func() {
			toggle(&member, with("AddUserToGroup", user, group...), with("RemoveUserFromGroup", user, group...))
		},
		func() {
			boundary := with("PutUserPermissionsBoundary", user, "PermissionsBoundary", bound)
			toggle(&limited, boundary, with("DeleteUserPermissionsBoundary", user))
		},
		func() { rewrite(&policyAllows, rights) },
		func() { rewrite(&limitAllows, bound) },
	}
	// Odd while a change is made; the bit beside it is the verdict after it.
	var model atomic.Int64
	var stop atomic.Bool
	var readers sync.WaitGroup
	var asked atomic.Int64
	defer readers.Wait()
	defer stop.Store(true)
	for range 4 {
		readers.Go(func() {
			for !stop.Load() {
				before := model.Load()
				c, err := s.dir.Credential(t.Context(), key, "")
				if err != nil {
					t.Error(err)
					return
				}
				id := sigv4auth.Identity{Principal: c.Principal, AccessKeyID: key, Revision: c.Revision}
				set, _, err := s.dir.Policies(t.Context(), id)
				if before&1 != 0 || model.Load() != before {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				got := iampolicy.Evaluate(&set, &iampolicy.Request{
					Principal: c.Principal, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", ResourceAccount: accountID,
				}).Allowed()
				if want := before&2 != 0; got != want {
					t.Errorf("allowed: %t; want %t", got, want)
					return
				}
				asked.Add(1)
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n, end := int64(1), time.Now().Add(long); time.Now().Before(end) && !t.Failed(); n++ {
		model.Add(1)
		old, err := s.dir.Credential(t.Context(), key, "")
		if err != nil {
			t.Fatal(err)
		}
		was := verdict()
		ways[r.IntN(len(ways))]()
		if was != verdict() {
			id := sigv4auth.Identity{Principal: old.Principal, AccessKeyID: key, Revision: old.Revision}
			if _, _, err := s.dir.Policies(t.Context(), id); err == nil {
				t.Error("a credential of before the change has the policies of after it")
			}
		}
		next := n << 2
		if verdict() {
			next |= 2
		}
		model.Store(next)
		time.Sleep(20 * time.Millisecond)
	}
	stop.Store(true)
	readers.Wait()
	if asked.Load() == 0 {
		t.Error("nobody asked between two changes")
	}
}
