// Package iampolicy decides what a caller may do, from policy documents in the
// JSON language of AWS Identity and Access Management.
//
// [Parse] compiles a document once, strictly; [Evaluate] decides one request
// against a [Set] of compiled policies. Both are pure: they read no clock, no
// network and no files, and the package imports the standard library only.
// What is not known denies: the zero [Decision], the zero [Set], a nil policy
// and a policy in a place where its kind does not belong all deny.
package iampolicy
