package sigv4client

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxDrained bounds what is read of an answer that is thrown away, so that its connection can be
// used again.
const maxDrained = 64 << 10

// RoundTrip signs a copy of r and sends it with Config.Next, and again where the package
// documentation says so. r stays as it is but for its body, which is closed, and so does the
// Request of the answer, which is r: neither holds a signature or a session token. A request that
// is refused is not sent; the error is an [*Error], or that of the context.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	refused := func(err error) (*http.Response, error) {
		if r.Body != nil {
			_ = r.Body.Close() // a RoundTripper closes the body, also where it fails; what failed is told already
		}
		return nil, err
	}
	if r.URL == nil {
		return refused(&Error{Reason: ErrRequest, Detail: "the request has no URL"})
	}
	if !t.sendsTo(r.URL) {
		if t.others != nil {
			return t.others.RoundTrip(r)
		}
		return refused(otherHost(r.URL))
	}
	if err := t.checkHost(r); err != nil {
		return refused(err)
	}
	if err := t.checkSignable(r); err != nil {
		return refused(err)
	}
	b, err := t.newBody(r)
	if err != nil {
		return nil, err
	}
	defer b.finish()
	response, err := t.send(r, b)
	if err != nil {
		return nil, err
	}
	response.Request = r
	return response, nil
}

// CloseIdleConnections closes those of Config.Next and Config.OtherHosts, as
// http.Client.CloseIdleConnections asks for.
func (t *Transport) CloseIdleConnections() {
	for _, rt := range []http.RoundTripper{t.next, t.others} {
		if c, ok := rt.(interface{ CloseIdleConnections() }); ok {
			c.CloseIdleConnections()
		}
	}
}

// attempt is a request that has been answered.
type attempt struct {
	request  *http.Request // as it was sent
	creds    aws.Credentials
	signedAt time.Time
	response *http.Response
}

// send sends r until an answer is not to be improved on.
func (t *Transport) send(r *http.Request, b *body) (*http.Response, error) {
	ctx := r.Context()
	var clock, renewal bool // whether the request was sent again because of these
	for retries := 0; ; {
		a, err := t.once(ctx, r, b)
		if err != nil {
			return nil, err
		}
		skewed := t.correct(a) // also where it helps later requests alone
		if !b.replayable() {
			return a.response, nil
		}
		switch {
		case skewed && !clock:
			clock = true
		case !renewal && temporary(&a.creds) && expiredToken(a.response) && t.renewed(ctx, &a.creds):
			renewal = true
		case retries < t.retries && safeToRepeat(r) && overloaded(a.response):
			wait, ok := backoff(ctx, a.response, retries)
			if !ok {
				return a.response, nil
			}
			retries++
			if err := sleep(ctx, wait); err != nil {
				drain(a.response)
				return nil, err
			}
		default:
			return a.response, nil
		}
		drain(a.response)
		if err := b.rewind(ctx); err != nil {
			return nil, err
		}
	}
}

// once signs r and sends it.
func (t *Transport) once(ctx context.Context, r *http.Request, b *body) (*attempt, error) {
	creds, err := t.retrieve(ctx)
	if err != nil {
		b.discard()
		return nil, err
	}
	a := &attempt{creds: creds, signedAt: t.time()}
	if a.request, err = t.sign(ctx, r, b, &a.creds, a.signedAt); err != nil {
		b.discard()
		return nil, err
	}
	if a.response, err = t.next.RoundTrip(a.request); err != nil {
		return nil, err
	}
	return a, nil
}

// drain reads what is left of an answer, so that its connection can be used again, and closes it.
func drain(r *http.Response) {
	_, _ = io.CopyN(io.Discard, r.Body, maxDrained) // nobody wants it
	_ = r.Body.Close()
}
