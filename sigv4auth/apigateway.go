package sigv4auth

import (
	"net/http"
	"strings"
)

// APIGateway maps requests as a REST API of API Gateway does: to execute-api:Invoke on
// arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path ("Resource format of permissions
// for executing API in API Gateway", API Gateway Developer Guide). Its method Target is for
// [AuthorizerConfig], with AccountInARN beside it.
type APIGateway struct {
	// Partition is the ARN's partition. Empty: "aws".
	Partition string
	// Region, AccountID and APIID are required, letters, digits, '-', '_' and '.': otherwise Target
	// maps no request.
	Region, AccountID, APIID string
	// Stage is the first segment of every path, which the resource names before the method: with
	// Stage "prod" a POST to /prod/ride is API/prod/POST/ride, and a path that does not begin with
	// /prod/ maps to nothing. The stage "$default" is not in the path. Required; any other stage
	// consists of the same characters.
	Stage string
}

const invoke = "execute-api:Invoke"

// defaultStage is the stage that is not in paths.
const defaultStage = "$default"

// Target returns execute-api:Invoke and the ARN of what r asks for: r.Method and r.URL.Path,
// decoded, as a router matches them. What comes from the request stands after the fifth colon of
// the ARN, and policies take it as data. HEAD is a method of its own. It returns empty strings,
// which deny, for a path outside the stage and where a field is empty or malformed.
func (g APIGateway) Target(r *http.Request) (action, resource string) {
	partition := g.Partition
	if partition == "" {
		partition = "aws"
	}
	// A colon or a slash in one of them would shift what follows it in the ARN.
	if !validScopePart(partition) || !validScopePart(g.Region) || !validScopePart(g.AccountID) || !validScopePart(g.APIID) ||
		g.Stage != defaultStage && !validScopePart(g.Stage) {
		return "", ""
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/")
	if !ok {
		return "", ""
	}
	if g.Stage != defaultStage {
		stage, rest, slash := strings.Cut(path, "/")
		if stage != g.Stage || !slash { // a router takes /prod and /prod/ for two paths (threat 138)
			return "", ""
		}
		path = rest
	}
	var arn [256]byte // enough for most
	text := append(append(arn[:0], "arn:"...), partition...)
	text = append(append(text, ":execute-api:"...), g.Region...)
	text = append(append(text, ':'), g.AccountID...)
	text = append(append(text, ':'), g.APIID...)
	text = append(append(text, '/'), g.Stage...)
	text = append(append(text, '/'), r.Method...)
	text = append(append(text, '/'), path...)
	return invoke, string(text)
}

// Actions returns the one action that Target names, as [Routes.Actions] does those of routes.
func (g APIGateway) Actions() []string { return []string{invoke} }
