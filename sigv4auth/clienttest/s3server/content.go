package s3server

import "io"

// content is what an object holds, in the pieces in which it came, so that an upload in parts is
// joined without a copy. It is not changed once it is stored.
type content [][]byte

func (c content) size() (n int64) {
	for _, piece := range c {
		n += int64(len(piece))
	}
	return n
}

// ReadAt implements io.ReaderAt.
func (c content) ReadAt(p []byte, offset int64) (n int, err error) {
	for _, piece := range c {
		if offset < int64(len(piece)) {
			n += copy(p[n:], piece[offset:])
			offset = int64(len(piece))
		}
		offset -= int64(len(piece))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (c content) reader() *io.SectionReader { return io.NewSectionReader(c, 0, c.size()) }
