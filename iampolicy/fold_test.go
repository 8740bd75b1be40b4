package iampolicy_test

import (
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// TestKeysFold: threat 178. Of all pairs of bytes, those make condition keys the same that are one
// ASCII letter in two cases, at each place of a key, whether it is looked at alone or together with
// others.
func TestKeysFold(t *testing.T) {
	t.Parallel()
	lower := func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}
	for _, length := range []int{1, 7, 8, 9, 16, 19} {
		for at := range length {
			key := func(c byte) string {
				b := make([]byte, length)
				for i := range b {
					b[i] = 'k'
				}
				b[at] = c
				return string(b)
			}
			for set := range 256 {
				var c iampolicy.Context
				c.Set(key(byte(set)), "v")
				for asked := range 256 {
					if _, _, found := c.Get(key(byte(asked))); found != (lower(byte(set)) == lower(byte(asked))) {
						t.Fatalf("%q, set as %q: %t", key(byte(asked)), key(byte(set)), found)
					}
				}
			}
		}
	}
}
