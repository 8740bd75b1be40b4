package filestore

import (
	"strings"
)

// Edit is a change of a file of the folder that has taken effect. It holds no secret.
type Edit struct {
	// File is the file as the folder names it, with slashes: principals.json or policies/NAME.json.
	// A new secret in a file of its own is an edit of principals.json, at the key.
	File string
	// What says in one line what is different now: "policy Riders: 1 statement added, 1 changed",
	// or "user bob: policy Riders attached; user carol added with 1 key". Of many principals it
	// names some.
	What string
	// Removed means that the file is gone.
	Removed bool
}

// String returns the file and what has changed in it.
func (e Edit) String() string { return e.File + ": " + e.What }

// noteEdit keeps an edit until it is told.
func (f *folder) noteEdit(e Edit) {
	if f.noting && e.What != "" {
		f.edits = append(f.edits, e)
	}
}

// noteRemovedPolicy tells of a policy whose file is gone, whoever attached it.
func (f *folder) noteRemovedPolicy(name string, d *document[policy]) {
	f.noteEdit(Edit{File: d.name, What: "policy " + name + " removed", Removed: true})
}

// takeEdits returns what is to be told.
func (s *Store) takeEdits() []Edit {
	s.mu.Lock()
	defer s.mu.Unlock()
	edits := s.folder.edits
	s.folder.edits = nil
	return edits
}

// tellEdits survives a panic of the callback, as reporter.call does.
func tellEdits(told func(Edit), edits []Edit) {
	for _, e := range edits {
		func() {
			defer func() { _ = recover() }()
			told(e)
		}()
	}
}

// maxNamed bounds how many things of a kind the text of an edit names.
const maxNamed = 5

// some joins texts, of which it names maxNamed.
func some(texts []string, separator string) string {
	if rest := len(texts) - maxNamed; rest > 0 {
		texts = append(texts[:maxNamed:maxNamed], "and "+count(rest, "more", ""))
	}
	return strings.Join(texts, separator)
}
