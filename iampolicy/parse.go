package iampolicy

// A ParseOption changes how [Parse] reads a document.
type ParseOption func(*parseOptions)

type parseOptions struct {
	name       string
	sizeLimits bool
	apiGateway string // the ARN prefix that execute-api:/ stands for
}

// WithName gives the policy a name, which errors and decisions bear.
func WithName(name string) ParseOption {
	return func(o *parseOptions) { o.name = name }
}

// WithSizeLimits makes Parse refuse a document that is larger than AWS's quota
// for its kind.
func WithSizeLimits() ParseOption {
	return func(o *parseOptions) { o.sizeLimits = true }
}

// WithAPIGateway makes Parse expand the short form execute-api:/stage/METHOD/path
// that API Gateway accepts in resource policies, to the ARN of this API.
func WithAPIGateway(region, accountID, apiID string) ParseOption {
	return func(o *parseOptions) {
		o.apiGateway = "arn:" + partitionOf(region) + ":execute-api:" + region + ":" + accountID + ":" + apiID
	}
}

// Parse compiles a policy document of the given kind. It is strict: whatever
// this package does not understand is an error, never skipped, since a skipped
// condition would widen an Allow and a skipped Deny would admit. The error is a
// *[ParseError] with every mistake.
//
// The Policy keeps nothing of doc.
func Parse(doc []byte, kind Kind, opts ...ParseOption) (*Policy, error) {
	var o parseOptions
	for _, opt := range opts {
		opt(&o)
	}
	return nil, &ParseError{Name: o.name, Mistakes: []Mistake{{Line: 1, Column: 1, Message: "not parsed"}}}
}

// partitionOf returns the partition of a region, by the prefixes AWS uses.
func partitionOf(region string) string {
	switch {
	case hasPrefixFold(region, "cn-"):
		return "aws-cn"
	case hasPrefixFold(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && equalFoldASCII(s[:len(prefix)], prefix)
}
