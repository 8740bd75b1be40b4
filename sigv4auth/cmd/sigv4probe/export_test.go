package main

// Run is run and Help is help, for the tests, which are of another package.
var (
	Run  = run
	Help = help
)
