// Package plain is the pure part of bodies that arrive as they are, and not in the content coding
// aws-chunked: it verifies one while it is read. What is wrong with one is a fault of package
// chunked, so that both kinds end alike.
package plain
