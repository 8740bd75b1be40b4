// Package matrix holds real clients against the verifier: its test drives each client with random
// requests, which the client signs and sends by itself, to a server behind the middleware. What is
// refused has to be on a list of the clients' known bugs, and what is changed in transit has to be
// refused.
//
// The clients are programs of their own in testdata: the packages of testdata/node are installed
// with npm ci in that folder.
package matrix
