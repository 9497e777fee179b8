// Package chaos takes away what Postern stands on while it is in use.
//
//	outage_test.go   PostgreSQL is stopped for half a minute under load
//	kill_test.go     Postern is killed again and again while people sign up and in
//
// Load is small and on loopback; what counts is that every single answer is one that the promises allow.
package chaos
