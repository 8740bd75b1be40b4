package main_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// asked is a request for a ride, and its answer.
type asked struct {
	sent   time.Time
	status int
	rideID string
}

// askForRides asks for rides on a few connections until stop is called, which returns all answers.
func askForRides(t *testing.T, s *site) (stop func() []asked) {
	t.Helper()
	dispatcher := signer(s.credentials("dispatcher"))
	end := make(chan struct{})
	var mu sync.Mutex
	var all []asked
	var clients sync.WaitGroup
	for range 8 {
		client := &http.Client{Transport: new(http.Transport), Timeout: patience}
		clients.Go(func() {
			defer client.CloseIdleConnections()
			for {
				select {
				case <-end:
					return
				default:
				}
				one := asked{sent: time.Now()}
				response, err := client.Do(dispatcher.Sign(s.request("POST", "/prod/ride", seattle)))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if one.status = response.StatusCode; err == nil && one.status == 201 {
					one.rideID = answer{body: string(body)}.field(t, "RideId")
				}
				mu.Lock()
				all = append(all, one)
				mu.Unlock()
			}
		})
	}
	return func() []asked { close(end); clients.Wait(); return all }
}

// Threat 249: under load no ride is answered with 201 once its file is gone, and each that was is
// in the file that was there.
func TestNoRideIsLostUnderLoad(t *testing.T) {
	if runtime.GOOS == "windows" {
		testneed.Missing(t, "files that can be removed while they are open")
	}
	for _, tt := range []struct {
		name string
		// disturb makes the files go.
		disturb func(t *testing.T, data string)
		message string
	}{
		{"rm -rf of all that is in the folder", func(t *testing.T, data string) {
			entries, err := os.ReadDir(data)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if err := os.RemoveAll(filepath.Join(data, e.Name())); err != nil {
					t.Fatal(err)
				}
			}
		}, notInPlace},
		{"mv of a backup over rides.db", func(t *testing.T, data string) {
			backup := filepath.Join(data, "backup.db")
			if err := os.Rename(backup, filepath.Join(data, "rides.db")); err != nil {
				t.Fatal(err)
			}
		}, notInPlace},
		{"cp of a backup over rides.db", func(t *testing.T, data string) {
			overwrite(t, filepath.Join(data, "rides.db"), readFile(t, filepath.Join(data, "backup.db")))
		}, overwritten},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			first := start(t, data)
			first.stop()
			kept := filepath.Join(filepath.Dir(data), "kept")
			if err := os.Mkdir(kept, 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, data, "backup.db", readFile(t, filepath.Join(data, "rides.db")))
			s, _ := spawn(t, data)
			stop := askForRides(t, s)
			time.Sleep(time.Second)
			// A second name keeps the files that are open.
			for _, name := range []string{"rides.db", "rides.db-wal", "rides.db-shm"} {
				if err := os.Link(filepath.Join(data, name), filepath.Join(kept, name)); err != nil {
					t.Fatal(err)
				}
			}
			tt.disturb(t, data)
			gone := time.Now()
			time.Sleep(time.Second)
			health := s.send(s.request("GET", "/healthz", "")).wants(t, 503).status
			all := stop()
			before, after, refused := 0, 0, 0
			for _, a := range all {
				switch {
				case a.status == 201 && a.sent.After(gone):
					after++
				case a.status == 201:
					before++
				case a.status == 503:
					refused++
				default:
					t.Errorf("status %d", a.status)
				}
			}
			if after > 0 || before == 0 || refused == 0 {
				t.Errorf("%d rides were answered before, %d after, %d were refused", before, after, refused)
			}
			lines := len(s.logged(tt.message))
			if lines != 1 {
				t.Errorf("the log says so in %d lines", lines)
			}
			s.kill()
			if tt.message == overwritten {
				t.Logf("%d answers of 201 before, %d after, %d of 503; health %d; %d line in the log", before, after, refused, health,
					lines)
				return // the file as it was is in none, and that was told before any further answer of 201
			}
			// The files as they were have each ride that was answered.
			missing := 0
			for _, name := range []string{"rides.db", "rides.db-wal", "rides.db-shm"} {
				_ = os.Remove(filepath.Join(first.data, name))
				write(t, first.data, name, readFile(t, filepath.Join(kept, name)))
			}
			db := openSQLite(t, filepath.Join(first.data, "rides.db"))
			for _, a := range all {
				var found int
				if err := db.QueryRow(`SELECT count(*) FROM rides WHERE ride_id = $1`, a.rideID).Scan(&found); err != nil {
					t.Fatal(err)
				}
				if a.status == 201 && found != 1 {
					missing++
				}
			}
			if missing > 0 {
				t.Errorf("%d rides that were answered with 201 are not there", missing)
			}
			t.Logf("%d answers of 201 before, %d after, %d of 503; %d missing in the file; health %d; %d line in the log", before, after,
				refused, missing, health, lines)
		})
	}
}
