// Package iamid has IAM's rules of names, ARNs, unique IDs, access keys and tags, for the stores
// and services that take them from callers and files. It knows neither clock nor store.
package iamid
