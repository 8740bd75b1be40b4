package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// awsConfigFile is for AWS_CONFIG_FILE: with it stock clients get the rider's credentials by
// themselves, and renew them.
const awsConfigFile = "aws.config"

func awsConfigPath(dir string) string { return filepath.Join(dir, awsConfigFile) }

// writeAWSConfig writes the profiles of stock clients: that of a user, and that of the role which
// the user assumes (AWS SDKs and Tools Reference Guide, "Assume role credential provider"). Without
// a key of the user there is none.
func writeAWSConfig(dir string, a api, user caller) error {
	path := awsConfigPath(dir)
	if user.unwritten {
		return nil
	}
	if user.accessKeyID == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) && !unwritable(err) {
			return err
		}
		return nil
	}
	err := replaceFile(path, fmt.Appendf(nil, `# Profiles of AWS clients, for AWS_CONFIG_FILE. Written anew at each start.
[profile rider-user]
region = %[1]s
aws_access_key_id = %[2]s
aws_secret_access_key = %[3]s

[profile rider]
region = %[1]s
source_profile = rider-user
role_arn = %[4]s
role_session_name = %[5]s
`, a.Region, user.accessKeyID, user.secret.Reveal(), a.principal("role", riderRole), riderSession))
	if unwritable(err) {
		return nil // what an earlier start wrote holds
	}
	return err
}
