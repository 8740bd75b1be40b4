// Package directory keeps accounts, users, groups, roles, access keys and policies in a database,
// and serves them from memory.
package directory
