package filestore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// The life of a session: STS API Reference, AssumeRole, DurationSeconds.
const (
	defaultDuration = time.Hour
	minDuration     = 15 * time.Minute
	maxDuration     = 12 * time.Hour
)

// expiredKept is how long an expired session stays in the file, so that its client is told that the token
// has expired, and renews it, rather than that it is unknown.
const expiredKept = time.Hour

// SessionOptions says what else a session carries. Its zero value is a plain session.
type SessionOptions struct {
	_ [0]func()

	// Tags are the session tags, at most 50.
	Tags map[string]string
	// SourceIdentity is aws:SourceIdentity: 2 to 64 characters of [A-Za-z0-9_+=,.@-]. Empty: none.
	SourceIdentity string
	// MFAPresent and MFA tell whether and when the user proved a second factor, as [sigv4auth.Session] has it.
	MFAPresent bool
	MFA        time.Time
	// Federated is who the session is for, where an identity provider vouched for them. nil: none.
	Federated *sigv4auth.FederatedIdentity
}

// IssueSession makes temporary credentials for a session of the role, adds them to sessions.json and returns them once
// they are on disk; they work at once. duration is from 15 minutes to 12 hours; 0 is an hour. Sessions that
// expired more than an hour ago, and records that are broken, leave the file. IssueSession asks
// nobody whether the role may be assumed: that is the caller's to decide.
func (s *Store) IssueSession(ctx context.Context, roleARN, sessionName string, duration time.Duration, opts SessionOptions) (sigv4auth.Credential, error) {
	if duration == 0 {
		duration = defaultDuration
	}
	if duration < minDuration || duration > maxDuration {
		return sigv4auth.Credential{}, fmt.Errorf("filestore: a session lives from %v to %v, not %v", minDuration, maxDuration, duration)
	}
	var issued sigv4auth.Credential
	err := s.rewriteSessions(ctx, func(now time.Time, sessions []session) ([]session, error) {
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
		made.accessKeyID, made.secret, made.token = newAccessKeyID("ASIA"), newSecret(), newToken()
		// The file keeps what the credential says: whole seconds, as the API's answers have them.
		made.issued = now.Truncate(time.Second)
		made.expires = made.issued.Add(duration)
		issued = made.credential(role)
		return append(sessions, *made), nil
	})
	if err != nil {
		return sigv4auth.Credential{}, err
	}
	return issued, nil
}

// RevokeSession takes the session with this access key ID out of sessions.json. It ends at once. An ID that is none of a
// session is an error that wraps [sigv4auth.ErrUnrecognizedClient].
func (s *Store) RevokeSession(ctx context.Context, accessKeyID string) error {
	return s.rewriteSessions(ctx, func(_ time.Time, sessions []session) ([]session, error) {
		kept := slices.DeleteFunc(slices.Clone(sessions), func(r session) bool { return r.accessKeyID == accessKeyID })
		if len(kept) == len(sessions) {
			return nil, noSuchKey
		}
		return kept, nil
	})
}

// rewriteSessions writes what change makes of the sessions, and puts it in force.
func (s *Store) rewriteSessions(ctx context.Context, change func(time.Time, []session) ([]session, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d, now := s.folder.sessions, s.now()
	// What the last look may have missed: a session that another program or the operator has just taken out must not come back.
	if look(d, true) {
		if d.absent {
			d.drop()
		}
		s.current.Store(s.folder.compile())
	}
	live := slices.DeleteFunc(slices.Clone(d.good), func(r session) bool { return now.Sub(r.expires) > expiredKept })
	sessions, err := change(now, live)
	if err != nil {
		return err
	}
	data, err := encodeSessions(sessions)
	if err != nil {
		return err
	}
	if err := writeFile(d.file.path, data); err != nil {
		return fmt.Errorf("filestore: writing %s: %w", sessionsFile, err)
	}
	d.file.wrote(data, time.Now())
	d.good, d.hasGood, d.looked, d.absent, d.problems = sessions, true, true, false, nil
	s.current.Store(s.folder.compile())
	return nil
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

// writeFile replaces a file with secrets, whole or not at all. That the renaming is on disk is not waited
// for: a crash that loses it loses a session.
func writeFile(path string, data []byte) (err error) {
	// The mode is 0600 from the beginning: os.CreateTemp.
	f, err := os.CreateTemp(filepath.Dir(path), ".sessions-*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// newToken makes a session token of 256 random bits. It is compared, and means nothing.
func newToken() sigv4auth.Secret {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	return sigv4auth.NewSecret(base64.StdEncoding.EncodeToString(random[:]))
}
