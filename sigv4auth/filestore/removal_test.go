package filestore_test

import (
	"testing"
)

func TestRemovals(t *testing.T) {
	t.Run("a policy that is attached denies", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.remove("policies/All.json")
		eventually(t, "the removal takes effect", not(allowed(t, s, adaARN, "ride:Read")))
		if !problem(s, "principals.json:4:27: Users[0].AttachedPolicies[0]: there is no file policies/All.json")() {
			t.Error(s.Problems())
		}
		f.replace("policies/All.json", allowAll)
		eventually(t, "the policy is back", allowed(t, s, adaARN, "ride:Read"))
		eventually(t, "no problem is left", healthy(s))
	})
	t.Run("a broken policy that is removed has no last good version any more", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.replace("policies/All.json", "x")
		eventually(t, "it is reported", problem(s, "policies/All.json:1:1"))
		f.remove("policies/All.json")
		eventually(t, "the removal takes effect", not(allowed(t, s, adaARN, "ride:Read")))
		f.replace("policies/All.json", "x")
		eventually(t, "it is reported", problem(s, "policies/All.json:1:1"))
		stays(t, "the denial", not(allowed(t, s, adaARN, "ride:Read")))
	})
	t.Run("a policy that nobody attaches is forgotten", func(t *testing.T) {
		f := newFolder(t)
		f.replace("policies/Spare.json", "x")
		s := f.open()
		if !problem(s, "policies/Spare.json:1:1")() {
			t.Fatal("not reported")
		}
		f.remove("policies/Spare.json")
		eventually(t, "no problem is left", healthy(s))
	})
	t.Run("principals.json keeps its last good version", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.remove("principals.json")
		eventually(t, "it is reported", problem(s, "principals.json: the file does not exist (the last good version stays in force)"))
		stays(t, "everything", func() bool {
			return known(t, s, "AKIAADA", adaSecret)() && allowed(t, s, adaARN, "ride:Read")()
		})
		f.replace("principals.json", start)
		eventually(t, "no problem is left", healthy(s))
	})
	t.Run("the folder policies keeps its last good versions", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.remove("policies")
		eventually(t, "it is reported", problem(s, "filestore: policies: open: "))
		stays(t, "everything", allowed(t, s, adaARN, "ride:Read"))
	})
	t.Run("the whole folder keeps its last good versions", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.remove(".")
		eventually(t, "it is reported", problem(s, "principals.json: the file does not exist"))
		stays(t, "everything", func() bool {
			return known(t, s, "AKIAADA", adaSecret)() && allowed(t, s, adaARN, "ride:Read")()
		})
	})
}

func TestFilesBesideThePolicies(t *testing.T) {
	f := newFolder(t)
	for _, name := range []string{".Hidden.json", "All.json~", "All.json.swp", "#All.json#", "README", "..json"} {
		f.replace("policies/"+name, "x")
	}
	s := f.open()
	if !healthy(s)() {
		t.Errorf("what editors leave is reported: %v", s.Problems())
	}
	f.replace("policies/has space.json", allowAll)
	eventually(t, "a name that no policy can have is reported",
		problem(s, "filestore: policies/has space.json: the file's name is no name of a policy"))
	f.remove("policies/has space.json")
	eventually(t, "no problem is left", healthy(s))
}
