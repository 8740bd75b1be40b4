package filestore_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// Two generations of the folder differ in everything. A reader that sees a mixture, or a key
// missing, has seen half a change (threat 113).
func TestReadersSeeWholeStates(t *testing.T) {
	f := newFolder(t)
	generation := func(n int) string {
		text := strings.Replace(start, `"team": "ops"`, fmt.Sprintf(`"team": "g%d"`, n), 1)
		text = strings.Replace(text, `"team": "riders"`, fmt.Sprintf(`"team": "g%d"`, n), 1)
		text = strings.Replace(text, "AROARIDER", fmt.Sprintf("AROARIDER%d", n), 1)
		text = strings.Replace(text, "AIDAADA", fmt.Sprintf("AIDAADA%d", n), 1)
		return strings.Replace(text, adaSecret, fmt.Sprintf("secret-of-generation-%d", n), 1)
	}
	f.replace("principals.json", generation(0))
	cfg := f.config()
	cfg.PollInterval = time.Millisecond
	s := f.openWith(cfg)

	var done atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !done.Load() {
				c, err := s.Credential(t.Context(), "AKIAADA", "")
				if err != nil {
					t.Errorf("a known key: %v", err)
					return
				}
				var n int
				if _, err := fmt.Sscanf(c.Principal.UserID, "AIDAADA%d", &n); err != nil {
					t.Error(err)
				}
				if c.Principal.Tags["team"] != fmt.Sprintf("g%d", n) || !c.Secret.Equal(fmt.Sprintf("secret-of-generation-%d", n)) {
					t.Errorf("a mixture: %+v", c.Principal)
				}
				if !allowed(t, s, adaARN, "ride:Read")() {
					t.Error("denied in between")
				}
				_ = s.Problems()
				runtime.Gosched()
			}
		})
	}
	wg.Go(func() {
		for !done.Load() {
			r, err := s.Role(t.Context(), riderARN)
			if n, tag := strings.CutPrefix(r.ID, "AROARIDER"); err != nil || !tag || r.Tags["team"] != "g"+n {
				t.Errorf("a mixture: %+v, %v", r, err)
			}
			runtime.Gosched()
		}
	})
	for n := 1; n <= 20; n++ {
		f.replace("principals.json", generation(n))
		eventually(t, "the next generation", known(t, s, "AKIAADA", fmt.Sprintf("secret-of-generation-%d", n)))
		f.replace("policies/All.json", allowAll+strings.Repeat(" ", n))
	}
	done.Store(true)
	wg.Wait()
}

func TestClose(t *testing.T) {
	f := newFolder(t)
	before := runtime.NumGoroutine()
	s := f.open()
	var wg sync.WaitGroup
	for range 3 { // more than once, and at once
		wg.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	eventually(t, "the goroutine has ended (threat 226)", func() bool { return runtime.NumGoroutine() <= before })

	// A store that no longer follows revocations has failed, which is 503, and not 403 (threat
	// 109).
	_, err := s.Credential(t.Context(), "AKIAADA", "")
	if err == nil || errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
		t.Errorf("Credential: %v", err)
	}
	if _, _, err := s.Policies(t.Context(), sigv4auth.Identity{}); err == nil {
		t.Error("Policies goes on")
	}
	if _, err := s.Role(t.Context(), riderARN); err == nil || errors.Is(err, sigv4auth.ErrNoSuchRole) {
		t.Errorf("Role: %v", err)
	}
	if s.Problems() != nil {
		t.Error("Problems goes on")
	}
}

func TestCloseWaitsForReport(t *testing.T) {
	f := newFolder(t)
	cfg := f.config()
	began, release := make(chan struct{}), make(chan struct{})
	cfg.Report = func(filestore.Problem) {
		close(began)
		<-release
	}
	s := f.openWith(cfg)
	f.replace("policies/All.json", "x")
	<-began
	closed := make(chan struct{})
	go func() {
		_ = s.Close()
		close(closed)
	}()
	select {
	case <-closed:
		t.Error("Close returns while the store's goroutine still runs")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	<-closed
}

func TestReportMayPanicAndAsk(t *testing.T) {
	f := newFolder(t)
	cfg := f.config()
	var store atomic.Pointer[filestore.Store]
	var calls atomic.Int32
	cfg.Report = func(p filestore.Problem) {
		calls.Add(1)
		if s := store.Load(); s != nil && len(s.Problems()) == 0 && !p.Resolved {
			t.Error("Problems does not yet know what is reported")
		}
		panic("a callback")
	}
	s := f.openWith(cfg)
	store.Store(s)
	f.replace("policies/All.json", "x")
	eventually(t, "it is reported", func() bool { return calls.Load() == 1 })
	f.replace("policies/All.json", allowRead)
	eventually(t, "the store lives (threat 227)", not(allowed(t, s, adaARN, "ride:Delete")))
	eventually(t, "the recovery is reported", func() bool { return calls.Load() == 2 })
}

func TestProblemsAreTheCallersOwn(t *testing.T) {
	f := newFolder(t)
	f.replace("policies/All.json", "x")
	s := f.open()
	s.Problems()[0] = filestore.Problem{}
	if !problem(s, "policies/All.json:1:1")() {
		t.Error("a caller can change what the store says")
	}
}

func TestPoliciesOfNobody(t *testing.T) {
	s := newFolder(t).open()
	for _, arn := range []string{
		"", "anonymous", "events.amazonaws.com", "arn:aws:iam::111122223333:root", riderARN, "arn:aws:sts::111122223333:federated-user/ada",
	} {
		set, _, err := s.Policies(t.Context(), sigv4auth.Identity{Principal: iampolicy.Principal{ARN: arn}})
		if err != nil || len(set.Identity) != 0 || len(set.Boundaries) != 0 || set.Resource != nil {
			t.Errorf("%q has policies: %+v, %v", arn, set, err)
		}
	}
}
