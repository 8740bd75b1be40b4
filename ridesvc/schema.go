package ridesvc

// migrations[v] leads from version v of the schema to v+1. What has been released is never edited,
// only added to: a database somewhere has run it.
//
// Types are chosen so that both databases keep them exactly: BIGINT and DOUBLE PRECISION are 64
// bits wide in PostgreSQL and have INTEGER and REAL affinity in SQLite, where INTEGER in a CREATE
// TABLE would be 32 bits in PostgreSQL.
var migrations = [...][]string{
	{
		`CREATE TABLE rides (
			ride_id TEXT NOT NULL PRIMARY KEY,
			rider TEXT NOT NULL,
			unicorn_name TEXT NOT NULL,
			unicorn_color TEXT NOT NULL,
			unicorn_gender TEXT NOT NULL,
			latitude DOUBLE PRECISION NOT NULL,
			longitude DOUBLE PRECISION NOT NULL,
			request_time_ms BIGINT NOT NULL,
			cancel_time_ms BIGINT
		)`,
		`CREATE INDEX rides_by_request_time ON rides (request_time_ms, ride_id)`,
	},
	// NULL is the name of a ride that was kept before names were: see SQLStore.Unnamed.
	{
		`ALTER TABLE rides ADD COLUMN rider_name TEXT`,
	},
}
