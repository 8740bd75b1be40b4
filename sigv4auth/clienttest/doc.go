// Package clienttest is the proof that real clients are understood: its tests start servers behind
// the verifier and drive them with AWS's SDKs, the AWS CLI, curl and what else signs requests. It
// is a module of its own, so that none of these clients reaches a user of the library.
package clienttest
