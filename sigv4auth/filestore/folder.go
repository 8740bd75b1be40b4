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

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

const maxSecretFileBytes = 4 << 10

// A look at a folder of many files is at one in turns of them. It costs a system call for each, and
// a change is still in force within a second, at the default interval.
const (
	fewFiles = 512 // policies and secrets, of which all are looked at each time
	turns    = 3
)

// folder follows every file of the folder. It is not safe for concurrent use.
type folder struct {
	dir      string
	insecure bool
	actions  iampolicy.ParseOption // nil: the actions of policies are not looked at

	principals *document[*principals]
	policies   map[string]*document[policy]           // by name
	secrets    map[string]*document[sigv4auth.Secret] // by SecretAccessKeyFile, as written

	secretsOf   *principals // whose secrets are followed
	policyList  policyList
	readDir     func(path string) ([]os.DirEntry, error)
	turn        int  // counts looks
	moving      bool // the last look has seen a change and waits for it to settle
	oldSessions bool // there is a sessions.json of an older version
	generation  generation
	lineage     lineage

	inactiveToo bool // the secrets of inactive keys are read, too

	noting bool // somebody is to be told of edits
	edits  []Edit
}

func newFolder(cfg *Config) *folder {
	f := &folder{
		dir: cfg.Dir, insecure: cfg.InsecureFileModes,
		policies: make(map[string]*document[policy]),
		secrets:  make(map[string]*document[sigv4auth.Secret]),
		readDir:  os.ReadDir,
		lineage:  newLineage(),
		noting:   cfg.Edited != nil,
	}
	if len(cfg.Actions) > 0 {
		f.actions = iampolicy.WithActions(cfg.Actions...)
	}
	f.principals = &document[*principals]{
		file: f.watch(principalsFile, maxPrincipalsBytes), name: principalsFile, decode: decodePrincipals, edited: principalsEdit,
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

// refresh looks at the files, and reports whether anything changed. In a large folder it looks at a
// part of them, unless it sees a change: what has changed together is taken together.
func (f *folder) refresh(first bool) (changed bool) {
	f.turn++
	all := first || f.moving || len(f.policies)+len(f.secrets) <= fewFiles
	f.moving = false
	changed = f.look(first, all)
	if !all && (changed || f.moving) {
		changed = f.look(first, true) || changed
	}
	return changed
}

// look looks at the files whose turn it is, or at all that this turn has not looked at yet.
func (f *folder) look(first, all bool) (changed bool) {
	if f.principals.turn != f.turn {
		changed = lookAtFile(f, f.principals, first)
		if f.principals.absent && changed {
			// Nobody takes away every principal by removing the file: an empty one says so better.
			f.principals.setProblems([]Problem{{File: principalsFile, Message: "the file does not exist"}}, f.principals.hasCurrent)
		}
	}
	changed = f.refreshSecrets(first, all) || changed
	changed = f.refreshPolicies(first, all) || changed
	return f.lookForOldSessions() || changed
}

// sessionsFile is where older versions kept temporary credentials.
const sessionsFile = "sessions.json"

// lookForOldSessions notes whether there is a file that is read no more. Nothing that stands in it
// counts, so that one that is put back revives nothing (threat 111).
func (f *folder) lookForOldSessions() (changed bool) {
	seen, err := stat(filepath.Join(f.dir, sessionsFile))
	there := err != nil || !seen.absent
	changed, f.oldSessions = there != f.oldSessions, there
	return changed
}

// lookAtFile follows the file of a document.
func lookAtFile[T any](f *folder, d *document[T], first bool) (changed bool) {
	seen, err := stat(d.file.path)
	return refreshDocument(f, d, seen, err, first)
}

// refreshDocument makes of a document what a look at its file has seen.
func refreshDocument[T any](f *folder, d *document[T], seen fileState, err error, first bool) (changed bool) {
	d.turn = f.turn
	before, had, taken := d.current, d.hasCurrent, d.taken
	changed = d.refresh(seen, err, time.Now(), first)
	if f.noting && !first && d.edited != nil && d.taken != taken {
		f.noteEdit(Edit{File: d.name, What: d.edited(before, d.current, had)})
	}
	f.moving = f.moving || d.file.waiting()
	return changed
}

// due reports whether a file of many is looked at in this turn. One of which a look has not shown
// that it is as it was is looked at in each.
func due[T any](f *folder, d *document[T], all bool) bool {
	return d.turn != f.turn && (all || f.turn%turns == d.slot || !d.file.calm)
}

// refreshSecrets follows the files of secrets that active keys of the principals in force name.
func (f *folder) refreshSecrets(first, all bool) (changed bool) {
	if p := f.principals.current; p != nil && p != f.secretsOf {
		f.secretsOf = p
		f.nameSecrets(p)
	}
	for name, d := range f.secrets {
		before, looked, taken := d.current, d.looked, d.taken
		if due(f, d, all) && lookAtFile(f, d, first) {
			changed = true
			switch {
			case d.absent:
				d.clear()
			case !first && looked && d.taken != taken && !before.Equal(d.current.Reveal()):
				f.noteSecret(name)
			}
		}
	}
	return changed
}

// nameSecrets follows what p names, and nothing else.
func (f *folder) nameSecrets(p *principals) {
	named := make(map[string]bool)
	for i := range p.users {
		for _, k := range p.users[i].keys {
			if (k.active || f.inactiveToo) && k.source.file != "" {
				named[k.source.file] = true
			}
		}
	}
	maps.DeleteFunc(f.secrets, func(name string, _ *document[sigv4auth.Secret]) bool { return !named[name] })
	for name := range named {
		if f.secrets[name] == nil {
			f.secrets[name] = &document[sigv4auth.Secret]{
				file: f.watch(name, maxSecretFileBytes), decode: decodeSecret, whole: wholeSecret, slot: len(f.secrets) % turns,
			}
		}
	}
}

// policyList is what listing the folder policies has come to.
type policyList struct {
	turn     int       // of the last listing
	seen     fileState // the folder, when it was listed
	since    time.Time
	listed   map[string]bool
	failures int // in a row
	problems []Problem
}

// maxListFailures bounds for how many looks a folder that cannot be listed is not worth a word: a
// volume may be about to swap it.
const maxListFailures = 2

// refreshPolicies follows the documents of policies. While the folder cannot be listed, nothing is
// taken for removed, and edits of the policies that are known are followed all the same.
func (f *folder) refreshPolicies(first, all bool) (changed bool) {
	now := time.Now()
	if f.policyList.turn != f.turn && (all || f.turn%turns == 0 || f.policyListMoved(now)) {
		changed = f.listPolicies(first, now)
	}
	failing := f.policyList.failures > 0
	for name, d := range f.policies {
		if !due(f, d, all) {
			continue
		}
		// Only what the folder lists exists: another case of the name would open the file, too, on
		// some file systems.
		seen, err := fileState{absent: true}, error(nil)
		if f.policyList.listed[name] {
			seen, err = stat(d.file.path)
		}
		if failing && (seen.absent || err != nil) {
			continue
		}
		there := d.looked && !d.absent
		changed = refreshDocument(f, d, seen, err, first) || changed
		if d.absent {
			if there {
				f.noteRemovedPolicy(name, d)
			}
			delete(f.policies, name)
		}
	}
	return changed
}

// policyListMoved reports whether the folder policies may hold other names than when it was last
// listed.
func (f *folder) policyListMoved(now time.Time) bool {
	seen, err := stat(filepath.Join(f.dir, policiesFolder))
	return err != nil || !seen.same(f.policyList.seen) || now.Sub(f.policyList.since) <= settleTime
}

// listPolicies lists the folder policies.
func (f *folder) listPolicies(first bool, now time.Time) (changed bool) {
	list := &f.policyList
	list.turn = f.turn
	path := filepath.Join(f.dir, policiesFolder)
	if seen, err := stat(path); err != nil || !seen.same(list.seen) {
		list.seen, list.since = seen, now
	}
	entries, err := f.readDir(path)
	if errors.Is(err, fs.ErrNotExist) && len(f.policies) == 0 {
		err = nil
	}
	before := list.problems
	if err != nil {
		if list.failures++; first || list.failures >= maxListFailures {
			list.problems = []Problem{{File: policiesFolder, Message: reason(err), LastGood: len(f.policies) > 0}}
		}
		return !slices.Equal(before, list.problems)
	}
	list.failures, list.problems = 0, nil
	list.listed = make(map[string]bool, len(entries))
	for _, entry := range entries {
		f.list(entry.Name(), list.listed)
	}
	return !slices.Equal(before, list.problems)
}

// list takes note of one file in the folder policies.
func (f *folder) list(fileName string, listed map[string]bool) {
	name, isJSON := strings.CutSuffix(fileName, policyExt)
	if !isJSON || strings.HasPrefix(name, ".") {
		return // what editors and volumes leave there
	}
	relative := policiesFolder + "/" + fileName
	switch {
	case !iamid.ValidPolicyName(name):
		f.policyList.problems = append(f.policyList.problems, Problem{File: relative, Message: "the file's name is no name of a policy"})
	case f.policies[name] != nil:
		listed[name] = true
	case len(f.policies) >= maxPolicies:
		f.policyList.problems = append(f.policyList.problems, Problem{File: relative, Message: "there are too many policies"})
	default:
		listed[name] = true
		f.policies[name] = &document[policy]{
			file: f.watch(relative, maxPolicyBytes), name: relative,
			decode: decodePolicy(name, relative, f.actions), edited: policyEdit(name),
			slot: len(f.policies) % turns,
		}
	}
}

// problems returns what is wrong with any of the files, but for secrets.
func (f *folder) problems() []Problem {
	all := slices.Concat(f.principals.all(), f.policyList.problems)
	if f.oldSessions {
		all = append(all, Problem{
			File: sessionsFile, Warning: true,
			Message: "the file is ignored, and the sessions in it have ended: temporary credentials are stored no more; remove it",
		})
	}
	for _, d := range f.policies {
		all = append(all, d.all()...)
	}
	return all
}
