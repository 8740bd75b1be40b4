package sigv4client

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// refreshing tells aws-sdk-go-v2's cache when to ask a provider again, and what to do where that
// fails. It goes by the machine's clock, as the cache does.
type refreshing struct {
	aws.CredentialsProvider
	until atomic.Int64 // when the last credentials expire, in nanoseconds since 1970
}

// AdjustExpiresBy returns c with the time at which it is to be replaced: d, which is negative,
// before it expires, or when half of its time is over if that is later, so that credentials which
// live for less than d are not asked for with each request.
func (p *refreshing) AdjustExpiresBy(c aws.Credentials, d time.Duration) (aws.Credentials, error) {
	p.until.Store(c.Expires.UnixNano())
	if left := time.Until(c.Expires); left > 0 {
		c.Expires = c.Expires.Add(max(d, -left/2))
	}
	return c, nil
}

// HandleFailToRefresh goes on with credentials that have not expired yet. They are asked for again
// once half of what is left to them is over.
func (p *refreshing) HandleFailToRefresh(ctx context.Context, c aws.Credentials, err error) (aws.Credentials, error) {
	if own, ok := p.CredentialsProvider.(aws.HandleFailRefreshCredentialsCacheStrategy); ok {
		return own.HandleFailToRefresh(ctx, c, err)
	}
	if until := time.Unix(0, p.until.Load()); c.HasKeys() && c.CanExpire && time.Now().Before(until) {
		c.Expires = until
		return c, nil
	}
	return aws.Credentials{}, err
}

// retrieve returns credentials that a request can be signed with now.
func (t *Transport) retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := t.credentials.Retrieve(ctx)
	if err == nil && creds.Expired() {
		// Several requests share what a provider returns, and one may come to it late.
		creds, err = t.credentials.Retrieve(ctx)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return aws.Credentials{}, context.Cause(ctx)
	case err != nil:
		return aws.Credentials{}, &Error{Reason: ErrCredentials, Detail: "the credentials provider failed", Cause: err}
	case !creds.HasKeys():
		return aws.Credentials{}, &Error{Reason: ErrCredentials, Detail: "the credentials provider returned no access key"}
	case creds.Expired():
		detail := "the credentials provider returned credentials that expired at " + creds.Expires.UTC().Format(time.RFC3339)
		return aws.Credentials{}, &Error{Reason: ErrCredentials, Detail: detail}
	}
	return creds, nil
}

// temporary reports whether credentials can expire, whether they say so or not.
func temporary(c *aws.Credentials) bool { return c.CanExpire || c.SessionToken != "" }

// renewed reports whether there are other credentials than the refused ones, and asks the provider
// for them if need be.
func (t *Transport) renewed(ctx context.Context, refused *aws.Credentials) bool {
	for range 2 {
		creds, err := t.retrieve(ctx)
		if err != nil {
			return false
		}
		if creds.AccessKeyID != refused.AccessKeyID || creds.SessionToken != refused.SessionToken {
			return true
		}
		// Of many requests that are refused at the same time, the first one does this.
		t.credentials.Invalidate()
	}
	return false
}
