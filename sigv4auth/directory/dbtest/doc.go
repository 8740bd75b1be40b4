// Package dbtest has the tests of package directory that need a database: SQLite, and PostgreSQL
// where it is installed. It is a module of its own, so that their drivers reach nobody else.
package dbtest
