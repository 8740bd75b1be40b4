package conformance

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// The scope that the programs accept, and the account that owns the notes.
const (
	Region  = "eu-1"
	Service = "notes"
	Account = "111122223333"

	note = "arn:acme:notes:" + Region + ":" + Account + ":note/"
)

// Caller is an access key.
type Caller struct{ ARN, AccessKeyID, Secret string }

// String returns who it is, and no secret.
func (c *Caller) String() string {
	if c == nil {
		return "nobody"
	}
	return c.ARN
}

// statement is one of a policy. All of them allow.
type statement struct {
	Effect   string
	Action   any
	Resource any
}

// exactly are the IDs that Erin may read, each named in full: she is served only where the resource
// that a program made of the path is the right one, and the set sees whether the handler got it.
var exactly = append(slices.Clone(chosen), randomIDs()...)

var chosen = []string{
	"a b", "ü", "日本", "*", "a+b", "a!b", "a:b", "a;b,c", "50%", "a%20b", "{id}", ":id", "a$b", "(x)", "~'", "a@b=c", "?",
}

// randomIDs returns IDs of letters, and of characters that mean something to a path, a pattern, a
// policy or a router.
func randomIDs() []string {
	characters := []rune("ab1 *+!:;,%{}$()~'@=?&#[]|^\"<>`_-é÷")
	random := rand.New(rand.NewPCG(1, 0))
	var ids []string
	for range 200 {
		id := make([]rune, 1+random.IntN(8))
		for i := range id {
			id[i] = characters[random.IntN(len(characters))]
		}
		ids = append(ids, string(id))
	}
	return ids
}

// writeData writes the folder of filestore: Alice may do everything with notes, Bob may read his
// own, and Erin those whose names are hard to carry. Forger has Alice's key and another secret.
func (p *Program) writeData(t *testing.T) {
	t.Helper()
	var named []string
	for _, id := range exactly {
		// What stands for itself in a policy: the IAM User Guide, "Special characters". What a
		// policy cannot hold, '?' stands for.
		named = append(named, note+strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}", "日", "?", "本", "?").Replace(id))
	}
	allowed := map[string]statement{
		"alice": {"Allow", "notes:*", "*"},
		"bob":   {"Allow", "notes:Read", note + "bob-*"},
		"erin":  {"Allow", "notes:Read", named},
	}
	if err := os.Mkdir(filepath.Join(p.Data, "policies"), 0o700); err != nil {
		t.Fatal(err)
	}
	type user map[string]any
	var users []user
	for name, s := range allowed {
		id, secret := filestore.NewAccessKey()
		c := &Caller{"arn:aws:iam::" + Account + ":user/" + name, id, secret.Reveal()}
		switch name {
		case "alice":
			_, other := filestore.NewAccessKey()
			p.Alice, p.Forger = c, &Caller{c.ARN, id, other.Reveal()}
		case "bob":
			p.Bob = c
		default:
			p.Erin = c
		}
		writeJSON(t, filepath.Join(p.Data, "policies", name+".json"), map[string]any{
			"Version": "2012-10-17", "Statement": []statement{s},
		})
		users = append(users, user{
			"Arn": c.ARN, "UserId": "AIDA" + strings.ToUpper(name), "AttachedPolicies": []string{name},
			"AccessKeys": []map[string]string{{"AccessKeyId": id, "SecretAccessKey": c.Secret, "Status": "Active"}},
		})
	}
	writeJSON(t, filepath.Join(p.Data, "principals.json"), map[string]any{"Users": users})
}

func writeJSON(t *testing.T, name string, v any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
