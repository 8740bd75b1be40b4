// Command iampolicy checks IAM policy documents and tries requests against them,
// offline: it reads files and calls nobody.
//
//	iampolicy validate FILE...   what is wrong with documents, or suspicious in them
//	iampolicy simulate           what policies decide about a request, and why
//	iampolicy diff OLD NEW       whether a new policy can do anything that an old one cannot
//	iampolicy fmt FILE...        documents, written in one way
//
// With a list of the actions that a service's routes ask for, validate warns of those in policies
// that none of them does: iampolicy validate -routes FILE.
//
// "iampolicy help" and "iampolicy help COMMAND" say more, with examples. The exit status is 0 where
// nothing was found, the request is allowed, there is no new access, or fmt is done; 1 where
// something was found, the request is denied, there is new access, or fmt -l lists a file; and 2
// where there is no answer: a wrong flag, a file that cannot be read, a policy with mistakes where
// one is to be used, a question that is too hard.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
