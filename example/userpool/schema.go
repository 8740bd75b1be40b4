package userpool

// migrations[v] leads from version v of the schema to v+1. What has been released is never edited,
// only added to. Types are those that SQLite and PostgreSQL keep alike; bytes are kept as base64.
var migrations = [...][]string{
	{
		// What sealed holds is the user's salt and verifier; seal_key is the ring's key.
		`CREATE TABLE userpool_users (
			pool_id TEXT NOT NULL,
			username TEXT NOT NULL,
			sub TEXT NOT NULL PRIMARY KEY,
			status TEXT NOT NULL,
			enabled BIGINT NOT NULL,
			attributes TEXT NOT NULL,
			sealed TEXT NOT NULL,
			seal_key TEXT NOT NULL,
			epoch BIGINT NOT NULL,
			version BIGINT NOT NULL,
			password_expires_ms BIGINT NOT NULL,
			created_ms BIGINT NOT NULL,
			modified_ms BIGINT NOT NULL,
			UNIQUE (pool_id, username)
		)`,
		// A family is a sign-in, and the refresh tokens that come from it.
		`CREATE TABLE userpool_families (
			id TEXT NOT NULL PRIMARY KEY,
			origin_jti TEXT NOT NULL UNIQUE,
			sub TEXT NOT NULL,
			client_id TEXT NOT NULL,
			epoch BIGINT NOT NULL,
			generation BIGINT NOT NULL,
			rotated_ms BIGINT NOT NULL,
			auth_ms BIGINT NOT NULL,
			expires_ms BIGINT NOT NULL
		)`,
		`CREATE INDEX userpool_families_by_user ON userpool_families (sub)`,
		`CREATE INDEX userpool_families_by_end ON userpool_families (expires_ms)`,
		`CREATE TABLE userpool_codes (
			sub TEXT NOT NULL,
			purpose TEXT NOT NULL,
			mac TEXT NOT NULL,
			expires_ms BIGINT NOT NULL,
			PRIMARY KEY (sub, purpose)
		)`,
		`CREATE TABLE userpool_tries (
			pool_id TEXT NOT NULL,
			try_key TEXT NOT NULL,
			failures BIGINT NOT NULL,
			last_ms BIGINT NOT NULL,
			PRIMARY KEY (pool_id, try_key)
		)`,
		// Challenges that have been answered.
		`CREATE TABLE userpool_answered (
			nonce TEXT NOT NULL PRIMARY KEY,
			expires_ms BIGINT NOT NULL
		)`,
		`CREATE TABLE userpool_secrets (
			pool_id TEXT NOT NULL,
			name TEXT NOT NULL,
			sealed TEXT NOT NULL,
			seal_key TEXT NOT NULL,
			from_ms BIGINT NOT NULL,
			PRIMARY KEY (pool_id, name)
		)`,
	},
}
