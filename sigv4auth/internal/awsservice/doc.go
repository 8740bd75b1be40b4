// Package awsservice holds what services have in common whichever protocol their requests come in:
// the rules of a model's members with the words in which AWS says that one is broken, the IDs of
// requests, and what becomes of a panic. It is pure: it knows no request and no clock.
package awsservice
