// Package wire speaks to the whole program in bytes that no client library would send, and looks at the bytes that the
// application gets.
//
//	recorder_test.go    the application: it records what arrives, and parses it by the letter of RFC 9112
//	stack_test.go       Postern in front of it, and somebody who is signed in
//	http1_test.go       requests over HTTP/1.1, in bytes
//	http2_test.go       the same over HTTP/2, in frames
//	frames_test.go      a client of HTTP/2 that sends whatever it is told to
//	headers, smuggling  what is tried, by both, each beside a control request that passes
//	limits, floods      what is too much, too slow or without end, within bounds of memory
//	transfer_test.go    a gigabyte each way, and the first byte of an event stream
//
// Each test is named after the attack that it tries (docs/security-tests.md).
package wire
