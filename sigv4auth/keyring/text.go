package keyring

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	firstLine = "wildgate-keyring 1"
	lastLine  = "end"
	// maxText is more than maxKeys keys take.
	maxText = 4 << 10
	// maxRevision leaves room for changes; as seconds it is later than any year.
	maxRevision = 1 << 52
)

// Encode returns the keys themselves, in the form of the file. It is for those who store them: what
// it returns is secret.
func (k Keys) Encode() []byte {
	b := []byte(firstLine + "\n")
	for _, one := range k.list() {
		until := "-"
		if !one.until.IsZero() {
			until = one.until.UTC().Format(time.RFC3339)
		}
		b = fmt.Appendf(b, "%v %s %s ", one.id, one.from.UTC().Format(time.RFC3339), until)
		b = base64.StdEncoding.AppendEncode(b, one.secret[:])
		b = append(b, '\n')
	}
	b = append(b, lastLine...)
	if k.revision != 0 {
		b = strconv.AppendInt(append(b, ' '), k.revision, 10)
	}
	return append(b, '\n')
}

// Parse reads what [Keys.Encode] returns, and nothing else: text that is cut short, a key that is
// damaged or stands there twice, another order and trailing data are refused. Its errors name
// lines, and nothing of what stands in them.
func Parse(text []byte) (Keys, error) {
	if len(text) > maxText {
		return Keys{}, fmt.Errorf("keyring: the keys are larger than %d bytes", maxText)
	}
	rest, ok := strings.CutPrefix(string(text), firstLine+"\n")
	if !ok {
		return Keys{}, fmt.Errorf("keyring: line 1 is not %q", firstLine)
	}
	var list []key
	var revision int64
	for n := 2; ; n++ {
		line, after, whole := strings.Cut(rest, "\n")
		if !whole {
			return Keys{}, errors.New("keyring: the keys are cut short")
		}
		rest = after
		if number, last := strings.CutPrefix(line, lastLine+" "); last {
			var err error
			if revision, err = strconv.ParseInt(number, 10, 64); err != nil || revision < 1 || revision > maxRevision {
				return Keys{}, errors.New("keyring: the revision at the end is no number")
			}
			break
		}
		if line == lastLine { // of keys that were written before they had one
			break
		}
		one, err := parseKey(line)
		if err != nil {
			return Keys{}, fmt.Errorf("keyring: line %d: %w", n, err)
		}
		for _, other := range list {
			if other.id == one.id {
				return Keys{}, fmt.Errorf("keyring: line %d: the key %v stands there twice", n, one.id)
			}
		}
		list = append(list, one)
	}
	switch {
	case rest != "":
		return Keys{}, errors.New("keyring: something follows the end")
	case len(list) == 0:
		return Keys{}, errors.New("keyring: there are no keys")
	case len(list) > maxKeys:
		return Keys{}, fmt.Errorf("keyring: there are %d keys; at most %d", len(list), maxKeys)
	}
	k := makeKeys(list, revision)
	if string(k.Encode()) != string(text) {
		return Keys{}, errors.New("keyring: the keys are not in the order of their times, or not in the form that they are written in")
	}
	return k, nil
}

func parseKey(line string) (k key, err error) {
	fields := strings.Split(line, " ")
	if len(fields) != 4 {
		return key{}, errors.New("a key has four fields")
	}
	if k.id.UnmarshalText([]byte(fields[0])) != nil {
		return key{}, errors.New("the first field is no ID of a key")
	}
	if k.from, err = time.Parse(time.RFC3339, fields[1]); err != nil {
		return key{}, errors.New("the second field is no time such as 2026-11-30T12:00:00Z")
	}
	if fields[2] != "-" {
		if k.until, err = time.Parse(time.RFC3339, fields[2]); err != nil || k.until.IsZero() {
			return key{}, errors.New(`the third field is neither a time nor "-"`)
		}
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(fields[3])
	if err != nil || len(secret) != len(k.secret) {
		return key{}, fmt.Errorf("the fourth field is not %d bytes in base64", len(k.secret))
	}
	copy(k.secret[:], secret)
	if k.named() != k.id {
		return key{}, errors.New("the key is damaged: its ID is that of another")
	}
	return k, nil
}
