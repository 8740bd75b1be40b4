package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
)

// lockFile is empty, and stays where it is: what counts is the operating system's lock on it. It is
// not removed at the end, as another program could hold the one that is removed.
const lockFile = "wildgate.lock"

// folderLock makes the data folder that of one running program. The operating system takes it back
// when the program ends, however that ends.
type folderLock struct {
	lock *flock.Flock // nil: on a disk that takes no changes nothing can be locked, or needs to be
	path string
	info fs.FileInfo
}

// lockFolder takes the data folder, which exists, before anything in it is made or opened. Two
// programs would write over each other's sessions and keys, and each would take the other's
// writing to the rides for that of a stranger (threat 249).
//
// Where locks do not work, as on some network file systems, it fails: SQLite needs them as well.
func lockFolder(dir string) (*folderLock, error) {
	l := &folderLock{path: filepath.Join(dir, lockFile)}
	// It is looked at before it is opened: the opening of a pipe does not return.
	if info, err := os.Stat(l.path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it cannot be locked: %s is no file", l.path)
	}
	lock := flock.New(l.path)
	taken, err := lock.TryLock()
	switch {
	case errors.Is(err, syscall.EROFS):
		return l, nil
	case err != nil:
		return nil, fmt.Errorf("it cannot be locked: %w", err)
	case !taken:
		return nil, errors.New("it is in use by another program that is running: stop that one, or choose another folder with -data")
	}
	l.lock = lock
	if l.info, err = lock.Stat(); err == nil {
		// Whoever removed the file meanwhile could have another one locked.
		if problem := (&heldFile{path: l.path, info: l.info}).check(); problem != nil {
			err = errors.New(problem.what)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("it cannot be locked: %w", err), l.release())
	}
	return l, nil
}

// release lets another program take the folder.
func (l *folderLock) release() error {
	if l == nil || l.lock == nil {
		return nil
	}
	return l.lock.Close()
}
