package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// TestKeysDoNotShow: no verb, encoding or log tells a key, also where it is a field of another
// value (threat 116).
func TestKeysDoNotShow(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	path, k := create(t)
	r, err := keyring.Open(keyring.Config{File: path, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	box := r.For("test 1")
	seal(t, r, "x")
	fields := strings.Fields(string(k.Encode()))
	secret := fields[len(fields)-3]
	raw, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	canaries := []string{
		secret[:12], string(raw[:6]), hex.EncodeToString(raw[:6]), fmt.Sprintf("%X", raw[:6]), strings.Trim(fmt.Sprint(raw[:6]), "[]"),
	}
	type holder struct {
		Keys keyring.Keys
		keys keyring.Keys
		ring *keyring.Ring
		box  *keyring.Box
	}
	_, damaged := keyring.Parse(bytes.Replace(k.Encode(), []byte(secret[:4]), []byte("AAAA"), 1))
	var log bytes.Buffer
	for _, v := range []any{
		k, &k, r, box,
		holder{k, k, r, box},
		&holder{k, k, r, box},
		[]keyring.Keys{k},
		map[string]any{"k": k, "r": r, "b": box},
		k.List(),
		keyring.Config{File: path},
		damaged,
	} {
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%e", "%c"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		text, err := json.Marshal(v)
		if err == nil {
			out.Write(text)
		}
		log.Reset()
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		out.Write(log.Bytes())
		for _, canary := range canaries {
			if strings.Contains(out.String(), canary) {
				t.Errorf("%T shows a key: %s", v, out.String())
			}
		}
	}
}
