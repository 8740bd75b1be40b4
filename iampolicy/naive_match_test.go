package iampolicy_test

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The naive evaluator is written from the texts, for clarity alone: it compiles
// nothing, allocates freely, uses regular expressions, and shares no code with the
// package. Where the two differ one of them is wrong.

// A symbol is one character of a pattern, or a wildcard.
type symbol struct {
	char     string // the character, or "" for a wildcard
	star     bool   // any run; otherwise, without char, any one character
	inserted bool   // the character comes from a variable, or the star stands for one that is not known
}

var naiveVariable = regexp.MustCompile(`^\$\{(?:([*?$])|([^*?${}'",]+)(, *'([^']*)' *)?)\}`)

// naiveSymbols reads a pattern, with the values of variables inserted. naiveNo means that
// a variable has no value, and naiveMaybe that the value of one is not known. Without a
// world there are no variables.
func naiveSymbols(pattern string, w *world) (symbols []symbol, has naiveAnswer) {
	has = naiveYes
	for pattern != "" {
		var m []string
		if w != nil && strings.HasPrefix(pattern, "${") {
			m = naiveVariable.FindStringSubmatch(pattern)
		}
		if m != nil {
			pattern = pattern[len(m[0]):]
			if m[1] != "" {
				symbols = append(symbols, symbol{char: m[1]})
				continue
			}
			value, known := "", false
			for key, values := range w.Context {
				if strings.EqualFold(key, m[2]) {
					if w.Multivalued[key] {
						return nil, naiveNo
					}
					value, known = values[0], values[0] != ""
				}
			}
			if w.Unknown[strings.ToLower(m[2])] {
				has = naiveMaybe
				symbols = append(symbols, symbol{star: true, inserted: true})
				continue
			}
			if !known {
				if m[3] == "" {
					return nil, naiveNo
				}
				value = m[4]
			}
			for _, char := range naiveCharacters(value) {
				symbols = append(symbols, symbol{char: char, inserted: true})
			}
			continue
		}
		_, size := utf8.DecodeRuneInString(pattern)
		switch char := pattern[:size]; char {
		case "*":
			symbols = append(symbols, symbol{star: true})
		case "?":
			symbols = append(symbols, symbol{})
		default:
			symbols = append(symbols, symbol{char: char})
		}
		pattern = pattern[size:]
	}
	return symbols, has
}

// naiveCharacters splits a text; a byte that is no UTF-8 is a character by itself.
func naiveCharacters(s string) (chars []string) {
	for s != "" {
		_, size := utf8.DecodeRuneInString(s)
		chars = append(chars, s[:size])
		s = s[size:]
	}
	return chars
}

// naiveGlob finds, for one beginning of the pattern after the other, which beginnings of
// the text it matches.
func naiveGlob(symbols []symbol, chars []string) bool {
	matches := make([]bool, len(chars)+1)
	matches[0] = true
	for _, s := range symbols {
		next := make([]bool, len(matches))
		for j := range next {
			if s.star {
				next[j] = matches[j] || j > 0 && next[j-1]
			} else {
				next[j] = j > 0 && matches[j-1] && (s.char == "" || s.char == chars[j-1])
			}
		}
		if matches = next; !slices.Contains(matches, true) {
			return false
		}
	}
	return matches[len(chars)]
}

// naiveLiteral is a pattern in which wildcards are characters too, but for what stands for
// a variable.
func naiveLiteral(symbols []symbol) (literal []symbol) {
	for _, s := range symbols {
		switch {
		case s.star && !s.inserted:
			s = symbol{char: "*"}
		case s.char == "" && !s.star:
			s = symbol{char: "?"}
		}
		literal = append(literal, s)
	}
	return literal
}

// naiveSplit splits a pattern at its first five own colons.
func naiveSplit(symbols []symbol) (parts [][]symbol) {
	start := 0
	for i, s := range symbols {
		if s.char == ":" && !s.inserted && len(parts) < 5 {
			parts = append(parts, symbols[start:i])
			start = i + 1
		}
	}
	return append(parts, symbols[start:])
}

func naiveSplitARN(s string) ([]string, bool) {
	parts := strings.SplitN(s, ":", 6)
	return parts, len(parts) == 6 && parts[0] == "arn"
}

// naiveARN matches part by part.
func naiveARN(symbols []symbol, arn string) bool {
	parts, ok := naiveSplitARN(arn)
	patterns := naiveSplit(symbols)
	if !ok || len(patterns) != 6 {
		return false
	}
	for i := range parts {
		if !naiveGlob(patterns[i], naiveCharacters(parts[i])) {
			return false
		}
	}
	return true
}

// naiveLower folds ASCII letters.
func naiveLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 32
		}
		return r
	}, s)
}
