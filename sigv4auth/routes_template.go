package sigv4auth

import (
	"fmt"
	"net/http"
	"strings"
)

// template is a text in which path values stand: of a Resource, or of a condition key's value. Each
// piece is a text and the wildcard behind it, which only the last may lack.
type template []templatePiece

type templatePiece struct{ text, wildcard string }

// wildcards are those of a pattern by name: whether it can match more than one segment.
type wildcards map[string]bool

// patternWildcards returns the wildcards of pattern, which a ServeMux has accepted.
func patternWildcards(pattern string) wildcards {
	names := wildcards{}
	_, path, _ := strings.Cut(pattern, "/")
	for segment := range strings.SplitSeq(path, "/") {
		if inner, ok := strings.CutPrefix(segment, "{"); ok && segment != "{$}" {
			name, multi := strings.CutSuffix(strings.TrimSuffix(inner, "}"), "...")
			names[name] = multi
		}
	}
	return names
}

// parseTemplate takes text apart. Two path values have a '/' between them, which none but the last
// holds: otherwise two requests could ask for one resource, of which one is allowed (threat 145).
func parseTemplate(text string, of wildcards) (template, error) {
	var t template
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if strings.ContainsRune(before, '}') {
			return nil, fmt.Errorf("has a '}' without a '{'")
		}
		if !found {
			return append(t, templatePiece{text: before}), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		multi, known := of[name]
		switch {
		case !closed:
			return nil, fmt.Errorf("has a '{' without a '}'")
		case !known:
			return nil, fmt.Errorf("names {%s}, which the pattern does not have", name)
		case after != "" && after[0] != '/':
			return nil, fmt.Errorf("has text behind {%s} that does not begin with '/': two requests could ask for one resource", name)
		case after != "" && multi:
			return nil, fmt.Errorf("has text behind {%s}, which matches several segments: two requests could ask for one resource", name)
		}
		t, text = append(t, templatePiece{before, name}), after
	}
	return t, nil
}

// expand puts the path values of r, which the template's pattern has matched, into the text.
func (t template) expand(r *http.Request) string {
	if len(t) == 1 && t[0].wildcard == "" {
		return t[0].text
	}
	var room [256]byte // enough for most
	text := room[:0]
	for _, piece := range t {
		text = append(text, piece.text...)
		if piece.wildcard != "" {
			text = append(text, r.PathValue(piece.wildcard)...)
		}
	}
	return string(text)
}
