// Package ratelimit counts how often something happens, over all replicas.
//
//	authflow (ratelimit.go, attempt.go) ──▶ authflow.Counter ──▶ Counter.Take ──┬─ room left here: no query
//	                                                                            ├─ full, here or there: refused until the window ends
//	                                                                            └─ else one statement on {postern.rate_limit}
//
// What is counted, and how often is too often, is for the host to say. A key has one row, made with its first shared hit and
// reused in later windows; DeleteBefore removes those whose window is over.
//
// Windows are fixed: one begins with its first hit, and nothing extends it. This differs from better-auth, where each allowed
// request does, so that a page which asks every nine seconds is shut out after a hundred of them.
//
// # How exact
//
// A limit below 20 goes to the database with each hit: over all replicas no more than Max are allowed in a window, however many
// come at once. As soon as it is full the replica knows, and refuses without asking: a flood on one key costs each replica
// Max queries and one in a window.
//
// A limit of 20 or more is for what happens often and is seldom too much. The first fifth in a window is allowed by each
// replica without asking. From then on it reports what it has allowed, and asks for the right to a twentieth more at a time. One replica is
// exact. Of R replicas, those with fewer than a fifth each say nothing of it, so that up to Max·(1 + (R-1)/5) are allowed: 120 instead
// of 100 with two. On the other hand a window may end early by the twentieths that other replicas asked for and did not use.
//
// Replicas compare times by their own clocks; the row's window counts for all. A difference of a second moves a window by as much.
//
// # When the database is away
//
// Each replica then counts on its own, so that R replicas allow R times as much, and nobody is refused for the outage. It waits
// no longer than any query does (database.query_timeout), and from then on asks once in five seconds. One line is logged when
// it begins and one when it ends, and Options.Alone is told. What was counted meanwhile is not reported later.
//
// # Memory
//
// The windows of 50,000 keys are kept, those used last. A key that is forgotten has its first fifth again; limits below 20 lose nothing,
// since the row is still there.
package ratelimit
