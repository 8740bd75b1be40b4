package filestore

import "os"

// LookForTest looks at the folder once, as the Store does every PollInterval: with an interval that
// a test does not live to see the end of, the test says when.
func (s *Store) LookForTest() { s.refresh() }

// ListingForTest makes list what lists a folder.
func (s *Store) ListingForTest(list func(path string) ([]os.DirEntry, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folder.readDir = list
}
