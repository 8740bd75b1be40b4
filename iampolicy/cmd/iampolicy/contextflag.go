package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/jsontree"
)

// A contextFlag is -context, key=value, as often as it is given. A value in
// square brackets is a list, which makes the key multivalued: [a,b], or JSON
// where a value has a comma or a blank at its end: ["a, b","c"].
type contextFlag struct{ context iampolicy.Context }

func (f *contextFlag) String() string { return "" }

func (f *contextFlag) Set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return errors.New("it has the form key=value, as aws:SourceIp=203.0.113.7")
	}
	// A repeated key could mean a list, or another value: neither is guessed.
	if _, _, ok := f.context.Get(key); ok {
		return fmt.Errorf("the key %q is given twice; a list is %s=[a,b]", key, key)
	}
	inner, ok := strings.CutPrefix(value, "[")
	if inner, ok = cutSuffix(inner, "]", ok); !ok {
		f.context.Set(key, value)
		return nil
	}
	values, err := contextList(inner)
	if err != nil {
		return err
	}
	f.context.SetMany(key, values...)
	return nil
}

// An unknownFlag is -unknown, a key, as often as it is given.
type unknownFlag struct{ context iampolicy.Context }

func (f *unknownFlag) String() string { return "" }

func (f *unknownFlag) Set(key string) error {
	if key == "" || strings.Contains(key, "=") {
		return errors.New("it is a condition key, without a value, as aws:SourceIp")
	}
	f.context.SetUnknown(key)
	return nil
}

func cutSuffix(text, suffix string, ok bool) (string, bool) {
	if !ok {
		return text, false
	}
	return strings.CutSuffix(text, suffix)
}

// contextList returns the values between the brackets.
func contextList(inner string) (values []string, err error) {
	inner = strings.TrimSpace(inner)
	if inner == "" {
		return nil, nil
	}
	if strings.HasPrefix(inner, `"`) {
		list, err := jsonText{text: "[" + inner + "]"}.parse()
		if err != nil || slices.ContainsFunc(list.Kids, func(n jsontree.Node) bool { return n.Kind != jsontree.String }) {
			return nil, errors.New(`the list is no JSON list of strings, as ["a","b"]`)
		}
		return list.Texts(), nil
	}
	for value := range strings.SplitSeq(inner, ",") {
		values = append(values, strings.TrimSpace(value))
	}
	return values, nil
}
