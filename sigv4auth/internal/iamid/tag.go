package iamid

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bounds of tags, those of keys and values in characters: IAM User Guide, "Rules for tagging in
// IAM and AWS STS".
const (
	MaxTags     = 50
	MaxTagKey   = 128
	MaxTagValue = 256
)

// AddTag adds a tag, or says what is wrong with it. Condition keys have no case, so that of two
// tags that differ by case aws:PrincipalTag could mean either.
func AddTag(tags map[string]string, key, value string) (problem string) {
	switch {
	case key == "" || utf8.RuneCountInString(key) > MaxTagKey || !Printable(key):
		return fmt.Sprintf("the key of a tag is 1 to %d characters without control characters", MaxTagKey)
	case utf8.RuneCountInString(value) > MaxTagValue || !Printable(value):
		return fmt.Sprintf("the value of a tag is at most %d characters without control characters", MaxTagValue)
	}
	for other := range tags {
		if strings.EqualFold(other, key) {
			return "the tag is given twice: case does not tell the keys of tags apart"
		}
	}
	tags[key] = value
	return ""
}
