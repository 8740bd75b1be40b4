package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const dataWatchInterval = time.Second

// dataWatch looks at the files of the data folder that are not followed otherwise: those that the
// program only reads at its start, and those of the rides while nobody asks for any. What is gone,
// cannot be read, or was edited without effect is told, once.
type dataWatch struct {
	log   *slog.Logger
	files []watchedFile
	also  func() // looks at what is held open, and tells of it by itself

	stop chan struct{}
	done sync.WaitGroup
}

// watchedFile is a file as it was at the last look.
type watchedFile struct {
	path     string
	advice   string // to the operator, where the file is gone
	edited   string // what to say of an edit; "": nothing
	held     bool   // its mode alone is looked at: opening and closing it would end SQLite's locks (fcntl(2))
	wrong    string // what was told
	size     int64
	modified time.Time
}

// watchData looks at the files every dataWatchInterval until close.
func watchData(log *slog.Logger, files []watchedFile, also func()) *dataWatch {
	w := &dataWatch{log: log, files: files, also: also, stop: make(chan struct{})}
	for i := range w.files {
		f := &w.files[i]
		if info, err := os.Stat(f.path); err == nil {
			f.size, f.modified = info.Size(), info.ModTime()
		}
	}
	w.done.Go(w.run)
	return w
}

func (w *dataWatch) run() {
	ticker := time.NewTicker(dataWatchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-ticker.C:
		}
		for i := range w.files {
			w.look(&w.files[i])
		}
		w.also()
	}
}

// look looks at one file.
func (w *dataWatch) look(f *watchedFile) {
	name := filepath.Base(f.path)
	info, err := f.read()
	wrong := ""
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.held:
		return // the rides tell
	case errors.Is(err, fs.ErrNotExist):
		wrong = "the file is gone"
	case err != nil:
		wrong = "the file cannot be read: " + reasonOf(err)
	}
	switch {
	case wrong != f.wrong && wrong != "":
		w.log.Warn("mistake in the data folder", "file", name, "problem", wrong, "advice", f.advice)
	case wrong != f.wrong:
		w.log.Info("mistake mended in the data folder", "file", name)
	}
	f.wrong = wrong
	if wrong != "" || f.edited == "" || info.Size() == f.size && info.ModTime().Equal(f.modified) {
		return
	}
	f.size, f.modified = info.Size(), info.ModTime()
	w.log.Warn("edit in the data folder", "file", name, "what", f.edited)
}

// read looks whether the file can be read.
func (f *watchedFile) read() (fs.FileInfo, error) {
	info, err := os.Stat(f.path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular(): // the opening of a pipe would not return
		return nil, errors.New("it is no regular file")
	case f.held:
		if info.Mode().Perm()&0o400 == 0 {
			return nil, fs.ErrPermission
		}
		return info, nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	return info, file.Close()
}

// reasonOf leaves the path out, which the line names already.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// close ends the looking.
func (w *dataWatch) close() {
	close(w.stop)
	w.done.Wait()
}
