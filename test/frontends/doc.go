// Package frontends has real front ends ask Postern before they forward, configured by the very files of deploy/examples.
//
//	client ──▶ nginx, Caddy, HAProxy ──▶ an application that remembers
//	                 │
//	                 └─▶ Postern, a process of its own
//
// A front end that this machine lacks is skipped, and says so; test/setup.sh installs what Debian has.
package frontends
