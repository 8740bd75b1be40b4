package clienttest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestSTSGoRefresh: while credentials last, aws-sdk-go-v2 keeps them; once they are about to expire
// or have expired it has others, by itself, in each way to come to some. Its clock is the test's,
// and the service, outside, stands where that does.
func TestSTSGoRefresh(t *testing.T) {
	for _, way := range stsWays {
		if way.code != "" || way.profile == "base" {
			continue
		}
		t.Run(way.profile, func(t *testing.T) {
			s := newSTS(t)
			s.server.SetKeepAlivesEnabled(false) // a connection that is kept would hold the clock
			for _, kv := range s.variables(way.profile) {
				name, value, _ := strings.Cut(kv, "=")
				t.Setenv(name, value)
			}
			if way.profile == "container" {
				t.Setenv("AWS_PROFILE", "")
			}
			lasts := time.Hour
			if way.profile == "assume" || way.profile == "chain" { // the SDK asks for a quarter of an hour where nothing is said
				lasts = 15 * time.Minute
			}
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s.moves(t, start)
				cfg, err := config.LoadDefaultConfig(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				buckets, first := s3.NewFromConfig(cfg), ""
				for _, minutes := range []time.Duration{0, 9, 16, 54, 61} {
					time.Sleep(time.Until(start.Add(minutes * time.Minute)))
					s.moves(t, time.Now())
					out, err := buckets.ListBuckets(t.Context(), nil)
					if err != nil || aws.ToString(out.Owner.ID) != way.caller {
						t.Fatalf("after %d minutes: %v", minutes, err)
					}
					c, err := cfg.Credentials.Retrieve(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if first == "" {
						first = c.AccessKeyID
					}
					if kept := c.AccessKeyID == first; kept != (minutes*time.Minute < lasts) {
						t.Errorf("after %d minutes: kept: %v", minutes, kept)
					}
				}
			})
		})
	}
}

// TestSTSGoContainerToken: a client whose credentials are about to expire asks the container
// for others, by the token that its file holds by then.
func TestSTSGoContainerToken(t *testing.T) {
	s := newSTS(t)
	s.expires = time.Minute // the SDK renews those that end within five
	for _, kv := range s.variables("container") {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
	t.Setenv("AWS_PROFILE", "")
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for i := range 3 {
		s.write(t, "authorization", fmt.Sprint(stsAuthz, i))
		if _, err := s3.NewFromConfig(cfg).ListBuckets(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		c, err := cfg.Credentials.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		keys[c.AccessKeyID] = true
	}
	if s.issued < 3 || len(keys) < 3 {
		t.Errorf("%d sessions were given, %d different keys used", s.issued, len(keys))
	}
}
