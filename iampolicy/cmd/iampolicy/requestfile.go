package main

import (
	"encoding/json"
	"path/filepath"
	"strconv"

	"github.com/wildgate/wildgate/iampolicy"
)

// A requestFile is what -request names: a request, and policies if it has any.
type requestFile struct {
	name    string
	text    jsonText
	dir     string // where its policies' relative names begin
	request iampolicy.Request
	// principal is whether the file says who calls; the zero Principal is anonymous.
	principal bool
	// account is whether it says who owns the resource, be it nobody.
	account  bool
	policies policyFiles
	// keys are the condition keys that the file gives, absent those that it says
	// are not there.
	keys, absent iampolicy.Context
}

// readRequestFile reads the file of -request. Its names are case-sensitive, and
// whatever it does not know is a mistake: a misspelt key would simulate another
// request than the one that was meant.
func readRequestFile(c *console, name string) (*requestFile, error) {
	data, err := c.read(name)
	if err != nil {
		return nil, err
	}
	f := &requestFile{name: name, policies: policyFiles{}, text: jsonText{displayName(name), data}}
	if name != standardInput {
		f.dir = filepath.Dir(name)
	}
	root, err := f.text.parse()
	if err != nil {
		return nil, err
	}
	return f, f.members(&root, map[string]func(*jsonValue) error{
		"principal":       f.caller,
		"action":          f.string(&f.request.Action),
		"resource":        f.string(&f.request.Resource),
		"resourceAccount": f.owner,
		"context":         f.context,
		"unknown":         f.unknown,
		"policies":        f.sets,
	})
}

// members gives each member of an object to the function of its name.
func (f *requestFile) members(v *jsonValue, known map[string]func(*jsonValue) error) error {
	if !v.isObject() {
		return f.text.errorf(v.start, "an object is expected")
	}
	for i := range v.kids {
		kid := &v.kids[i]
		take, ok := known[kid.name]
		if !ok {
			return f.text.errorf(kid.start, "unknown key %q", kid.name)
		}
		if err := take(kid); err != nil {
			return err
		}
	}
	return nil
}

func (f *requestFile) string(to *string) func(*jsonValue) error {
	return func(v *jsonValue) error {
		text, ok := v.token.(string)
		if !ok {
			return f.text.errorf(v.start, "a string is expected for %q", v.name)
		}
		*to = text
		return nil
	}
}

// caller reads "principal": an ARN, or an object with what an ARN does not tell.
func (f *requestFile) caller(v *jsonValue) error {
	f.principal = true
	p := &f.request.Principal
	if !v.isObject() {
		return f.string(&p.ARN)(v)
	}
	return f.members(v, map[string]func(*jsonValue) error{
		"arn":       f.string(&p.ARN),
		"accountId": f.string(&p.AccountID),
		"userId":    f.string(&p.UserID),
		"roleArn":   f.string(&p.RoleARN),
		"userArn":   f.string(&p.UserARN),
		"type":      f.principalType,
		"tags":      f.tags,
	})
}

func (f *requestFile) owner(v *jsonValue) error {
	f.account = true
	return f.string(&f.request.ResourceAccount)(v)
}

func (f *requestFile) principalType(v *jsonValue) error {
	for t := iampolicy.Account; t <= iampolicy.IdentityProvider; t++ {
		if v.token == t.String() {
			f.request.Principal.Type = t
			return nil
		}
	}
	return f.text.errorf(v.start, "the types of principals are Account, User, AssumedRole, FederatedUser, Service, Anonymous and IdentityProvider")
}

func (f *requestFile) tags(v *jsonValue) error {
	if !v.isObject() {
		return f.text.errorf(v.start, "an object is expected")
	}
	f.request.Principal.Tags = make(map[string]string, len(v.kids))
	for i := range v.kids {
		var value string
		if err := f.string(&value)(&v.kids[i]); err != nil {
			return err
		}
		f.request.Principal.Tags[v.kids[i].name] = value
	}
	return nil
}

// context reads the condition keys. A list is a multivalued key, also with one
// value or none; null is a key that the request does not have.
func (f *requestFile) context(v *jsonValue) error {
	if !v.isObject() {
		return f.text.errorf(v.start, "an object is expected")
	}
	for i := range v.kids {
		kid := &v.kids[i]
		if !f.isNew(kid.name) {
			return f.text.errorf(kid.start, "the condition key %q is empty, or there in another case", kid.name)
		}
		values, err := f.values(kid)
		switch {
		case err != nil:
			return err
		case kid.token == nil:
			f.absent.Set(kid.name, "")
		case kid.isList():
			f.keys.SetMany(kid.name, values...)
		default:
			f.keys.Set(kid.name, values[0])
		}
	}
	return nil
}

// isNew reports whether a text is a condition key that the file has not had yet.
func (f *requestFile) isNew(key string) bool {
	_, _, given := f.keys.Get(key)
	_, _, absent := f.absent.Get(key)
	return key != "" && !given && !absent
}

// unknown reads the condition keys that are there, but whose value is not known.
func (f *requestFile) unknown(v *jsonValue) error {
	if !v.isList() {
		return f.text.errorf(v.start, "a list is expected")
	}
	for i := range v.kids {
		kid := &v.kids[i]
		key, ok := kid.token.(string)
		if !ok {
			return f.text.errorf(kid.start, "a condition key is expected")
		}
		if !f.isNew(key) {
			return f.text.errorf(kid.start, "the condition key %q is empty, or there twice", key)
		}
		f.keys.SetUnknown(key)
	}
	return nil
}

// values reads the value or the values of a condition key.
func (f *requestFile) values(v *jsonValue) (values []string, err error) {
	if v.token == nil {
		return nil, nil
	}
	kids := []jsonValue{*v}
	if v.isList() {
		kids = v.kids
	}
	for i := range kids {
		value, err := f.scalar(&kids[i])
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// overlay puts the file's condition keys over what c has.
func (f *requestFile) overlay(c *iampolicy.Context) {
	for key := range f.absent.Keys() {
		c.Delete(key)
	}
	addKeys(c, &f.keys)
}

// scalar returns the text of a string, a number or a boolean.
func (f *requestFile) scalar(v *jsonValue) (string, error) {
	switch token := v.token.(type) {
	case string:
		return token, nil
	case json.Number:
		return token.String(), nil
	case bool:
		return strconv.FormatBool(token), nil
	}
	return "", f.text.errorf(v.start, "the value of a condition key is a string, a number, a boolean or a list of them")
}
