package main_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// addUsers adds users of the standard policy to principals.json, by path and name, of another
// account "ACCOUNT:NAME", and returns their keys.
func addUsers(t *testing.T, data string, names ...string) map[string]aws.Credentials {
	t.Helper()
	path := filepath.Join(data, "principals.json")
	text := readFile(t, path)
	account := text[strings.Index(text, "arn:aws:iam::")+len("arn:aws:iam::"):][:12]
	keys := make(map[string]aws.Credentials)
	var users strings.Builder
	for i, name := range names {
		account := account
		if other, rest, ok := strings.Cut(name, ":"); ok {
			account, name = other, rest
		}
		id, secret := filestore.NewAccessKey()
		keys[names[i]] = aws.Credentials{AccessKeyID: id, SecretAccessKey: secret.Reveal()}
		fmt.Fprintf(&users, `{"Arn": "arn:aws:iam::%s:user/%s", "UserId": "AIDAAAAAAAAAAAAAAAA%02d", "AttachedPolicies": ["WildRydesAPI-StandardUserPolicy"],
			"AccessKeys": [{"AccessKeyId": %q, "SecretAccessKey": %q, "Status": "Active"}]}, `, account, name, i, id, secret.Reveal())
	}
	text = strings.Replace(text, `"Users": [`, `"Users": [`+users.String(), 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return keys
}

// Threat 241: a user called alice and a session called alice are two riders; both are shown as
// alice.
func TestTwoOfOneNameAreTwoRiders(t *testing.T) {
	data := t.TempDir()
	startFiles(t, data).stop()
	keys := addUsers(t, data, "intern/alice", "carol")
	s := startFiles(t, data)
	callers := map[string]aws.Credentials{"session": s.credentials("rider"), "intern": keys["intern/alice"], "carol": keys["carol"]}
	call := func(who, method, path, body string) answer {
		t.Helper()
		return s.send(signer(callers[who]).Sign(s.request(method, path, body)))
	}
	for who := range callers {
		asked := call(who, "POST", "/prod/ride", seattle).wants(t, 201)
		want := "alice"
		if who == "carol" {
			want = who
		}
		if got := asked.field(t, "Rider"); got != want {
			t.Errorf("%s is shown as %q", who, got)
		}
		ride := "/prod/ride/" + asked.field(t, "RideId")
		for other := range callers {
			status, gone := 404, 404
			if other == who {
				status, gone = 200, 204
			}
			got := call(other, "GET", ride, "").wants(t, status)
			if status == 200 && got.field(t, "Rider") != want {
				t.Errorf("%s is shown as %s", who, got.body)
			}
			call(other, "DELETE", ride, "").wants(t, gone)
		}
	}
	listed := s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
	if strings.Count(listed.body, `"Rider":"alice"`) != 2 || strings.Contains(listed.body, "AIDA") ||
		strings.Contains(listed.body, "AROA") {
		t.Errorf("the list shows %s", listed.body)
	}
}

// Threats 148 and 241: a caller who was verified and has no unique ID is no rider, rather than one
// with all others of that kind.
func TestACallerWithoutAUniqueIDIsNoRider(t *testing.T) {
	for arn, userID := range map[string]string{
		"arn:aws:iam::111122223333:user/alice":               "",
		"arn:aws:sts::111122223333:assumed-role/Rider/alice": "",
		"arn:aws:iam::111122223333:root":                     "111122223333",
	} {
		signer := sigv4test.NewSigner(arn)
		signer.Credential.Principal.UserID = userID
		auth, err := sigv4auth.New(signer.Config())
		if err != nil {
			t.Fatal(err)
		}
		asked := false
		auth.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked = true
			if key, err := example.RiderOf(r); !errors.Is(err, ridesvc.ErrNoRider) {
				t.Errorf("%s owns as %q, %v", arn, key, err)
			}
		})).ServeHTTP(httptest.NewRecorder(), signer.Sign(httptest.NewRequest("GET", "https://example.com/", nil)))
		if !asked {
			t.Errorf("%s was refused", arn)
		}
	}
}

