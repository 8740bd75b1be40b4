package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// secretMode is the widest mode of a file with keys.
const secretMode fs.FileMode = 0o600

// Create writes keys to a new file of mode 0600, whole or not at all, and waits until it is on
// disk. A file that exists is left as it is, and is an error that wraps [fs.ErrExist]: its keys may
// have sealed what nothing else opens.
func Create(path string, keys Keys) error {
	return locked(path, func(path string) error {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("keyring: creating %s: %w", path, fs.ErrExist)
		}
		return write(path, keys, syncFolder)
	})
}

// Update replaces the keys in a file by what change makes of them, whole or not at all, and waits
// until they are on disk. It holds a lock on the file PATH.lock, beside it: while another process
// does, it fails, and changes nothing. If change fails, so does Update.
func Update(path string, change func(Keys) (Keys, error)) error {
	return update(path, change, syncFolder)
}

// update does what Update does, with what waits until the entries of a folder are on disk.
func update(path string, change func(Keys) (Keys, error), sync func(folder string) error) error {
	return locked(path, func(path string) error {
		keys, err := Load(path)
		if err != nil {
			return err
		}
		if keys, err = change(keys); err != nil {
			return err
		}
		return write(path, keys, sync)
	})
}

// Load reads keys from a file. It fails if the file is no regular file, or of a mode wider than
// 0600; where it is a symbolic link, the file that it leads to counts.
func Load(path string) (Keys, error) {
	keys, err := load(path)
	if err != nil {
		return Keys{}, fmt.Errorf("keyring: reading %s: %w", path, err)
	}
	return keys, nil
}

func load(path string) (keys Keys, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Keys{}, fmt.Errorf("%w (Create makes it, and so does the command: keyring new FILE)", bare(err))
	}
	if err != nil {
		return Keys{}, bare(err)
	}
	if !info.Mode().IsRegular() { // opening a pipe could block for ever
		return Keys{}, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return Keys{}, bare(err)
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err != nil { // of what was opened, which may be another file by now
		return Keys{}, bare(err)
	}
	if perm := info.Mode().Perm(); runtime.GOOS != "windows" && perm&^secretMode != 0 {
		return Keys{}, fmt.Errorf("the file holds keys, and its mode %04o is wider than %04o", perm, secretMode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err != nil {
		return Keys{}, bare(err)
	}
	return Parse(text)
}

// bare is err without the path, which is told once.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// write replaces a file, which is locked. Without the sync of its folder a crash could bring keys
// back that were retired (threat 251).
func write(path string, keys Keys, sync func(folder string) error) (err error) {
	if keys.IsZero() {
		return errors.New("keyring: there are no keys to write")
	}
	// The mode is 0600 from the beginning: os.CreateTemp.
	f, err := os.CreateTemp(filepath.Dir(path), ".keyring-*.tmp")
	if err != nil {
		return fmt.Errorf("keyring: writing %s: %w", path, bare(err))
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
			err = fmt.Errorf("keyring: writing %s: %w", path, err)
		}
	}()
	_, err = f.Write(keys.Encode())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return sync(filepath.Dir(path))
}

// syncFolder waits until the entries of a folder are on disk. Windows has no such call; there a
// renaming is as lasting as the file system makes it.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// locked does something with a file while no other process holds its lock. Where path is a symbolic
// link, that is the file that it leads to, so that the link stays.
func locked(path string, do func(path string) error) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	unlock, err := lock(path + ".lock")
	if err != nil {
		return fmt.Errorf("keyring: locking %s.lock: %w", path, bare(err))
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return do(path)
}

var errLocked = errors.New("another process is changing the keys")
