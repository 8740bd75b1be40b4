package jsontree_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// asDecoded returns the value as encoding/json decodes it into an any, with numbers as they are
// written.
func asDecoded(t *testing.T, n *jsontree.Node) any {
	t.Helper()
	switch n.Kind {
	case jsontree.String:
		return n.Text
	case jsontree.Number:
		return json.Number(n.Text)
	case jsontree.Bool:
		return n.Text == "true"
	case jsontree.Null:
		return nil
	case jsontree.List:
		list := make([]any, len(n.Kids))
		for i := range n.Kids {
			list[i] = asDecoded(t, &n.Kids[i])
		}
		return list
	}
	object := make(map[string]any, len(n.Kids))
	for i := range n.Kids {
		object[n.Kids[i].Name] = asDecoded(t, &n.Kids[i])
	}
	if len(object) != len(n.Kids) {
		t.Errorf("an object has %d keys and %d members", len(object), len(n.Kids))
	}
	return object
}

// isAt checks that a value and the values in it stand in the document where they say.
func isAt(t *testing.T, src string, n *jsontree.Node) {
	t.Helper()
	// What encoding/json reads from the place on is the value, and the whole of its text.
	var source json.RawMessage
	if err := json.NewDecoder(strings.NewReader(src[n.Offset:])).Decode(&source); err != nil {
		t.Fatalf("no value at %d of %q: %v", n.Offset, src, err)
	}
	if n.Kind != jsontree.String && n.Text != string(source) {
		t.Errorf("the value at %d of %q has the text %q, want %q", n.Offset, src, n.Text, source)
	}
	if c := src[n.Offset]; (c == '"') != (n.Kind == jsontree.String) || (c == '{') != (n.Kind == jsontree.Object) ||
		(c == '[') != (n.Kind == jsontree.List) || (c == 'n') != (n.Kind == jsontree.Null) ||
		(c == 't' || c == 'f') != (n.Kind == jsontree.Bool) {
		t.Errorf("%s at %d of %q", n.Kind, n.Offset, src)
	}
	for i := range n.Kids {
		kid := &n.Kids[i]
		if kid.Offset <= n.Offset || kid.Offset >= n.Offset+len(source) {
			t.Errorf("the value at %d of %q has one at %d", n.Offset, src, kid.Offset)
		}
		if n.Kind == jsontree.Object {
			var name string
			if err := json.NewDecoder(strings.NewReader(src[kid.NameOffset:])).Decode(&name); err != nil || name != kid.Name {
				t.Errorf("the key %q is not at %d of %q: %q, %v", kid.Name, kid.NameOffset, src, name, err)
			}
		}
		isAt(t, src, kid)
	}
}

// hold checks everything that is true of every text. It reports whether the text was accepted.
func hold(t *testing.T, src string, opts jsontree.Options) (accepted bool) {
	t.Helper()
	tree := jsontree.Parse(src, opts)
	d := json.NewDecoder(strings.NewReader(src))
	d.UseNumber()
	var decoded any
	err := d.Decode(&decoded)
	isJSON := err == nil && json.Valid([]byte(src))
	if len(tree.Errors) == 0 {
		if !isJSON {
			t.Fatalf("%q is accepted, and not by encoding/json: %v", src, err)
		}
		if !tree.Whole || !utf8.ValidString(src) {
			t.Errorf("%q is accepted: whole %v", src, tree.Whole)
		}
		if diff := cmp.Diff(decoded, asDecoded(t, &tree.Root)); diff != "" {
			t.Errorf("%q is read otherwise:\n%s", src, diff)
		}
		isAt(t, src, &tree.Root)
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(src)); err != nil || tree.Blank != len(src)-compact.Len() {
			t.Errorf("%q has %d bytes of white space, want %d", src, tree.Blank, len(src)-compact.Len())
		}
	}
	for i, e := range tree.Errors {
		switch {
		case e.Offset < 0 || e.Offset > len(src):
			t.Errorf("%q: an error at %d", src, e.Offset)
		case e.Kind > jsontree.InvalidUTF8 && e.Kind < jsontree.DuplicateKey && isJSON:
			t.Errorf("%q: %s, and yet it is JSON", src, e.Kind)
		case e.Kind == jsontree.InvalidUTF8 && utf8.ValidString(src):
			t.Errorf("%q is UTF-8", src)
		case !opts.Names && (e.Path != "" || e.Key != ""):
			t.Errorf("%q: an error holds %q and %q", src, e.Path, e.Key)
		case i < len(tree.Errors)-1 && e.Kind < jsontree.DuplicateKey:
			t.Errorf("%q: the reading went on after %s", src, e.Kind)
		}
	}
	if len(tree.Errors) > 100 {
		t.Errorf("%d errors", len(tree.Errors))
	}
	return len(tree.Errors) == 0
}

