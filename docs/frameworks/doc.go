// Package frameworks shows the middleware in frameworks and other shapes that a service can have:
// each folder has one program, and all of them hold the same conformance set. It is a module of its
// own, so that none of the frameworks reaches a user of the library.
package frameworks
