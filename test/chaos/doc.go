// Package chaos takes away what Postern stands on while it is in use.
//
//	faults_test.go      a fault proxy on the way to PostgreSQL, and on the way to the application
//	database_test.go    PostgreSQL fails over, is read-only, out of connections, out of disk
//	outage_test.go      PostgreSQL is stopped for half a minute under load
//	revocation_test.go  ten thousand sessions are revoked at one replica and used at another, while listeners are cut and PostgreSQL is restarted
//	kill_test.go        Postern is killed again and again while people sign up and in
//
// Load is small and on loopback; what counts is that every single answer is one that the promises allow, and that whatever was acknowledged
// is there afterwards. Clocks that jump are tried in sessionstore, with a clock of the test's: a static Go program asks the
// kernel for the time, past anything that could be put before it.
//
// The fault proxy is Shopify's toxiproxy, built from the module in the folder of that name. With CHAOS_LONG set faults last for a minute, and ten times
// as many sessions are revoked.
package chaos
