// Package filestore keeps principals, access keys and policies in a folder of JSON files, and
// follows their edits while the program runs. A [Store] is a [sigv4auth.CredentialStore], a
// [sigv4auth.PolicyStore] and a [sigv4auth.RoleStore]. It writes nothing.
//
// # The folder
//
//	principals.json      users and roles
//	policies/NAME.json   policy documents as AWS writes them; NAME is what AttachedPolicies and PermissionsBoundary say
//
// principals.json is one object. Its field names are those of the IAM API:
//
//	{
//	  "Users": [{
//	    "Arn": "arn:aws:iam::111122223333:user/ops/ada",
//	    "UserId": "AIDAEXAMPLEADA",
//	    "Tags": {"team": "fleet"},
//	    "AttachedPolicies": ["Dispatch"],
//	    "PermissionsBoundary": "Everyone",
//	    "AccessKeys": [
//	      {"AccessKeyId": "AKIAEXAMPLEADA1", "SecretAccessKeyFile": "secrets/ada", "Status": "Active"},
//	      {"AccessKeyId": "AKIAEXAMPLEADA2", "SecretAccessKeyEnv": "ADA_SECRET", "Status": "Active", "Expires": "2027-01-31T00:00:00Z"}
//	    ]
//	  }],
//	  "Roles": [{
//	    "Arn": "arn:aws:iam::111122223333:role/Rider",
//	    "RoleId": "AROAEXAMPLERIDER",
//	    "AttachedPolicies": ["Rides"],
//	    "MaxSessionDuration": 14400,
//	    "AssumeRolePolicyDocument": {
//	      "Version": "2012-10-17",
//	      "Statement": [{
//	        "Effect": "Allow",
//	        "Principal": {"AWS": "arn:aws:iam::111122223333:user/ops/ada"},
//	        "Action": "sts:AssumeRole"
//	      }]
//	    }
//	  }]
//	}
//
// Arn and UserId or RoleId are required; the ID may be any letters and digits, and MUST NOT be
// given to another principal later, since it is what tells a recreated role from the one for which
// sessions were issued. A key has an AccessKeyId, a Status (Active or Inactive), exactly one of
// SecretAccessKey, SecretAccessKeyEnv and SecretAccessKeyFile, and may have Expires. A relative
// SecretAccessKeyFile is relative to the folder; one newline at the end of the file is not part of
// the secret. The environment is read when something in the folder changes. A user may have several
// active keys, so that keys can be rotated.
//
// Unknown elements, duplicate keys, another case, trailing data, lone surrogates and U+FFFD, which
// stands for a lost character, are mistakes. So are two users or two roles of one account whose
// names differ by path or case alone, and tags whose keys differ by case alone: neither could be
// told apart in a policy. A secret is 16 to 256 characters of printable ASCII.
//
// # Roles and sessions
//
// AssumeRolePolicyDocument is a role's trust policy, as a JSON object: who may assume the role.
// Without one nobody may. One with a mistake is reported with line and column, and nobody can
// assume the role until it is mended; everything else in the file is in force, and so are the
// sessions that the role has. MaxSessionDuration is how long these may last, from 3600 to 43200
// seconds; without it, an hour.
//
// Package [github.com/wildgate/wildgate/sigv4auth/sts] issues the sessions, and stores none. It
// asks the Store for the role at each request, so that a session has the policies, the permissions
// boundary and the tags that its role has then. A role that is removed, or gets another RoleId,
// ends its sessions. A sessions.json, in which older versions kept some, is ignored; a Problem says
// so until it is gone.
//
// # Edits
//
// The folder is looked at every [Config].PollInterval, and a change takes effect within 1 s, as one
// new state of everything: no request sees half of it, and none is decided by policies of another
// state than its credential's. Polling also follows network file systems, editors that replace
// files, and the symbolic links of Kubernetes volumes. A file is taken once two looks in a row have
// seen it in the same state, and only if nothing changes it while it is read. Writers SHOULD
// replace a file by renaming a finished one over it. A file whose content did not change changes
// nothing.
//
// A file that changes at each of four looks in a row is read without waiting for its writer:
// otherwise a program that touches it all the time could keep a revocation from taking effect.
// Until the file has settled, a Problem says that its changes may be late. What is read so is taken
// only if it is whole: JSON that is complete, and a secret that ends in a newline; or if two such
// readings in a row were equal. A file that is overwritten in place all the time, without being
// truncated first, can be read half old and half new: writers of such files MUST rename.
//
// Each file is judged alone. One that is broken, unreadable, too large or, for one with secrets,
// open to others keeps its last good version in force, and is reported to [Config].Report and by
// [Store.Problems] with file, line and column. An edit that was taken is told to [Config].Edited,
// in one line that says what is different. Where there is no last good version, as after a restart:
//
//   - without a good principals.json, [Open] fails;
//   - a principal that attaches a policy which is broken or does not exist is denied everything,
//     whatever its other policies say;
//   - a key whose secret cannot be had is unknown;
//   - a role whose trust policy has a mistake can be assumed by nobody.
//
// A file that is removed is no broken edit. Once two looks in a row have missed it, a removed
// policy denies the principals that still attach it, and a key whose secret's file was removed is
// unknown. Only a missing principals.json, and a missing policies folder, are taken for an
// accident: the last good versions stay in force, and it is reported. While the policies folder
// cannot be listed, no policy counts as removed, and edits of those that are known are followed.
// They stay in force without a limit of time: watch what is reported.
//
// Where Config.Actions lists the actions that the service asks for, an action in a policy that is
// none of them is reported as a Problem that is a Warning: the policy is in force, and likely does
// not do what is meant.
//
// # What an operator must know
//
// Whoever can write to the folder decides who is admitted. A file with secrets whose mode is wider
// than 0600 is refused, unless Config.InsecureFileModes is set; where a file is a symbolic link,
// the mode of the file that it leads to counts. On Windows there are no such modes, and nothing is
// checked. A principals.json that has no inline secret may have any mode.
//
// The limits: 16 MiB, 10,000 users and 10,000 roles in principals.json, 20 policies attached to
// each, 10 keys a user, 50 tags; 10,000 policies of at most 1 MiB. Of one document
// at most 100 mistakes are reported.
//
// A look makes a system call for each policy and each file of a secret; in a folder with more than
// 512 of them it looks at one in three, unless it sees a change. With 10,000 users and 10,000
// policies it took 27 ms of a core of a virtual machine that other programs kept busy, or 18 % of
// the core at the default interval (75 ms and 50 % if all were looked at each time); with 10,000
// files of secrets beside them, 48 ms. With 1,000 users and policies it took 2 ms. An edit of
// principals.json has to be parsed anew: with 10,000 users it was in force after 1.3 s, with few
// after 0.3 s, and with 10,000 files of secrets after 2.4 s. BenchmarkLook and BenchmarkRevocation
// measure both.
package filestore
