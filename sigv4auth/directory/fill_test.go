package directory_test

import (
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// TestFillUniqueIDs: no two entities have one unique ID, of whatever kinds they are: what each holds
// would be the other's.
func TestFillUniqueIDs(t *testing.T) {
	t.Parallel()
	const id = "AIDAAAAAAAAAAAAAAAAA1"
	user := directory.Contents{Users: []directory.NewUser{{ARN: rootOfARN + "user/u", ID: id}}}
	for what, other := range map[string]directory.Contents{
		"user":  {Users: []directory.NewUser{{ARN: rootOfARN + "user/other", ID: id}}},
		"group": {Groups: []directory.NewGroup{{ARN: rootOfARN + "group/g", ID: id}}},
		"role":  {Roles: []directory.NewRole{{ARN: rootOfARN + "role/r", ID: id, Trust: forEC2}}},
	} {
		s := newIAM(t, user)
		if err := s.dir.Fill(t.Context(), other); err == nil {
			t.Errorf("there is a %s with the ID of a user", what)
		}
	}
}
