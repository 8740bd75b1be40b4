package filestore

// LookForTest looks at the folder once, as the Store does every PollInterval: with an interval that a test does not live to see the end of, the test says when.
func (s *Store) LookForTest() { s.refresh() }
