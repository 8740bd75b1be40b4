package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxJSONDepth bounds a request file: an inline policy has at most 16 levels.
const maxJSONDepth = 24

// A jsonValue is a value of a JSON text that knows where it stands, so that a
// mistake is reported with its line and column.
type jsonValue struct {
	name       string // of a member of an object
	start, end int    // where in the text, in bytes
	token      json.Token
	kids       []jsonValue // of an object or a list
}

func (v *jsonValue) isObject() bool { return v.token == json.Delim('{') }

func (v *jsonValue) isList() bool { return v.token == json.Delim('[') }

// A jsonText is one file's.
type jsonText struct {
	name string
	data []byte
}

func (t jsonText) errorf(offset int, format string, args ...any) error {
	line, column := t.position(offset)
	return inputError(fmt.Sprintf("%s:%d:%d: error: %s", t.name, line, column, printable(fmt.Sprintf(format, args...))))
}

// position counts lines and characters from 1.
func (t jsonText) position(offset int) (line, column int) {
	before := t.data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[start:])
}

// parse reads the text as one value, without duplicate keys.
func (t jsonText) parse() (jsonValue, error) {
	if len(t.data) >= maxInputBytes {
		return jsonValue{}, t.errorf(0, "the file is larger than 1 MiB")
	}
	// encoding/json would read other bytes as U+FFFD, another text than was written.
	if !utf8.Valid(t.data) {
		return jsonValue{}, t.errorf(0, "the text is not UTF-8")
	}
	if err := json.Unmarshal(t.data, new(json.RawMessage)); err != nil {
		if e, ok := errors.AsType[*json.SyntaxError](err); ok {
			return jsonValue{}, t.errorf(max(0, int(e.Offset)-1), "%v", e)
		}
		return jsonValue{}, t.errorf(0, "%v", err)
	}
	d := json.NewDecoder(bytes.NewReader(t.data))
	d.UseNumber()
	return t.value(d, 1)
}

func (t jsonText) value(d *json.Decoder, depth int) (v jsonValue, err error) {
	v.start = int(d.InputOffset())
	for bytes.IndexByte([]byte(" \t\r\n,:"), t.data[v.start]) >= 0 {
		v.start++
	}
	if depth > maxJSONDepth {
		return v, t.errorf(v.start, "nested deeper than %d levels", maxJSONDepth)
	}
	if v.token, err = d.Token(); err != nil {
		return v, err // unreachable: the text is valid
	}
	if v.isObject() || v.isList() {
		seen := make(map[string]bool)
		for d.More() {
			var name jsonValue
			if v.isObject() {
				if name, err = t.value(d, depth); err != nil {
					return v, err
				}
			}
			kid, err := t.value(d, depth+1)
			if err != nil {
				return v, err
			}
			if v.isObject() {
				kid.name = name.token.(string)
				if seen[kid.name] {
					return v, t.errorf(name.start, "duplicate key %q", kid.name)
				}
				seen[kid.name] = true
			}
			v.kids = append(v.kids, kid)
		}
		if _, err := d.Token(); err != nil {
			return v, err // unreachable: the text is valid
		}
	}
	v.end = int(d.InputOffset())
	return v, nil
}
