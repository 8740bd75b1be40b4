package directory

import (
	"context"
	"database/sql"
)

// migrations[v] leads from version v of the schema to v+1. What has been released is never edited,
// only added to. Types are those that SQLite and PostgreSQL keep alike; bytes are kept as base64,
// times in seconds since 1970.
//
// What is of several kinds of entities names its owner by the unique ID, or, of an identity
// provider, by its key.
var migrations = [...][]string{
	{
		// The state that is in force. token is new with every revision, so that two histories are
		// told apart; previous is the token before.
		`CREATE TABLE directory_state (
			only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
			revision BIGINT NOT NULL,
			token TEXT NOT NULL,
			previous TEXT NOT NULL
		)`,
		`INSERT INTO directory_state (only_row, revision, token, previous) VALUES (1, 0, '', '')`,
		// Which entities changed with which revision: what other processes have to read again.
		`CREATE TABLE directory_changes (
			revision BIGINT NOT NULL,
			seq BIGINT NOT NULL,
			token TEXT NOT NULL,
			kind TEXT NOT NULL,
			id TEXT NOT NULL,
			PRIMARY KEY (revision, seq)
		)`,
		`CREATE TABLE directory_accounts (
			id TEXT NOT NULL PRIMARY KEY,
			alias TEXT UNIQUE,
			created BIGINT NOT NULL
		)`,
		// name_key is the name in lower case: names have no case.
		`CREATE TABLE directory_users (
			id TEXT NOT NULL PRIMARY KEY,
			account_id TEXT NOT NULL,
			name TEXT NOT NULL,
			name_key TEXT NOT NULL,
			path TEXT NOT NULL,
			boundary TEXT NOT NULL,
			created BIGINT NOT NULL,
			UNIQUE (account_id, name_key)
		)`,
		`CREATE TABLE directory_groups (
			id TEXT NOT NULL PRIMARY KEY,
			account_id TEXT NOT NULL,
			name TEXT NOT NULL,
			name_key TEXT NOT NULL,
			path TEXT NOT NULL,
			created BIGINT NOT NULL,
			UNIQUE (account_id, name_key)
		)`,
		`CREATE TABLE directory_roles (
			id TEXT NOT NULL PRIMARY KEY,
			account_id TEXT NOT NULL,
			name TEXT NOT NULL,
			name_key TEXT NOT NULL,
			path TEXT NOT NULL,
			boundary TEXT NOT NULL,
			description TEXT NOT NULL,
			trust TEXT NOT NULL,
			max_session BIGINT NOT NULL,
			created BIGINT NOT NULL,
			UNIQUE (account_id, name_key)
		)`,
		`CREATE TABLE directory_policies (
			id TEXT NOT NULL PRIMARY KEY,
			account_id TEXT NOT NULL,
			name TEXT NOT NULL,
			name_key TEXT NOT NULL,
			path TEXT NOT NULL,
			description TEXT NOT NULL,
			default_version TEXT NOT NULL,
			next_version BIGINT NOT NULL,
			created BIGINT NOT NULL,
			updated BIGINT NOT NULL,
			UNIQUE (account_id, name_key)
		)`,
		`CREATE TABLE directory_versions (
			policy_id TEXT NOT NULL,
			seq BIGINT NOT NULL,
			id TEXT NOT NULL,
			document TEXT NOT NULL,
			created BIGINT NOT NULL,
			PRIMARY KEY (policy_id, id)
		)`,
		`CREATE TABLE directory_inline (
			owner_id TEXT NOT NULL,
			name TEXT NOT NULL,
			document TEXT NOT NULL,
			PRIMARY KEY (owner_id, name)
		)`,
		`CREATE TABLE directory_attached (
			owner_id TEXT NOT NULL,
			policy_arn TEXT NOT NULL,
			PRIMARY KEY (owner_id, policy_arn)
		)`,
		`CREATE TABLE directory_members (
			user_id TEXT NOT NULL,
			group_id TEXT NOT NULL,
			PRIMARY KEY (user_id, group_id)
		)`,
		`CREATE TABLE directory_tags (
			owner_id TEXT NOT NULL,
			tag_key TEXT NOT NULL,
			tag_value TEXT NOT NULL,
			PRIMARY KEY (owner_id, tag_key)
		)`,
		// What sealed holds is the secret; seal_key is the ring's key.
		`CREATE TABLE directory_keys (
			id TEXT NOT NULL PRIMARY KEY,
			user_id TEXT NOT NULL,
			active BIGINT NOT NULL,
			sealed TEXT NOT NULL,
			seal_key TEXT NOT NULL,
			created BIGINT NOT NULL,
			expires BIGINT NOT NULL
		)`,
		`CREATE INDEX directory_keys_by_user ON directory_keys (user_id)`,
		// The IDs of keys that were deleted, which are never given again.
		`CREATE TABLE directory_deleted_keys (
			id TEXT NOT NULL PRIMARY KEY,
			revision BIGINT NOT NULL
		)`,
		`CREATE TABLE directory_providers (
			id TEXT NOT NULL PRIMARY KEY,
			account_id TEXT NOT NULL,
			arn TEXT NOT NULL,
			url TEXT NOT NULL,
			created BIGINT NOT NULL
		)`,
		// list says which of a provider's lists the text is in: clients or thumbprints.
		`CREATE TABLE directory_provider_lists (
			owner_id TEXT NOT NULL,
			list TEXT NOT NULL,
			seq BIGINT NOT NULL,
			value TEXT NOT NULL,
			PRIMARY KEY (owner_id, list, seq)
		)`,
		// When keys and roles were last used. It is in no revision.
		`CREATE TABLE directory_uses (
			kind TEXT NOT NULL,
			id TEXT NOT NULL,
			used BIGINT NOT NULL,
			region TEXT NOT NULL,
			service TEXT NOT NULL,
			PRIMARY KEY (kind, id)
		)`,
	},
}

// querier is a database, or a transaction of one.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
