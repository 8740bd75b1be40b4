package filestore

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/wildgate/wildgate/internal/jsontree"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// accessKey is a user's long-term key.
type accessKey struct {
	id      string
	active  bool
	expires time.Time // zero: never
	source  secretSource
	place   place // of the secret's source
}

// secretSource is where the secret of a key is. One field is set.
type secretSource struct {
	inline sigv4auth.Secret
	env    string
	file   string
}

func (d *principalsDecoder) accessKey(n *jsontree.Node, at string) (k accessKey) {
	sources := 0
	source := func(n *jsontree.Node, at string) {
		sources++
		k.place = d.placeOf(n, at)
	}
	d.object(n, at, "an access key", []field{
		{"AccessKeyId", true, func(n *jsontree.Node, at string) {
			k.id, _ = d.string(n, at, iamid.ValidAccessKeyID, fmt.Sprintf("is 1 to %d characters of [A-Za-z0-9_-]", iamid.MaxAccessKeyID))
			if k.id != "" {
				d.unique(n, at, "the access key ID", k.id)
			}
		}},
		{"SecretAccessKey", false, func(n *jsontree.Node, at string) {
			source(n, at)
			d.inline = true
			s, _ := d.string(n, at, iamid.ValidSecret, iamid.SecretRule)
			k.source.inline = sigv4auth.NewSecret(s)
		}},
		{"SecretAccessKeyEnv", false, func(n *jsontree.Node, at string) {
			source(n, at)
			k.source.env, _ = d.string(n, at, func(s string) bool { return s != "" && iamid.WordOr(s, "") },
				"is no name of an environment variable")
		}},
		{"SecretAccessKeyFile", false, func(n *jsontree.Node, at string) {
			source(n, at)
			k.source.file, _ = d.string(n, at, func(s string) bool { return s != "" && iamid.Printable(s) }, "is no name of a file")
		}},
		{"Status", true, func(n *jsontree.Node, at string) {
			status, _ := d.string(n, at, func(s string) bool { return s == "Active" || s == "Inactive" }, `is "Active" or "Inactive"`)
			k.active = status == "Active"
		}},
		{"Expires", false, func(n *jsontree.Node, at string) { k.expires = d.time(n, at) }},
	})
	if n.Kind == jsontree.Object && sources != 1 {
		d.fail(n.Offset, at, "an access key needs exactly one of SecretAccessKey, SecretAccessKeyEnv and SecretAccessKeyFile")
	}
	return k
}

// decodeSecret decodes the file of a secret. Its problems name no file: where a slip has put the
// secret itself in the place of the file's name, that would tell it. They are reported at the key.
func decodeSecret(data []byte, mode fileMode) (secret sigv4auth.Secret, problems []Problem, ok bool) {
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	switch problem := mode.problem(); {
	case problem != "":
		return secret, []Problem{{Message: problem}}, false
	case !iamid.ValidSecret(text):
		return secret, []Problem{{Message: "the file holds no secret: " + iamid.SecretRule}}, false
	}
	return sigv4auth.NewSecret(text), nil, true
}

// wholeSecret reports whether a secret's file shows that its writer has finished. A secret has no
// grammar by which its beginning could be told from the whole, but a line has an end.
func wholeSecret(data []byte) bool { return bytes.HasSuffix(data, []byte("\n")) }

// NewAccessKey returns a new random long-term access key, for a principals.json that is about to be
// written: an ID of 20 characters that begins with AKIA, and a secret of 40.
func NewAccessKey() (accessKeyID string, secret sigv4auth.Secret) {
	return iamid.NewAccessKeyID(iamid.LongTermPrefix), sigv4auth.NewSecret(iamid.NewSecret())
}
