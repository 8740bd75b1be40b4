package jsontree_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// loose has limits that no test reaches which is not about them.
func loose() jsontree.Options {
	return jsontree.Options{Limits: jsontree.Limits{Bytes: 1 << 20, Depth: 100, Members: 2000, Values: 10_000}}
}

// place takes the mark out of a text, and returns where it was.
func place(t *testing.T, marked string) (src string, off int) {
	t.Helper()
	before, after, ok := strings.Cut(marked, "☞")
	if !ok || strings.Contains(after, "☞") {
		t.Fatal("not one mark")
	}
	return before + after, len(before)
}

// TestRefused: threats 149, 156 and 157. What leaves the meaning of a document in doubt is refused,
// at the place that ☞ marks, and so is what is not JSON.
func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, doc string
		want      jsontree.ErrorKind
		path, key string
	}{
		{"nothing", `☞`, jsontree.MissingValue, "", ""},
		{"white space", " \n\t\r☞", jsontree.MissingValue, "", ""},
		{"other white space", "☞\v{}", jsontree.MissingValue, "", ""},
		{"a space that is not ASCII", "☞\u00a0{}", jsontree.MissingValue, "", ""},
		{"a byte order mark", "☞\ufeff{}", jsontree.ByteOrderMark, "", ""},
		{"a byte order mark later", "[☞\ufeff]", jsontree.MissingValue, "[0]", ""},
		{"a second value", `{} ☞{}`, jsontree.TrailingData, "", ""},
		{"a comment behind", `{} ☞// x`, jsontree.TrailingData, "", ""},
		{"a comment", `☞/* x */ {}`, jsontree.MissingValue, "", ""},
		{"NUL behind", "{}☞\x00", jsontree.TrailingData, "", ""},
		{"a bracket too many", `[]☞]`, jsontree.TrailingData, "", ""},
		{"a word", `☞nope`, jsontree.MissingValue, "", ""},
		{"a word that is cut off", `[☞tru]`, jsontree.MissingValue, "[0]", ""},
		{"a word in another case", `[☞True]`, jsontree.MissingValue, "[0]", ""},
		{"a word that goes on", `[true☞s]`, jsontree.ListNotEnded, "", ""},
		{"single quotes", `[☞'a']`, jsontree.MissingValue, "[0]", ""},
		{"NaN", `[☞NaN]`, jsontree.MissingValue, "[0]", ""},
		{"infinity", `[☞-Infinity]`, jsontree.InvalidNumber, "[0]", ""},
		{"plus", `[☞+1]`, jsontree.MissingValue, "[0]", ""},
		{"minus", `[☞-]`, jsontree.InvalidNumber, "[0]", ""},
		{"a leading zero", `[☞01]`, jsontree.InvalidNumber, "[0]", ""},
		{"a leading zero behind minus", `[☞-01]`, jsontree.InvalidNumber, "[0]", ""},
		{"a leading point", `[☞.5]`, jsontree.MissingValue, "[0]", ""},
		{"a point at the end", `[☞1.]`, jsontree.InvalidNumber, "[0]", ""},
		{"an exponent without digits", `[☞1e]`, jsontree.InvalidNumber, "[0]", ""},
		{"an exponent with a sign alone", `[☞1e+]`, jsontree.InvalidNumber, "[0]", ""},
		{"a fraction in an exponent", `[1e1☞.5]`, jsontree.ListNotEnded, "", ""},
		{"hexadecimal", `[0☞x10]`, jsontree.ListNotEnded, "", ""},
		{"no end of a list", `[1☞`, jsontree.ListNotEnded, "", ""},
		{"no comma in a list", `[1 ☞2]`, jsontree.ListNotEnded, "", ""},
		{"the other bracket", `[1☞}`, jsontree.ListNotEnded, "", ""},
		{"a comma at the end of a list", `[1,☞]`, jsontree.MissingValue, "[1]", ""},
		{"a comma at the beginning of a list", `[☞,1]`, jsontree.MissingValue, "[0]", ""},
		{"two commas in a list", `[1,☞,2]`, jsontree.MissingValue, "[1]", ""},
		{"no end of an object", `{"a":1☞`, jsontree.ObjectNotEnded, "", ""},
		{"no comma in an object", `{"a":1 ☞"b":2}`, jsontree.ObjectNotEnded, "", ""},
		{"the other bracket of an object", `{"a":1☞]`, jsontree.ObjectNotEnded, "", ""},
		{"a comma at the end of an object", `{"a":1,☞}`, jsontree.MissingKey, "", ""},
		{"no key", `{☞:1}`, jsontree.MissingKey, "", ""},
		{"a key without quotes", `{☞a:1}`, jsontree.MissingKey, "", ""},
		{"a number as a key", `{☞1:1}`, jsontree.MissingKey, "", ""},
		{"the end before a key", `{"x":{☞`, jsontree.MissingKey, "x", ""},
		{"no colon", `{"a" ☞1}`, jsontree.MissingColon, "a", ""},
		{"the end before a colon", `{"a"☞`, jsontree.MissingColon, "a", ""},
		{"no value", `{"a":☞}`, jsontree.MissingValue, "a", ""},
		{"the end before a value", `{"a":☞`, jsontree.MissingValue, "a", ""},
		{"the end within a string", `["a☞`, jsontree.StringNotEnded, "[0]", ""},
		{"the end within a key", `{"a☞`, jsontree.StringNotEnded, "", ""},
		{"the end behind a backslash", `["a\☞`, jsontree.StringNotEnded, "[0]", ""},
		{"the end within an escape", `["a\u00☞`, jsontree.StringNotEnded, "[0]", ""},
		{"the end within the second of two", `["a\ud83d\ude☞`, jsontree.StringNotEnded, "[0]", ""},
		{"the end behind the first of two", `["☞\ud83d`, jsontree.LoneSurrogate, "[0]", ""},
		{"a line feed", "[\"a☞\n\"]", jsontree.ControlCharacter, "[0]", ""},
		{"a tab", "[\"a☞\t\"]", jsontree.ControlCharacter, "[0]", ""},
		{"NUL", "[\"a☞\x00\"]", jsontree.ControlCharacter, "[0]", ""},
		{"U+001F in a key", "{\"a☞\x1f\":1}", jsontree.ControlCharacter, "", ""},
		{"an unknown escape", `["a☞\x41"]`, jsontree.InvalidEscape, "[0]", ""},
		{"an escaped quote that is single", `["a☞\'"]`, jsontree.InvalidEscape, "[0]", ""},
		{"an escape in upper case", `["a☞\U0041"]`, jsontree.InvalidEscape, "[0]", ""},
		{"an escape with another letter", `["\u00☞g0"]`, jsontree.InvalidHex, "[0]", ""},
		{"an escape with an at sign", `["\u00☞@0"]`, jsontree.InvalidHex, "[0]", ""},
		{"an escape with a colon", `["\u00☞:0"]`, jsontree.InvalidHex, "[0]", ""},
		{"an escape with a slash", `["\u00☞/0"]`, jsontree.InvalidHex, "[0]", ""},
		{"an escape with a grave accent", "[\"\\u00☞`0\"]", jsontree.InvalidHex, "[0]", ""},
		{"an escape that the quote cuts off", `["\u00☞"]`, jsontree.InvalidHex, "[0]", ""},
		{"the second of two with another letter", `["\ud83d\ude☞g0"]`, jsontree.InvalidHex, "[0]", ""},
		{"a high surrogate", `["a☞\ud83d"]`, jsontree.LoneSurrogate, "[0]", ""},
		{"a low surrogate", `["a☞\ude00"]`, jsontree.LoneSurrogate, "[0]", ""},
		{"a high surrogate and a letter", `["☞\ud83d\u0041"]`, jsontree.LoneSurrogate, "[0]", ""},
		{"a high surrogate and another escape", `["☞\ud83d\n"]`, jsontree.LoneSurrogate, "[0]", ""},
		{"two high surrogates", `["☞\ud83d\ud83d"]`, jsontree.LoneSurrogate, "[0]", ""},
		{"surrogates in the wrong order", `["☞\ude00\ud83d"]`, jsontree.LoneSurrogate, "[0]", ""},
		{"a lone surrogate in a key", `{"x":{"a☞\ud83d":1}}`, jsontree.LoneSurrogate, "x", ""},
		{"invalid UTF-8", "[\"a☞\xff\"]", jsontree.InvalidUTF8, "[0]", ""},
		{"UTF-8 that is cut off", "[\"a☞\xc3\"]", jsontree.InvalidUTF8, "[0]", ""},
		{"UTF-8 that is longer than needed", "[\"a☞\xc0\xaf\"]", jsontree.InvalidUTF8, "[0]", ""},
		{"a surrogate in UTF-8", "[\"a☞\xed\xa0\x80\"]", jsontree.InvalidUTF8, "[0]", ""},
		{"invalid UTF-8 in a key", "{\"a☞\x80\":1}", jsontree.InvalidUTF8, "", ""},
		{"U+FFFD", "[\"a☞\ufffd\"]", jsontree.ReplacementCharacter, "[0]", ""},
		{"U+FFFD by an escape", `["a☞\ufffd"]`, jsontree.ReplacementCharacter, "[0]", ""},
		{"U+FFFD in a key", "{\"a☞\ufffd\":1}", jsontree.ReplacementCharacter, "", ""},
		{"UTF-16", "☞\xff\xfe{\x00}\x00", jsontree.MissingValue, "", ""},
		{"UTF-16 without a byte order mark", "{☞\x00}\x00", jsontree.MissingKey, "", ""},
		{"a duplicate key", `{"a":1,☞"a":2}`, jsontree.DuplicateKey, "a", "a"},
		{"a duplicate key, escaped", `{"a":1,☞"\u0061":2}`, jsontree.DuplicateKey, "a", "a"},
		{"a duplicate key within", `[{"x":{"a":1,"b":2,☞"a":3}}]`, jsontree.DuplicateKey, "[0].x.a", "a"},
		{"a duplicate key that is empty", `{"":1,☞"":2}`, jsontree.DuplicateKey, "[0]", ""},
		{"a duplicate among many", `{` + members(20) + `,☞"k3":0}`, jsontree.DuplicateKey, "k3", "k3"},
		{"a duplicate of a late one among many", `{` + members(20) + `,☞"k17":0}`, jsontree.DuplicateKey, "k17", "k17"},
		{"a duplicate of the one before among many", `{` + members(20) + `,☞"k19":0}`, jsontree.DuplicateKey, "k19", "k19"},
		{"a duplicate of the sixteenth", `{` + members(16) + `,☞"k15":0}`, jsontree.DuplicateKey, "k15", "k15"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src, off := place(t, tt.doc)
			opts := loose()
			opts.Names = true
			want := []jsontree.Error{{Kind: tt.want, Offset: off, Path: tt.path, Key: tt.key}}
			got := jsontree.Parse(src, opts)
			if diff := cmp.Diff(want, got.Errors); diff != "" {
				t.Error(diff)
			}
			if goesOn := tt.want == jsontree.DuplicateKey || tt.want == jsontree.ReplacementCharacter; got.Whole != goesOn {
				t.Errorf("Whole is %v", got.Whole)
			}
			// Without Names an error holds the kind and the place, and nothing else.
			if diff := cmp.Diff([]jsontree.Error{{Kind: tt.want, Offset: off}}, jsontree.Parse(src, loose()).Errors); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func members(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"k%d":%d`, i, i)
	}
	return strings.Join(list, ",")
}

// TestLimits: threat 157. What has the size of a limit is read, and what is beyond it is refused at
// the place where that is seen.
func TestLimits(t *testing.T) {
	t.Parallel()
	limits := jsontree.Limits{Bytes: 100, Depth: 4, Members: 3, Values: 8}
	for _, tt := range []struct {
		name, admitted, refused string
		want                    jsontree.ErrorKind
	}{
		{"bytes", strings.Repeat(" ", 98) + "{}", "☞" + strings.Repeat(" ", 99) + "{}", jsontree.TooLarge},
		{"lists", `[[[[]]]]`, `[[[[☞[]]]]]`, jsontree.TooDeep},
		{"objects", `{"a":{"a":{"a":{}}}}`, `{"a":{"a":{"a":{"a":☞{}}}}}`, jsontree.TooDeep},
		{"a scalar", `[[[1]]]`, `[[[[☞1]]]]`, jsontree.TooDeep},
		{"lists that have no end", `[[[[]]]]`, `[[[[☞[[[[[[[[[[[[`, jsontree.TooDeep},
		{"depth behind depth", `[[[[]]],[[1]]]`, `[[[[]]],[[[☞1]]]]`, jsontree.TooDeep},
		{"members", `{"a":1,"b":2,"c":3}`, `{"a":1,"b":2,"c":3,☞"d":4}`, jsontree.TooManyMembers},
		{"members of objects side by side", `[{"a":1,"b":2},{"a":1,"b":2}]`, `[{"a":1},{"a":1,"b":2,"c":3,☞"d":4}]`, jsontree.TooManyMembers},
		{"elements", `[1,2,3,4,5,6,7]`, `[1,2,3,4,5,6,7,☞8]`, jsontree.TooManyValues},
		{"values of all kinds", `["",1,true,null,[],{},[]]`, `["",1,true,null,[],{},[☞[]]]`, jsontree.TooManyValues},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opts := jsontree.Options{Limits: limits}
			if got := jsontree.Parse(tt.admitted, opts); len(got.Errors) > 0 || !got.Whole {
				t.Errorf("refused: %+v", got.Errors)
			}
			src, off := place(t, tt.refused)
			got := jsontree.Parse(src, opts)
			if diff := cmp.Diff([]jsontree.Error{{Kind: tt.want, Offset: off}}, got.Errors); diff != "" || got.Whole {
				t.Error(diff)
			}
		})
	}
	// Limits that are not given admit nothing.
	for name, limits := range map[string]jsontree.Limits{
		"no bytes": {Depth: 9, Members: 9, Values: 9}, "no depth": {Bytes: 9, Members: 9, Values: 9},
		"no members": {Bytes: 9, Depth: 9, Values: 9}, "no values": {Bytes: 9, Depth: 9, Members: 9},
	} {
		if got := jsontree.Parse(`{"a":1}`, jsontree.Options{Limits: limits}); len(got.Errors) == 0 {
			t.Errorf("%s: admitted", name)
		}
	}
}

// TestLatin1: what IAM does not admit in a policy is noted wherever it stands, and the reading goes
// on.
func TestLatin1(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, doc, text string }{
		{"U+00FF", "[\"\u00ff\"]", "\u00ff"},
		{"U+00FF by an escape", `["\u00FF"]`, "\u00ff"},
		{"U+0080", "[\"\u0080\"]", "\u0080"},
		{"DEL", "[\"\x7f\"]", "\x7f"},
		{"white space by escapes", `["\t\n\r\u0009\u000a\u000D\u0020"]`, "\t\n\r\t\n\r "},
		{"U+0100", "[\"a☞\u0100\"]", "a\u0100"},
		{"U+0100 by an escape", `["a☞\u0100"]`, "a\u0100"},
		{"U+001F by an escape", `["a☞\u001f"]`, "a\x1f"},
		{"backspace", `["a☞\b"]`, "a\b"},
		{"form feed", `["a☞\f"]`, "a\f"},
		{"NUL by an escape", `["a☞\u0000"]`, "a\x00"},
		{"a pair of surrogates", `["a☞\ud83d\ude00"]`, "a😀"},
		{"an emoji", `["a☞😀"]`, "a😀"},
		{"U+FFFD", "[\"a☞\ufffd\"]", "a\ufffd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opts := loose()
			opts.Latin1 = true
			var want []jsontree.Error
			src := tt.doc
			if strings.Contains(src, "☞") {
				var off int
				src, off = place(t, src)
				want = []jsontree.Error{{Kind: jsontree.DisallowedCharacter, Offset: off}}
			}
			got := jsontree.Parse(src, opts)
			if diff := cmp.Diff(want, got.Errors); diff != "" || !got.Whole || got.Root.Kids[0].Text != tt.text {
				t.Errorf("%q, whole %v\n%s", got.Root.Kids[0].Text, got.Whole, diff)
			}
			// Without the option they are characters as any other, but for U+FFFD.
			if got := jsontree.Parse(src, loose()); len(got.Errors) > 0 && tt.name != "U+FFFD" {
				t.Errorf("%+v", got.Errors)
			}
		})
	}
}

// TestWhatDoesNotEndTheReading: a caller hears of a duplicate key and of what else is wrong; and
// a document cannot make the report as long as it likes.
func TestWhatDoesNotEndTheReading(t *testing.T) {
	t.Parallel()
	src := `{"a":"x` + "\ufffd" + `","a":["y"],"b":{"c":1,"c":2}}`
	got := jsontree.Parse(src, loose())
	want := []jsontree.Error{
		{Kind: jsontree.ReplacementCharacter, Offset: strings.Index(src, "\ufffd")},
		{Kind: jsontree.DuplicateKey, Offset: strings.Index(src, `"a":["y"`)},
		{Kind: jsontree.DuplicateKey, Offset: strings.Index(src, `"c":2`)},
	}
	if diff := cmp.Diff(want, got.Errors); diff != "" || !got.Whole || len(got.Root.Kids) != 3 || got.Root.Kids[1].Kids[0].Text != "y" {
		t.Errorf("%+v\n%s", got.Root, diff)
	}

	src = `{` + strings.Repeat(`"a":1,`, 1000) + `"b"}`
	got = jsontree.Parse(src, loose())
	if n := len(got.Errors); n != 100 || got.Errors[n-1] != (jsontree.Error{Kind: jsontree.MissingColon, Offset: len(src) - 1}) ||
		got.Whole {
		t.Errorf("%d errors, the last %+v", n, got.Errors[n-1])
	}
}

// TestErrorsQuoteNothing: threat 116. What an error says has nothing of the document in it.
func TestErrorsQuoteNothing(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		`{"swordfish":"swordfish","swordfish":1}`, `{"swordfish":"\swordfish"}`, `["a":swordfish]`, `swordfish`,
		`{"swordfish" "swordfish"}`,
		`{"swordfish":01}`, `{"swordfish":"\ud800swordfish"}`, `"swordfish`, `{swordfish}`, `{}swordfish`, "[\"swordfish\ufffd\"]",
	} {
		errors := jsontree.Parse(src, loose()).Errors
		if len(errors) != 1 || errors[0].Kind.String() == "" {
			t.Errorf("%s: %+v", src, errors)
			continue
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, errors[0]) + errors[0].Error(); strings.Contains(text, "sword") {
				t.Errorf("%s: %s", src, text)
			}
		}
	}
}
