package directory

import (
	"context"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// absentOperations list what IAM has and a directory has not. Tools ask for these before they
// delete a role or a user, and take an operation that is unknown for a failure.
var absentOperations = map[string]operation{
	"ListInstanceProfilesForRole": func(c *call) (do, error) {
		_, err := c.onRole(c.p.String("RoleName", roleNameRule))
		return none(struct {
			InstanceProfiles awsquery.List[string]
			listed
		}{InstanceProfiles: awsquery.List[string]{}}), err
	},
	"ListMFADevices": func(c *call) (do, error) {
		_, err := c.onOwnUser()
		return none(struct {
			MFADevices awsquery.List[string]
			listed
		}{MFADevices: awsquery.List[string]{}}), err
	},
}

// none answers with an empty list.
func none(answer any) do { return func(context.Context) (any, error) { return answer, nil } }
