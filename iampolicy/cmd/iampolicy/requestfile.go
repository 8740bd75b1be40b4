package main

import (
	"path/filepath"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/jsontree"
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
	f := &requestFile{name: name, policies: policyFiles{}, text: jsonText{displayName(name), string(data)}}
	if name != standardInput {
		f.dir = filepath.Dir(name)
	}
	root, err := f.text.parse()
	if err != nil {
		return nil, err
	}
	return f, f.members(root, map[string]func(*jsontree.Node) error{
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
func (f *requestFile) members(v *jsontree.Node, known map[string]func(*jsontree.Node) error) error {
	if v.Kind != jsontree.Object {
		return f.text.errorf(v.Offset, "an object is expected")
	}
	for i := range v.Kids {
		kid := &v.Kids[i]
		take, ok := known[kid.Name]
		if !ok {
			return f.text.errorf(kid.Offset, "unknown key %q", kid.Name)
		}
		if err := take(kid); err != nil {
			return err
		}
	}
	return nil
}

func (f *requestFile) string(to *string) func(*jsontree.Node) error {
	return func(v *jsontree.Node) error {
		if v.Kind != jsontree.String {
			return f.text.errorf(v.Offset, "a string is expected for %q", v.Name)
		}
		*to = v.Text
		return nil
	}
}

// caller reads "principal": an ARN, or an object with what an ARN does not tell.
func (f *requestFile) caller(v *jsontree.Node) error {
	f.principal = true
	p := &f.request.Principal
	if v.Kind != jsontree.Object {
		return f.string(&p.ARN)(v)
	}
	return f.members(v, map[string]func(*jsontree.Node) error{
		"arn":        f.string(&p.ARN),
		"accountId":  f.string(&p.AccountID),
		"userId":     f.string(&p.UserID),
		"roleArn":    f.string(&p.RoleARN),
		"userArn":    f.string(&p.UserARN),
		"baseUserId": f.string(&p.BaseUserID),
		"type":       f.principalType,
		"tags":       f.tags,
	})
}

func (f *requestFile) owner(v *jsontree.Node) error {
	f.account = true
	return f.string(&f.request.ResourceAccount)(v)
}

func (f *requestFile) principalType(v *jsontree.Node) error {
	for t := iampolicy.Account; t <= iampolicy.IdentityProvider; t++ {
		if v.Kind == jsontree.String && v.Text == t.String() {
			f.request.Principal.Type = t
			return nil
		}
	}
	return f.text.errorf(v.Offset,
		"the types of principals are Account, User, AssumedRole, FederatedUser, Service, Anonymous and IdentityProvider")
}

func (f *requestFile) tags(v *jsontree.Node) error {
	if v.Kind != jsontree.Object {
		return f.text.errorf(v.Offset, "an object is expected")
	}
	f.request.Principal.Tags = make(map[string]string, len(v.Kids))
	for i := range v.Kids {
		var value string
		if err := f.string(&value)(&v.Kids[i]); err != nil {
			return err
		}
		f.request.Principal.Tags[v.Kids[i].Name] = value
	}
	return nil
}

// context reads the condition keys. A list is a multivalued key, also with one
// value or none; null is a key that the request does not have.
func (f *requestFile) context(v *jsontree.Node) error {
	if v.Kind != jsontree.Object {
		return f.text.errorf(v.Offset, "an object is expected")
	}
	for i := range v.Kids {
		kid := &v.Kids[i]
		if !f.isNew(kid.Name) {
			return f.text.errorf(kid.Offset, "the condition key %q is empty, or there in another case", kid.Name)
		}
		values, err := f.values(kid)
		switch {
		case err != nil:
			return err
		case kid.Kind == jsontree.Null:
			f.absent.Set(kid.Name, "")
		case kid.Kind == jsontree.List:
			f.keys.SetMany(kid.Name, values...)
		default:
			f.keys.Set(kid.Name, values[0])
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
func (f *requestFile) unknown(v *jsontree.Node) error {
	if v.Kind != jsontree.List {
		return f.text.errorf(v.Offset, "a list is expected")
	}
	for i := range v.Kids {
		kid := &v.Kids[i]
		if kid.Kind != jsontree.String {
			return f.text.errorf(kid.Offset, "a condition key is expected")
		}
		if !f.isNew(kid.Text) {
			return f.text.errorf(kid.Offset, "the condition key %q is empty, or there twice", kid.Text)
		}
		f.keys.SetUnknown(kid.Text)
	}
	return nil
}

// values reads the value or the values of a condition key.
func (f *requestFile) values(v *jsontree.Node) (values []string, err error) {
	if v.Kind == jsontree.Null {
		return nil, nil
	}
	kids := []jsontree.Node{*v}
	if v.Kind == jsontree.List {
		kids = v.Kids
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
func (f *requestFile) scalar(v *jsontree.Node) (string, error) {
	switch v.Kind {
	case jsontree.String, jsontree.Number, jsontree.Bool:
		return v.Text, nil
	}
	return "", f.text.errorf(v.Offset, "the value of a condition key is a string, a number, a boolean or a list of them")
}
