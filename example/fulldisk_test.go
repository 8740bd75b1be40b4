//go:build linux

package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

const cannotBeWritten = `"the data folder cannot be written`

// smallDisk mounts a file system of 4 MiB, which goes with the test.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		if os.Getuid() == 0 && !errors.Is(err, syscall.EPERM) {
			t.Fatal(err)
		}
		testneed.Missing(t, "the right to mount a file system")
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes all that is left of a disk.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			size /= 2
		}
	}
}

// reads checks that what is there is served, and that what would change something is answered
// with 503.
func (s *site) reads(t *testing.T, ride string) {
	t.Helper()
	dispatcher := signer(s.credentials("dispatcher"))
	for range 2 {
		s.send(dispatcher.Sign(s.request("GET", "/prod/ride/"+ride, ""))).wants(t, 200)
		s.send(dispatcher.Sign(s.request("GET", "/prod/rides", ""))).wants(t, 200)
		s.send(s.request("GET", "/healthz", "")).wants(t, 200)
		s.send(dispatcher.Sign(s.request("POST", "/prod/ride", seattle))).wants(t, 503)
		s.send(dispatcher.Sign(s.request("DELETE", "/prod/ride/"+ride, ""))).wants(t, 503)
	}
	if lines := s.logged(cannotBeWritten); len(lines) != 1 {
		t.Errorf("logged %q", lines)
	}
}

// On a full disk a start serves what is there, whether the program before was stopped or killed,
// and writes as soon as there is space.
func TestAStartOnAFullDisk(t *testing.T) {
	for _, killed := range []bool{false, true} {
		name := "after a stop"
		if killed {
			name = "after a kill"
		}
		t.Run(name, func(t *testing.T) {
			disk := smallDisk(t)
			data := filepath.Join(disk, "data")
			first, cmd := spawn(t, data)
			ride := first.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
			end := syscall.SIGTERM
			if killed {
				end = syscall.SIGKILL
			}
			if err := cmd.Process.Signal(end); err != nil {
				t.Fatal(err)
			}
			ends(t, cmd)
			fill(t, disk)
			s, _ := spawn(t, data)
			s.reads(t, ride)
			if !strings.Contains(s.stdout.String(), "no new env file: the data folder cannot be written") {
				t.Errorf("nothing is told of the rider:\n%s", s.stdout)
			}
			if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
				t.Fatal(err)
			}
			later := s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
			s.call("dispatcher", "DELETE", "/prod/ride/"+ride, "").wants(t, 204)
			s.call("dispatcher", "GET", "/healthz", "").wants(t, 200)
			// And it is on disk.
			s.kill()
			again, _ := spawn(t, data)
			again.call("dispatcher", "GET", "/prod/ride/"+later, "").wants(t, 200)
		})
	}
}

// On a file system that takes no changes at all the same holds.
func TestAStartOnAReadOnlyDisk(t *testing.T) {
	t.Run("", func(t *testing.T) { startOnAReadOnlyDisk(t, func(string) {}) })
	// As where the folder is of an older version.
	t.Run("without a lock file", func(t *testing.T) {
		startOnAReadOnlyDisk(t, func(data string) { remove(t, data, "wildgate.lock") })
	})
}

func startOnAReadOnlyDisk(t *testing.T, before func(data string)) {
	disk := smallDisk(t)
	data := filepath.Join(disk, "data")
	first, cmd := spawn(t, data)
	ride := first.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ends(t, cmd)
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|flags, "size=4m"); err != nil {
			t.Fatal(err)
		}
	}
	before(data)
	remount(syscall.MS_RDONLY)
	s := start(t, data)
	s.reads(t, ride)
	s.stop()
	remount(0)
	start(t, data).call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201)
}

// While the program runs a disk that becomes full costs writes only.
func TestADiskThatBecomesFull(t *testing.T) {
	disk := smallDisk(t)
	data := filepath.Join(disk, "data")
	s := start(t, data)
	ride := s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	fill(t, disk)
	dispatcher := signer(s.credentials("dispatcher"))
	refused := false
	for range 2000 { // until the log has no space left in its file
		if got := s.send(dispatcher.Sign(s.request("POST", "/prod/ride", seattle))); got.status != 201 {
			refused = got.wants(t, 503).status == 503
			break
		}
	}
	if !refused {
		t.Fatal("the disk is not full")
	}
	s.send(dispatcher.Sign(s.request("GET", "/prod/ride/"+ride, ""))).wants(t, 200)
	s.send(s.request("GET", "/healthz", "")).wants(t, 200)
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	s.send(dispatcher.Sign(s.request("POST", "/prod/ride", seattle))).wants(t, 201)
}

// On a disk that becomes full IAM answers changes with 503, and loses none that it has answered.
func TestADiskThatBecomesFullUnderTheDirectory(t *testing.T) {
	disk := smallDisk(t)
	data := filepath.Join(disk, "data")
	s, _ := spawn(t, data)
	s.iam("CreateUser", "UserName", "first").wants(t, 200)
	made := []string{"first"}
	fill(t, disk)
	operator, newcomer := s.credentials("operator"), s.credentials("newcomer")
	refused := false
	for n := range 2000 { // until the log has no space left in its file
		name := "user" + strconv.Itoa(n)
		got := s.iamAs(operator, "CreateUser", "UserName", name)
		if got.status != 200 {
			if got.wants(t, 503); !strings.Contains(got.body, "<Code>ServiceUnavailable") {
				t.Errorf("on a full disk: %s", got.body)
			}
			refused = true
			break
		}
		made = append(made, name)
	}
	if !refused {
		t.Fatal("the disk is not full")
	}
	// Those who are known are let in all the same.
	s.iamAs(operator, "GetUser", "UserName", made[len(made)-1]).wants(t, 200)
	s.iamAs(newcomer, "ListUsers").wants(t, 403)
	s.kill()
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	again, _ := spawn(t, data)
	for _, name := range []string{made[0], made[len(made)-1]} {
		again.iam("GetUser", "UserName", name).wants(t, 200)
	}
	again.iam("CreateUser", "UserName", "later").wants(t, 200)
}
