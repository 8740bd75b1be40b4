// Package outside shows the repository as somebody sees it who is not in it: the modules as they
// are fetched once they are released, and the documents whose commands are pasted into a shell.
package outside
