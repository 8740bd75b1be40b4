package userpool

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

const (
	maxListed  = 60     // QueryLimitType
	listBatch  = 500    // users that are read at one time
	maxScanned = 10_000 // users that one request looks at; a page may then be short, or empty
)

// listUsers is ListUsers, in the order of names.
func (p *Pool) listUsers(r *http.Request, in *awsjson.Input) (any, error) {
	only := in.Strings("AttributesToGet", awsjson.Rule{}, attributeNameRule)
	limit, _ := in.Int("Limit", awsjson.Rule{Min: 0, Max: maxListed})
	token := in.String("PaginationToken", awsjson.Rule{MinLength: 1, MaxLength: 1024})
	text := in.String("Filter", awsjson.Rule{MaxLength: 256})
	if err := in.Err(); err != nil {
		return nil, err
	}
	keep, err := parseFilter(text)
	if err != nil {
		return nil, err
	}
	after, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || !utf8.Valid(after) || !isGraphicText(string(after)) {
		return nil, invalid("Invalid pagination token.")
	}
	if limit == 0 {
		limit = maxListed
	}
	answer := struct {
		Users           []userType
		PaginationToken string `json:",omitempty"`
	}{Users: []userType{}}
	last := string(after)
	for scanned := 0; scanned < maxScanned; scanned += listBatch {
		users, err := p.store.users(r.Context(), last, listBatch)
		if err != nil {
			return nil, err
		}
		for i, u := range users {
			last = u.username
			if keep(u) {
				answer.Users = append(answer.Users, u.described(only))
			}
			if len(answer.Users) == int(limit) {
				if i+1 < len(users) || len(users) == listBatch {
					answer.PaginationToken = base64.RawURLEncoding.EncodeToString([]byte(last))
				}
				return answer, nil
			}
		}
		if len(users) < listBatch {
			return answer, nil
		}
	}
	answer.PaginationToken = base64.RawURLEncoding.EncodeToString([]byte(last))
	return answer, nil
}

// searchable are the attributes that a Filter may name: ListUsers in the API Reference.
var searchable = []string{
	"username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username", "cognito:user_status", "status", "sub",
}

// parseFilter reads a Filter: AttributeName = "value", or ^= for what it begins with.
func parseFilter(text string) (func(*user) bool, error) {
	if text == "" {
		return func(*user) bool { return true }, nil
	}
	wrong := invalid("Error while parsing filter.")
	cut := strings.IndexAny(text, "=^")
	if cut < 0 {
		return nil, wrong
	}
	name, rest := strings.Trim(text[:cut], " \""), text[cut:]
	prefix := strings.HasPrefix(rest, "^=")
	rest, ok := strings.CutPrefix(strings.TrimPrefix(rest, "^"), "=")
	if !ok || !slices.Contains(searchable, name) {
		return nil, wrong
	}
	value, err := strconv.Unquote(strings.TrimSpace(rest))
	if err != nil || !strings.HasPrefix(strings.TrimSpace(rest), `"`) {
		return nil, wrong
	}
	return func(u *user) bool {
		has := u.searched(name)
		if name == "username" {
			value = fold(value)
		}
		return has == value || prefix && strings.HasPrefix(has, value)
	}, nil
}

// searched returns what a user has of a searchable attribute.
func (u *user) searched(name string) string {
	switch name {
	case "username":
		return u.username
	case "sub":
		return u.sub
	case "cognito:user_status":
		return u.status
	case "status":
		if u.enabled {
			return "Enabled"
		}
		return "Disabled"
	}
	return u.attributes[name]
}
