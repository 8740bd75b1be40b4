package directory

import (
	"context"
	"encoding/xml"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

func (h *holding) put(c *call) (do, error) {
	name, policy := h.name(c), c.p.String("PolicyName", policyNameRule)
	text := c.p.String("PolicyDocument", documentRule)
	of, err := h.onChange(c, name)
	if err != nil {
		return nil, err
	}
	doc, err := parsedDocument(policy, text, iampolicy.IdentityPolicy)
	if err != nil {
		return nil, err
	}
	return h.change(c, &of.named, func(_ *edit, now *holder) error {
		i, there := now.findInline(policy)
		inline := slices.Clone(now.inline)
		if there {
			inline[i] = inlinePolicy{policy, doc}
		} else {
			inline = slices.Insert(inline, i, inlinePolicy{policy, doc})
		}
		all := 0
		for _, p := range inline {
			all += sized(p.doc.text)
		}
		if all > h.maxInline {
			return limitExceeded("Maximum policy size of %d bytes exceeded for %s %s", h.maxInline, strings.ToLower(h.word), now.name)
		}
		now.inline = inline
		return nil
	}), nil
}

// findInline returns where an inline policy is, or would be.
func (h *holder) findInline(name string) (i int, ok bool) {
	return slices.BinarySearchFunc(h.inline, name, func(p inlinePolicy, name string) int { return strings.Compare(p.name, name) })
}

func (h *holding) noSuchInline(policy string) error {
	return noSuchEntity("The %s policy with name %s cannot be found.", strings.ToLower(h.word), policy)
}

// inlineAnswer is an inline policy as IAM tells it. The first element is named after who has it.
type inlineAnswer struct {
	Owner          ownerName
	PolicyName     string
	PolicyDocument string
}

// ownerName is the name of a user, a group or a role, in an element that says so.
type ownerName struct{ element, name string }

// MarshalXML writes the element.
func (o ownerName) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	return enc.EncodeElement(o.name, xml.StartElement{Name: xml.Name{Local: o.element}})
}

func (h *holding) get(c *call) (do, error) {
	name, policy := h.name(c), c.p.String("PolicyName", policyNameRule)
	of, err := h.on(c, name)
	if err != nil {
		return nil, err
	}
	doc := of.inlineDocument(policy)
	if doc == nil {
		return nil, h.noSuchInline(policy)
	}
	return func(context.Context) (any, error) {
		return inlineAnswer{ownerName{h.word + "Name", of.name}, policy, encoded(doc.text)}, nil
	}, nil
}

func (h *holding) delete(c *call) (do, error) {
	name, policy := h.name(c), c.p.String("PolicyName", policyNameRule)
	of, err := h.onChange(c, name)
	if err != nil {
		return nil, err
	}
	return h.change(c, &of.named, func(_ *edit, now *holder) error {
		i, there := now.findInline(policy)
		if !there {
			return h.noSuchInline(policy)
		}
		now.inline = slices.Delete(slices.Clone(now.inline), i, i+1)
		return nil
	}), nil
}

func (h *holding) list(c *call) (do, error) {
	name := h.name(c)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	of, err := h.on(c, name)
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		part, end := takeSlice(pg, of.inline, func(p inlinePolicy) string { return p.name }, func(p inlinePolicy) (string, bool) {
			return p.name, true
		})
		return struct {
			PolicyNames awsquery.List[string]
			listed
		}{part, end}, nil
	}, nil
}
