package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// Store is a folder of principals and policies. It is safe for concurrent use. [Open] makes one,
// and whoever opened it closes it.
type Store struct {
	dir      string
	interval time.Duration
	current  atomic.Pointer[snapshot] // nil => closed
	reporter reporter                 // Open's, then follow's
	edited   func(Edit)               // may be nil; follow's

	mu     sync.Mutex
	folder *folder // guarded by mu
	closed bool    // guarded by mu

	stop chan struct{}
	done chan struct{}
}

var (
	_ sigv4auth.CredentialStore = (*Store)(nil)
	_ sigv4auth.PolicyStore     = (*Store)(nil)
	_ sigv4auth.RoleStore       = (*Store)(nil)
)

// errClosed makes a closed Store one that has failed, rather than one that no longer follows
// revocations.
var errClosed = errors.New("filestore: the store is closed")

// errGone is for a credential, or policies of its principal, that have changed since the credential
// was returned.
var errGone = fmt.Errorf("filestore: the credential or its policies have changed: %w", sigv4auth.ErrRevisionGone)

// errNoRole tells no ARN: the caller has it.
var errNoRole = fmt.Errorf("filestore: %w", sigv4auth.ErrNoSuchRole)

// Open reads the folder, and follows it until [Store.Close]. It fails if cfg is invalid, and if
// principals.json cannot be taken, with every [Problem] of that file. All other problems are
// reported, and deny what depends on them.
func Open(cfg Config) (*Store, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.PollInterval == 0 {
		cfg.PollInterval = defaultPollInterval
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("filestore: Config.Dir: %w", err)
	}
	cfg.Dir = dir
	s := &Store{
		dir: cfg.Dir, interval: cfg.PollInterval, reporter: reporter{report: cfg.Report}, edited: cfg.Edited,
		folder: newFolder(&cfg),
		stop:   make(chan struct{}), done: make(chan struct{}),
	}
	s.folder.refresh(true)
	if !s.folder.principals.hasCurrent {
		var mistakes []error
		for _, p := range inOrder(s.folder.principals.problems) {
			mistakes = append(mistakes, p)
		}
		return nil, errors.Join(mistakes...)
	}
	first := s.folder.compile()
	s.current.Store(first)
	s.reporter.tell(first.problems)
	go s.follow(first)
	return s, nil
}

// Close stops following the folder, and returns once that has ended. From then on the Store fails:
// stop serving first. Close may be called more than once.
func (s *Store) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stop)
	}
	s.current.Store(nil)
	s.mu.Unlock()
	<-s.done
	return nil
}

// follow looks at the folder until Close. What is wrong in the state told has been reported.
func (s *Store) follow(told *snapshot) {
	defer close(s.done)
	ticker := time.NewTicker(s.interval)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
		}
		if now := s.refresh(); now != nil && now != told {
			s.reporter.tell(now.problems)
			told = now
		}
		if s.edited != nil {
			tellEdits(s.edited, s.takeEdits())
		}
	}
}

// refresh looks at the folder once. It returns the state after that, or nil if the Store is closed.
func (s *Store) refresh() *snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	if s.folder.refresh(false) {
		s.current.Store(s.folder.compile())
	}
	return s.current.Load()
}

// Credential returns what accessKeyID names: a user's key. Unknown and inactive keys, and those
// whose secret cannot be had, are errors that wrap [sigv4auth.ErrUnrecognizedClient]. Whether the
// credential has expired, and that it has no session token, is the Authenticator's to say.
func (s *Store) Credential(_ context.Context, accessKeyID, _ string) (sigv4auth.Credential, error) {
	now := s.current.Load()
	if now == nil {
		return sigv4auth.Credential{}, errClosed
	}
	k, ok := now.keys[accessKeyID]
	switch {
	case !ok:
		return sigv4auth.Credential{}, noSuchKey
	case k.refused != "":
		return sigv4auth.Credential{}, k.refused
	}
	return k.credential, nil
}

// Role returns the role with the ARN, path included, from one state of the folder. One that does
// not exist is an error that wraps [sigv4auth.ErrNoSuchRole]. A role whose trust policy has a
// mistake has none, so that nobody may assume it. Its Revision stays the same as long as its unique
// ID, its tags, its policies and its permissions boundary do.
func (s *Store) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	now := s.current.Load()
	if now == nil {
		return sigv4auth.Role{}, errClosed
	}
	r, ok := now.roles[arn]
	if !ok {
		return sigv4auth.Role{}, errNoRole
	}
	return r.Role, nil
}

// Policies returns the policies of id's principal: those of the user, or for a session those of the
// role, and the permissions boundary. A principal that the folder does not know has none. The
// revision is a number, which counts the states that policies, trust policies and attachments have
// had since the store was opened, a hyphen, and a digest of the state, which is the same wherever
// and whenever the folder says the same. It does not depend on secrets and keys.
//
// If id has a Revision, it is that of a credential or of a role that this Store returned. The
// policies are then decided from a state in which that access key stands for the same credential:
// the same secret, principal, unique ID and tags, with the same policies. The access key of a
// session is in no store; there the state is one in which id's principal is a session of the same
// role, by its unique ID, with the same tags and policies. If the folder has changed in any of
// these since, that state is gone, and the error wraps [sigv4auth.ErrRevisionGone]. The Revision of
// any other store gives the same error. Changes of other principals do not matter. Without a
// Revision, the policies are those that the principal's ARN has now.
func (s *Store) Policies(_ context.Context, id sigv4auth.Identity) (set iampolicy.Set, revision string, err error) {
	now := s.current.Load()
	if now == nil {
		return iampolicy.Set{}, "", errClosed
	}
	if id.Revision != "" && !now.isOf(&id) {
		return iampolicy.Set{}, "", errGone
	}
	return now.attached[id.Principal.PrincipalARN()], now.revision, nil
}

// Problems returns what is wrong with the folder now, in the order of files and places.
func (s *Store) Problems() []Problem {
	now := s.current.Load()
	if now == nil {
		return nil
	}
	return slices.Clone(now.problems)
}

// Format writes the name of the folder, whatever the verb: a Store holds secrets.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "filestore.Store("+s.dir+")") }
