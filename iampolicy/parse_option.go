package iampolicy

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A ParseOption changes how [Parse] reads a document.
type ParseOption func(*parseOptions)

type parseOptions struct {
	name       string
	sizeLimits bool
	api        *apiGateway
	actions    *knownActions
}

// WithName gives the policy a name, which errors and decisions bear.
func WithName(name string) ParseOption {
	return func(o *parseOptions) { o.name = name }
}

// WithSizeLimits makes Parse refuse a document that is larger than AWS's quota
// for its type ("IAM and AWS STS quotas"): 6,144 characters for a managed
// policy and a boundary, 2,048 for a session policy and a trust policy, 8,192
// for an API's resource policy, without white space between tokens; 5,120
// bytes, white space included, for an SCP and an RCP.
func WithSizeLimits() ParseOption {
	return func(o *parseOptions) { o.sizeLimits = true }
}

var sizeLimit = [...]int{
	IdentityPolicy: 6144, ResourcePolicy: 8192, SessionPolicy: 2048, PermissionsBoundary: 6144, SCP: 5120, RCP: 5120, TrustPolicy: 2048,
}

// checkSize holds the document, of which blank bytes are white space, against
// the quota of its type.
func (p *parser) checkSize(blank int) {
	unit, size := "bytes", len(p.src)
	if p.policyType != SCP && p.policyType != RCP {
		unit, size = "characters without white space", utf8.RuneCountInString(p.src)-blank
	}
	report := p.note
	if p.options.sizeLimits {
		report = p.failf
	}
	if limit := sizeLimit[p.policyType]; size > limit {
		report(0, nil, CodeQuotaExceeded, "%d %s; %s may have %d", size, unit, withArticle(p.policyType), limit)
	}
}

// WithAPIGateway makes Parse expand the short form execute-api:/stage/METHOD/path
// of Resource and NotResource, which API Gateway accepts in an API's resource
// policy, to the ARN of the API with these three parts. Without this option the
// short form is a mistake.
func WithAPIGateway(region, accountID, apiID string) ParseOption {
	return func(o *parseOptions) { o.api = &apiGateway{region, accountID, apiID} }
}

type apiGateway struct{ region, accountID, apiID string }

// check returns what is wrong with the options, or "". A part with a colon or a
// wildcard would make the expanded ARN mean another API, and another character than
// those of ASCII that can be seen would make it none.
func (o *parseOptions) check() string {
	if o.actions != nil && o.actions.wrong != "" {
		return o.actions.wrong
	}
	if o.api == nil {
		return ""
	}
	for _, part := range [...]string{o.api.region, o.api.accountID, o.api.apiID} {
		odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(":/*?${}", r) }
		if part == "" || strings.ContainsFunc(part, odd) {
			return "WithAPIGateway: " + strconv.Quote(part) + " is no region, account ID or API ID"
		}
	}
	return ""
}

// expand returns the ARN that text stands for, or text itself if it is no short form.
func (a *apiGateway) expand(text string) string {
	path, isShort := strings.CutPrefix(text, "execute-api:/")
	if !isShort {
		return text
	}
	partition := "aws"
	switch {
	case strings.HasPrefix(a.region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(a.region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":execute-api:" + a.region + ":" + a.accountID + ":" + a.apiID + "/" + path
}
