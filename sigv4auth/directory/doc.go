// Package directory keeps accounts, users, groups, roles, access keys and policies in a database,
// serves them from memory, and changes them by the IAM API. A [Directory] is a
// [sigv4auth.CredentialStore], a [sigv4auth.PolicyStore], a [sigv4auth.RoleStore] and a
// [sigv4auth.ManagedPolicyStore].
//
//	dir, err := directory.Open(ctx, directory.Config{DB: db, Ring: ring})
//	err = dir.Fill(ctx, contents)                                    // once: the first principals
//	iam, err := directory.NewEndpoint(directory.EndpointConfig{Directory: dir, Auth: auth})
//	http.Handle("iam.example.com/", iam)                             // what aws iam calls
//
// # States
//
// All that the directory holds is one immutable state in memory, with a number, its revision. Every
// change makes the next one, which shares with the last what did not change, so that a change costs
// what it changes and not what there is. A request is decided by one state: a credential carries
// its revision, and [Directory.Policies] answers for that revision or says that the caller, or its
// policies, have changed since.
//
// A change is answered once it is in the database, and is then in force in the process that made
// it. Other processes on the same database take it over at their next poll, within
// [Config.PollInterval]; at once with package
// github.com/wildgate/wildgate/sigv4auth/directory/postgres. Writers take turns, and each decides
// on what the one before left, so that no change is lost.
//
// # The database
//
// It is SQLite or PostgreSQL, through database/sql; the driver is the caller's choice. [Open] makes
// the tables, whose names begin with directory_, and brings those of an older version up to date.
// Secrets of access keys are sealed by [Config.Ring], each bound to its key and its user, so that a
// copy of the database shows none. Whoever can write to the database decides who is admitted, as
// with the file of any directory.
//
// While the database cannot be reached, keys that are known go on working until [Config.MaxStale];
// unknown keys, and all changes, are answered with 503. A database that goes back to an earlier
// revision, or has another history than the one that is known, counts as one that cannot be
// reached: it may have keys that were revoked since. After a backup was restored, start anew, and
// look through the keys: those that were deleted or made inactive after the backup work again.
//
// A policy document in the database that cannot be read denies what it is attached to, or keeps its
// last good version in force where there was one; [Config.Report] tells of both.
//
// # Who may change what
//
// The [Endpoint] decides by policies on iam:* actions. The permissions boundary of a user or a role
// limits what its policies allow when a request is decided, and nothing else: who may change
// policies can take the boundary away, unless a policy denies it. So policies that delegate should,
// as on AWS:
//
//   - allow iam:CreateUser, iam:CreateRole, iam:AttachUserPolicy, iam:AttachRolePolicy,
//     iam:PutUserPolicy and iam:PutRolePolicy only with a condition on iam:PermissionsBoundary;
//   - deny iam:DeleteUserPermissionsBoundary and iam:DeleteRolePermissionsBoundary, and
//     iam:PutUserPermissionsBoundary and iam:PutRolePermissionsBoundary with another boundary;
//   - deny iam:CreatePolicyVersion, iam:SetDefaultPolicyVersion and iam:DeletePolicy on the
//     boundary itself, since whoever edits it edits all that it limits;
//   - keep iam:UpdateAssumeRolePolicy, and iam:CreateAccessKey for other users, from those who are
//     limited: both give the rights of somebody else.
//
// Groups have no boundary; a policy of a group is limited by its members' boundaries.
//
// There is no principal whom policies do not bind, but for the account's root as AWS has it: a
// policy of the account's own cannot limit it. The directory holds no keys of root users.
package directory
