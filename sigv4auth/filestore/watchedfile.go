package filestore

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"time"
)

// settleTime is how long a file whose state does not change is read again, rather than only looked
// at. Some file systems keep times to the second or two: a second edit within that time, of the
// same size, changes nothing that a look can see.
const settleTime = 2500 * time.Millisecond

// longAgo is how old the time of a file has to be for the above not to matter: an edit would show,
// whatever the resolution, and however far the clock of a file server is off.
const longAgo = time.Hour

// maxFirstReads bounds how often a file is read at the start that is being written meanwhile.
const maxFirstReads = 100

// maxUnsettled is how many looks in a row may see a file in another state each before it is read
// all the same: whatever touches it all the time must not put a revocation off for ever (threat
// 250).
const maxUnsettled = 4

// maxHastyReads bounds how often such a file is read at one look, for one reading during which it
// stays as it is.
const maxHastyReads = 5

// watchedFile follows one file. A look costs one stat, unless the file has changed.
type watchedFile struct {
	path     string
	limit    int64 // the largest size that is read
	insecure bool  // the mode does not count

	examined fileState // what was last read, or the absence that was last believed
	since    time.Time
	digest   [sha256.Size]byte // of what was last read
	read     bool              // => digest is set
	pending  fileState         // what the last look saw, where that was not what had been examined
	calm     bool              // => the last look has shown that nothing has changed

	unsettled int               // looks in a row that saw a change and did not take it
	late      bool              // unsettled has come to maxUnsettled, and the file has not settled since
	hasty     [sha256.Size]byte // digest of what was last read without waiting, while late
	hasHasty  bool              // => hasty is set
}

// fileState is what a look at a file sees. Its zero value is that of a file that was not looked at.
type fileState struct {
	info   fs.FileInfo
	absent bool
}

func stat(path string) (fileState, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fileState{absent: true}, nil
	}
	return fileState{info: info}, err
}

// same reports whether two looks saw the file in one state. Size and time alone would miss a file
// that was renamed over another, and the swapped symbolic links of a volume.
func (a fileState) same(b fileState) bool {
	if a.info == nil || b.info == nil {
		return a.absent && b.absent
	}
	return a.info.ModTime().Equal(b.info.ModTime()) && a.info.Size() == b.info.Size() && a.info.Mode() == b.info.Mode() &&
		os.SameFile(a.info, b.info)
}

// A change is what following a file has found out.
type change struct {
	kind findingKind
	data []byte
	mode fileMode
	err  error

	// hurried says that the content was read while the file kept changing: the document has to show
	// that it is whole. What is taken is told to watchedFile.took.
	hurried bool
	state   fileState
}

type findingKind uint8

const (
	unchanged findingKind = iota
	newContent
	removed
	unreadable
)

// follow looks at the file, and reads it if it has changed. seen tells what a look at it saw. A
// change is believed once two looks in a row have seen the same: a writer that has only begun, and
// an editor that removes a file before it writes it anew, are waited for. At the start there is
// nothing to wait with.
func (f *watchedFile) follow(seen fileState, err error, now time.Time, first bool) change {
	f.calm = false
	if err != nil {
		return f.failed(err)
	}
	known := seen.same(f.examined)
	if known && (seen.absent || f.settledBy(now)) {
		f.settle()
		f.calm = true
		return change{}
	}
	if !known && !first && !seen.same(f.pending) {
		f.pending = seen
		return f.wait(seen)
	}
	f.pending = fileState{}
	if seen.absent {
		f.settle()
		f.examined, f.read = seen, false
		return change{kind: removed}
	}
	data, stable, err := f.readOnce(seen)
	for i := 0; first && err == nil && !stable && i < maxFirstReads; i++ {
		if seen, err = stat(f.path); err == nil {
			data, stable, err = f.readOnce(seen)
		}
	}
	switch {
	case err != nil:
		return f.failed(err)
	case !stable && first:
		return f.failed(errors.New("the file changes while it is read"))
	case !stable:
		return f.wait(seen)
	}
	f.settle()
	sum := sha256.Sum256(data)
	same := f.read && sum == f.digest && f.examined.info != nil && f.examined.info.Mode() == seen.info.Mode()
	if !known {
		f.examined, f.since = seen, now
	}
	f.digest, f.read = sum, true
	if same {
		return change{}
	}
	return change{kind: newContent, data: data, mode: fileMode{perm: seen.info.Mode().Perm(), insecure: f.insecure}}
}

