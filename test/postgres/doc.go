// Package postgres gives tests a real PostgreSQL.
//
//	URL(t) ── a fresh empty database, dropped when the test ends
//	   ├── in the cluster named by POSTERN_TEST_POSTGRES_URL, which cmd/with-postgres sets for a whole test run
//	   └── or else in a cluster that is started once for the process
//	Start ── a cluster of one's own, to stop, kill and restart
//
// A cluster listens on a free port of 127.0.0.1 and accepts the user postgres without a password. It syncs to disk like a
// real one. It never outlives the process that started it, not even when that is killed: a shell stands between the two,
// waits for the end of its standard input, then stops the server and removes its folder.
package postgres
