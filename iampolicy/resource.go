package iampolicy

import (
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// maxResourceBytes bounds a resource, in a policy and in a request (threat 167).
const maxResourceBytes = 2048

// resources compiles Resource or NotResource.
func (p *parser) resources(n *jsontree.Node, at *jsontree.Path) (list []arnPattern) {
	p.texts(n, at, func(n *jsontree.Node, at *jsontree.Path) {
		r, wrong := p.resource(n.Text)
		if wrong.code != "" {
			p.fail(n.Offset, at, wrong.code, wrong.text)
			return
		}
		list = append(list, r)
	})
	return list
}

func (p *parser) resource(text string) (arnPattern, problem) {
	if text == "*" {
		return arnPattern{everything: true}, problem{}
	}
	if strings.HasPrefix(text, "execute-api:/") {
		if p.options.api == nil {
			return arnPattern{}, problem{
				CodeShortFormNotExpanded,
				"the short form execute-api:/ does not say which API: write its ARN, or name the API to expand it (-api of the command " +
					"iampolicy, WithAPIGateway in Go)",
			}
		}
		text = p.options.api.expand(text)
	}
	if len(text) > maxResourceBytes {
		return arnPattern{}, problem{CodeResourceTooLong, "a resource longer than 2,048 bytes"}
	}
	if !strings.HasPrefix(text, "arn:") {
		return arnPattern{}, problem{CodeInvalidARN, strconv.Quote(text) + ` is neither an ARN nor "*"`}
	}
	if fields, n := splitPattern(text, false); n < 6 {
		switch {
		case p.policyType != IdentityPolicy && p.policyType != PermissionsBoundary:
			return arnPattern{}, problem{CodeARNTooShort, strconv.Quote(text) + " has fewer than the six parts of an ARN"}
		case n < 3 || fields[1] == "" || fields[2] == "":
			return arnPattern{}, problem{CodeARNTooShort, strconv.Quote(text) +
				" is too short for an ARN: it needs at least arn:partition:service"}
		}
	}
	return compileARN(p.completed(text), false, textRules{wildcards: true, variables: p.modern})
}

// completed returns the ARN that the text of a resource stands for, the short form
// expanded and missing parts completed with stars (IAM user guide, "Resource").
func (p *parser) completed(text string) string {
	if p.options.api != nil {
		text = p.options.api.expand(text)
	}
	if _, n := splitPattern(text, false); n < 6 && text != "*" {
		text += strings.Repeat(":*", 6-n)
	}
	return text
}
