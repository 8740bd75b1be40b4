package directory

import "github.com/wildgate/wildgate/sigv4auth/internal/awsquery"

// evaluationResult is what a simulation tells of an action on a resource.
type evaluationResult struct {
	EvalActionName                    string
	EvalResourceName                  string
	EvalDecision                      string
	MatchedStatements                 awsquery.List[statementAnswer]
	MissingContextValues              awsquery.List[string]
	OrganizationsDecisionDetail       *organizationsDetail
	PermissionsBoundaryDecisionDetail *boundaryDetail
	EvalDecisionDetails               awsquery.Map[string]
	ResourceSpecificResults           awsquery.List[resourceResult]
}

// resourceResult is the same for a resource that the request names.
type resourceResult struct {
	EvalResourceName                  string
	EvalResourceDecision              string
	MatchedStatements                 awsquery.List[statementAnswer]
	MissingContextValues              awsquery.List[string]
	EvalDecisionDetails               awsquery.Map[string]
	PermissionsBoundaryDecisionDetail *boundaryDetail
}

// statementAnswer is a statement that made a decision.
type statementAnswer struct {
	SourcePolicyID   string `xml:"SourcePolicyId"`
	SourcePolicyType string
	StartPosition    lineColumn
	EndPosition      lineColumn
}

// lineColumn is a place in a document.
type lineColumn struct{ Line, Column int }

type organizationsDetail struct{ AllowedByOrganizations bool }

type boundaryDetail struct{ AllowedByPermissionsBoundary bool }
