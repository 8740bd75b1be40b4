package filestore

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

const maxSecretFileBytes = 4 << 10

// folder follows every file of the folder. It is not safe for concurrent use.
type folder struct {
	dir      string
	insecure bool

	principals *document[*principals]
	sessions   *document[[]session]
	policies   map[string]*document[policy]           // by name
	secrets    map[string]*document[sigv4auth.Secret] // by SecretAccessKeyFile, as written

	policyList policyList
	generation generation
	lineage    lineage
}

func newFolder(cfg *Config) *folder {
	f := &folder{
		dir: cfg.Dir, insecure: cfg.InsecureFileModes,
		policies: make(map[string]*document[policy]),
		secrets:  make(map[string]*document[sigv4auth.Secret]),
		lineage:  newLineage(),
	}
	f.principals = &document[*principals]{
		file: f.watch(principalsFile, maxPrincipalsBytes), name: principalsFile, decode: decodePrincipals,
	}
	f.sessions = &document[[]session]{
		file: f.watch(sessionsFile, maxSessionsBytes), name: sessionsFile, decode: decodeSessions,
	}
	return f
}

func (f *folder) watch(name string, limit int64) watchedFile {
	path := filepath.FromSlash(name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.dir, path)
	}
	return watchedFile{path: path, limit: limit, insecure: f.insecure}
}

// refresh looks at every file, and reports whether anything changed.
func (f *folder) refresh(first bool) (changed bool) {
	changed = look(f.principals, first)
	if f.principals.absent && changed {
		// Nobody takes away every principal by removing the file: an empty one says so better.
		f.principals.note([]Problem{{File: principalsFile, Message: "the file does not exist"}}, f.principals.hasGood)
	}
	changed = f.refreshSecrets(first) || changed
	changed = f.refreshPolicies(first) || changed
	if look(f.sessions, first) {
		changed = true
		if f.sessions.absent {
			f.sessions.drop()
		}
	}
	return changed
}

// look follows the file of a document.
func look[T any](d *document[T], first bool) (changed bool) {
	seen, err := lookAt(d.file.path)
	return d.refresh(seen, err, time.Now(), first)
}

// refreshSecrets follows the files of secrets that active keys of the principals in force name.
func (f *folder) refreshSecrets(first bool) (changed bool) {
	named := make(map[string]bool)
	if f.principals.hasGood {
		for i := range f.principals.good.users {
			for _, k := range f.principals.good.users[i].keys {
				if k.active && k.source.file != "" {
					named[k.source.file] = true
				}
			}
		}
	}
	maps.DeleteFunc(f.secrets, func(name string, _ *document[sigv4auth.Secret]) bool { return !named[name] })
	for name := range named {
		d := f.secrets[name]
		if d == nil {
			d = &document[sigv4auth.Secret]{file: f.watch(name, maxSecretFileBytes), decode: decodeSecret}
			f.secrets[name] = d
		}
		if look(d, first) {
			changed = true
			if d.absent {
				d.drop()
			}
		}
	}
	return changed
}

// policyList is what listing the folder policies has come to.
type policyList struct {
	failures int // in a row
	problems []Problem
}

// maxListFailures bounds for how many looks a folder that cannot be listed is not worth a word: a volume may be about to swap it.
const maxListFailures = 2

// refreshPolicies follows the documents of policies. While the folder cannot be listed, all last good versions stay in force.
func (f *folder) refreshPolicies(first bool) (changed bool) {
	entries, err := os.ReadDir(filepath.Join(f.dir, policiesFolder))
	if errors.Is(err, fs.ErrNotExist) && len(f.policies) == 0 {
		err = nil
	}
	before := f.policyList.problems
	if err != nil {
		if f.policyList.failures++; first || f.policyList.failures >= maxListFailures {
			f.policyList.problems = []Problem{{File: policiesFolder, Message: reason(err), LastGood: len(f.policies) > 0}}
		}
		return !slices.Equal(before, f.policyList.problems)
	}
	f.policyList = policyList{}
	listed := make(map[string]bool, len(entries))
	for _, entry := range entries {
		f.list(entry.Name(), listed)
	}
	changed = !slices.Equal(before, f.policyList.problems)
	for name, d := range f.policies {
		// Only what the folder lists exists: another case of the name would open the file, too, on some file systems.
		seen, err := sight{absent: true}, error(nil)
		if listed[name] {
			seen, err = lookAt(d.file.path)
		}
		changed = d.refresh(seen, err, time.Now(), first) || changed
		if d.absent {
			delete(f.policies, name)
		}
	}
	return changed
}

// list takes note of one file in the folder policies.
func (f *folder) list(fileName string, listed map[string]bool) {
	name, isJSON := strings.CutSuffix(fileName, policyExt)
	if !isJSON || strings.HasPrefix(name, ".") {
		return // what editors and volumes leave there
	}
	relative := policiesFolder + "/" + fileName
	switch {
	case !validPolicyName(name):
		f.policyList.problems = append(f.policyList.problems, Problem{File: relative, Message: "the file's name is no name of a policy"})
	case f.policies[name] != nil:
		listed[name] = true
	case len(f.policies) >= maxPolicies:
		f.policyList.problems = append(f.policyList.problems, Problem{File: relative, Message: "there are too many policies"})
	default:
		listed[name] = true
		f.policies[name] = &document[policy]{file: f.watch(relative, maxPolicyBytes), name: relative, decode: decodePolicy(name, relative)}
	}
}

// problems returns what is wrong with any of the files, but for secrets.
func (f *folder) problems() []Problem {
	all := slices.Concat(f.principals.problems, f.sessions.problems, f.policyList.problems)
	for _, d := range f.policies {
		all = append(all, d.problems...)
	}
	return all
}
