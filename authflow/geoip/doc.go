// Package geoip says where an address is, by a database file that the operator supplies: GeoLite2 or GeoIP2 of MaxMind, or another one of
// cities or countries in that format (https://maxmind.github.io/MaxMind-DB/). Without a file no address is anywhere, and nothing else
// changes.
//
// A place is a hint for people who look whether a sign-in was theirs: a network's addresses move, and a city may be the provider's. Nothing
// is decided by it, and nobody outside is asked.
//
// The file is read into memory whole. Mapped into memory, as readers of this format do by default, a file that somebody overwrites in place
// would end the process (SIGBUS). Run notices another file and takes it, once it is whole; one that cannot be used replaces none.
package geoip
