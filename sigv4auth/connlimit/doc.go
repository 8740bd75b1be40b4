// Package connlimit bounds the connections of an [http.Server], so that clients who open
// connections and leave them idle, or are slow on purpose, cannot keep others out.
//
// A plain limit on accepted connections does the opposite: whoever opens that many and sends
// nothing, or one request a minute on each, has them all, and everybody else waits. This package
// closes what costs the least instead. A server needs one more line:
//
//	limiter, err := connlimit.New(connlimit.Config{Max: 512})
//	…
//	listener = limiter.Protect(server, listener)
//	err = server.Serve(listener) // or server.ServeTLS
//
// # What is closed, and when
//
// A connection waits for its client while it is idle between two requests, while no request has
// arrived with its whole header, and while a request cannot go on because its body does not arrive
// or its answer is not taken. At any other moment the server works for it, and it is never closed
// then. Nor is it closed for a wait of less than 50 milliseconds. An HTTP/2 connection waits only
// if each of its requests does.
//
//   - Up to three quarters of Config.Max nothing is closed: only the timeouts of the server apply.
//   - Above, a new connection closes those that have waited longer than Config.Patience, which
//     shrinks with each connection, to nothing at Max.
//   - At Max the new connection takes the place of another. Of those that have waited for a
//     second or longer an idle one goes first, then one whose header is incomplete, then one
//     whose request or answer does not go on; of equals the one that has waited the longest. If
//     none has waited for a second, the one that has waited the longest goes. Where the server
//     works for all of them the new one waits until one of them waits or ends.
//   - A peer, which is an IPv4 address or the /64 of an IPv6 address, has Config.PerPeer
//     connections at the most. A further one takes the place of one of its own, chosen in the
//     same way, and is closed at once where the server works for all of them, or all of them
//     are younger than those 50 milliseconds. Peers in Config.Trusted have no such bound.
//
// Bytes that trickle in do not end the time that a request has waited: they take off only what they
// would have taken at 4 KiB a second. An idle connection on which the next request has begun is
// still idle until the header is complete.
//
// # What it does not replace
//
// The timeouts of the server, which SHOULD all be set: they bound what one connection costs while
// there are enough for all. A limit on requests: one peer may send any number on one connection. A
// connection that was hijacked, as for a WebSocket, counts until it is closed, and is never closed
// by the limiter.
//
// A health check SHOULD have a listener and a limiter of its own: it must not wait while the
// server works for Max connections.
//
// The package keeps no state but that of its [Limiter], starts no goroutine and imports the
// standard library only.
package connlimit
