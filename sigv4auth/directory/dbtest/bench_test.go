package dbtest_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// keysEach is how many access keys each user of a benchmark has.
const keysEach = 10

// crowd is as many users, in groups of 1,000 that have a managed policy.
func crowd(users int) directory.Contents {
	c := directory.Contents{
		Accounts: []string{account}, Policies: []directory.NewPolicy{{ARN: ridesARN, Document: allow("ride:*")}},
	}
	for i := range users {
		group := fmt.Sprintf("%sgroup/g%d", iamARN, i/1000)
		if i%1000 == 0 {
			c.Groups = append(c.Groups, directory.NewGroup{ARN: group, Holder: directory.Holder{Attached: []string{ridesARN}}})
		}
		u := directory.NewUser{ARN: fmt.Sprintf("%suser/crew/u%d", iamARN, i), Groups: []string{group}}
		for j := range keysEach {
			id := fmt.Sprintf("AKIA%012dX%03d", i, j)
			u.Keys = append(u.Keys, directory.NewKey{ID: id, Secret: secretOf(id)})
		}
		c.Users = append(c.Users, u)
	}
	return c
}

// atSizes runs a benchmark on SQLite with ever more users. open makes another process of the
// directory, which the benchmark closes.
func atSizes(b *testing.B, run func(b *testing.B, first *process, open func() *process)) {
	for _, users := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("%d users, %d keys", users, users*keysEach), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "directory.db")
			ring, _ := newRing(b)
			first := start(b, openSQLite(b, path), ring)
			begin := time.Now()
			first.fill(crowd(users))
			b.Logf("filled in %v", time.Since(begin))
			run(b, first, func() *process { return start(b, openSQLite(b, path), ring) })
		})
	}
}

// BenchmarkOpen opens a directory that is in a database, until the first key can be looked up.
func BenchmarkOpen(b *testing.B) {
	atSizes(b, func(b *testing.B, _ *process, open func() *process) {
		for b.Loop() {
			p := open()
			if !p.has("AKIA000000000000X000") {
				b.Fatal("a key is not there")
			}
			b.StopTimer()
			if err := p.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}

// BenchmarkChange adds a user with a key, which is on disk and in force then, and BenchmarkFollow
// has another process take each such change over.
func BenchmarkChange(b *testing.B) {
	atSizes(b, func(b *testing.B, first *process, _ func() *process) {
		for n := 0; b.Loop(); n++ {
			change(b, first, n)
		}
	})
}

// BenchmarkFollow is described with BenchmarkChange.
func BenchmarkFollow(b *testing.B) {
	atSizes(b, func(b *testing.B, first *process, open func() *process) {
		other := open()
		for n := 0; b.Loop(); n++ {
			b.StopTimer()
			change(b, first, n)
			b.StartTimer()
			other.refresh()
			if !other.has(fmt.Sprintf("AKIANEW%013d", n)) {
				b.Fatal("a change is not in force")
			}
		}
	})
}

// change adds the n-th user.
func change(b *testing.B, p *process, n int) {
	b.Helper()
	name := fmt.Sprintf("NEW%013d", n)
	p.fill(user(name))
	if !p.has("AKIA" + name) {
		b.Fatal("a change is not in force")
	}
}
