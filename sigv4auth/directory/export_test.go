package directory

import (
	"encoding/base64"
	"maps"
	"slices"
)

// Actions returns the actions of the endpoint.
func Actions() []string { return slices.Sorted(maps.Keys(operations())) }

// WithIDs and WithARNs are how trust policies are kept and told.
func WithIDs(d *Directory, text string) (string, error) { return withIDs(d.current.Load(), text) }

// WithARNs is described with WithIDs.
func WithARNs(d *Directory, text string) string { return withARNs(d.current.Load(), text) }

// Marker returns a marker that holds a text, as all hold the action and the key.
func Marker(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// Rewind returns what puts the state that is in force now in force again.
func Rewind(d *Directory) func() {
	s := d.current.Load()
	return func() { d.current.Store(s) }
}
