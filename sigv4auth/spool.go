package sigv4auth

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
)

// Spool says where [BodySpooled] keeps bodies. Its zero value is ready to use.
type Spool struct {
	_ struct{} // fields are named, so that more can be added

	// MemoryBytes is the length up to which a body is kept in memory, and not in a file. Each
	// request that is being served can have so much. 0: 1 MiB.
	MemoryBytes int64

	// Dir is the folder of the temporary files, which has to exist. Only the server's user can read
	// them. They are removed as soon as they are open where the operating system allows it, so that
	// a server that is killed leaves none; on Windows, they are removed when they are closed. ""
	// is [os.TempDir], which MUST NOT be in memory, as /tmp is on some systems.
	//
	// If a file cannot be made or written, for instance because the disk is full, the request is
	// refused with ErrServiceUnavailable. A caller who is authorised can have MaxBodyBytes on the
	// disk for each of its connections.
	Dir string
}

const defaultSpoolMemory = 1 << 20

// usableDir reports why files cannot be made in dir.
func usableDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	return err
}

// spool reads r's body to its end, and makes it one that is verified whole. It is called once the
// request is authorised.
func (a *Authenticator) spool(r *http.Request, rec *record) *Error {
	if rec.body == nil { // it is in memory, or empty
		if _, read := r.Body.(*readBody); !read {
			r.Body = &readBody{}
		}
		return nil
	}
	spooled, refused := a.spoolTo.take(rec.body, r.ContentLength)
	if refused != nil {
		return refused
	}
	rec.body.spooled = spooled
	r.Body, r.ContentLength = spooled, spooled.Size()
	return nil
}

// spooledBody is a body that is verified, in memory or in a file.
type spooledBody struct {
	*io.SectionReader
	file  *os.File // nil => in memory
	name  string   // of the file that is to be removed once it is closed; "" => it has been
	close sync.Once
}

// Close removes the file. Whoever reads on gets an error. It can be called from anywhere, and
// again.
func (s *spooledBody) Close() error {
	s.close.Do(func() {
		if s.file == nil {
			return
		}
		_ = s.file.Close() // what was read of it was whole
		if s.name != "" {
			_ = os.Remove(s.name)
		}
	})
	return nil
}

// take reads body, of which announced bytes are to come, -1 where that is not known.
func (sp *Spool) take(body *streamedBody, announced int64) (_ *spooledBody, refused *Error) {
	s := &spooledBody{}
	kept := false
	defer func() {
		if !kept { // after a panic, too
			_ = s.Close()
		}
	}()
	text, whole, refused := sp.begin(body, announced)
	if refused != nil {
		return nil, refused
	}
	if whole {
		kept = true
		s.SectionReader = io.NewSectionReader(bytes.NewReader(text), 0, int64(len(text)))
		return s, nil
	}
	if err := s.create(sp.Dir); err != nil {
		return nil, unspooled(err)
	}
	n, err := io.Copy(s.file, io.MultiReader(bytes.NewReader(text), body))
	if body.failed != nil {
		return nil, body.failed
	}
	if err != nil {
		return nil, unspooled(err)
	}
	kept = true
	s.SectionReader = io.NewSectionReader(s.file, 0, n)
	return s, nil
}

// begin reads what is kept in memory, and reports whether that is the whole body.
func (sp *Spool) begin(body *streamedBody, announced int64) (text []byte, whole bool, refused *Error) {
	most := sp.MemoryBytes
	room := min(most, firstRead)
	if announced >= 0 {
		room = min(room, announced)
	}
	// One byte more than is expected, so that the read that finds the end needs no room.
	text = make([]byte, 0, room+1)
	for {
		n, err := body.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if int64(len(text)) > most {
			return text, false, nil // what err says, Read says again
		}
		if err == io.EOF {
			return text, true, nil
		}
		if err != nil {
			return nil, false, AsError(err)
		}
		if len(text) == cap(text) {
			text = append(make([]byte, 0, min(most, 4*int64(cap(text)))+1), text...)
		}
	}
}

// create makes the file. It is removed at once if the operating system removes files that are open.
func (s *spooledBody) create(dir string) error {
	f, err := os.CreateTemp(dir, "sigv4auth-*")
	if err != nil {
		return err
	}
	s.file, s.name = f, f.Name()
	if os.Remove(s.name) == nil {
		s.name = ""
	}
	return nil
}

// unspooled refuses a request whose body cannot be kept.
func unspooled(err error) *Error {
	return unavailable("the body cannot be kept in a temporary file", err)
}
