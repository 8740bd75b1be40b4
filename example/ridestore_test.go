package main_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/ridesvc/ridetest"
)

// openSQLite opens a database as the comment on ridesvc.SQLStore advises.
func openSQLite(t *testing.T, path string) *sql.DB {
	t.Helper()
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func openStore(t *testing.T, db *sql.DB) *ridesvc.SQLStore {
	t.Helper()
	store, err := ridesvc.NewSQLStore(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestRideStoreOnSQLite(t *testing.T) {
	ridetest.TestStore(t, func(t *testing.T) ridesvc.Store {
		return openStore(t, openSQLite(t, filepath.Join(t.TempDir(), "rides.db")))
	})
}

func TestRideStoreOnSQLiteWithOneConnection(t *testing.T) {
	ridetest.TestStore(t, func(t *testing.T) ridesvc.Store {
		db := openSQLite(t, filepath.Join(t.TempDir(), "rides.db"))
		db.SetMaxOpenConns(1)
		return openStore(t, db)
	})
}

func TestRidesOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rides.db")
	ride := ridesvc.Ride{RideID: strings.Repeat("r", 22), Rider: "alice"}
	first := openSQLite(t, path)
	if err := openStore(t, first).Create(t.Context(), ride); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := openStore(t, openSQLite(t, path)).Ride(t.Context(), "alice", ride.RideID)
	if err != nil || got.RideID != ride.RideID {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
}

func TestRideSchemaOnSQLite(t *testing.T) {
	testRideSchema(t, func(t *testing.T) func() *sql.DB {
		path := filepath.Join(t.TempDir(), "rides.db")
		return func() *sql.DB { return openSQLite(t, path) }
	})
}

// testRideSchema tests what NewSQLStore does to a database; fresh makes an empty one and returns
// how to open it, any number of times.
func testRideSchema(t *testing.T, fresh func(t *testing.T) (open func() *sql.DB)) {
	t.Run("processes that start together migrate once", func(t *testing.T) {
		open := fresh(t)
		const processes = 8
		errs := make([]error, processes)
		var wg sync.WaitGroup
		for n := range processes {
			db := open()
			wg.Go(func() { _, errs[n] = ridesvc.NewSQLStore(t.Context(), db) })
		}
		wg.Wait()
		for n, err := range errs {
			if err != nil {
				t.Errorf("process %d: %v", n, err)
			}
		}
		var rows, version int
		if err := open().QueryRow(`SELECT count(*), max(version) FROM rides_schema`).Scan(&rows, &version); err != nil || rows != 1 ||
			version < 1 {
			t.Errorf("rides_schema: %d rows, version %d, error %v; want one row", rows, version, err)
		}
	})
	t.Run("the schema of a newer program is refused and kept", func(t *testing.T) {
		db := fresh(t)()
		openStore(t, db)
		if _, err := db.Exec(`UPDATE rides_schema SET version = 1000`); err != nil {
			t.Fatal(err)
		}
		if _, err := ridesvc.NewSQLStore(t.Context(), db); err == nil || !strings.Contains(err.Error(), "1000") {
			t.Errorf("error %v, want one that names version 1000", err)
		}
		var version int
		if err := db.QueryRow(`SELECT version FROM rides_schema`).Scan(&version); err != nil || version != 1000 {
			t.Errorf("version %d afterwards, error %v", version, err)
		}
	})
	t.Run("rides of the first version keep their riders until they are renamed", func(t *testing.T) { testUnnamed(t, fresh(t)()) })
	t.Run("a failed migration leaves nothing behind", func(t *testing.T) {
		db := fresh(t)()
		if _, err := db.Exec(`CREATE TABLE rides (somebody_elses INT)`); err != nil {
			t.Fatal(err)
		}
		if _, err := ridesvc.NewSQLStore(t.Context(), db); err == nil {
			t.Fatal("a table of that name that is somebody else's is taken for ours")
		}
		var version int
		if err := db.QueryRow(`SELECT version FROM rides_schema`).Scan(&version); err == nil {
			t.Errorf("half a migration stayed: version %d", version)
		}
	})
	t.Run("a database that is closed is an error", func(t *testing.T) {
		db := fresh(t)()
		store := openStore(t, db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := ridesvc.NewSQLStore(t.Context(), db); err == nil {
			t.Error("NewSQLStore: no error")
		}
		if _, err := store.Ride(t.Context(), "alice", strings.Repeat("r", 22)); err == nil {
			t.Error("Ride: no error")
		}
		if _, err := store.Rides(t.Context(), ridesvc.Cursor{}, 1); err == nil {
			t.Error("Rides: no error")
		}
	})
	t.Run("an ended context is an error, and leaves nothing behind", func(t *testing.T) {
		db := fresh(t)()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := ridesvc.NewSQLStore(ctx, db); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want one that wraps context.Canceled", err)
		}
		if _, err := db.Exec(`SELECT version FROM rides_schema`); err == nil {
			t.Error("the schema was made")
		}
	})
	t.Run("no database is an error", func(t *testing.T) {
		if _, err := ridesvc.NewSQLStore(t.Context(), nil); err == nil {
			t.Error("no error")
		}
	})
}

// firstSchema is what the first version made.
var firstSchema = []string{
	`CREATE TABLE rides_schema (only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1), version BIGINT NOT NULL)`,
	`INSERT INTO rides_schema (only_row, version) VALUES (1, 1)`,
	`CREATE TABLE rides (ride_id TEXT NOT NULL PRIMARY KEY, rider TEXT NOT NULL, unicorn_name TEXT NOT NULL, unicorn_color TEXT NOT NULL,
		unicorn_gender TEXT NOT NULL, latitude DOUBLE PRECISION NOT NULL, longitude DOUBLE PRECISION NOT NULL, request_time_ms BIGINT NOT NULL,
		cancel_time_ms BIGINT)`,
	`CREATE INDEX rides_by_request_time ON rides (request_time_ms, ride_id)`,
}

// firstRide keeps a ride as the first version did.
func firstRide(t *testing.T, db *sql.DB, id, rider string) {
	t.Helper()
	if _, err := db.Exec(`INSERT INTO rides (ride_id, rider, unicorn_name, unicorn_color, unicorn_gender, latitude, longitude, request_time_ms)
		VALUES ($1, $2, 'Shadowfax', 'White', 'Male', 1, 2, 3)`, id, rider); err != nil {
		t.Fatal(err)
	}
}

func makeFirstSchema(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, statement := range firstSchema {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

func testUnnamed(t *testing.T, db *sql.DB) {
	makeFirstSchema(t, db)
	for i, rider := range []string{"alice", "bob", "alice"} {
		firstRide(t, db, rideID(i), rider)
	}
	store := openStore(t, db)
	if err := store.Create(t.Context(), ridesvc.Ride{RideID: rideID(3), Rider: "alice", RiderName: ""}); err != nil {
		t.Fatal(err)
	}
	unnamed := func(want ...ridesvc.UnnamedRider) {
		t.Helper()
		if got, err := store.Unnamed(t.Context()); err != nil || !slices.Equal(got, want) {
			t.Errorf("unnamed are %v, %v; want %v", got, err, want)
		}
	}
	unnamed(ridesvc.UnnamedRider{Rider: "alice", Rides: 2}, ridesvc.UnnamedRider{Rider: "bob", Rides: 1})
	if ride, err := store.Ride(t.Context(), "alice", rideID(0)); err != nil || ride.RiderName != "" {
		t.Errorf("%+v, %v", ride, err)
	}
	for range 2 { // the second time changes nothing
		if err := store.Rename(t.Context(), "alice", "user:1:AIDA"); err != nil {
			t.Fatal(err)
		}
	}
	unnamed(ridesvc.UnnamedRider{Rider: "bob", Rides: 1})
	for i, want := range []struct{ rider, name string }{{"user:1:AIDA", "alice"}, {"bob", ""}, {"user:1:AIDA", "alice"}, {"alice", ""}} {
		if ride, err := store.Ride(t.Context(), want.rider, rideID(i)); err != nil || ride.RiderName != want.name {
			t.Errorf("ride %d: %+v, %v; want %+v", i, ride, err, want)
		}
	}
}

// rideID returns a RideId of the right form.
func rideID(n int) string { return fmt.Sprintf("%021dA", n) }

func TestAnUpToDateSchemaNeedsNoRightToWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rides.db")
	writer := openSQLite(t, path)
	if err := openStore(t, writer).Create(t.Context(), ridesvc.Ride{RideID: strings.Repeat("r", 22), Rider: "alice"}); err != nil {
		t.Fatal(err)
	}
	reader, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	store := openStore(t, reader)
	if _, err := store.Ride(t.Context(), "alice", strings.Repeat("r", 22)); err != nil {
		t.Error(err)
	}
	if err := store.Create(t.Context(), ridesvc.Ride{RideID: strings.Repeat("s", 22), Rider: "alice"}); err == nil {
		t.Error("the database is not read-only: the test tests nothing")
	}
}

// A list that the index does not carry would sort the whole table for each page.
func TestRideListIsServedByItsIndex(t *testing.T) {
	db := openSQLite(t, filepath.Join(t.TempDir(), "rides.db"))
	openStore(t, db)
	for _, where := range []string{"", "WHERE (request_time_ms, ride_id) < (1, 'r')"} {
		rows, err := db.Query(`EXPLAIN QUERY PLAN SELECT * FROM rides ` + where + ` ORDER BY request_time_ms DESC, ride_id DESC LIMIT 5`)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, step)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if joined := strings.Join(plan, "; "); !strings.Contains(joined, "rides_by_request_time") ||
			strings.Contains(joined, "TEMP B-TREE") {
			t.Errorf("%q: plan %s", where, joined)
		}
	}
}
