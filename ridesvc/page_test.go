package ridesvc_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/ridesvc"
)

type page struct {
	Rides []struct{ RideID, Rider, RequestTime string }
	Next  string
}

func (s *site) list(t *testing.T, query string) page {
	t.Helper()
	w := s.do("carol", "GET", "/rides"+query, "")
	var p page
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 200 {
		t.Fatalf("GET /rides%s: %d %s (%v)", query, w.Code, w.Body, err)
	}
	return p
}

// fill requests n rides of several riders, three to the millisecond, and returns their RideIds.
func (s *site) fill(t *testing.T, n int) []string {
	t.Helper()
	var ids []string
	for i := range n {
		ids = append(ids, s.order(t, fmt.Sprint("rider", i%5)))
	}
	return ids
}

func ticking(cfg *ridesvc.Config) {
	n := 0
	cfg.Now = func() time.Time { n++; return instant.Add(time.Duration(n/3) * time.Millisecond) }
}

func TestListOfNoRides(t *testing.T) {
	w := newSite(t).do("carol", "GET", "/rides", "")
	if w.Code != 200 || w.Body.String() != `{"Rides":[]}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestListWalksThroughEverybodysRides(t *testing.T) {
	s := newSite(t, ticking)
	ids := s.fill(t, 25)
	for _, limit := range []int{1, 2, 3, 7, 24, 25, 26, 1000} {
		var got []string
		query := fmt.Sprintf("?limit=%d", limit)
		for pages := 1; ; pages++ {
			p := s.list(t, query)
			if len(p.Rides) > limit || (p.Next != "" && len(p.Rides) != limit) {
				t.Fatalf("limit %d: page %d has %d rides", limit, pages, len(p.Rides))
			}
			for i, ride := range p.Rides {
				got = append(got, ride.RideID)
				if i > 0 && ride.RequestTime > p.Rides[i-1].RequestTime {
					t.Errorf("limit %d: a newer ride follows an older one", limit)
				}
			}
			if p.Next == "" {
				if want := (len(ids) + limit - 1) / limit; pages != want {
					t.Errorf("limit %d: %d pages, want %d", limit, pages, want)
				}
				break
			}
			query = fmt.Sprintf("?limit=%d&next=%s", limit, url.QueryEscape(p.Next))
		}
		slices.Sort(got)
		if want := slices.Sorted(slices.Values(ids)); !slices.Equal(got, want) {
			t.Errorf("limit %d: met %d rides, want each of %d once", limit, len(got), len(want))
		}
	}
}

func TestListIsBoundedWithoutALimit(t *testing.T) {
	s := newSite(t, ticking)
	s.fill(t, 101)
	first := s.list(t, "")
	if len(first.Rides) != 100 || first.Next == "" {
		t.Fatalf("%d rides, Next %q; want 100 and a Next", len(first.Rides), first.Next)
	}
	if rest := s.list(t, "?next="+first.Next); len(rest.Rides) != 1 || rest.Next != "" {
		t.Errorf("the rest: %d rides, Next %q", len(rest.Rides), rest.Next)
	}
}

func TestAWalkDoesNotMeetRidesThatWereAddedMeanwhile(t *testing.T) {
	s := newSite(t, ticking)
	old := s.fill(t, 6)
	first := s.list(t, "?limit=4")
	s.fill(t, 6)
	rest := s.list(t, "?next="+first.Next)
	var met []string
	for _, ride := range slices.Concat(first.Rides, rest.Rides) {
		met = append(met, ride.RideID)
	}
	slices.Sort(met)
	slices.Sort(old)
	if !slices.Equal(met, old) {
		t.Errorf("met %q, want %q", met, old)
	}
}

func TestListParameters(t *testing.T) {
	s := newSite(t, ticking)
	s.fill(t, 3)
	next := s.list(t, "?limit=1").Next
	token, err := base64.RawURLEncoding.DecodeString(next)
	if err != nil {
		t.Fatal(err)
	}
	const (
		limit   = "limit: must be a whole number between 1 and 1000"
		badNext = "next: must be the Next of an earlier answer"
	)
	for _, test := range []struct {
		name, query, message string
	}{
		{"none", "", ""},
		{"an empty query", "?", ""},
		{"the smallest limit", "?limit=1", ""},
		{"the largest limit", "?limit=1000", ""},
		{"next alone", "?next=" + next, ""},
		{"both", "?next=" + next + "&limit=2", ""},
		{"what a presigned URL brings", "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&limit=2", ""},

		{"limit 0", "?limit=0", limit},
		{"limit 1001", "?limit=1001", limit},
		{"a negative limit", "?limit=-1", limit},
		{"a signed limit", "?limit=%2B5", limit},
		{"a padded limit", "?limit=05", limit},
		{"a spaced limit", "?limit=5+", limit},
		{"a fraction", "?limit=5.0", limit},
		{"an exponent", "?limit=1e2", limit},
		{"hexadecimal", "?limit=0x10", limit},
		{"full-width digits", "?limit=%EF%BC%95", limit},
		{"more than 64 bits", "?limit=18446744073709551617", limit},
		{"an empty limit", "?limit=", limit},
		{"a limit without a value", "?limit", limit},
		{"limit twice", "?limit=5&limit=5", "limit: given twice"},

		{"an empty next", "?next=", badNext},
		{"a next that is a RideId", "?next=AAAAAAAAAAAAAAAAAAAAAA", badNext},
		{"a next too short", "?next=" + next[:31], badNext},
		{"a next too long", "?next=" + next + "A", badNext},
		{"a next too long by four", "?next=" + next + "AAAA", badNext},
		{"a padded next", "?next=" + next + "%3D", badNext},
		{"a next in the other base64", "?next=" + strings.Repeat("%2B%2F", 16), badNext},
		{"a next with a line break behind it", "?next=" + next + "%0A", badNext},
		{"a next with four line breaks", "?next=" + next[:28] + "%0A%0A%0A%0A", badNext},
		{"a next of line breaks", "?next=" + strings.Repeat("%0A", 32), badNext},
		{"a next with a line break", "?next=" + next[:31] + "%0A", badNext},
		{"a next with two line breaks", "?next=" + next[:30] + "%0D%0A", badNext},
		{"next twice", "?next=" + next + "&next=" + next, "next: given twice"},

		{"an unknown parameter", "?limt=5", `query: unknown parameter "limt"; known: limit, next`},
		{"a parameter in another case", "?Limit=5", `query: unknown parameter "Limit"; known: limit, next`},
		{"the reserved prefix in another case", "?x-amz-date=1", `query: unknown parameter "x-amz-date"; known: limit, next`},
		{"a parameter without a name", "?=5", `query: unknown parameter ""; known: limit, next`},
		{"two mistakes name the same one always", "?b=1&a=2", `query: unknown parameter "a"; known: limit, next`},
		{"a bad escape", "?limit=%zz", "query: malformed"},
		{"a semicolon", "?limit=5;next=x", "query: malformed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := s.store.calls
			w := s.do("carol", "GET", "/rides"+test.query, "")
			if test.message == "" {
				if w.Code != 200 {
					t.Errorf("%d %s, want 200", w.Code, w.Body)
				}
				return
			}
			isError(t, w, 400, test.message)
			if s.store.calls != calls {
				t.Error("the store was called")
			}
		})
	}

	// The token opens nothing by itself, but what it does not mean it may not be read as.
	for i := range token {
		changed := slices.Clone(token)
		changed[i] ^= 0x80
		s.list(t, "?next="+base64.RawURLEncoding.EncodeToString(changed)) // another place in the list: no failure
	}
	if len(s.failed) != 0 {
		t.Errorf("Failed was told %q", s.failed)
	}
}
