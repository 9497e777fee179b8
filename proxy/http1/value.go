package http1

import "golang.org/x/net/http/httpguts"

// validValue is httpguts.ValidHeaderFieldValue, eight bytes at a time: headers of a kilobyte, as a signed assertion makes them, are looked
// through for every request.
func validValue(s string) bool {
	for rest := s; len(rest) >= 8; rest = rest[8:] {
		word := uint64(rest[0]) | uint64(rest[1])<<8 | uint64(rest[2])<<16 | uint64(rest[3])<<24 |
			uint64(rest[4])<<32 | uint64(rest[5])<<40 | uint64(rest[6])<<48 | uint64(rest[7])<<56 // one load
		if mayHoldControl(word) {
			return httpguts.ValidHeaderFieldValue(s) // which knows of tabs
		}
	}
	return httpguts.ValidHeaderFieldValue(s[len(s)&^7:])
}

// mayHoldControl tells whether one of eight bytes is below a space or DEL. It may say so of a byte beside one that is, and misses none.
func mayHoldControl(word uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	deletes := word ^ 0x7f*ones // zero where there is a DEL
	return ((word-' '*ones)&^word|(deletes-ones)&^deletes)&tops != 0
}
