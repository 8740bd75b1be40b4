package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// ringSuffix names the ring of a data folder, which lies beside it.
const ringSuffix = ".ring"

// openRing opens the ring, whose keys seal the session tokens, and makes it if there is none. It
// never lies in the data folder: whoever has a backup of that cannot make sessions. A ring that was
// lost is made anew, which ends the sessions that there were.
func openRing(path, data string, log *slog.Logger) (*keyring.Ring, error) {
	inside, err := isInside(path, data)
	if err != nil {
		return nil, err
	}
	if inside {
		return nil, fmt.Errorf("the ring %s must not be in the data folder, whose backups it would be in: "+
			"choose another file with -ring", path)
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		// Of two processes that come here at once, one makes it.
		if err := keyring.Create(path, keyring.New(time.Now())); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		log.Info("a new ring seals session tokens and passwords, and knows none that another one sealed: have a backup of it", "file", path)
	}
	return keyring.Open(keyring.Config{File: path, Report: func(err error) {
		log.Warn("the ring cannot be read: the keys that were read last stay in force", "error", err)
	}})
}

// isInside reports whether a file that may not exist yet is in a folder, wherever links lead.
func isInside(path, folder string) (bool, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return false, err
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return false, err
	}
	way, err := filepath.Rel(folder, dir)
	return err == nil && way != ".." && !strings.HasPrefix(way, ".."+string(filepath.Separator)), nil
}
