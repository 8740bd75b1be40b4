package directory

import (
	"encoding/base64"
	"iter"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

const (
	defaultMaxItems = 100
	maxMaxItems     = 1000
	maxMarker       = 4096
)

// page is which part of a list a request asks for.
type page struct {
	action string
	after  string // the key that the last part ended with; "" => from the beginning
	max    int
}

var (
	maxItemsRule = awsquery.Rule{Min: 1, Max: maxMaxItems}
	markerRule   = awsquery.Rule{MinLength: 1, MaxLength: maxMarker, Pattern: latin}
)

// page reads Marker and MaxItems.
func (c *call) page() (page, error) {
	pg := page{action: c.action, max: defaultMaxItems}
	if n, ok := c.p.Int("MaxItems", maxItemsRule); ok {
		pg.max = int(n)
	}
	marker := c.p.String("Marker", markerRule)
	if err := c.p.Err(); err != nil {
		return page{}, err
	}
	if marker == "" {
		return pg, nil
	}
	var ok bool
	if pg.after, ok = pg.open(marker); !ok {
		return page{}, validationError("Invalid Marker.")
	}
	return pg, nil
}

// A marker is the action and the key that the part before ended with. It is no secret, and says
// only where to go on: what a caller may see is decided for each part.
func (pg page) marker(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(pg.action + "\x00" + key))
}

func (pg page) open(marker string) (key string, ok bool) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(marker)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(string(text), pg.action+"\x00")
}

// listed is the end of every answer that is a part of a list.
type listed struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// take returns the part of a list that pg asks for, of what take admits. from returns the list from
// a key on, without what comes before it; the keys are those that markers have.
func take[V, T any](pg page, from func(key string) iter.Seq2[string, V], admit func(V) (T, bool)) (part awsquery.List[T], end listed) {
	start := ""
	if pg.after != "" {
		start = pg.after + "\x00" // the least key behind it
	}
	part = awsquery.List[T]{}
	last := ""
	for key, v := range from(start) {
		t, ok := admit(v)
		if !ok {
			continue
		}
		if len(part) == pg.max {
			return part, listed{IsTruncated: true, Marker: pg.marker(last)}
		}
		part, last = append(part, t), key
	}
	return part, listed{}
}

// within returns the part of a sorted map whose keys begin with prefix, as take wants it: without
// the prefix.
func within[V any](list func(from string) iter.Seq2[string, V], prefix string) func(key string) iter.Seq2[string, V] {
	return func(key string) iter.Seq2[string, V] {
		return func(yield func(string, V) bool) {
			for k, v := range list(prefix + key) {
				rest, ok := strings.CutPrefix(k, prefix)
				if !ok || !yield(rest, v) {
					return
				}
			}
		}
	}
}

// takeSlice is take for a list that is short and sorted by key.
func takeSlice[V, T any](pg page, all []V, key func(V) string, admit func(V) (T, bool)) (awsquery.List[T], listed) {
	return take(pg, func(from string) iter.Seq2[string, V] {
		return func(yield func(string, V) bool) {
			for _, v := range all {
				if k := key(v); k >= from && !yield(k, v) {
					return
				}
			}
		}
	}, admit)
}

// takeKeys is take for a list of which the keys alone matter.
func takeKeys[V, T any](pg page, from func(key string) iter.Seq2[string, V], admit func(key string) (T, bool)) (awsquery.List[T], listed) {
	return take(pg, func(start string) iter.Seq2[string, string] {
		return func(yield func(string, string) bool) {
			for key := range from(start) {
				if !yield(key, key) {
					return
				}
			}
		}
	}, admit)
}
