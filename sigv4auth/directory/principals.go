package directory

import (
	"encoding/json"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// A trust policy is kept with the unique IDs of the users and roles that it names by their ARNs, so
// that it does not trust another one that gets the same name later: IAM User Guide, "AWS JSON
// policy elements: Principal". It is told with the ARNs that they have then, and with the IDs of
// those that are gone.

// known finds users and roles: a state, or a draft.
type known interface {
	userByARN(arn string) (*user, bool)
	roleByARN(arn string) (*role, bool)
	userByID(id string) (*user, bool)
	roleByID(id string) (*role, bool)
	hasAccount(id string) bool
}

func (s *state) userByARN(arn string) (*user, bool) { return s.usersARN.Get(arn) }
func (s *state) roleByARN(arn string) (*role, bool) { return s.rolesARN.Get(arn) }
func (s *state) userByID(id string) (*user, bool)   { return s.usersID.Get(id) }
func (s *state) roleByID(id string) (*role, bool)   { return s.rolesID.Get(id) }

func (s *state) hasAccount(id string) bool {
	_, ok := s.accounts.Get(id)
	return ok
}

func (e *edit) userByARN(arn string) (*user, bool) { return e.usersARN.Get(arn) }
func (e *edit) roleByARN(arn string) (*role, bool) { return e.rolesARN.Get(arn) }
func (e *edit) userByID(id string) (*user, bool)   { return e.usersID.Get(id) }
func (e *edit) roleByID(id string) (*role, bool)   { return e.rolesID.Get(id) }

func (e *edit) hasAccount(id string) bool {
	_, ok := e.accounts.Get(id)
	return ok
}

// withIDs returns a trust policy as it is kept. A user or a role of an account that is in the
// directory has to exist.
func withIDs(in known, text string) (string, error) {
	return replacePrincipals(text, func(principal string) (string, error) {
		_, isUser := iamid.ParseARN(principal, "user")
		_, isRole := iamid.ParseARN(principal, "role")
		if !isUser && !isRole {
			return principal, nil
		}
		if u, ok := in.userByARN(principal); ok {
			return u.id, nil
		}
		if r, ok := in.roleByARN(principal); ok {
			return r.id, nil
		}
		if a, _, _ := iamid.SplitARN(principal); in.hasAccount(a.Account) {
			return "", &awsquery.Error{Code: "MalformedPolicyDocument", Message: `Invalid principal in policy: "AWS":"` + principal + `"`}
		}
		return principal, nil
	})
}

// withARNs returns a trust policy as it is told.
func withARNs(in known, text string) string {
	told, err := replacePrincipals(text, func(principal string) (string, error) {
		if u, ok := in.userByID(principal); ok {
			return u.arn, nil
		}
		if r, ok := in.roleByID(principal); ok {
			return r.arn, nil
		}
		return principal, nil
	})
	if err != nil {
		return text // unreachable: nothing above fails
	}
	return told
}

// replacePrincipals replaces the AWS principals of a document, which is JSON, and leaves the rest
// as it is, to the byte.
func replacePrincipals(text string, replace func(string) (string, error)) (string, error) {
	var out strings.Builder
	done := 0
	for _, found := range awsPrincipals(text) {
		with, err := replace(found.text)
		if err != nil {
			return "", err
		}
		if with == found.text {
			continue
		}
		quoted, err := json.Marshal(with)
		if err != nil {
			return "", err // unreachable: a text is JSON
		}
		out.WriteString(text[done:found.start])
		out.Write(quoted)
		done = found.end
	}
	out.WriteString(text[done:])
	return out.String(), nil
}

// foundText is a text in a document, and where it stands, with its quotes.
type foundText struct {
	text       string
	start, end int
}

// awsPrincipals returns the texts that stand for AWS principals in a document: those of
// Statement[…].Principal.AWS and Statement[…].NotPrincipal.AWS. What is no JSON has none behind its
// first fault.
func awsPrincipals(text string) (all []foundText) {
	decoder := json.NewDecoder(strings.NewReader(text))
	var path []string // of the objects that are open: the key that stands last; "[" of a list
	wantsKey := []bool{}
	for {
		before := int(decoder.InputOffset())
		token, err := decoder.Token()
		if err != nil {
			return all
		}
		top := len(path) - 1
		switch token := token.(type) {
		case json.Delim:
			switch token {
			case '{':
				path, wantsKey = append(path, ""), append(wantsKey, true)
				continue
			case '[':
				path, wantsKey = append(path, "["), append(wantsKey, false)
				continue
			}
			path, wantsKey = path[:top], wantsKey[:top]
			top--
		case string:
			if top >= 0 && wantsKey[top] {
				path[top], wantsKey[top] = token, false
				continue
			}
			if ofPrincipal(path) {
				start := before + strings.IndexByte(text[before:], '"')
				all = append(all, foundText{text: token, start: start, end: int(decoder.InputOffset())})
			}
		}
		if top >= 0 && path[top] != "[" {
			wantsKey[top] = true // a value has ended
		}
	}
}

// ofPrincipal reports whether a path leads to an AWS principal.
func ofPrincipal(path []string) bool {
	var keys []string
	for _, key := range path {
		if key != "[" {
			keys = append(keys, key)
		}
	}
	return len(keys) == 3 && keys[0] == "Statement" && (keys[1] == "Principal" || keys[1] == "NotPrincipal") && keys[2] == "AWS"
}
