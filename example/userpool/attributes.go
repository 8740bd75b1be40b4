package userpool

import (
	"encoding/json"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// standardAttributes are those of OpenID Connect that every pool has: "Working with user
// attributes" in the Cognito Developer Guide.
var standardAttributes = []string{
	"address", "birthdate", "email", "email_verified", "family_name", "gender", "given_name", "locale", "middle_name", "name",
	"nickname", "phone_number", "phone_number_verified", "picture", "preferred_username", "profile", "updated_at", "website",
	"zoneinfo",
}

const (
	maxAttributes     = 50
	maxAttributeValue = 2048
	// maxAllAttributes bounds a user's attributes as JSON: they are in each ID token, which others
	// have to take, and users fill the database with them who have shown nothing.
	maxAllAttributes = 16 << 10
	maxEmail         = 254 // RFC 5321, section 4.5.3.1.3, without the angle brackets
	customPrefix     = "custom:"
)

// isVerified reports whether an attribute says that another one has been verified.
func isVerified(name string) bool { return name == "email_verified" || name == "phone_number_verified" }

// attribute is AttributeType.
type attribute struct{ Name, Value string }

// listed returns a user's attributes, in an order.
func (u *user) listed(only []string) []attribute {
	all := []attribute{}
	add := func(name, value string) {
		if only == nil || slices.Contains(only, name) {
			all = append(all, attribute{name, value})
		}
	}
	add("sub", u.sub)
	for _, name := range slices.Sorted(maps.Keys(u.attributes)) {
		add(name, u.attributes[name])
	}
	return all
}

// readAttributes reads a list of attributes.
func readAttributes(in *awsjson.Input, list string) map[string]string {
	all := map[string]string{}
	for _, one := range in.Structs(list, awsjson.Rule{MaxLength: maxAttributes}) {
		name := one.String("Name", attributeNameRule)
		all[name] = one.String("Value", awsjson.Rule{Sensitive: true, MaxLength: maxAttributeValue})
	}
	return all
}

// checkAttributes refuses attributes that users cannot have, or that only administrators may
// write.
func (p *Pool) checkAttributes(attributes map[string]string, admin bool) error {
	if len(attributes) > maxAttributes {
		return invalid("There are more than %d attributes.", maxAttributes)
	}
	for name, value := range attributes {
		custom, isCustom := strings.CutPrefix(name, customPrefix)
		switch {
		case isCustom && !slices.Contains(p.cfg.CustomAttributes, custom), !isCustom && !slices.Contains(standardAttributes, name):
			if !isWord(name, "_:") || len(name) > attributeNameRule.MaxLength {
				name = "One"
			}
			return invalid("Attributes did not conform to the schema: %s: Attribute does not exist in the schema.\n", name)
		case isVerified(name) && !admin:
			return notAuthorized("A client attempted to write unauthorized attribute")
		case isVerified(name) && value != "true" && value != "false":
			return invalid("Attributes did not conform to the schema: %s: It is not true or false.\n", name)
		case utf8.RuneCountInString(value) > maxAttributeValue || strings.ContainsFunc(value, unicode.IsControl):
			return invalid("Attributes did not conform to the schema: %s: The value is too long or holds a control character.\n", name)
		case name == "email" && value != "" && !isEmail(value):
			return invalid("Invalid email address format.")
		case name == "phone_number" && value != "" && !isPhone(value):
			return invalid("Invalid phone number format.")
		}
	}
	return nil
}

// isEmail reports whether a text is an address alone: nothing that a mailer could take for a name,
// a second address or a header.
func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= maxEmail && strings.Count(s, "@") == 1 &&
		!strings.ContainsAny(s, "\"(),:;<>[\\]") && !strings.ContainsFunc(s, unicode.IsSpace)
}

// isPhone reports whether a text is a number of E.164.
func isPhone(s string) bool {
	return len(s) >= 3 && len(s) <= 16 && s[0] == '+' && strings.Trim(s[1:], "0123456789") == ""
}

// set changes attributes; an empty value removes one. An address that is another one than before
// is not verified, unless it is said to be. All together may be too many.
func (u *user) set(attributes map[string]string) error {
	for name, value := range attributes {
		if verified := name + "_verified"; isVerified(verified) && value != u.attributes[name] {
			delete(u.attributes, verified)
		}
	}
	for name, value := range attributes {
		if value == "" {
			delete(u.attributes, name)
			continue
		}
		u.attributes[name] = value
	}
	text, err := json.Marshal(u.attributes)
	if err == nil && len(text) > maxAllAttributes {
		err = invalid("Attributes did not conform to the schema: all together are longer than %d bytes.", maxAllAttributes)
	}
	return err
}

// verifiedEmail returns the address that a user has shown to have, "" if there is none.
func (u *user) verifiedEmail() string {
	if u.attributes["email_verified"] != "true" {
		return ""
	}
	return u.attributes["email"]
}
