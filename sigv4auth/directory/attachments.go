package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

func (h *holding) attach(c *call) (do, error) {
	name, arn := h.name(c), c.p.String("PolicyArn", arnRule)
	of, err := h.onChange(c, name, policyARN(arn))
	if err != nil {
		return nil, err
	}
	if err := c.checkPolicyARN(arn); err != nil {
		return nil, err
	}
	return h.change(c, &of.named, func(e *edit, now *holder) error {
		if e.policyOf(c.account, arn) == nil {
			return noSuchPolicy(arn)
		}
		i, attached := slices.BinarySearch(now.attached, arn)
		switch {
		case attached:
			return errSame
		case len(now.attached) >= maxAttached:
			return limitExceeded("Cannot exceed quota for PoliciesPer%s: %d", h.word, maxAttached)
		}
		now.attached = slices.Insert(slices.Clone(now.attached), i, arn)
		return nil
	}), nil
}

func (h *holding) detach(c *call) (do, error) {
	name, arn := h.name(c), c.p.String("PolicyArn", arnRule)
	of, err := h.onChange(c, name, policyARN(arn))
	if err != nil {
		return nil, err
	}
	if err := c.checkPolicyARN(arn); err != nil {
		return nil, err
	}
	return h.change(c, &of.named, func(_ *edit, now *holder) error {
		i, attached := slices.BinarySearch(now.attached, arn)
		if !attached {
			return noSuchEntity("Policy %s was not found.", arn)
		}
		now.attached = slices.Delete(slices.Clone(now.attached), i, i+1)
		return nil
	}), nil
}

// attachedAnswer is a managed policy as IAM tells it of who has it.
type attachedAnswer struct {
	PolicyName string
	PolicyARN  string `xml:"PolicyArn"`
}

func attachedOf(arns []string) awsquery.List[attachedAnswer] {
	all := awsquery.List[attachedAnswer]{}
	for _, arn := range arns {
		all = append(all, attachedAnswer{nameOfARN(arn), arn})
	}
	return all
}

func (h *holding) listAttached(c *call) (do, error) {
	name, prefix := h.name(c), c.pathPrefix()
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	of, err := h.on(c, name)
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		part, end := takeSlice(pg, of.attached, func(arn string) string { return arn }, func(arn string) (attachedAnswer, bool) {
			p := c.state.managedPolicy(arn)
			return attachedAnswer{nameOfARN(arn), arn}, p != nil && strings.HasPrefix(p.path, prefix)
		})
		return struct {
			AttachedPolicies awsquery.List[attachedAnswer]
			listed
		}{part, end}, nil
	}, nil
}
