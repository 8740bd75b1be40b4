package iampolicy

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy/internal/scalar"
)

// Numbers and dates are ordered: between two neighbours of those that the
// policies name no condition tells one value from another. So one value for each
// of the gaps, beside the named ones, stands for all.

// maxOrderedBytes bounds the text of a number that has neighbours written out.
const maxOrderedBytes = 64

// gaps returns the named values, and a value from each gap; between is asked for
// a text that lies between two of them, or before the first or after the last one,
// whose neighbour is then nil. It is not complete if there is no text for a gap.
func gaps[T any](
	named []T, compare func(a, b *T) int, text func(*T) string, between func(a, b *T) (string, bool),
) (list []string, complete bool) {
	slices.SortFunc(named, func(a, b T) int { return compare(&a, &b) })
	named = slices.CompactFunc(named, func(a, b T) bool { return compare(&a, &b) == 0 })
	complete = true
	for i := range len(named) + 1 {
		var before, after *T
		if i > 0 {
			before = &named[i-1]
			list = append(list, text(before))
		}
		if i < len(named) {
			after = &named[i]
		}
		s, ok := between(before, after)
		if ok {
			list = append(list, s)
		}
		complete = complete && ok
	}
	return list, complete
}

type namedNumber struct {
	scalar.Decimal
	text string
}

// numbers returns a number of every kind that the tests tell apart.
func (k *accessKey) numbers() (list []string, complete bool) {
	var named []namedNumber
	for _, c := range k.tests {
		for i := range c.numbers {
			named = append(named, namedNumber{c.numbers[i], c.texts[i]})
		}
	}
	return gaps(named,
		func(a, b *namedNumber) int { return a.Compare(&b.Decimal) },
		func(n *namedNumber) string { return n.text },
		func(a, b *namedNumber) (string, bool) {
			s, ok := numberBetween(a, b)
			d, isNumber := scalar.ParseDecimal(s)
			return s, ok && isNumber && (a == nil || d.Compare(&a.Decimal) > 0) && (b == nil || d.Compare(&b.Decimal) < 0)
		})
}

// numberBetween writes a number; the caller sees to it that it lies where it should.
func numberBetween(a, b *namedNumber) (string, bool) {
	low, high, places, ok := new(big.Rat), new(big.Rat), 0, true
	for n, r := range map[*namedNumber]*big.Rat{a: low, b: high} {
		if n == nil {
			continue
		}
		if len(n.text) > maxOrderedBytes || n.Magnitude() > maxOrderedBytes || n.Magnitude() < -maxOrderedBytes {
			return "", false
		}
		_, set := r.SetString(n.text)
		ok = ok && set
		places = max(places, n.Places())
	}
	one := big.NewRat(1, 1)
	switch {
	case a == nil && b == nil:
		return "0", true
	case a == nil:
		low.Sub(high, one)
	case b == nil:
		high.Add(low, one)
		low.Set(high)
	default:
		if whole := new(big.Rat).Add(low, one); whole.Cmp(high) < 0 {
			low.Set(whole) // reads better than the middle
		} else {
			low.Add(low, high).Quo(low, big.NewRat(2, 1))
			places++
		}
	}
	return low.FloatString(places), ok
}

type namedInstant struct {
	scalar.Instant
	text string
}

// dates returns a date of every kind that the tests tell apart.
func (k *accessKey) dates() (list []string, complete bool) {
	var named []namedInstant
	for _, c := range k.tests {
		for i := range c.instants {
			named = append(named, namedInstant{c.instants[i], c.texts[i]})
		}
	}
	return gaps(named,
		func(a, b *namedInstant) int { return a.Compare(b.Instant) },
		func(t *namedInstant) string { return t.text },
		func(a, b *namedInstant) (string, bool) {
			for _, s := range datesNear(a, b) {
				t, ok := scalar.ParseInstant(s)
				if ok && (a == nil || t.Compare(a.Instant) > 0) && (b == nil || t.Compare(b.Instant) < 0) {
					return s, true
				}
			}
			return "", false
		})
}

// datesNear writes dates of which one may lie between the two.
func datesNear(a, b *namedInstant) (list []string) {
	const form = "2006-01-02T15:04:05"
	var seconds int64
	switch {
	case a != nil:
		seconds = a.Unix() + 1
	case b != nil:
		seconds = b.Unix() - 1
	}
	list = append(list, time.Unix(seconds, 0).UTC().Format(form)+"Z", strconv.FormatInt(seconds, 10))
	if a != nil {
		head := time.Unix(a.Unix(), 0).UTC().Format(form) + "." + a.Fraction()
		for zeros := range 8 {
			list = append(list, head+strings.Repeat("0", zeros)+"1Z")
		}
	}
	return list
}
