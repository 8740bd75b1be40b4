// Command iampolicy checks IAM policy documents and tries requests against them,
// offline: it reads files and calls nobody.
//
//	iampolicy validate FILE...   what is wrong with documents, or suspicious in them
//	iampolicy simulate           what policies decide about a request, and why
//
// "iampolicy help" and "iampolicy help COMMAND" say more, with examples. The
// exit status is 0 where nothing was found or the request is allowed, 1 where
// something was found or the request is denied, and 2 where the command could
// not do its work: a wrong flag, a file that cannot be read, a policy that
// simulate cannot parse.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
