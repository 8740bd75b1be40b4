package iampolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// MarshalJSON returns the policy document without white space. It is what the
// policy means, written in one way, so that two documents can be compared as texts:
//
//   - The elements stand in AWS's order: Version, Id, Statement; Sid, Effect,
//     Principal, Action, Resource, Condition. Statements, values, condition operators
//     and keys keep the order of the document.
//   - Statement is a list. One value is a string, several are a list; numbers and
//     booleans of a condition are strings, as written.
//   - Texts are as written, with their case, wildcards and variables. Only what
//     [WithAPIGateway] expanded is printed expanded, so that the result means the same
//     without the option.
//   - An empty Sid or Id is left out. White space of the document is not kept.
//   - Only quotes, backslashes and characters that cannot be seen are escaped.
//     [json.Marshal] escapes <, > and & too, as it does everywhere.
//
// [Parse] with the same type makes it a policy that decides the same, and that is printed the same.
// It may be longer than the document was, by quotes, brackets and expanded ARNs: then
// WithSizeLimits may refuse it, and beyond 1 MiB Parse itself.
//
// A nil or zero Policy has no document: that is an error. There is no UnmarshalJSON, since a
// document does not say of which type it is.
func (p *Policy) MarshalJSON() ([]byte, error) {
	if p == nil || p.typ == 0 {
		return nil, errors.New("iampolicy: a zero Policy has no document")
	}
	w := printer{api: p.api}
	w.open('{')
	w.optional("Version", p.version)
	w.optional("Id", p.id)
	w.name("Statement")
	w.open('[')
	for _, st := range p.inOrder() {
		w.statement(st)
	}
	w.close(']')
	w.close('}')
	return w.out, nil
}

// String returns what MarshalJSON returns, indented by two spaces, and "" for a nil
// or zero Policy. It tells all that the policy says: it is for operators.
func (p *Policy) String() string {
	doc, err := p.MarshalJSON()
	if err != nil {
		return ""
	}
	var b bytes.Buffer
	if err := json.Indent(&b, doc, "", "  "); err != nil {
		return "" // unreachable: the printer writes JSON
	}
	return b.String()
}

// inOrder returns the statements in the order of the document.
func (p *Policy) inOrder() []*statement {
	list := make([]*statement, len(p.statements))
	for i := range p.statements {
		list[p.statements[i].index] = &p.statements[i]
	}
	return list
}

// A printer writes JSON without white space.
type printer struct {
	out []byte
	api *apiGateway // to expand the short form, where the document was parsed with it
}

func (w *printer) statement(st *statement) {
	w.open('{')
	w.optional("Sid", st.sid)
	effect := "Allow"
	if st.deny {
		effect = "Deny"
	}
	w.optional("Effect", effect)
	if st.principalTexts != nil {
		w.element("Principal", st.notPrincipal)
		w.principals(st.principalTexts)
	}
	w.element("Action", st.notAction)
	w.values(st.actionTexts)
	if st.resourceTexts != nil {
		w.element("Resource", st.notResource)
		w.resources(st.resourceTexts)
	}
	if len(st.conditions) > 0 {
		w.name("Condition")
		w.conditions(st.conditions)
	}
	w.close('}')
}

// principals writes a Principal from its elements, each of which has its kind before
// it but for the lone star.
func (w *printer) principals(texts []string) {
	if len(texts) == 1 && texts[0] == "*" {
		w.text("*")
		return
	}
	w.open('{')
	for len(texts) > 0 {
		kind, _, _ := strings.Cut(texts[0], ": ")
		var list []string
		for len(texts) > 0 && strings.HasPrefix(texts[0], kind+": ") {
			list = append(list, texts[0][len(kind)+2:])
			texts = texts[1:]
		}
		w.name(kind)
		w.values(list)
	}
	w.close('}')
}

func (w *printer) resources(texts []string) {
	if w.api == nil {
		w.values(texts)
		return
	}
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = w.api.expand(text)
	}
	w.values(list)
}

// conditions writes a Condition. The conditions of one operator are neighbours.
func (w *printer) conditions(list []condition) {
	w.open('{')
	for i := range list {
		if i == 0 || list[i].name != list[i-1].name {
			if i > 0 {
				w.close('}')
			}
			w.name(list[i].name)
			w.open('{')
		}
		w.name(list[i].key)
		w.values(list[i].texts)
	}
	w.close('}')
	w.close('}')
}

// element writes the name of an element or of its opposite.
func (w *printer) element(name string, not bool) {
	if not {
		name = "Not" + name
	}
	w.name(name)
}

// optional writes a member, but for one that is empty.
func (w *printer) optional(name, value string) {
	if value != "" {
		w.name(name)
		w.text(value)
	}
}

func (w *printer) values(texts []string) {
	if len(texts) == 1 {
		w.text(texts[0])
		return
	}
	w.open('[')
	for _, text := range texts {
		w.text(text)
	}
	w.close(']')
}

// separate writes the comma before a member or a value that is not the first. A
// text ends with a quote, so that the last byte tells.
func (w *printer) separate() {
	if n := len(w.out); n > 0 && strings.IndexByte("{[:", w.out[n-1]) < 0 {
		w.out = append(w.out, ',')
	}
}

func (w *printer) open(bracket byte) {
	w.separate()
	w.out = append(w.out, bracket)
}

func (w *printer) close(bracket byte) { w.out = append(w.out, bracket) }

func (w *printer) name(name string) {
	w.text(name)
	w.out = append(w.out, ':')
}

// text writes a string, of the characters that a policy may have. Those that cannot
// be seen are escaped: what decides should show, and a terminal should not obey it
// (threat 214).
func (w *printer) text(s string) {
	const hex = "0123456789abcdef"
	w.separate()
	w.out = append(w.out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.out = append(w.out, '\\', byte(r))
		case r == '\t':
			w.out = append(w.out, `\t`...)
		case r == '\n':
			w.out = append(w.out, `\n`...)
		case r == '\r':
			w.out = append(w.out, `\r`...)
		case 0x7f <= r && r <= 0xa0 || r == 0xad: // delete, C1 controls, no-break space, soft hyphen
			w.out = append(w.out, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			w.out = append(w.out, string(r)...)
		}
	}
	w.out = append(w.out, '"')
}
