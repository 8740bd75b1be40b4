package directory_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// keysEach is how many access keys each user of a benchmark has.
const keysEach = 10

// benchmarkKey is the j-th access key ID of the i-th user.
func benchmarkKey(i, j int) string { return fmt.Sprintf("AKIA%012dX%03d", i, j) }

// crowd is as many users, in groups of 1,000 that have a managed policy, each with as many keys.
func crowd(users, keys int) directory.Contents {
	managed := rootOfARN + "policy/Ride"
	c := directory.Contents{
		Accounts: []string{accountID}, Policies: []directory.NewPolicy{{ARN: managed, Document: allowing("ride:*")}},
		Users: make([]directory.NewUser, users),
	}
	for i := range users {
		group := fmt.Sprintf("%sgroup/g%d", rootOfARN, i/1000)
		if i%1000 == 0 {
			c.Groups = append(c.Groups, directory.NewGroup{ARN: group, Holder: directory.Holder{Attached: []string{managed}}})
		}
		c.Users[i] = directory.NewUser{
			ARN: fmt.Sprintf("%suser/crew/u%d", rootOfARN, i), Groups: []string{group}, Keys: make([]directory.NewKey, keys),
		}
		for j := range keys {
			id := benchmarkKey(i, j)
			c.Users[i].Keys[j] = directory.NewKey{ID: id, Secret: secretOf(id)}
		}
	}
	return c
}

// newCrowd returns a directory in memory with a crowd.
func newCrowd(b *testing.B, users, keys int) *directory.Directory {
	b.Helper()
	dir, err := directory.Open(b.Context(), directory.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = dir.Close() })
	if err := dir.Fill(b.Context(), crowd(users, keys)); err != nil {
		b.Fatal(err)
	}
	return dir
}

// atSizes runs a benchmark on ever more users.
func atSizes(b *testing.B, run func(b *testing.B, dir *directory.Directory, users int)) {
	for _, users := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("%d users, %d keys", users, users*keysEach), func(b *testing.B) {
			dir := newCrowd(b, users, keysEach)
			b.ReportAllocs()
			b.ResetTimer()
			run(b, dir, users)
		})
	}
}

// asking returns 100 access key IDs, which are asked for in turn whatever else there is.
func asking(users int) []string {
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = benchmarkKey(i*(users/len(ids)), i%keysEach)
	}
	return ids
}

// BenchmarkCredential looks up 100 keys in turn, of ever more.
func BenchmarkCredential(b *testing.B) {
	atSizes(b, func(b *testing.B, dir *directory.Directory, users int) {
		ids, ctx := asking(users), context.Background()
		for i := 0; b.Loop(); i++ {
			if _, err := dir.Credential(ctx, ids[i%len(ids)], ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPolicies asks for the policies of 100 users in turn, of ever more.
func BenchmarkPolicies(b *testing.B) {
	atSizes(b, func(b *testing.B, dir *directory.Directory, users int) {
		ids, ctx := make([]sigv4auth.Identity, 0, 100), context.Background()
		for _, id := range asking(users) {
			c, err := dir.Credential(ctx, id, "")
			if err != nil {
				b.Fatal(err)
			}
			ids = append(ids, sigv4auth.Identity{Principal: c.Principal, AccessKeyID: id, Revision: c.Revision})
		}
		for i := 0; b.Loop(); i++ {
			if _, _, err := dir.Policies(ctx, ids[i%len(ids)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkChange adds a user with a key, and looks the key up.
func BenchmarkChange(b *testing.B) {
	atSizes(b, func(b *testing.B, dir *directory.Directory, users int) {
		ctx := context.Background()
		for n := users; b.Loop(); n++ {
			id := benchmarkKey(n, 0)
			err := dir.Fill(ctx, directory.Contents{Users: []directory.NewUser{{
				ARN: fmt.Sprintf("%suser/new/u%d", rootOfARN, n), Keys: []directory.NewKey{{ID: id, Secret: secretOf(id)}},
			}}})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := dir.Credential(ctx, id, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkMemory tells what a user and a key keep, of 100,000 users and 1,000,000 keys.
func BenchmarkMemory(b *testing.B) {
	const users = 100_000
	used := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	keeps := func(keys int) float64 {
		before := used()
		dir := newCrowd(b, users, keys)
		after := used()
		_ = dir.Close()
		return after - before
	}
	for b.Loop() {
		bare, full := keeps(0), keeps(keysEach)
		b.ReportMetric(bare/users, "bytes/user")
		b.ReportMetric((full-bare)/(users*keysEach), "bytes/key")
	}
	b.ReportMetric(0, "ns/op")
}
