package main

// Run is run, for the tests, which are of another package.
var Run = run