// settledBy reports whether nothing can have changed in the file that was examined which a look
// does not see.
func (f *watchedFile) settledBy(now time.Time) bool {
	return now.Sub(f.since) > settleTime || now.Sub(f.examined.info.ModTime()) > longAgo
}

// waiting reports whether a change has been seen, and not taken. Of a file that changes all the
// time there is always one, and it is waited for no more.
func (f *watchedFile) waiting() bool { return f.unsettled > 0 && !f.late }

// settle notes that the file is as it was at the last look.
func (f *watchedFile) settle() {
	f.pending, f.unsettled, f.late, f.hasHasty = fileState{}, 0, false, false
}

// wait puts a change off to the next look, unless that has been done too often: then it reads the
// file as it is.
func (f *watchedFile) wait(seen fileState) change {
	if f.unsettled++; f.unsettled < maxUnsettled {
		return change{}
	}
	f.late = true
	if seen.absent { // between a removal and a new file, perhaps
		return change{}
	}
	data, state, ok, err := f.readHasty(seen)
	if err != nil {
		return f.failed(err)
	}
	if !ok {
		return change{}
	}
	sum := sha256.Sum256(data)
	if f.read && sum == f.digest && f.examined.info != nil && f.examined.info.Mode() == state.info.Mode() {
		f.unsettled = 0 // touched, and not changed
		return change{}
	}
	// The same at two looks is what is there, whatever touches it.
	again := f.hasHasty && sum == f.hasty
	f.hasty, f.hasHasty = sum, true
	found := change{
		kind: newContent, data: data, hurried: !again, state: state,
		mode: fileMode{perm: state.info.Mode().Perm(), insecure: f.insecure},
	}
	if again {
		f.took(found, time.Now())
	}
	return found
}

// took notes that what a hurried reading found is in force. The file is waited for again, from now
// on.
func (f *watchedFile) took(found change, now time.Time) {
	f.examined, f.since, f.unsettled = found.state, now, 0
	f.digest, f.read = f.hasty, true
}

// readHasty reads a file that keeps changing: it is ok once nothing has changed it during one
// reading, or two readings in a row are equal. state is that of the file that was read.
func (f *watchedFile) readHasty(seen fileState) (data []byte, state fileState, ok bool, err error) {
	if !seen.info.Mode().IsRegular() {
		return nil, fileState{}, false, errIrregular
	}
	var last []byte
	for range maxHastyReads {
		data, before, after, err := f.readFile()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fileState{}, false, err
		}
		whole := int64(len(data)) == after.info.Size()
		if whole && (before.same(after) || last != nil && bytes.Equal(last, data)) {
			return data, after, true, nil
		}
		last = data
	}
	return nil, fileState{}, false, nil
}

// failed forgets what was read, so that the file is read again even if it comes back as it was.
func (f *watchedFile) failed(err error) change {
	f.settle()
	f.examined, f.read = fileState{}, false
	return change{kind: unreadable, err: err}
}

// readOnce reads the file, and reports whether its state before, meanwhile and after was the one
// that was seen.
func (f *watchedFile) readOnce(seen fileState) (data []byte, stable bool, err error) {
	if seen.absent {
		return nil, false, nil
	}
	// Opening a pipe could block for ever.
	if !seen.info.Mode().IsRegular() {
		return nil, false, errIrregular
	}
	data, before, opened, err := f.readFile()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	after, err := stat(f.path)
	if err != nil {
		return nil, false, err
	}
	return data, seen.same(before) && seen.same(opened) && seen.same(after) && int64(len(data)) == opened.info.Size(), nil
}

var errIrregular = errors.New("not a regular file")

// readFile reads the file that the path leads to. before and after are what it was when it was
// opened, and once it had been read.
func (f *watchedFile) readFile() (data []byte, before, after fileState, err error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, fileState{}, fileState{}, err
	}
	defer func() { _ = file.Close() }()
	if before.info, err = file.Stat(); err != nil {
		return nil, fileState{}, fileState{}, err
	}
	if data, err = io.ReadAll(io.LimitReader(file, f.limit+1)); err != nil {
		return nil, fileState{}, fileState{}, err
	}
	if int64(len(data)) > f.limit {
		return nil, fileState{}, fileState{}, fmt.Errorf("larger than %d bytes", f.limit)
	}
	after.info, err = file.Stat()
	return data, before, after, err
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
