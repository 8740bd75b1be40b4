package connlimit

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

// How much is sent at once, so that a client who is slow but takes it is seen to.
const (
	writePiece = 64 << 10
	filePiece  = 256 << 10
)

// A request is one that a handler has.
type request struct {
	c       *connection
	blocked int  // guarded by c.mu: reads and writes that wait for the client
	ended   bool // guarded by c.mu: the handler has returned
}

// handler tells each connection when the server works for it.
func (l *Limiter) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(connectionKey{}).(*connection)
		if c == nil { // one of another listener
			next.ServeHTTP(w, r)
			return
		}
		// All of it is allocated at once.
		state := &struct {
			request request
			r       http.Request
			body    body
			w1      http1Response
			w2      http2Response
		}{request: request{c: c}, r: *r}
		q := &state.request
		// net/http looks at its own request for what it has to do with the body, and must find its
		// own there.
		if r.Body != nil && r.Body != http.NoBody {
			state.body = body{q: q, from: r.Body}
			state.r.Body = &state.body
		}
		if r.ProtoMajor >= 2 {
			state.w2 = http2Response{response{ResponseWriter: w, q: q}}
			w = &state.w2
		} else {
			state.w1 = http1Response{response{ResponseWriter: w, q: q}}
			w = &state.w1
		}
		c.begin()
		defer func() { // also where the handler panics
			c.end(q)
			if r.MultipartForm == nil {
				r.MultipartForm = state.r.MultipartForm // net/http removes its files
			}
		}()
		next.ServeHTTP(w, &state.r)
	})
}

// body is a request's body that tells when it waits for the client.
type body struct {
	q    *request
	from io.ReadCloser
}

func (b *body) Read(p []byte) (n int, err error) {
	b.q.c.block(b.q)
	b.q.c.read(+1)
	defer func() {
		b.q.c.read(-1)
		b.q.c.unblock(b.q, n)
	}()
	return b.from.Read(p)
}

// Close may read what is left.
func (b *body) Close() error {
	b.q.c.block(b.q)
	defer b.q.c.unblock(b.q, 0)
	return b.from.Close()
}

// response is a ResponseWriter that tells when it waits for the client.
type response struct {
	http.ResponseWriter
	q *request
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) Write(p []byte) (n int, err error) {
	for {
		piece := p[n:min(n+writePiece, len(p))]
		var sent int
		sent, err = w.write(piece)
		if n += sent; err != nil || n >= len(p) {
			return n, err
		}
		if sent < len(piece) {
			return n, io.ErrShortWrite
		}
	}
}

func (w *response) write(p []byte) (n int, err error) {
	w.q.c.block(w.q)
	defer func() { w.q.c.unblock(w.q, n) }()
	return w.ResponseWriter.Write(p)
}

func (w *response) WriteString(s string) (int, error) {
	if len(s) > writePiece {
		return w.Write([]byte(s))
	}
	w.q.c.block(w.q)
	n, err := io.WriteString(w.ResponseWriter, s)
	w.q.c.unblock(w.q, n)
	return n, err
}

// Flush is http.Flusher's.
func (w *response) Flush() { _ = w.FlushError() } // its caller is not told

// FlushError is for http.ResponseController.
func (w *response) FlushError() error {
	w.q.c.block(w.q)
	defer w.q.c.unblock(w.q, 0)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// http1Response has what net/http's writer of HTTP/1 has.
type http1Response struct{ response }

// ReadFrom sends a file as the operating system does it best. Any other source may be slow
// itself, which is not the client's doing: then only the writes count.
func (w *http1Response) ReadFrom(src io.Reader) (sent int64, err error) {
	to, ok := w.ResponseWriter.(io.ReaderFrom)
	file, limit := fileOf(src)
	if !ok || file == nil {
		return io.Copy(struct{ io.Writer }{&w.response}, src)
	}
	for {
		piece := io.LimitedReader{R: file, N: filePiece}
		if limit != nil {
			piece.N = min(piece.N, limit.N)
		}
		n, err := w.readFrom(to, &piece)
		sent += n
		if limit != nil {
			limit.N -= n
		}
		if err != nil || piece.N > 0 || limit != nil && limit.N <= 0 {
			return sent, err
		}
	}
}

func (w *http1Response) readFrom(to io.ReaderFrom, src io.Reader) (n int64, err error) {
	w.q.c.block(w.q)
	defer func() { w.q.c.unblock(w.q, int(n)) }() // of filePiece at the most
	return to.ReadFrom(src)
}

// fileOf returns the file that src reads, with its limit if there is one.
func fileOf(src io.Reader) (*os.File, *io.LimitedReader) {
	limit, limited := src.(*io.LimitedReader)
	if limited {
		src = limit.R
	}
	file, _ := src.(*os.File)
	if file == nil {
		return nil, nil
	}
	// A pipe or a device may be slow.
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	return file, limit
}

// Hijack is http.Hijacker's. The connection keeps its place until what is returned is closed.
func (w *http1Response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := w.q.c
	c.mu.Lock()
	c.taking = true
	c.mu.Unlock()
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return &hijackedConn{Conn: conn, c: c}, rw, nil
}

// hijackedConn frees its place once it is closed.
type hijackedConn struct {
	net.Conn
	c    *connection
	once sync.Once
}

// NetConn returns the connection itself, as *tls.Conn's does.
func (h *hijackedConn) NetConn() net.Conn { return h.Conn }

// Close closes the connection.
func (h *hijackedConn) Close() error {
	h.once.Do(func() { h.c.limiter.release(h.c) })
	return h.Conn.Close()
}

// http2Response has what net/http's writer of HTTP/2 has.
type http2Response struct{ response }

// Push is http.Pusher's.
func (w *http2Response) Push(target string, opts *http.PushOptions) error {
	if pusher, ok := w.ResponseWriter.(http.Pusher); ok {
		return pusher.Push(target, opts)
	}
	return http.ErrNotSupported
}
