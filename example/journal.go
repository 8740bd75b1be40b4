package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// How many lines what anybody can send may cause.
const (
	sampleWindow = 10 * time.Second
	sampleMost   = 100
)

// journal writes what happens to the log: each request that was decided on, failures, and mistakes
// in the folder. Nothing in it is secret.
type journal struct {
	*slog.Logger
	event     func(context.Context, sigv4auth.Event)
	strangers sampler // refused requests of nobody known
	failures  sampler
}

func newJournal(log *slog.Logger) *journal {
	j := &journal{Logger: log, event: sigv4auth.LogTo(log)}
	j.strangers = sampler{most: sampleMost, window: sampleWindow, lost: func(n int) {
		log.Warn("more requests without a right signature were refused than are logged", "lost", n)
	}}
	j.failures = sampler{most: sampleMost, window: sampleWindow, lost: func(n int) {
		log.Warn("more failures happened than are logged", "lost", n)
	}}
	return j
}

// close tells what was lost last.
func (j *journal) close() {
	j.strangers.close()
	j.failures.close()
}

// ofAPI makes the journal that of an API: its lines are brief.
func (j *journal) ofAPI(a api) {
	j.Logger = slog.New(briefHandler{j.Handler(), a})
	j.event = sigv4auth.LogTo(j.Logger)
}

// audit is the Authenticator's audit hook: one line for each request, and one for a diagnosis, of
// which there are never more than the Authenticator makes. Only of requests without a right
// signature, of which anybody can send any number, some are counted instead.
func (j *journal) audit(ctx context.Context, e sigv4auth.Event) {
	if e.Principal == "" && !j.strangers.take() && e.Diagnosis == nil {
		return
	}
	j.event(ctx, e)
}

// denied is the Authenticator's Denied hook. The client is told what API Gateway would tell; the
// log has the rest.
func (j *journal) denied(w http.ResponseWriter, r *http.Request, err error) {
	defer sigv4auth.WriteAPIGatewayError(w, r, err)
	j.refused(r.Context(), err)
}

// refused is the STS endpoint's Refused hook: it says what the client is not told.
func (j *journal) refused(ctx context.Context, err error) {
	e := sigv4auth.AsError(err)
	if e.Detail == "" && e.Cause == nil {
		return
	}
	level := slog.LevelDebug
	if e.HTTPStatus() >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !j.Enabled(ctx, level) || !j.failures.take() {
		return
	}
	id, _ := sigv4auth.RequestIDFrom(ctx)
	attrs := []slog.Attr{slog.String("request_id", id), slog.String("reason", e.Reason.String()), slog.String("detail", e.Detail)}
	if e.Cause != nil {
		attrs = append(attrs, slog.Any("cause", e.Cause))
	}
	j.LogAttrs(ctx, level, "why it was refused", attrs...)
}

// asked wraps the user pool's handler: what nobody has signed is one line, too, with the operation
// and how it ended, and nothing that the request says. Who signs has a line by audit. clientIP is
// the address that tries are counted by.
func (j *journal) asked(next http.Handler, clientIP func(*http.Request) (netip.Addr, bool)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		operation := operationOf(r)
		for _, signed := range []string{"Admin", "Describe", "List"} {
			if strings.HasPrefix(operation, signed) {
				return
			}
		}
		if operation == "" || !j.strangers.take() {
			return
		}
		level, message := slog.LevelInfo, "user pool"
		code, _, _ := strings.Cut(w.Header().Get("X-Amzn-Errortype"), ":")
		if code != "" {
			level = slog.LevelWarn
		}
		attrs := []slog.Attr{slog.String("id", w.Header().Get("X-Amzn-Requestid")), slog.String("operation", operation)}
		if code != "" {
			attrs = append(attrs, slog.String("reason", code))
			if from, ok := clientIP(r); ok {
				attrs = append(attrs, slog.String("from", from.String()))
			}
		}
		j.LogAttrs(r.Context(), level, message, attrs...)
	})
}

// operationKey is the key of the context's value that has the operation of a request in AWS JSON.
type operationKey struct{}

// named wraps the identity pool's handler, whose requests nobody signs: their lines by audit have
// the operation.
func (j *journal) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), operationKey{}, operationOf(r))))
	})
}

// operationOf returns the operation that a request in AWS JSON asks for, or "".
func operationOf(r *http.Request) string {
	_, operation, _ := strings.Cut(strings.Join(r.Header["X-Amz-Target"], ","), ".")
	if !isWord(operation) {
		return ""
	}
	return operation
}

// isWord keeps what is no operation out of the log (threat 214).
var isWord = regexp.MustCompile(`^[A-Za-z]{1,64}$`).MatchString

// failed is the ride service's Failed hook.
func (j *journal) failed(r *http.Request, err error) { j.broken(r.Context(), err) }

// broken is the STS endpoint's Failed hook.
func (j *journal) broken(ctx context.Context, err error) {
	if errors.Is(err, errNotInPlace) {
		return // it was told once, and is the same for every request
	}
	level := slog.LevelError
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		level = slog.LevelDebug // the client has gone
	}
	if !j.Enabled(ctx, level) || !j.failures.take() {
		return
	}
	var attrs []slog.Attr
	if id, ok := sigv4auth.RequestIDFrom(ctx); ok { // the user pool's have theirs when they are answered
		attrs = append(attrs, slog.String("request_id", id))
	}
	j.LogAttrs(ctx, level, "the request failed", append(attrs, slog.Any("error", err))...)
}

// problem tells of a mistake in the folder, and of its end.
func (j *journal) problem(p filestore.Problem) {
	level, message := slog.LevelWarn, "mistake in the data folder"
	switch {
	case p.Resolved && p.Warning:
		level, message = slog.LevelInfo, "warning settled in the data folder"
	case p.Resolved:
		level, message = slog.LevelInfo, "mistake mended in the data folder"
	case p.Warning:
		message = "warning in the data folder"
	}
	attrs := []slog.Attr{slog.String("file", p.File)}
	if p.Line > 0 {
		attrs = append(attrs, slog.Int("line", p.Line), slog.Int("column", p.Column))
	}
	if !p.Resolved { // what was wrong is not so any more
		attrs = append(attrs, slog.String("problem", p.Message))
	}
	if !p.Resolved && !p.Warning {
		attrs = append(attrs, slog.Bool("last_good_version_in_force", p.LastGood))
	}
	j.LogAttrs(context.Background(), level, message, attrs...)
}

// directoryProblem tells of something that is wrong with the directory, and of its end.
func (j *journal) directoryProblem(p directory.Problem) {
	level, message := slog.LevelWarn, "problem of the directory"
	if p.Mended {
		level, message = slog.LevelInfo, "problem of the directory mended"
	}
	j.LogAttrs(context.Background(), level, message, slog.String("about", p.About), slog.String("problem", p.Message))
}

// edited tells what an edit of the folder has changed, or which file is gone.
func (j *journal) edited(e filestore.Edit) {
	level, message := slog.LevelInfo, "edit in the data folder"
	if e.Removed {
		level, message = slog.LevelWarn, "removed from the data folder"
	}
	j.LogAttrs(context.Background(), level, message, slog.String("file", e.File), slog.String("what", e.What))
}
