package dbtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// writerVariable makes of this test's program a writer, in the folder that it names.
const writerVariable = "WILDGATE_DIRECTORY_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerVariable); dir != "" {
		if err := writeForever(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// newestKey is the ID of the key of the n-th user.
func newestKey(n int64) string { return fmt.Sprintf("AKIAN%011dXXXX", n) }

// writeForever adds users, and prints of each change that was answered its revision.
func writeForever(dir string) error {
	t := noTest{}
	p, err := tryStart(t, openSQLite(t, filepath.Join(dir, "db")), openRing(t, filepath.Join(dir, "ring")))
	if err != nil {
		return err
	}
	for {
		n := p.Revision() + 1
		id := newestKey(n)
		err := p.Fill(context.Background(), directory.Contents{Accounts: []string{account}, Users: []directory.NewUser{{
			ARN: fmt.Sprintf("%suser/u%d", iamARN, n), Holder: directory.Holder{Inline: map[string]string{"P": allow("own:*")}},
			Tags: []directory.Tag{{Key: "n", Value: fmt.Sprint(n)}},
			Keys: []directory.NewKey{{ID: id, Secret: secretOf(id)}},
		}}})
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// noTest is a testing.TB for a process that is none: it leaves everything to the end of the
// process.
type noTest struct{ testing.TB }

func (noTest) Helper()                  {}
func (noTest) Cleanup(func())           {}
func (noTest) Context() context.Context { return context.Background() }
func (noTest) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }

// TestKilled: a process that is killed at any moment loses nothing that it has answered, and leaves
// nothing half.
func TestKilled(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ring, file := newRing(t)
	if err := os.Rename(file, filepath.Join(dir, "ring")); err != nil {
		t.Fatal(err)
	}
	rounds := 5
	if testneed.Long() {
		rounds = 25
	}
	var answered int64
	for range rounds {
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Env = append(os.Environ(), writerVariable+"="+dir)
		cmd.Stderr = t.Output()
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for end := 1 + rand.IntN(40); end > 0 && lines.Scan(); end-- {
			if _, err := fmt.Sscan(lines.Text(), &answered); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(rand.IntN(3_000)) * time.Microsecond)
		_ = cmd.Process.Kill() // SIGKILL
		for lines.Scan() {     // what it printed before
			if _, err := fmt.Sscan(lines.Text(), &answered); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait()
		p := start(t, openSQLite(t, filepath.Join(dir, "db")), ring)
		if got := p.Revision(); got < answered || got > answered+1 {
			t.Fatalf("at revision %d, and %d was answered", got, answered)
		}
		for n := int64(1); n <= p.Revision(); n++ {
			c, err := p.Credential(t.Context(), newestKey(n), "")
			if err != nil || c.Principal.Tags["n"] != fmt.Sprint(n) || !c.Secret.Equal("canary-of-"+newestKey(n)) {
				t.Fatalf("of %d, the key of user %d: %v, %v", p.Revision(), n, c.Principal.Tags, err)
			}
			set, _, err := p.Policies(t.Context(), sigv4auth.Identity{
				Principal: c.Principal, AccessKeyID: c.AccessKeyID,
				Revision: c.Revision,
			})
			if err != nil || len(set.Identity) != 1 || set.Identity[0] == nil {
				t.Fatalf("the policies of user %d: %v", n, err)
			}
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if answered == 0 {
		t.Error("nothing was answered before a kill")
	}
}

// TestChangesUnderLoad: while a user joins and leaves a group fifty times a second, each request is
// decided by a state that was in force while it was made, in the process that made the change and
// in another one.
func TestChangesUnderLoad(t *testing.T) {
	t.Parallel()
	lasts := 2 * time.Second
	if testneed.Long() {
		lasts = time.Minute
	}
	ring, _ := newRing(t)
	path := filepath.Join(t.TempDir(), "db")
	writer := start(t, openSQLite(t, path), ring)
	other := start(t, openSQLite(t, path), ring, func(cfg *directory.Config) { cfg.PollInterval = 20 * time.Millisecond })
	const loadKey = "AKIALOADLOADLOADLOA1"
	contents := first()
	contents.Groups = append(contents.Groups, directory.NewGroup{
		ARN: iamARN + "group/riders", Holder: directory.Holder{Inline: map[string]string{"Ride": allow("ride:*")}},
	})
	contents.Users = append(contents.Users, boss(), directory.NewUser{
		ARN: iamARN + "user/load", Keys: []directory.NewKey{{ID: loadKey, Secret: secretOf(loadKey)}},
	})
	writer.fill(contents)
	other.refresh()

	// may reports whether a user may ask for rides, as one request finds out.
	may := func(p *process) bool {
		for {
			c, err := p.Credential(t.Context(), loadKey, "")
			if err != nil {
				t.Error(err)
				return false
			}
			id := sigv4auth.Identity{Principal: c.Principal, AccessKeyID: loadKey, Revision: c.Revision}
			set, _, err := p.Policies(t.Context(), id)
			if errors.Is(err, sigv4auth.ErrRevisionGone) {
				continue // the Authenticator looks the credential up again
			}
			if err != nil {
				t.Error(err)
				return false
			}
			d := iampolicy.Evaluate(&set, &iampolicy.Request{
				Principal: c.Principal, Action: "ride:Ask", Resource: "arn:aws:x:::y", ResourceAccount: account,
			})
			return d.Allowed()
		}
	}
	// The state counts up before and after each change: it is odd while one is made, and otherwise
	// the user is in the group if half of it is odd.
	var state atomic.Int64
	admin := newCaller(t, writer)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	var decided atomic.Int64
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				before := state.Load()
				got := may(writer)
				after := state.Load()
				if before == after && before%2 == 0 {
					decided.Add(1)
					if want := before/2%2 == 1; got != want {
						t.Errorf("in state %d the verdict is %t", before, got)
						return
					}
				}
			}
		})
	}
	changes := 0
	for ticker, end := time.NewTicker(20*time.Millisecond), time.After(lasts); ; {
		select {
		case <-ticker.C:
			state.Add(1)
			action := "RemoveUserFromGroup"
			if changes%2 == 0 {
				action = "AddUserToGroup"
			}
			if code := admin.call(action, "UserName", "load", "GroupName", "riders"); code != "" {
				t.Errorf("%s: %s", action, code)
			}
			state.Add(1)
			changes++
			continue
		case <-end:
			ticker.Stop()
		}
		break
	}
	close(stop)
	readers.Wait()
	if decided.Load() < int64(changes) {
		t.Errorf("%d verdicts beside %d changes", decided.Load(), changes)
	}
	await(t, "the other process decides the same", func() bool {
		return other.Revision() == writer.Revision() &&
			may(other) == may(writer)
	})
	t.Logf("%d changes, %d verdicts", changes, decided.Load())
	if strings.Contains(fmt.Sprint(writer.told(), other.told()), "database") {
		t.Errorf("told was %v, %v", writer.told(), other.told())
	}
}
