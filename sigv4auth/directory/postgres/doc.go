// Package postgres tells a directory on PostgreSQL of the changes that other processes make, as
// soon as they are committed, by LISTEN and NOTIFY. It is a module of its own, so that the driver,
// github.com/jackc/pgx/v5, reaches nobody who does not use it.
//
// Without it a [directory.Directory] asks the database once in its PollInterval, and goes on doing
// so with it: a notification that is lost costs no more than that wait.
//
//	db, err := sql.Open("pgx", url)
//	dir, err := directory.Open(ctx, directory.Config{DB: db, Ring: ring})
//	err = postgres.Install(ctx, db)
//	go postgres.Follow(ctx, postgres.Config{URL: url, Directory: dir})
//
// A notification holds the number of a revision and nothing else. Whoever may connect to the
// database can send some: each costs the directory one question.
package postgres
