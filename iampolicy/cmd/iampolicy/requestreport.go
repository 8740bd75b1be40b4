package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// A requestReport is a request in JSON. It has the form of a request file, so
// that what was printed can be tried again.
type requestReport struct {
	Principal       principalReport `json:"principal"`
	Action          string          `json:"action"`
	Resource        string          `json:"resource"`
	ResourceAccount string          `json:"resourceAccount"`
	// Context has a string for a key with one value, a list for a multivalued
	// one, and null for one that the principal tells and the request does not have.
	Context map[string]any `json:"context"`
	// Unknown are the keys whose value is not known.
	Unknown []string `json:"unknown,omitempty"`
}

type principalReport struct {
	ARN        string            `json:"arn"`
	AccountID  string            `json:"accountId,omitempty"`
	UserID     string            `json:"userId,omitempty"`
	RoleARN    string            `json:"roleArn,omitempty"`
	UserARN    string            `json:"userArn,omitempty"`
	BaseUserID string            `json:"baseUserId,omitempty"`
	Type       string            `json:"type,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
}

func reportRequest(r *iampolicy.Request) requestReport {
	p := &r.Principal
	report := requestReport{
		Principal: principalReport{p.ARN, p.AccountID, p.UserID, p.RoleARN, p.UserARN, p.BaseUserID, p.Type.String(), p.Tags},
		Action:    r.Action, Resource: r.Resource, ResourceAccount: r.ResourceAccount, Context: map[string]any{},
	}
	for key := range r.Context.Keys() {
		if r.Context.Unknown(key) {
			report.Unknown = append(report.Unknown, key)
			continue
		}
		values, multivalued, _ := r.Context.Get(key)
		if report.Context[key] = list(values); !multivalued {
			report.Context[key] = values[0]
		}
	}
	var told iampolicy.Context
	fillPrincipalKeys(&told, p)
	for key := range told.Keys() {
		if _, _, ok := r.Context.Get(key); !ok {
			report.Context[key] = nil
		}
	}
	return report
}

// printContext writes the condition keys, one a line, a list in brackets.
func printContext(c *console, context *iampolicy.Context) {
	for _, key := range slices.Sorted(context.Keys()) {
		if context.Unknown(key) {
			c.printf("  %s: not known\n", printable(key))
			continue
		}
		values, multivalued, _ := context.Get(key)
		quoted := make([]string, len(values))
		for i, value := range values {
			quoted[i] = strconv.Quote(value)
		}
		text := strings.Join(quoted, ", ")
		if multivalued {
			text = "[" + text + "]"
		}
		c.printf("  %s: %s\n", printable(key), text)
	}
}
