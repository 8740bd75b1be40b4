package filestore_test

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAnUnchangedFileIsANoOp(t *testing.T) {
	f := newFolder(t)
	var told reports
	cfg := f.config()
	cfg.Report = told.add
	s := f.openWith(cfg)
	before := revision(t, s)
	c, _ := s.Credential(t.Context(), "AKIAADA", "")
	for range 5 {
		f.replace("principals.json", start)
		f.replace("policies/All.json", allowAll)
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(f.path("policies/Read.json"), later, later); err != nil {
			t.Fatal(err)
		}
		stays(t, "the revision", func() bool { return revision(t, s) == before })
	}
	// The very same tags, not ones decoded anew.
	again, _ := s.Credential(t.Context(), "AKIAADA", "")
	if reflect.ValueOf(again.Principal.Tags).Pointer() != reflect.ValueOf(c.Principal.Tags).Pointer() {
		t.Error("the credentials were made anew")
	}
	if n, _ := told.count(""); n != 0 {
		t.Errorf("reported: %+v", told.all)
	}
}

func TestRevision(t *testing.T) {
	f := newFolder(t)
	s := f.open()
	first := revision(t, s)
	if !strings.HasPrefix(first, "1-") || len(first) != len("1-0123456789ab") {
		t.Errorf("revision %q", first)
	}
	number := func(r string) string { n, _, _ := strings.Cut(r, "-"); return n }
	digest := func(r string) string { _, d, _ := strings.Cut(r, "-"); return d }

	// It says what policies are decided by, so that keys have no part in it.
	f.edit("principals.json", bobSecret, "a-new-secret-of-bob")
	eventually(t, "the secret changes", known(t, s, "AKIABOB", "a-new-secret-of-bob"))
	if r := revision(t, s); r != first {
		t.Errorf("a secret changes the revision from %q to %q", first, r)
	}
	f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["Read"],`)
	eventually(t, "the revision changes", func() bool { return number(revision(t, s)) == "2" })
	second := revision(t, s)
	if digest(second) == digest(first) {
		t.Error("another attachment has the same digest")
	}
	other := f.open()
	if digest(revision(t, other)) != digest(second) || number(revision(t, other)) != "1" {
		t.Error("the digest is not that of the content")
	}
	f.edit("principals.json", `"AttachedPolicies": ["Read"],`, `"AttachedPolicies": [],`)
	eventually(t, "the revision counts on", func() bool { return revision(t, s) == "3-"+digest(first) })
	f.edit("principals.json", `"team": "ops"`, `"team": "dev"`)
	eventually(t, "a tag is part of the revision",
		func() bool { return number(revision(t, s)) == "4" && digest(revision(t, s)) != digest(first) })
	f.edit("principals.json", `"team": "dev"`, `"team": "ops"`)
	eventually(t, "the revision counts on", func() bool { return revision(t, s) == "5-"+digest(first) })
	// A policy that is attached and missing is not the same as none.
	f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["Missing"],`)
	eventually(t, "the revision counts on", func() bool { return number(revision(t, s)) == "6" && digest(revision(t, s)) != digest(first) })
}
