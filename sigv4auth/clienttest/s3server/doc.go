// Package s3server is a small object store with the interface of Amazon S3, in memory, for the
// tests of this module. It stands behind sigv4auth, knows nothing of signatures, and shows what a
// service of this kind has to do itself: name the action and the resource of a request for the
// policies, take object keys as they are, and answer with the verifier's error when a body turns
// out wrong while it is read.
//
// It has buckets, objects with ranges and conditions, both listings, and multipart uploads. What it
// does not have maps to no action, so that it is denied.
package s3server
