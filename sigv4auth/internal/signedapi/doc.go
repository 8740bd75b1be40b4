// Package signedapi has what the services share that answer as AWS's do and verify who calls: the
// credential scopes of several regions, and refusals in the words of the query protocol.
package signedapi
