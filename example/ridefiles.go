package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
)

// errNotInPlace is what everything that needs the rides ends in while the files of their database
// are not those that are open.
var errNotInPlace = errors.New("the database of the rides is not in its place")

// rideFiles are the files of the database that is open. What is written to a file goes on working
// after the file was removed, or another one was put into its place, and is lost (threat 249): so
// it is looked at whether the paths still lead to the files.
type rideFiles struct {
	log  *slog.Logger
	held []heldFile // the database first

	mu     sync.Mutex
	broken bool // guarded by mu: it was told that one is not in its place
}

// heldFile is kept open: as long as it is, no other file can be the same one.
type heldFile struct {
	path string
	file *os.File
	info fs.FileInfo
}

// hold adds the file at path. It never makes one.
//
// It must not be closed before the database is: with the first of its descriptors that a process
// closes, it loses its locks on the file (fcntl(2)).
func (f *rideFiles) hold(path string, flag int) error {
	file, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.held = append(f.held, heldFile{path, file, info})
	return nil
}

// check returns an error that wraps errNotInPlace if a file is not at its path. The log is told
// when that begins, and when it ends.
func (f *rideFiles) check() error {
	var problem error
	for i := range f.held {
		if problem = f.held[i].check(); problem != nil {
			break
		}
	}
	f.tell(problem)
	return problem
}

func (h *heldFile) check() error {
	info, err := os.Stat(h.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s was removed", errNotInPlace, h.path)
	case err != nil:
		return fmt.Errorf("%w: %w", errNotInPlace, err)
	case !os.SameFile(info, h.info):
		return fmt.Errorf("%w: %s was replaced", errNotInPlace, h.path)
	}
	return nil
}

func (f *rideFiles) tell(problem error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case problem != nil && !f.broken:
		f.log.Error("no rides are served: what is written now would be lost; move that very file back (a copy of it is another file), "+
			"or stop the program, restore a backup, with no -wal and no -shm file beside it, and start it again", "problem", problem)
	case problem == nil && f.broken:
		f.log.Info("the database of the rides is in its place again")
	}
	f.broken = problem != nil
}

// close closes what was held.
func (f *rideFiles) close() (err error) {
	for _, h := range f.held {
		err = errors.Join(err, h.file.Close())
	}
	return err
}
