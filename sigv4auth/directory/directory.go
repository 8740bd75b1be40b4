package directory

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

const (
	defaultPollInterval = time.Second
	defaultMissInterval = time.Second
	defaultMaxStale     = 5 * time.Minute
	maxMaxStale         = 15 * time.Minute
	defaultPartition    = "aws"
)

// Config says where a directory is kept.
type Config struct {
	_ [0]func()

	// DB is the database, SQLite or PostgreSQL. Whoever opened it closes it, after the Directory.
	// SQLite has to be opened so that a commit is on disk when it returns (synchronous=FULL), and
	// SHOULD have a busy timeout. nil: the directory is in memory, and gone with the process; that
	// is for tests.
	DB *sql.DB
	// Ring seals the secrets of access keys. It is required with a DB. The file that it is kept in
	// MUST NOT be copied or backed up with the database.
	Ring *keyring.Ring
	// Partition is the one of all ARNs. Empty: aws.
	Partition string

	// SCPs are the service control policies of accounts, by the account's ID: in levels, the root of
	// the organization first, as [iampolicy.Set] has them. They limit whoever belongs to the account,
	// what SimulatePrincipalPolicy answers too. [Open] copies them. An account that is not in it is
	// in no organization.
	SCPs map[string][][]*iampolicy.Policy

	// PollInterval is how often the database is asked for changes of other processes, at most a
	// minute. 0: a second. [Directory.Refresh] asks at once.
	PollInterval time.Duration
	// MissInterval is how long an access key that is unknown stays so without a question to the
	// database: from 10 ms to 5 s. 0: a second. One question answers everybody who waits.
	MissInterval time.Duration
	// MaxStale is how long the directory serves what it knows while the database cannot be reached:
	// at most 15 minutes. After that every lookup fails, which is answered with 503. 0: 5 minutes.
	MaxStale time.Duration

	// Check, if set, is called before the database is used, for what the driver does not notice,
	// such as that the database's file is no longer in its place. An error counts as a database
	// that cannot be reached.
	Check func(ctx context.Context) error
	// Report, if set, is called with each [Problem] when it arises, and again, with Mended, when it
	// has ended. It must return soon.
	Report func(Problem)
	// Now is the clock that tells dates of creation and use. nil: time.Now.
	Now func() time.Time
}

func (cfg *Config) check() error {
	var mistakes []error
	mistake := func(field, problem string) {
		mistakes = append(mistakes, errors.New("directory: Config."+field+" "+problem))
	}
	if cfg.DB != nil && cfg.Ring == nil {
		mistake("Ring", "is required with a DB")
	}
	if cfg.Partition != "" && !iamid.ValidPartition(cfg.Partition) {
		mistake("Partition", "is none, such as aws or aws-cn")
	}
	for _, account := range slices.Sorted(maps.Keys(cfg.SCPs)) {
		levels := cfg.SCPs[account]
		if !iamid.ValidAccount(account) {
			mistake("SCPs", fmt.Sprintf("has %q, which is no account", account))
		}
		if len(levels) == 0 {
			mistake("SCPs", "has no level for account "+account+", as if it were in no organization")
		}
		for _, level := range levels {
			if slices.ContainsFunc(level, func(p *iampolicy.Policy) bool { return p == nil || p.Type() != iampolicy.SCP }) {
				mistake("SCPs", "has a policy for account "+account+" that is no service control policy")
			}
		}
	}
	if cfg.PollInterval < 0 || cfg.PollInterval > time.Minute {
		mistake("PollInterval", "has to be from 0 to a minute")
	}
	if cfg.MissInterval != 0 && (cfg.MissInterval < 10*time.Millisecond || cfg.MissInterval > 5*time.Second) {
		mistake("MissInterval", "has to be from 10 ms to 5 s")
	}
	if cfg.MaxStale < 0 || cfg.MaxStale > maxMaxStale {
		mistake("MaxStale", "has to be from 0 to 15 minutes")
	}
	return errors.Join(mistakes...)
}