// Threat 241: the rides that an older version kept by name get their owner at the first start,
// once; what several may own is nobody's.
func TestOldRidesAreMovedOnce(t *testing.T) {
	data := t.TempDir()
	startFiles(t, data).stop()
	if err := os.Remove(filepath.Join(data, "rides.db")); err != nil {
		t.Fatal(err)
	}
	old := []string{"dispatcher", "alice", "bob", "gone", "dispatcher", "user:111122223333:AIDA"}
	openRaw(t, data, func(db *sql.DB) {
		makeFirstSchema(t, db)
		for i, rider := range old {
			firstRide(t, db, rideID(i), rider)
		}
	})
	keys := addUsers(t, data, "bob", "444455556666:bob")
	s := startFiles(t, data)
	get := func(c aws.Credentials, n int) int {
		t.Helper()
		return s.send(signer(c).Sign(s.request("GET", "/prod/ride/"+rideID(n), ""))).status
	}
	for i, want := range [][4]int{ // of dispatcher, the rider's session, bob and the bob of another account, whom no policy allows anything
		{200, 404, 404, 403}, {404, 200, 404, 403}, {404, 404, 404, 403}, {404, 404, 404, 403}, {200, 404, 404, 403}, {404, 404, 404, 403},
	} {
		for who, c := range []aws.Credentials{s.credentials("dispatcher"), s.credentials("rider"), keys["bob"], keys["444455556666:bob"]} {
			if got := get(c, i); got != want[who] {
				t.Errorf("the ride of %s: %d to caller %d, want %d", old[i], got, who, want[who])
			}
		}
	}
	moved, nobody := s.logged(`"rides of an older version have their owner`), s.logged(`"rides of an older version are nobody's`)
	if len(moved) != 2 || len(nobody) != 3 {
		t.Errorf("logged %q and %q", moved, nobody)
	}
	all := strings.Join(append(moved, nobody...), "")
	for _, want := range []string{
		"rider=dispatcher rides=2", "rider=alice rides=1", "rider=bob rides=1", "arn:aws:iam::444455556666:user/bob", "rider=gone",
		"owner=unclaimed:gone",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the log does not say %q:\n%s", want, all)
		}
	}
	listed := s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
	for _, rider := range old {
		if !strings.Contains(listed.body, `"Rider":"`+rider+`"`) {
			t.Errorf("%s is not listed under the old name: %s", rider, listed.body)
		}
	}
	s.stop()
	again := startFiles(t, data)
	if lines := again.logged(`"rides of an older version`); len(lines) != 0 {
		t.Errorf("a second start says %q", lines)
	}
	again.call("dispatcher", "GET", "/prod/ride/"+rideID(0), "").wants(t, 200)
}

// Threat 241: of a user and the program's own sessions of one name nobody can tell whose a ride
// was.
func TestOldRidesOfAUserCalledAsTheSession(t *testing.T) {
	data := t.TempDir()
	startFiles(t, data).stop()
	_ = os.Remove(filepath.Join(data, "rides.db"))
	openRaw(t, data, func(db *sql.DB) {
		makeFirstSchema(t, db)
		firstRide(t, db, rideID(0), "alice")
	})
	// The role is gone, and its sessions with it; that there were some is known all the same.
	keys := addUsers(t, data, "alice")
	text := readFile(t, filepath.Join(data, "principals.json"))
	write(t, data, "principals.json", text[:strings.Index(text, `"Roles": [`)]+`"Roles": []}`)
	s := startFiles(t, data)
	s.send(signer(keys["alice"]).Sign(s.request("GET", "/prod/ride/"+rideID(0), ""))).wants(t, 404)
	if lines := s.logged(`"rides of an older version are nobody's`); len(lines) != 1 {
		t.Errorf("logged %q", lines)
	}
}

// What the log of an ambiguous name says to do gives the rides to one.
func TestAnOperatorGivesOldRidesToOne(t *testing.T) {
	data := t.TempDir()
	first := start(t, data)
	mine := first.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	first.stop()
	var key string
	openRaw(t, data, func(db *sql.DB) {
		if err := db.QueryRow(`SELECT rider FROM rides WHERE ride_id = $1`, mine).Scan(&key); err != nil ||
			!strings.HasPrefix(key, "user:") {
			t.Fatalf("owned by %q, %v", key, err)
		}
		firstRide(t, db, rideID(0), "lost")
	})
	start(t, data).stop()
	openRaw(t, data, func(db *sql.DB) {
		if _, err := db.Exec(`UPDATE rides SET rider = $1 WHERE rider = 'unclaimed:lost'`, key); err != nil {
			t.Fatal(err)
		}
	})
	start(t, data).call("dispatcher", "GET", "/prod/ride/"+rideID(0), "").wants(t, http.StatusOK)
}