var accepted = []string{
	`null`, `true`, `false`, `0`, `-0`, `""`, `[]`, `{}`, ` [ ] `, "\t{\r\n}\n", `10`, `-10.50`, `1e5`, `1E+05`, `0.1e-1`,
	`123456789012345678901234567890`, `1e400`,
	`"a"`, `"\"\\\/\b\f\n\r\t"`, `"\u0041\u00e9\u00FF\uFFFE\ud83d\uDE00"`, "\"é😀\u2028\u007f\"", `"\u0000"`,
	`"a\u0062c"`, `"abc\n"`, `"\nabc"`,
	`[1,"a",true,false,null,[],{}]`, `{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}`, `{"":{"":1}}`, `{"a":1,"A":2}`, `{"a\u0062":1,"ab ":2}`,
	"{ \"a\" : [ 1 , 2 ] ,\n \"b\" : \"c d\" }", `{"__proto__":1}`, `[[[[[[[[]]]]]]]]`, `{` + members(40) + `}`, `{` + members(16) +
		`}`, `{` + members(17) + `}`,
}

// TestAcceptedAsEncodingJSON: what is accepted is what encoding/json reads, with every value at its
// place.
func TestAcceptedAsEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, src := range accepted {
		if !hold(t, src, loose()) {
			t.Errorf("%q is refused: %+v", src, jsontree.Parse(src, loose()).Errors)
		}
		if len(src) > 100 {
			continue
		}
		// Whatever one byte of it is made, or where it is cut off.
		for i := range src {
			for _, c := range "\x00 \"\\,:[]{}019.-eatnu\x1f\x80\xff" {
				hold(t, src[:i]+string(byte(c))+src[i+1:], loose())
				hold(t, src[:i]+string(byte(c))+src[i:], loose())
			}
			hold(t, src[:i]+src[i+1:], loose())
			hold(t, src[:i], loose())
		}
	}
}

// TestDocumentsOfThePackages: what the commands' tests read is accepted as encoding/json reads it.
func TestDocumentsOfThePackages(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.FromSlash("../../iampolicy/cmd/iampolicy/testdata/*.json"))
	if err != nil || len(names) < 5 {
		t.Fatalf("%d documents, %v", len(names), err)
	}
	read := 0
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if hold(t, string(b), loose()) {
			read++
		}
	}
	if read < 5 {
		t.Errorf("%d of %d are accepted", read, len(names))
	}
}

// FuzzParse: what is accepted, encoding/json accepts with the same values; what is refused as no
// JSON, it refuses; every value, key and error is at its place; and an error tells nothing of the
// document unless that is asked for.
func FuzzParse(f *testing.F) {
	for _, src := range accepted {
		f.Add(src)
	}
	for _, src := range []string{
		`{"a":1,"\u0061":2}`, `["\ud800"]`, "[\"\xff\"]", "\ufeff{}", `[01]`, `{"a":1,}`, `["\u00g0"]`, `[1]x`,
		"[\"\ufffd\"]",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		opts := loose()
		hold(t, src, opts)
		opts.Names, opts.Latin1 = true, true
		hold(t, src, opts)
		hold(t, src, jsontree.Options{Limits: jsontree.Limits{Bytes: 50, Depth: 3, Members: 2, Values: 6}})
	})
}

// TestTexts: the texts of a value are those of a list's elements, or its own.
func TestTexts(t *testing.T) {
	t.Parallel()
	root := jsontree.Parse(`{"a":"x","b":["x","\u0079"],"c":[],"d":1.50}`, loose()).Root
	want := [][]string{{"x"}, {"x", "y"}, {}, {"1.50"}}
	for i := range root.Kids {
		if diff := cmp.Diff(want[i], root.Kids[i].Texts()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestKinds: each kind has its words.
func TestKinds(t *testing.T) {
	t.Parallel()
	root := jsontree.Parse(`["",0,true,null,[],{}]`, loose()).Root
	want := []string{"a string", "a number", "a boolean", "null", "a list", "an object"}
	for i := range root.Kids {
		if got := root.Kids[i].Kind.String(); got != want[i] {
			t.Errorf("%s, want %s", got, want[i])
		}
	}
}
