package main

// Run is run and ErrFound is errFound, for the tests, which are of another package.
var (
	Run      = run
	ErrFound = errFound
)
