package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/mail"
	"os/exec"
	"strconv"
	"sync"
	"time"
	"unicode"

	"github.com/wildgate/wildgate/example/userpool"
)

const (
	maxQueuedCodes = 64
	deliverers     = 4 // programs at one time
	deliverTimeout = 30 * time.Second
)

// errNoDelivery is why nobody can sign up.
var errNoDelivery = errors.New("there is nothing to send codes with: see -deliver")

// courier brings the codes of the user pool to their users: by the operator's program, or else, for
// who tries the example on this machine, on standard output. A code is never logged. It is queued,
// so that nobody learns by the time of an answer whether there is a user.
type courier struct {
	program string    // "": they are printed
	out     io.Writer // nil: there is nobody to print them for
	log     *slog.Logger

	queue chan userpool.Delivery
	stop  context.CancelFunc
	done  sync.WaitGroup
}

func newCourier(program string, out io.Writer, log *slog.Logger) *courier {
	ctx, stop := context.WithCancel(context.Background())
	c := &courier{program: program, out: out, log: log, queue: make(chan userpool.Delivery, maxQueuedCodes), stop: stop}
	workers := 1
	if program != "" {
		workers = deliverers
	}
	for range workers {
		c.done.Go(func() { c.work(ctx) })
	}
	return c
}

// close ends what is under way. Codes that nobody has got can be asked for again.
func (c *courier) close() {
	c.stop()
	c.done.Wait()
}

// able reports whether codes can be delivered at all.
func (c *courier) able() bool { return c.program != "" || c.out != nil }

// deliver is userpool.Config.Deliver.
func (c *courier) deliver(_ context.Context, d userpool.Delivery) error {
	if !c.able() {
		return errNoDelivery
	}
	if d.Email == "" && c.program != "" {
		return nil // an administrator who gave no address tells the password
	}
	select {
	case c.queue <- d:
		return nil
	default:
		return errors.New("too many codes wait to be delivered")
	}
}

func (c *courier) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-c.queue:
			if err := c.bring(ctx, &d); err != nil {
				c.log.Warn("a code was not delivered", "purpose", string(d.Purpose), "error", err)
			}
		}
	}
}

func (c *courier) bring(ctx context.Context, d *userpool.Delivery) error {
	if c.program == "" {
		return c.print(d)
	}
	// The pool has checked the form; the program may be a mailer that trusts it.
	if _, err := mail.ParseAddress(d.Email); err != nil {
		return errors.New("the address is none")
	}
	text, err := json.Marshal(struct{ Purpose, Username, Email, Code string }{string(d.Purpose), d.Username, d.Email, d.Code.Reveal()})
	if err != nil {
		return err // unreachable
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.program)
	cmd.Stdin = bytes.NewReader(append(text, '\n'))
	cmd.WaitDelay = time.Second // for what it has left behind with its output
	return cmd.Run()            // what it says is not logged: it may repeat the code
}

func (c *courier) print(d *userpool.Delivery) error {
	what := "Code"
	if d.Purpose == userpool.Invitation {
		what = "Temporary password"
	}
	to := ""
	if d.Email != "" { // an administrator need give none
		to = " for " + plain(d.Email)
	}
	_, err := fmt.Fprintf(c.out, "%s %s%s (%s of %s)\n", what, d.Code.Reveal(), to, d.Purpose, plain(d.Username))
	return err
}

// plain returns a text that somebody chose so that a terminal shows it, and does nothing else
// (threat 214).
func plain(s string) string {
	for _, r := range s {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			return strconv.QuoteToASCII(s)
		}
	}
	return s
}
