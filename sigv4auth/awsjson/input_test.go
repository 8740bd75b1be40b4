package awsjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

var small = &awsjson.Pattern{Text: `[a-z]*`, Match: func(s string) bool { return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == "" }}

// read lets an operation read a body, and returns the code and the message of what is wrong, "" for
// nothing.
func read(t *testing.T, body string, reader func(*awsjson.Input)) string {
	t.Helper()
	s := awsjson.Service{Target: target, Operations: map[string]awsjson.Operation{"Op": {
		Unsigned: true, Run: func(_ *http.Request, in *awsjson.Input) (any, error) {
			reader(in)
			return nil, nil
		},
	}}}
	w := do(s.Handler(nil, func(h http.Handler) http.Handler { return h }), post("Op", body)).Body.Bytes()
	var said struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(w, &said); err != nil {
		t.Fatalf("%v: %s", err, w)
	}
	return strings.TrimSpace(said.Type + " " + said.Message)
}

// TestInput: members of each type are read as they were sent, and what nobody reads is ignored.
func TestInput(t *testing.T) {
	t.Parallel()
	body := `{"Text": "a\u00e9\ud83d\ude00", "Empty": "", "Null": null, "Number": -7, "Large": 9007199254740993, "Yes": true, "No": false,
		"List": ["a", "b"], "EmptyList": [], "Map": {"k": "v", "n": null}, "Structs": [{"Name": "x"}, {"Name": "y", "Value": null}],
		"Struct": {"Inner": {"Name": "z"}}, "Later": [{"a": [null, 1.5e3]}]}`
	got := ""
	wrong := read(t, body, func(in *awsjson.Input) {
		n, ok := in.Int("Number", awsjson.Rule{})
		large, _ := in.Int("Large", awsjson.Rule{})
		_, absent := in.Int("Absent", awsjson.Rule{})
		var structs strings.Builder
		for _, s := range in.Structs("Structs", awsjson.Rule{}) {
			structs.WriteString(s.String("Name", awsjson.Rule{Required: true}) + fmt.Sprint(s.Has("Value")))
		}
		m := in.Map("Map", awsjson.Rule{}, awsjson.Rule{}, awsjson.Rule{})
		got = fmt.Sprint(in.String("Text", awsjson.Rule{}), in.Has("Empty"), in.Has("Null"), in.Has("text"), n, ok, large, absent,
			in.Bool("Yes", awsjson.Rule{}), in.Bool("No", awsjson.Rule{}), in.Bool("Absent", awsjson.Rule{}),
			in.Strings("List", awsjson.Rule{}, awsjson.Rule{}), in.Strings("EmptyList", awsjson.Rule{}, awsjson.Rule{}) != nil,
			in.Strings("Absent", awsjson.Rule{}, awsjson.Rule{}) == nil, m, slices.Collect(maps.Keys(m)), structs.String(),
			in.Struct("Struct", awsjson.Rule{}).Struct("Inner", awsjson.Rule{}).String("Name", awsjson.Rule{}),
			in.Struct("Absent", awsjson.Rule{}) == nil, in.Map("Absent", awsjson.Rule{}, awsjson.Rule{}, awsjson.Rule{}) == nil)
		if text := fmt.Sprintf("%v %+v %#v %s %d", in, in, in, in, in); text != "awsjson.Input"+strings.Repeat(" awsjson.Input", 4) {
			t.Errorf("an Input prints %s", text)
		}
	})
	want := "aé😀true false false-7 true 9007199254740993 false true false false [a b] true true map[k:v] [k]xfalseyfalse z true true"
	if wrong != "" || strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("%s\n%s\nwant\n%s", wrong, got, want)
	}
}

