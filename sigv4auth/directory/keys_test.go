package directory_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// with calls with a key that CreateAccessKey returned.
func (s *iam) with(key answer, action string, params ...string) answer {
	s.t.Helper()
	return s.callWith(sigv4auth.NewSecret(key.get("AccessKey/SecretAccessKey")), key.get("AccessKey/AccessKeyId"), action, params...)
}

// TestKeys: a key is created, told once, made inactive, and deleted for good; a user has two at
// most (threat 118).
func TestKeys(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada")
	s.must("PutUserPolicy", "UserName", "ada", "PolicyName", "All", "PolicyDocument", everything)
	first, second := s.must("CreateAccessKey", "UserName", "ada"), s.must("CreateAccessKey", "UserName", "ada")
	s.refused(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", "CreateAccessKey", "UserName", "ada")
	s.refused(404, "NoSuchEntity", "The user with name bob cannot be found.", "CreateAccessKey", "UserName", "bob")
	if first.get("AccessKey/UserName") != "ada" || first.get("AccessKey/Status") != "Active" ||
		len(first.get("AccessKey/SecretAccessKey")) != 40 ||
		first.get("AccessKey/CreateDate") != "2026-12-01T12:00:00Z" {
		t.Errorf("CreateAccessKey: %s", first.body)
	}
	id := second.get("AccessKey/AccessKeyId")
	for _, key := range []answer{first, second} {
		if got := s.with(key, "GetUser"); got.get("User/UserName") != "ada" {
			t.Errorf("with a key: %s", got.body)
		}
	}

	// Both of one's own, without a name.
	if got := s.with(first, "ListAccessKeys"); got.get("AccessKeyMetadata/member.2/Status") != "Active" ||
		got.get("AccessKeyMetadata/member.3/Status") != "" || got.get("AccessKeyMetadata/member.1/SecretAccessKey") != "" {
		t.Errorf("ListAccessKeys: %s", got.body)
	}
	s.must("UpdateAccessKey", "UserName", "ada", "AccessKeyId", id, "Status", "Inactive")
	if got := s.with(second, "GetUser"); got.status != 403 || got.code != "InvalidClientTokenId" {
		t.Errorf("with an inactive key: %d %s", got.status, got.code)
	}
	s.must("UpdateAccessKey", "UserName", "ada", "AccessKeyId", id, "Status", "Active")
	if got := s.with(second, "GetUser"); got.status != 200 {
		t.Errorf("with a key that is active again: %d %s", got.status, got.code)
	}
	s.refused(400, "ValidationError", "", "UpdateAccessKey", "UserName", "ada", "AccessKeyId", id, "Status", "Expired")
	s.refused(400, "ValidationError", "", "UpdateAccessKey", "UserName", "ada", "AccessKeyId", id, "Status", "active")
	for _, action := range []string{"DeleteAccessKey", "UpdateAccessKey"} {
		// A key of somebody else is none of ada's.
		s.refused(404, "NoSuchEntity", "The Access Key with id "+adminKey+" cannot be found.",
			action, "UserName", "ada", "AccessKeyId", adminKey, "Status", "Inactive")
	}
	s.must("DeleteAccessKey", "UserName", "ada", "AccessKeyId", id)
	if got := s.with(second, "GetUser"); got.status != 403 || got.code != "InvalidClientTokenId" {
		t.Errorf("with a deleted key: %d %s", got.status, got.code)
	}
	s.refused(404, "NoSuchEntity", "The Access Key with id "+id+" cannot be found.", "DeleteAccessKey", "UserName", "ada", "AccessKeyId",
		id)
	// One's own key is made inactive with itself once.
	firstID := first.get("AccessKey/AccessKeyId")
	if got := s.with(first, "UpdateAccessKey", "AccessKeyId", firstID, "Status", "Inactive"); got.status != 200 {
		t.Errorf("UpdateAccessKey of one's own: %d %s", got.status, got.code)
	}
	if got := s.with(first, "UpdateAccessKey", "AccessKeyId", firstID, "Status", "Active"); got.code != "InvalidClientTokenId" {
		t.Errorf("after that: %d %s", got.status, got.code)
	}
	s.must("UpdateAccessKey", "UserName", "ada", "AccessKeyId", firstID, "Status", "Active")
	// One's own, and with it the last that one may do.
	if got := s.with(first, "DeleteAccessKey", "AccessKeyId", firstID); got.status != 200 {
		t.Errorf("DeleteAccessKey of one's own: %d %s", got.status, got.code)
	}
	if got := s.with(first, "GetUser"); got.code != "InvalidClientTokenId" {
		t.Errorf("after that: %d %s", got.status, got.code)
	}
}

// TestKeysAtOnce: of many who create keys of a user at once, two succeed (threat 118).
func TestKeysAtOnce(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada")
	var mu sync.Mutex
	created := map[string]bool{}
	var writers sync.WaitGroup
	for range 20 {
		writers.Go(func() {
			got := s.admin("CreateAccessKey", "UserName", "ada")
			switch got.code {
			case "":
				mu.Lock()
				created[got.get("AccessKey/AccessKeyId")] = true
				mu.Unlock()
			case "LimitExceeded", "ConcurrentModification":
				if strings.Contains(got.body, "SecretAccessKey") {
					t.Error("a refusal tells a secret")
				}
			default:
				t.Errorf("%d %s: %s", got.status, got.code, got.message)
			}
		})
	}
	writers.Wait()
	list := s.must("ListAccessKeys", "UserName", "ada")
	for i := range 2 {
		if id := list.get("AccessKeyMetadata/member." + itoa(i+1) + "/AccessKeyId"); !created[id] {
			t.Errorf("%q was not answered", id)
		}
	}
	if len(created) != 2 || list.get("AccessKeyMetadata/member.3/AccessKeyId") != "" {
		t.Errorf("%d keys were answered: %s", len(created), list.body)
	}
}

// TestRecreatedUser: who gets the name of a deleted user inherits nothing (threat 207).
func TestRecreatedUser(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	before := s.must("CreateUser", "UserName", "ada").get("User/UserId")
	s.must("PutUserPolicy", "UserName", "ada", "PolicyName", "All", "PolicyDocument", everything)
	key := s.must("CreateAccessKey", "UserName", "ada")
	id := key.get("AccessKey/AccessKeyId")
	old, err := s.dir.Credential(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	s.must("DeleteAccessKey", "UserName", "ada", "AccessKeyId", id)
	s.must("DeleteUserPolicy", "UserName", "ada", "PolicyName", "All")
	s.must("DeleteUser", "UserName", "ada")
	if after := s.must("CreateUser", "UserName", "ada").get("User/UserId"); after == before {
		t.Error("the same unique ID")
	}
	if got := s.with(key, "GetUser"); got.code != "InvalidClientTokenId" {
		t.Errorf("with the old key: %d %s", got.status, got.code)
	}
	_, _, err = s.dir.Policies(t.Context(), sigv4auth.Identity{Principal: old.Principal, AccessKeyID: id, Revision: old.Revision})
	if !errors.Is(err, sigv4auth.ErrRevisionGone) {
		t.Errorf("policies for the old credential: %v", err)
	}
	set, _, err := s.dir.Policies(t.Context(), sigv4auth.Identity{Principal: iampolicy.Principal{ARN: rootOfARN + "user/ada"}})
	if err != nil || len(set.Identity) != 0 {
		t.Errorf("the new user has %d policies: %v", len(set.Identity), err)
	}
}

// TestLastUsed: what a key was last used for is told, to whoever may ask about its user.
func TestLastUsed(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada")
	s.must("PutUserPolicy", "UserName", "ada", "PolicyName", "All", "PolicyDocument", everything)
	key := s.must("CreateAccessKey", "UserName", "ada")
	id := key.get("AccessKey/AccessKeyId")
	never := s.must("GetAccessKeyLastUsed", "AccessKeyId", id)
	if never.get("UserName") != "ada" || never.get("AccessKeyLastUsed/ServiceName") != "N/A" ||
		never.get("AccessKeyLastUsed/Region") != "N/A" ||
		never.get("AccessKeyLastUsed/LastUsedDate") != "" {
		t.Errorf("never used: %s", never.body)
	}
	s.clock.Advance(time.Hour)
	s.with(key, "GetUser")
	used := s.must("GetAccessKeyLastUsed", "AccessKeyId", id)
	if used.get("AccessKeyLastUsed/LastUsedDate") != "2026-12-01T13:00:00Z" || used.get("AccessKeyLastUsed/ServiceName") != "iam" ||
		used.get("AccessKeyLastUsed/Region") != "us-east-1" {
		t.Errorf("used: %s", used.body)
	}
	s.refused(404, "NoSuchEntity", "The Access Key with id AKIANOBODYNOBODYNOBO cannot be found.",
		"GetAccessKeyLastUsed", "AccessKeyId", "AKIANOBODYNOBODYNOBO")
}

// TestExpiredKey: a key that came with an end is told to have come to it, and is refused then.
func TestExpiredKey(t *testing.T) {
	t.Parallel()
	s := newIAM(t, directory.Contents{Users: []directory.NewUser{{
		ARN: rootOfARN + "user/ada", Holder: directory.Holder{Inline: map[string]string{"All": everything}},
		Keys: []directory.NewKey{{ID: adaKey, Secret: secretOf(adaKey), Expires: start.Add(time.Hour)}},
	}}})
	for _, want := range []string{"Active", "Expired"} {
		got := s.must("ListAccessKeys", "UserName", "ada").get("AccessKeyMetadata/member.1/Status")
		admitted := s.call(adaKey, "GetUser").status == 200
		if got != want || admitted != (want == "Active") {
			t.Errorf("the key is %s, and admitted %t; want %s", got, admitted, want)
		}
		s.clock.Advance(time.Hour)
	}
}
