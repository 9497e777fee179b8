// Package clientaddr says who is at the other end of a request: address, scheme and host.
//
// The only thing known for certain is the peer of the socket. What headers say beyond that is a claim, and a claim is
// worth as much as the hop that wrote it. The rule is therefore:
//
//	peer not trusted   →  address of the peer, scheme of the socket, Host of the request; no header is read
//	peer trusted       →  X-Forwarded-For is walked from its right end, past trusted hops; the first address that is
//	                      not trusted is the client. An entry that is no address ends the walk at the hop before it.
//
// X-Forwarded-For wins over Forwarded (RFC 7239) when both are there, since nearly every proxy writes the former and
// hands the latter through as the client sent it. Forwarded is read when there is no X-Forwarded-For.
// X-Forwarded-Proto and X-Forwarded-Host count with their last value only: the nearest hop wrote that one.
//
// Callers may rely on: Addr is invalid or an unmapped address without zone; Proto is "http" or "https"; Host came from
// a trusted hop only if ParseHost accepts it.
package clientaddr