func (cfg *Config) setDefaults() {
	setDefault(&cfg.Partition, defaultPartition)
	setDefault(&cfg.PollInterval, defaultPollInterval)
	setDefault(&cfg.MissInterval, defaultMissInterval)
	setDefault(&cfg.MaxStale, defaultMaxStale)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	scps := make(map[string][][]*iampolicy.Policy, len(cfg.SCPs))
	for account, levels := range cfg.SCPs {
		for _, level := range levels {
			scps[account] = append(scps[account], slices.Clone(level))
		}
	}
	cfg.SCPs = scps
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Directory is accounts, and who and what is in them. It is safe for concurrent use. [Open] makes
// one, and whoever opened it closes it.
type Directory struct {
	cfg     Config // not changed
	process string // in every revision that it hands out

	current atomic.Pointer[state] // nil => closed
	stale   atomic.Bool           // => what is known is older than MaxStale
	uses    uses

	writing sync.Mutex // held by who makes the next state
	db      *database  // nil => in memory only
}

var (
	_ sigv4auth.CredentialStore = (*Directory)(nil)
	_ sigv4auth.PolicyStore     = (*Directory)(nil)
	_ sigv4auth.RoleStore       = (*Directory)(nil)
)

var (
	errClosed = errors.New("directory: it is closed")
	errStale  = errors.New("directory: the database has not been reached for longer than MaxStale")
)

// Open opens the directory that is in cfg.DB, which it makes if there is none, and follows it until
// [Directory.Close]. It fails if cfg is invalid, if the database cannot be read, or if a newer
// version of this package has written it.
func Open(ctx context.Context, cfg Config) (*Directory, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	d := &Directory{cfg: cfg, process: rand.Text()[:12]}
	if cfg.DB == nil {
		d.current.Store(&state{text: revisionText(d.process, 0)})
		return d, nil
	}
	if err := openDatabase(ctx, d); err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	return d, nil
}

// Close stops following the database, and returns once that has ended. From then on the Directory
// fails: stop serving first. Close may be called more than once.
func (d *Directory) Close() error {
	var err error
	if d.db != nil {
		err = d.db.close()
	}
	d.writing.Lock()
	defer d.writing.Unlock()
	d.current.Store(nil)
	return err
}

// Refresh asks the database for changes of other processes, and returns once they are in force. A
// process that is told of a change, as by PostgreSQL's NOTIFY, calls it so as not to wait for the
// next poll.
func (d *Directory) Refresh(ctx context.Context) error {
	if d.db == nil {
		_, err := d.serving()
		return err
	}
	return d.db.refresh(ctx)
}

// Revision returns the number of the state that is in force. Every change makes it greater by one.
// It is 0 once the Directory is closed.
func (d *Directory) Revision() int64 {
	s := d.current.Load()
	if s == nil {
		return 0
	}
	return s.revision
}

// serving returns the state that is in force.
func (d *Directory) serving() (*state, error) {
	s := d.current.Load()
	if s == nil {
		return nil, errClosed
	}
	if d.stale.Load() {
		return nil, errStale
	}
	return s, nil
}

// update makes the next state: change edits a draft, of which everything is taken, or nothing if it
// fails. It returns once the next state is on disk and in force.
func (d *Directory) update(ctx context.Context, change func(*edit) error) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	s := d.current.Load()
	if s == nil {
		return errClosed
	}
	if d.db != nil {
		return d.db.write(ctx, s, change)
	}
	e := newEdit(s, d.cfg.Partition, d.cfg.Now())
	if err := change(e); err != nil {
		return err
	}
	d.publish(e)
	return nil
}

// publish puts a draft in force, if it changes anything. The caller holds writing.
func (d *Directory) publish(e *edit) {
	if len(e.changed) > 0 {
		d.current.Store(e.done(d.process))
	}
}

// Format writes no more than what it is, whatever the verb: a Directory holds secrets.
func (d *Directory) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "directory.Directory") }
