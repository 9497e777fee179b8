// Command attacks writes docs/security-tests.md: which attack that has worked on others is tried on Postern, and by which test.
//
//	catalogue.go   the attacks, each with an id that stays
//	scan.go        which tests name an id: TestD36BrowsersReadTargetsAsTheCheckDoes, or a case called "D90 after a forged one"
//	report.go      the document
//
// A test of its own fails when the document is stale, when a test names an id that is not in the catalogue, and when an attack of the
// catalogue has neither a test nor a reason why it cannot happen here.
package main

//go:generate go run . ../..
