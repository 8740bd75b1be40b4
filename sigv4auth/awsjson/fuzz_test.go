package awsjson_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// FuzzInput: a body that is accepted is what encoding/json reads too, to the same text and the same
// map; one that it refuses is refused; and an answer is JSON whatever comes, and never a fault.
func FuzzInput(f *testing.F) {
	for _, seed := range []string{
		`{"Name": "a", "Map": {"k": "v"}}`, `{"Name": "a", "Name": "b"}`, `{"name": "a"}`, `{"Name": null}`, `[]`, ``, `{`, `{"Name": 1e5}`,
		`{"Name": "\ud800"}`, "{\"Name\": \"\xff\"}", `{"Map": {"a": null, "b": "c"}}`, `{"Map": {"\u006b": "v"}} `, "\ufeff{}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var name string
		var entries map[string]string
		s := awsjson.Service{Target: target, Operations: map[string]awsjson.Operation{"Op": {
			Unsigned: true, Run: func(_ *http.Request, in *awsjson.Input) (any, error) {
				name = in.String("Name", awsjson.Rule{})
				entries = in.Map("Map", awsjson.Rule{}, awsjson.Rule{}, awsjson.Rule{})
				return nil, nil
			},
		}}}
		w := do(s.Handler(nil, func(h http.Handler) http.Handler { return h }), post("Op", body))
		if !json.Valid(w.Body.Bytes()) || w.Code >= 500 {
			t.Fatalf("%d %q", w.Code, w.Body)
		}
		if w.Code != 200 {
			return
		}
		if !utf8.ValidString(body) {
			t.Fatal("what is not UTF-8 was accepted")
		}
		var whole map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &whole); err != nil {
			t.Fatalf("%v: %q was accepted", err, body)
		}
		var want string
		if raw, ok := whole["Name"]; ok {
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatalf("%v: %q was accepted", err, body)
			}
		}
		var wantMap map[string]*string
		if raw, ok := whole["Map"]; ok {
			if err := json.Unmarshal(raw, &wantMap); err != nil {
				t.Fatalf("%v: %q was accepted", err, body)
			}
		}
		if name != want || strings.ContainsRune(name, utf8.RuneError) {
			t.Errorf("%q: the name is %q; want %q", body, name, want)
		}
		n := 0
		for k, v := range wantMap {
			if v != nil {
				n++
				if entries[k] != *v {
					t.Errorf("%q: %q is %q; want %q", body, k, entries[k], *v)
				}
			}
		}
		if n != len(entries) {
			t.Errorf("%q: %d entries; want %d", body, len(entries), n)
		}
	})
}
