package workload

import (
	"encoding/json"
	"fmt"
	"strings"
)

// iamStatement is a statement of a policy document.
type iamStatement struct {
	Effect, Action, Resource string
	Condition                map[string]map[string]string `json:",omitempty"`
}

// IAM returns the statements as policy documents of IAM.
func (q *Question) IAM() ([][]byte, error) {
	lists := make([][]iamStatement, q.Documents)
	for i, s := range q.Statements {
		t := iamStatement{Effect: "Allow", Action: s.Action, Resource: s.Resource}
		if s.Team != "" {
			t.Condition = map[string]map[string]string{
				"StringEquals": {
					"aws:PrincipalTag/team": s.Team,
				}, "StringLike": {"aws:UserAgent": s.Agent}, "Bool": {"aws:SecureTransport": "true"},
			}
		}
		d := i * q.Documents / len(q.Statements)
		lists[d] = append(lists[d], t)
	}
	documents := make([][]byte, len(lists))
	for i, list := range lists {
		doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
		if err != nil {
			return nil, err
		}
		documents[i] = doc
	}
	return documents, nil
}

// Cedar returns the statements as policies of Cedar, one each.
func (q *Question) Cedar() []byte {
	var text strings.Builder
	for _, s := range q.Statements {
		fmt.Fprintf(&text, `permit (principal, action == Action::"%s", resource) when { context.arn like "%s"`, s.Action, s.Resource)
		if s.Team != "" {
			fmt.Fprintf(&text, ` && context.team == "%s" && context.agent like "%s" && context.tls`, s.Team, s.Agent)
		}
		text.WriteString(" };\n")
	}
	return []byte(text.String())
}
