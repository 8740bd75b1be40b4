package filestore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
)

const (
	defaultPollInterval = 150 * time.Millisecond
	maxPollInterval     = time.Minute
)

// Config says which folder a [Store] reads, and how. [Open] copies it.
type Config struct {
	_ [0]func()

	// Dir is the folder. It is required.
	Dir string

	// PollInterval is how often the folder is looked at; the package documentation says what that
	// costs. 0: 150 ms. A change takes effect after one to three intervals, in a folder with more
	// than 512 policies and secrets after one to five, and in a file that never rests after five,
	// so that from 200 ms it may take longer than 1 s. At most a minute.
	PollInterval time.Duration

	// Actions are those that the service asks for, each as service:name, for instance what
	// [sigv4auth.Routes.Actions] returns. An action in a policy that is none of them is reported as
	// a Problem that is a Warning, with the nearest one: a misspelt action grants nothing, and
	// denies nothing. See [iampolicy.WithActions]. nil: no action is looked at.
	Actions []string

	// InsecureFileModes accepts files with secrets whose mode is wider than 0600. Whoever can read
	// them can then sign as those whose secrets they hold.
	InsecureFileModes bool

	// Report is called for each problem when it appears, and with Resolved set when it is gone: by
	// Open before it returns, and later on the Store's own goroutine, one call at a time. It may
	// call Problems; it MUST NOT call Close. It should not block: the folder is not looked at
	// meanwhile. nil: none.
	Report func(Problem)

	// Edited is called for each edit of a policy or of a principal that has taken effect, and for
	// each policy that was removed; not for what Open finds. It is called on the Store's own
	// goroutine, after Report, one call at a time, and what holds for Report holds for it. nil:
	// none.
	Edited func(Edit)
}

// check returns every mistake in cfg.
func (cfg *Config) check() error {
	var mistakes []error
	if cfg.Dir == "" {
		mistakes = append(mistakes, errors.New("filestore: Config.Dir is required"))
	}
	if cfg.PollInterval < 0 || cfg.PollInterval > maxPollInterval {
		mistakes = append(mistakes,
			fmt.Errorf("filestore: Config.PollInterval must be from 0 to %v, not %v", maxPollInterval, cfg.PollInterval))
	}
	// What an action is, is iampolicy's to know, and no policy's mistake.
	findings, err := iampolicy.Validate(context.Background(), []byte("{}"), iampolicy.IdentityPolicy, iampolicy.WithActions(cfg.Actions...))
	if err != nil {
		mistakes = append(mistakes, err) // unreachable: the context does not end
	}
	for _, f := range findings {
		if f.Code == iampolicy.CodeInvalidOption {
			mistakes = append(mistakes, errors.New("filestore: Config.Actions: "+strings.TrimPrefix(f.Message, "WithActions: ")))
		}
	}
	return errors.Join(mistakes...)
}
