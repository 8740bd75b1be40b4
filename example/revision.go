package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// revisionName is the file of the highest revision of the directory that somebody was told of. By
// it a start tells a database that is older, from a backup: what was revoked since would count
// again (threat 111). Once it is there, the folder's principals are those in the database.
const revisionName = "directory.revision"

// revisionFile is that file. It is safe for concurrent use.
type revisionFile struct {
	path    string
	current func() int64 // the directory's
	log     *slog.Logger

	known   atomic.Int64 // what the file says
	writing sync.Mutex
	failing bool // guarded by writing: it was told that the file cannot be written
}

// hasRevision reports whether the folder's principals are those in the database.
func hasRevision(dir string) (bool, error) {
	_, err := os.Lstat(filepath.Join(dir, revisionName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openRevision reads the file, if there is one.
func openRevision(dir string, current func() int64, log *slog.Logger) (*revisionFile, error) {
	f := &revisionFile{path: filepath.Join(dir, revisionName), current: current, log: log}
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	known, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || known < 1 {
		return nil, fmt.Errorf("%s: a number is expected: restore it, or remove it if %s is no backup", revisionName, ridesFile)
	}
	f.known.Store(known)
	return f, nil
}

// answered returns the revision that the file says.
func (f *revisionFile) answered() int64 { return f.known.Load() }

// restart writes the revision as it is at the start, although it may be a lower one.
func (f *revisionFile) restart() {
	if f.answered() != f.current() {
		f.known.Store(0)
		f.note()
	}
}

// note writes the revision that is in force, if the file says a lower one. What is on disk already
// is not undone by its failure.
func (f *revisionFile) note() {
	if f.known.Load() >= f.current() {
		return
	}
	f.writing.Lock()
	defer f.writing.Unlock()
	now := f.current()
	if f.known.Load() >= now {
		return
	}
	err := replaceFile(f.path, fmt.Appendln(nil, now))
	if err == nil {
		f.known.Store(now)
	} else if !f.failing {
		f.log.Warn("the revision of users, keys and policies cannot be noted: a start will not notice that the database is an older one",
			"file", f.path, "error", err)
	}
	f.failing = err != nil
}

// noting wraps the handler that changes the directory: the revision is noted before an answer.
func (f *revisionFile) noting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&notingWriter{ResponseWriter: w, file: f}, r)
	})
}

// notingWriter notes the revision before the answer's first byte.
type notingWriter struct {
	http.ResponseWriter
	file  *revisionFile
	begun bool
}

func (w *notingWriter) begin() {
	if !w.begun {
		w.begun = true
		w.file.note()
	}
}

// WriteHeader implements http.ResponseWriter.
func (w *notingWriter) WriteHeader(status int) {
	w.begin()
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *notingWriter) Write(b []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *notingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
