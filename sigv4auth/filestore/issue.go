package filestore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// The life of a session: STS API Reference, AssumeRole, DurationSeconds.
const (
	defaultDuration = time.Hour
	minDuration     = 15 * time.Minute
	maxDuration     = 12 * time.Hour
)

// expiredKept is how long an expired session stays in the file, so that its client is told that the
// token has expired, and renews it, rather than that it is unknown.
const expiredKept = time.Hour

// SessionOptions says what else a session carries. Its zero value is a plain session.
type SessionOptions struct {
	_ [0]func()

	// Tags are the session tags, at most 50.
	Tags map[string]string
	// SourceIdentity is aws:SourceIdentity: 2 to 64 characters of [A-Za-z0-9_+=,.@-]. Empty: none.
	SourceIdentity string
	// MFAPresent and MFA tell whether and when the user proved a second factor, as
	// [sigv4auth.Session] has it.
	MFAPresent bool
	MFA        time.Time
	// Federated is who the session is for, where an identity provider vouched for them. nil: none.
	Federated *sigv4auth.FederatedIdentity
}

// IssueSession makes temporary credentials for a session of the role, adds them to sessions.json
// and returns them once they are on disk; they work at once. What is returned is the caller's own.
// duration is from 15 minutes to 12 hours; 0 is an hour. Sessions that expired more than an hour
// ago, and records that are broken, leave the file. IssueSession asks nobody whether the role may
// be assumed: that is the caller's to decide.
func (s *Store) IssueSession(
	ctx context.Context, roleARN, sessionName string, duration time.Duration, opts SessionOptions,
) (sigv4auth.Credential, error) {
	if duration == 0 {
		duration = defaultDuration
	}
	if duration < minDuration || duration > maxDuration {
		return sigv4auth.Credential{}, fmt.Errorf("filestore: a session lives from %v to %v, not %v", minDuration, maxDuration, duration)
	}
	var id string
	after, err := s.rewriteSessions(ctx, func(now time.Time, sessions []session) ([]session, error) {
		role := s.current.Load().roles[roleARN]
		if role == nil {
			return nil, fmt.Errorf("filestore: there is no role %q", roleARN)
		}
		if len(sessions) >= maxSessions {
			return nil, fmt.Errorf("filestore: there are %d sessions already", len(sessions))
		}
		made, err := newSession(role, sessionName, opts)
		if err != nil {
			return nil, err
		}
		made.accessKeyID = iamid.NewAccessKeyID(iamid.TemporaryPrefix)
		made.secret, made.token = sigv4auth.NewSecret(iamid.NewSecret()), newToken()
		// The file keeps what the credential says: whole seconds, as the API's answers have them.
		made.issued = now.Truncate(time.Second)
		made.expires = made.issued.Add(duration)
		id = made.accessKeyID
		return append(sessions, *made), nil
	})
	if err != nil {
		return sigv4auth.Credential{}, err
	}
	issued := after.keys[id].credential
	issued.Principal.Tags = maps.Clone(issued.Principal.Tags)
	own := *issued.Session
	own.Tags = maps.Clone(own.Tags)
	if f := own.Federated; f != nil {
		federated := *f
		federated.Methods = slices.Clone(f.Methods)
		own.Federated = &federated
	}
	issued.Session = &own
	return issued, nil
}

// RevokeSession takes the session with this access key ID out of sessions.json. It ends at once,
// and once RevokeSession has returned nil it does not come back: the removal is on disk by then,
// the folder's entry included. An ID that names no session is an error that wraps
// [sigv4auth.ErrUnrecognizedClient]. After any other error the session may have ended, and a crash
// may bring it back: try again.
func (s *Store) RevokeSession(ctx context.Context, accessKeyID string) error {
	_, err := s.rewriteSessions(ctx, func(_ time.Time, sessions []session) ([]session, error) {
		kept := slices.DeleteFunc(slices.Clone(sessions), func(r session) bool { return r.accessKeyID == accessKeyID })
		if len(kept) == len(sessions) {
			return nil, noSuchKey
		}
		return kept, nil
	})
	return err
}

// rewriteSessions writes what change makes of the sessions, and puts it in force. It returns the
// state after that.
func (s *Store) rewriteSessions(ctx context.Context, change func(time.Time, []session) ([]session, error)) (*snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d, now := s.folder.sessions, s.now()
	if s.unsynced {
		// Whoever asks again, after an error, to revoke a session that is gone must not be told so
		// before it is.
		if err := s.sync(filepath.Dir(d.file.path)); err != nil {
			return nil, fmt.Errorf("filestore: writing %s: %w", sessionsFile, err)
		}
	}
	// What the last look may have missed: a session that another program or the operator has just
	// taken out must not come back.
	if lookAtFile(s.folder, d, true) {
		if d.absent {
			s.folder.takeSessionsOut()
		}
		s.current.Store(s.folder.compile())
	}
	live := slices.DeleteFunc(slices.Clone(d.current), func(r session) bool { return now.Sub(r.expires) > expiredKept })
	sessions, err := change(now, live)
	if err != nil {
		return nil, err
	}
	data, err := encodeSessions(sessions)
	if err != nil {
		return nil, err
	}
	replaced, err := s.writeFile(d.file.path, data)
	if replaced {
		d.file.wrote(data, time.Now())
		d.current, d.hasCurrent, d.looked, d.absent, d.problems = sessions, true, true, false, nil
		s.current.Store(s.folder.compile())
	}
	if err != nil {
		return nil, fmt.Errorf("filestore: writing %s: %w", sessionsFile, err)
	}
	return s.current.Load(), nil
}

func encodeSessions(sessions []session) ([]byte, error) {
	var document struct{ Sessions []sessionRecord }
	document.Sessions = make([]sessionRecord, len(sessions))
	for i := range sessions {
		document.Sessions[i] = sessions[i].record()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(document); err != nil {
		return nil, fmt.Errorf("filestore: encoding sessions: %w", err)
	}
	if b.Len() > maxSessionsBytes {
		return nil, fmt.Errorf("filestore: %s would be larger than %d bytes", sessionsFile, maxSessionsBytes)
	}
	return b.Bytes(), nil
}

// writeFile replaces a file with secrets, whole or not at all, and waits until both the file and
// the renaming are on disk: without the latter, a crash would bring a revoked session back (threat
// 251). An error beside replaced says that only that could not be had.
func (s *Store) writeFile(path string, data []byte) (replaced bool, err error) {
	// The mode is 0600 from the beginning: os.CreateTemp.
	f, err := os.CreateTemp(filepath.Dir(path), ".sessions-*.tmp")
	if err != nil {
		return false, err
	}
	defer func() {
		if !replaced {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return false, err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return false, err
	}
	return true, s.sync(filepath.Dir(path))
}

// sync waits until the last renaming in a folder is on disk.
func (s *Store) sync(folder string) error {
	err := s.syncFolder(folder)
	s.unsynced = err != nil
	return err
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

// newToken makes a session token of 256 random bits. It is compared, and means nothing.
func newToken() sigv4auth.Secret {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	return sigv4auth.NewSecret(base64.StdEncoding.EncodeToString(random[:]))
}