// TestInputWrong: values of wrong types, and values that break their rules, are told in AWS's
// words, and no value that is sensitive is told.
func TestInputWrong(t *testing.T) {
	t.Parallel()
	const (
		malformed = "SerializationException "
		one       = "ValidationException 1 validation error detected: Value"
		fails     = " failed to satisfy constraint: "
	)
	text := func(r awsjson.Rule) func(*awsjson.Input) { return func(in *awsjson.Input) { in.String("Name", r) } }
	number := func(r awsjson.Rule) func(*awsjson.Input) { return func(in *awsjson.Input) { in.Int("Name", r) } }
	truth := func(in *awsjson.Input) { in.Bool("Name", awsjson.Rule{}) }
	list := func(l, m awsjson.Rule) func(*awsjson.Input) {
		return func(in *awsjson.Input) { in.Strings("Name", l, m) }
	}
	entries := func(m, k, v awsjson.Rule) func(*awsjson.Input) {
		return func(in *awsjson.Input) { in.Map("Name", m, k, v) }
	}
	structs := func(in *awsjson.Input) {
		for _, s := range in.Structs("Name", awsjson.Rule{MaxLength: 1}) {
			s.String("Key", awsjson.Rule{Required: true})
		}
	}
	inner := func(in *awsjson.Input) {
		if s := in.Struct("Name", awsjson.Rule{Required: true}); s != nil {
			s.String("Key", awsjson.Rule{Required: true})
		}
	}
	var none awsjson.Rule
	for _, c := range []struct {
		value string
		do    func(*awsjson.Input)
		want  string
	}{
		{`7`, text(none), malformed + "NUMBER_VALUE can not be converted to a String"},
		{`true`, text(none), malformed + "TRUE_VALUE can not be converted to a String"},
		{`false`, text(none), malformed + "FALSE_VALUE can not be converted to a String"},
		{`{}`, text(none), malformed + "Start of structure or map found where not expected."},
		{`[]`, text(none), malformed + "Start of list found where not expected"},
		{`"7"`, number(none), malformed + "STRING_VALUE can not be converted to an Integer"},
		{`7.5`, number(none), malformed + "NUMBER_VALUE can not be converted to an Integer"},
		{`1e3`, number(none), malformed + "NUMBER_VALUE can not be converted to an Integer"},
		{`9223372036854775808`, number(none), malformed + "NUMBER_VALUE can not be converted to an Integer"},
		{`"true"`, truth, malformed + "STRING_VALUE can not be converted to a Boolean"},
		{`1`, truth, malformed + "NUMBER_VALUE can not be converted to a Boolean"},
		{`"a"`, list(none, none), malformed + "STRING_VALUE can not be converted to a List"},
		{`["a", 1]`, list(none, none), malformed + "NUMBER_VALUE can not be converted to a String"},
		{`["a", null]`, list(none, none), malformed + "NULL_VALUE can not be converted to a String"},
		{`[]`, entries(none, none, none), malformed + "Start of list found where not expected"},
		{`{"a": {}}`, entries(none, none, none), malformed + "Start of structure or map found where not expected."},
		{`{}`, structs, malformed + "Start of structure or map found where not expected."},
		{`["a"]`, structs, malformed + "Unexpected value type in payload"},
		{`"a"`, inner, malformed + "Unexpected value type in payload"},

		{`"abc"`, text(awsjson.Rule{MaxLength: 2}), one + " 'abc' at 'name'" + fails + "Member must have length less than or equal to 2"},
		{`"abc"`, text(awsjson.Rule{MaxLength: 2, Sensitive: true}), one + " at 'name'" + fails + "Member must have length less than or equal to 2"},
		{`""`, text(awsjson.Rule{MinLength: 1}), one + " '' at 'name'" + fails + "Member must have length greater than or equal to 1"},
		{`"éé"`, text(awsjson.Rule{MaxLength: 2}), ""},
		{`"A"`, text(awsjson.Rule{Pattern: small}), one + " 'A' at 'name'" + fails + "Member must satisfy regular expression pattern: [a-z]*"},
		{`"c"`, text(awsjson.Rule{Enum: []string{"a", "b"}}), one + " 'c' at 'name'" + fails + "Member must satisfy enum value set: [a, b]"},
		{`null`, text(awsjson.Rule{Required: true}), one + " null at 'name'" + fails + "Member must not be null"},
		{`5`, number(awsjson.Rule{Min: 1, Max: 4}), one + " '5' at 'name'" + fails + "Member must have value less than or equal to 4"},
		{`0`, number(awsjson.Rule{Min: 1, Max: 4}), one + " '0' at 'name'" + fails + "Member must have value greater than or equal to 1"},
		{`["a", "B"]`, list(none, awsjson.Rule{Pattern: small}), one + " '[a, B]' at 'name'" + fails +
			"Member must satisfy constraint: [Member must satisfy regular expression pattern: [a-z]*]"},
		{`["a", "B"]`, list(none, awsjson.Rule{Pattern: small, Sensitive: true}), one + " at 'name'" + fails +
			"Member must satisfy constraint: [Member must satisfy regular expression pattern: [a-z]*]"},
		{`["a", "b"]`, list(awsjson.Rule{MaxLength: 1}, none), one + " '[a, b]' at 'name'" + fails +
			"Member must have length less than or equal to 1"},
		{`{"A": "b"}`, entries(none, awsjson.Rule{Pattern: small}, none), one + " at 'name'" + fails +
			"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-z]*]"},
		{`{"a": "B"}`, entries(none, none, awsjson.Rule{MaxLength: 5, Enum: []string{"b"}}), one + " at 'name'" + fails +
			"Map value must satisfy constraint: [Member must have length less than or equal to 5, Member must satisfy enum value set: [b]]"},
		{`{"a": "b", "c": "d"}`, entries(awsjson.Rule{MaxLength: 1}, none, none), one + " at 'name'" + fails +
			"Member must have length less than or equal to 1"},
		{`[{"Key": "k"}, {}]`, structs, "ValidationException 2 validation errors detected: Value at 'name'" + fails +
			"Member must have length less than or equal to 1; Value null at 'name.2.member.key'" + fails + "Member must not be null"},
		{`{}`, inner, one + " null at 'name.key'" + fails + "Member must not be null"},
	} {
		if got := read(t, `{"Name": `+c.value+`}`, c.do); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.value, got, c.want)
		}
	}
}

// TestError: an error says its code, and for the operator wraps its cause.
func TestError(t *testing.T) {
	t.Parallel()
	cause := errors.New("hunter2")
	for _, e := range []*awsjson.Error{awsjson.Internal(cause), awsjson.Unavailable(cause), {Code: "X", Status: 200, Cause: cause}} {
		if !errors.Is(e, cause) || e.HTTPStatus() < 500 || strings.Contains(e.Error()+e.ErrorMessage(), "hunter2") {
			t.Errorf("%+v", e)
		}
	}
	if e := (&awsjson.Error{Code: "X"}); e.HTTPStatus() != 400 || e.Error() != "awsjson: X" || e.ErrorCode() != "X" {
		t.Errorf("%v", e)
	}
}
