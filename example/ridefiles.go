package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// errNotInPlace is what everything that needs the rides ends in while the files of their database
// are not those that are open, or not as this program wrote them.
var errNotInPlace = errors.New("the database of the rides is not in its place")

// misplaced is an errNotInPlace.
type misplaced struct {
	what   string // which file, and what became of it
	advice string // to the operator
	final  bool   // nothing makes it good while the program runs
}

func (m *misplaced) Error() string { return errNotInPlace.Error() + ": " + m.what }

// Is makes it an errNotInPlace for errors.Is.
func (m *misplaced) Is(target error) bool { return target == errNotInPlace }

const (
	adviceLost = "no rides are served: what is written now would be lost; move that very file back (a copy of it is another file), " +
		"or stop the program, restore a backup, with no -wal and no -shm file beside it, and start it again"
	adviceOverwritten = "no rides are served: the database is not what this program wrote; stop the program, " +
		"restore a backup, with no -wal and no -shm file beside it, and start it again"
	adviceUnlocked = "no rides are served: another program could take the data folder; move that very file back, or start this one again"
)

// rideFiles are the files of the database that is open. What is written to a file goes on working
// after the file was removed, or another one was put into its place or copied over it, and is lost
// (threat 249): so it is looked at whether the paths still lead to the files, and whether something
// else has written to them.
//
// SQLite writes to its log with each change, and to the database only where it is told to
// (rideStore.checkpoint). Both it does in write, and what the files are like then is recorded: any
// other state of them is another program's doing. Not noticed is a write to the database that
// leaves its size, its time of modification and its first 100 bytes as they were; one to the log
// in the same moment as a change; one to the database that begins and ends in the same moment as
// this program's own, unless its first page is the last that was written (see rideStore.moveLog);
// and one to the index of the log, rides.db-shm, which is in memory.
type rideFiles struct {
	log  *slog.Logger
	held []heldFile // the database first

	// writing is held for writing while SQLite writes, and guards heldFile.state.
	writing sync.RWMutex

	mu          sync.Mutex
	broken      bool       // guarded by mu: it was told that one is not in its place
	overwritten *misplaced // guarded by mu: the problem that is final
}

// hold adds the file at path. It never makes one.
//
// It must not be closed before the database is: with the first of its descriptors that a process
// closes, it loses its locks on the file (fcntl(2)).
func (f *rideFiles) hold(path string, flag int, part part) error {
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
	f.held = append(f.held, heldFile{path: path, file: file, info: info, part: part, advice: adviceLost})
	return nil
}

// keep adds the lock of the folder, which another program could take once its file is gone.
func (f *rideFiles) keep(l *folderLock) {
	if l.lock != nil {
		f.held = append(f.held, heldFile{path: l.path, info: l.info, advice: adviceUnlocked})
	}
}

// check returns an error that is errNotInPlace if a file is not at its path, or was written to by
// another program. The log is told when that begins, and when it ends.
func (f *rideFiles) check() error {
	problem := f.inPlace()
	// While SQLite writes, the files change: then it is looked at before and after that.
	if problem == nil && f.writing.TryRLock() {
		problem = f.compare()
		f.writing.RUnlock()
	}
	return f.tell(problem)
}

// record takes the files as they are for what this program wrote.
func (f *rideFiles) record() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	for i := range f.held {
		if err := f.held[i].record(); err != nil {
			return err
		}
	}
	return nil
}

// write runs do, which has SQLite write to one of its files, and to no other one. It does not if
// something is wrong with the files. What do returns counts only if all is well afterwards, too.
func (f *rideFiles) write(to part, do func() error) error {
	end, err := f.begin(to)
	if err != nil {
		return err
	}
	return end(do())
}

// begin is the beginning of write, and end its end, with what was returned between.
func (f *rideFiles) begin(to part) (end func(error) error, err error) {
	f.writing.Lock()
	problem := f.inPlace()
	if problem == nil {
		problem = f.compare()
	}
	if err := f.tell(problem); err != nil {
		f.writing.Unlock()
		return nil, err
	}
	return func(err error) error {
		defer f.writing.Unlock()
		problem, _ := errors.AsType[*misplaced](err)
		if problem == nil {
			problem = f.inPlace()
		}
		for i := range f.held {
			if h := &f.held[i]; problem != nil {
				break
			} else if h.part == to {
				problem = h.grow()
			} else {
				problem = h.compare()
			}
		}
		if problem := f.tell(problem); problem != nil {
			return problem
		}
		return err
	}, nil
}

// inPlace looks whether each file is at its path.
func (f *rideFiles) inPlace() *misplaced {
	for i := range f.held {
		if problem := f.held[i].check(); problem != nil {
			return problem
		}
	}
	return nil
}

// compare looks whether each file is as it was recorded.
func (f *rideFiles) compare() *misplaced {
	for i := range f.held {
		if problem := f.held[i].compare(); problem != nil {
			return problem
		}
	}
	return nil
}

// tell returns problem as an error, or the one that is final if there was one.
func (f *rideFiles) tell(problem *misplaced) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.overwritten != nil {
		return f.overwritten
	}
	switch {
	case problem != nil && (!f.broken || problem.final):
		f.log.Error(problem.advice, "problem", problem)
	case problem == nil && f.broken:
		f.log.Info("the database of the rides is in its place again")
	}
	f.broken = problem != nil
	if problem == nil {
		return nil // and not a nil *misplaced
	}
	if problem.final {
		f.overwritten = problem
		if err := markOverwritten(f.held[0].path); err != nil && !readOnly(err) {
			f.log.Error("the next start will not know that the database was overwritten", "error", err)
		}
	}
	return problem
}

// isOverwritten reports whether a problem was final.
func (f *rideFiles) isOverwritten() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.overwritten != nil
}

// close closes what was held.
func (f *rideFiles) close() (err error) {
	for _, h := range f.held {
		if h.file != nil {
			err = errors.Join(err, h.file.Close())
		}
	}
	return err
}
