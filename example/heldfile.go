package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// part is what a file is to SQLite.
type part int

const (
	otherPart    part = iota // its state is not compared
	databasePart             // written to by a checkpoint alone
	logPart                  // written to by each change
)

// heldFile is kept open: as long as it is, no other file can be the same one.
type heldFile struct {
	path   string
	file   *os.File // nil: another owner keeps it open
	info   fs.FileInfo
	part   part
	advice string
	state  *fileState // guarded by rideFiles.writing; nil: not recorded
}

// fileState is by what it is noticed that a file was written to. A copy with `cp -p` can have the
// time of modification that the file had, and any copy the size. The first bytes of a database tell
// by rideStore.moveLog's stamp which checkpoint was its last, those of a log when it last began
// anew (www.sqlite.org/fileformat.html, "The Database Header" and "WAL File Format").
type fileState struct {
	size     int64
	modified int64 // in nanoseconds since 1970
	header   [100]byte
}

// check looks whether the file is at its path.
func (h *heldFile) check() *misplaced {
	info, err := os.Stat(h.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &misplaced{what: h.path + " was removed", advice: h.advice}
	case err != nil:
		return &misplaced{what: err.Error(), advice: h.advice}
	case !os.SameFile(info, h.info):
		return &misplaced{what: h.path + " was replaced", advice: h.advice}
	}
	return nil
}

// look returns the state of the file as it is.
func (h *heldFile) look() (s fileState, err error) {
	info, err := h.file.Stat()
	if err != nil {
		return s, err
	}
	s.size = info.Size()
	// Windows may tell the time of a write only once the file was closed.
	if runtime.GOOS != "windows" {
		s.modified = info.ModTime().UnixNano()
	}
	if _, err := h.file.ReadAt(s.header[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return s, err
	}
	return s, nil
}

func (h *heldFile) record() error {
	if h.part == otherPart {
		return nil
	}
	s, err := h.look()
	h.state = &s
	return err
}

// compare looks whether the file is as it was recorded.
func (h *heldFile) compare() *misplaced {
	if h.state == nil {
		return nil
	}
	s, err := h.look()
	switch {
	case err != nil:
		return &misplaced{what: err.Error(), advice: h.advice}
	case s != *h.state:
		return h.overwritten()
	}
	return nil
}

// grow records the state of a file to which SQLite has written. It never makes one smaller.
func (h *heldFile) grow() *misplaced {
	if h.state == nil {
		return nil
	}
	before := h.state.size
	err := h.record()
	switch {
	case err != nil:
		return &misplaced{what: err.Error(), advice: h.advice}
	case h.state.size < before:
		return h.overwritten()
	}
	return nil
}

func (h *heldFile) overwritten() *misplaced {
	return &misplaced{what: h.path + " was written to by another program", advice: adviceOverwritten, final: true}
}

// overwrittenSuffix names the file beside a database that tells the next start that the database
// was overwritten while it was served.
const overwrittenSuffix = "-overwritten"

func markOverwritten(path string) error { return os.WriteFile(path+overwrittenSuffix, nil, 0o600) }

// refuseOverwritten returns an error if the log beside a database is of what the database was
// before it was overwritten: SQLite would write the one into the other.
func refuseOverwritten(path string) error {
	if _, err := os.Stat(path + overwrittenSuffix); err != nil {
		return nil
	}
	if logSize(path) > 0 {
		return fmt.Errorf("%s was overwritten while it was served, and %[1]s-wal is not of what it holds now: restore a backup, with "+
			"no %[1]s-wal and "+
			"no %[1]s-shm beside it; if what it holds now is the backup, remove the two: rm -f %[2]s %[3]s",
			ridesFile, shellQuote(path+"-wal"), shellQuote(path+"-shm"))
	}
	if err := os.Remove(path + overwrittenSuffix); err != nil && !unwritable(err) {
		return err
	}
	return nil
}

// logSize returns the size of the log of the database at path, 0 if there is none.
func logSize(path string) int64 {
	info, err := os.Stat(path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}
