package filestore

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"time"
)

// settleTime is how long a file whose state does not change is read again, rather than only looked at. Some file systems
// keep times to the second or two: a second edit within that time, of the same size, changes nothing that a look can see.
const settleTime = 2500 * time.Millisecond

// maxFirstReads bounds how often a file is read at the start that is being written meanwhile.
const maxFirstReads = 100

// watchedFile follows one file. A look costs one stat, unless the file has changed.
type watchedFile struct {
	path     string
	limit    int64 // the largest size that is read
	insecure bool  // the mode does not count

	examined sight // what was last read, or the absence that was last believed
	since    time.Time
	digest   [sha256.Size]byte // of what was last read
	read     bool              // => digest is set
	pending  sight             // what the last look saw, where that was not what had been examined
}

// sight is what a look at a file sees. Its zero value is that of a file that was not looked at.
type sight struct {
	info   fs.FileInfo
	absent bool
}

func lookAt(path string) (sight, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return sight{absent: true}, nil
	}
	return sight{info: info}, err
}

// same reports whether two looks saw the file in one state. Size and time alone would miss a file
// that was renamed over another, and the swapped symbolic links of a volume.
func (a sight) same(b sight) bool {
	if a.info == nil || b.info == nil {
		return a.absent && b.absent
	}
	return a.info.ModTime().Equal(b.info.ModTime()) && a.info.Size() == b.info.Size() && a.info.Mode() == b.info.Mode() &&
		os.SameFile(a.info, b.info)
}

// finding is what following a file has found out.
type finding struct {
	kind findingKind
	data []byte
	mode fileMode
	err  error
}

type findingKind uint8

const (
	nothingNew findingKind = iota
	newContent
	removed
	unreadable
)

// follow looks at the file, and reads it if it has changed. seen tells what a look at it saw. A change is believed once two
// looks in a row have seen the same: a writer that has only begun, and an editor that removes a file before it writes it anew, are
// waited for. At the start there is nothing to wait with.
func (f *watchedFile) follow(seen sight, err error, now time.Time, first bool) finding {
	if err != nil {
		return f.failed(err)
	}
	known := seen.same(f.examined)
	if known && (seen.absent || now.Sub(f.since) > settleTime) {
		f.pending = sight{}
		return finding{}
	}
	if !known && !first && !seen.same(f.pending) {
		f.pending = seen
		return finding{}
	}
	f.pending = sight{}
	if seen.absent {
		f.examined, f.read = seen, false
		return finding{kind: removed}
	}
	data, stable, err := f.readOnce(seen)
	for i := 0; first && err == nil && !stable && i < maxFirstReads; i++ {
		if seen, err = lookAt(f.path); err == nil {
			data, stable, err = f.readOnce(seen)
		}
	}
	switch {
	case err != nil:
		return f.failed(err)
	case !stable && first:
		return f.failed(errors.New("the file changes while it is read"))
	case !stable:
		return finding{}
	}
	sum := sha256.Sum256(data)
	same := f.read && sum == f.digest && f.examined.info != nil && f.examined.info.Mode() == seen.info.Mode()
	if !known {
		f.examined, f.since = seen, now
	}
	f.digest, f.read = sum, true
	if same {
		return finding{}
	}
	return finding{kind: newContent, data: data, mode: fileMode{perm: seen.info.Mode().Perm(), insecure: f.insecure}}
}

// failed forgets what was read, so that the file is read again even if it comes back as it was.
func (f *watchedFile) failed(err error) finding {
	f.examined, f.pending, f.read = sight{}, sight{}, false
	return finding{kind: unreadable, err: err}
}

// readOnce reads the file, and reports whether its state before, meanwhile and after was the one that was seen.
func (f *watchedFile) readOnce(seen sight) (data []byte, stable bool, err error) {
	if seen.absent {
		return nil, false, nil
	}
	// Opening a pipe could block for ever.
	if !seen.info.Mode().IsRegular() {
		return nil, false, errors.New("not a regular file")
	}
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = file.Close() }()
	if data, err = io.ReadAll(io.LimitReader(file, f.limit+1)); err != nil {
		return nil, false, err
	}
	if int64(len(data)) > f.limit {
		return nil, false, fmt.Errorf("larger than %d bytes", f.limit)
	}
	opened, err := file.Stat()
	if err != nil {
		return nil, false, err
	}
	after, err := lookAt(f.path)
	if err != nil {
		return nil, false, err
	}
	return data, seen.same(sight{info: opened}) && seen.same(after) && int64(len(data)) == opened.Size(), nil
}

// wrote tells that this process has written data to the file, so that the next look finds nothing new.
func (f *watchedFile) wrote(data []byte, now time.Time) {
	seen, err := lookAt(f.path)
	if err != nil || seen.absent {
		return
	}
	f.examined, f.since, f.pending = seen, now, sight{}
	f.digest, f.read = sha256.Sum256(data), true
}

// fileMode is the mode of a file that may hold secrets.
type fileMode struct {
	perm     fs.FileMode
	insecure bool
}

// secretMode is the widest mode of a file with secrets.
const secretMode fs.FileMode = 0o600

// problem says what is wrong with the mode of a file with secrets, or "".
func (m fileMode) problem() string {
	if m.insecure || runtime.GOOS == "windows" || m.perm&^secretMode == 0 {
		return ""
	}
	return fmt.Sprintf("the file holds secrets, and its mode %04o is wider than %04o", m.perm, secretMode)
}
