package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// unwritable reports whether an error says that nothing can be written there for now, by anybody.
// What is there can be served all the same.
func unwritable(err error) bool {
	for _, code := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// readOnly reports whether an error says that the file system takes no changes at all.
func readOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

// probeBytes is what a start has to be able to write: an index of the database's log, and the log.
const probeBytes = 128 << 10

// probe writes a file in the folder and removes it. An error that is unwritable tells that the
// folder can only be read.
func probe(dir string) error {
	name, err := writeTemporary(filepath.Join(dir, "probe"), make([]byte, probeBytes))
	if err != nil {
		return err
	}
	return os.Remove(name)
}
