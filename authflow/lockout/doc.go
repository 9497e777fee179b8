// Package lockout counts wrong guesses at secrets, over all replicas, and makes whoever goes on guessing wait ever longer.
//
//	authflow (attempt.go) ──▶ authflow.Lockout ──▶ Lockout.Begin ──┬─ closed, as far as is known here: refused, no query
//	                                                               └─ else one statement on {postern.lockout}
//
// A guess is counted before it is judged, so that of any number that come at once no more are judged than may be; one that turns out to
// be right, or could not be judged, is taken back (Forgive). What is guessed at, who is let past, and how long one waits is for the host to
// say: authflow/attempt.go has the keys, authflow/lockoutconfig.go the lengths.
//
// The table is an ordinary one, unlike that of rate limits: what was counted survives a crash of the database, and restarts of Postern anyway.
//
// When the database is away the answer is an error, and a sign-in fails with it. It could not have succeeded: the password is in that database.
//
// # Memory
//
// That a key is closed is remembered here for 5 seconds at most, for 50,000 keys: a flood on one account costs each replica one
// question in that time. Nothing that opens a key elsewhere is heard of sooner.
package lockout
