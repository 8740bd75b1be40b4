// Package conformance is the set that every program of docs/frameworks holds. It builds and runs a
// program as it is printed, sends it calls of callers who may, may not or do not sign, and reads
// from the program's own output which of them reached the handlers.
package conformance
