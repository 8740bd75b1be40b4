//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// lock makes a file that must not exist, and removes it at the end. After a crash it is left over,
// and the operator removes it.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, secretMode)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w, or one that did has crashed and left the file", errLocked)
	}
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(f.Close(), os.Remove(path)) }, nil
}
