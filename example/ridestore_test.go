package main_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
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

// testRideSchema tests what NewSQLStore does to a database; fresh makes an empty one and returns how to open it, any number of times.
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
		if err := open().QueryRow(`SELECT count(*), max(version) FROM rides_schema`).Scan(&rows, &version); err != nil || rows != 1 || version < 1 {
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
		if joined := strings.Join(plan, "; "); !strings.Contains(joined, "rides_by_request_time") || strings.Contains(joined, "TEMP B-TREE") {
			t.Errorf("%q: plan %s", where, joined)
		}
	}
}
