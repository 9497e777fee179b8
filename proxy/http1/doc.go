// Package http1 sends requests to one application over HTTP/1.1 without TLS, on the goroutine of the caller.
//
// net/http's transport has two goroutines for each connection, which hand every request and its answer to each other: that is
// a third of the CPU time of a proxied request. Here the caller writes, reads, and gives the connection back:
//
//	RoundTrip ─ take a connection (idle.go), sound (alive_unix.go), or dial
//	    │
//	    ├ write request line and header in one piece (head.go)
//	    ├ a body is sent by a goroutine of its own (upload.go), so that an answer may come before its end
//	    ├ read interim answers and the answer (answer.go), by net/http's own parser
//	    └ the answer's body gives the connection back at its end, or closes it
//
// What is no matter of every day goes to the standard transport: requests to switch protocols, Expect: 100-continue, and bodies
// of unknown length with methods that seldom have one. TLS, HTTP/2 and Unix sockets are not spoken here at all.
//
// Callers may rely on this:
//
//   - An answer that net/http refuses is refused. Answers are read by http.ReadResponse, so both agree on where they end.
//   - No byte that came before a request is taken for its answer: a connection on which anything is left over, or arrives while it is
//     idle, is closed and not used again.
//   - A request is sent twice only when nothing of it was written, or when it is safe (RFC 9110 §9.2.1), has no body, and a connection
//     that had been used before ended without a byte of an answer (RFC 9112 §9.3.1).
//   - The context's end closes the connection, so that whatever waits on it returns.
package http1
