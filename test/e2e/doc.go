// Package e2e walks through what the product promises, against the real parts: Postern as a process, PostgreSQL or the
// embedded SQLite, the FastAPI example under uvicorn, and mail by Resend's API.
//
//	walk_test.go        the walk: every scenario below on PostgreSQL and on SQLite
//	  signup, signin, reset, sessions, tamper, renewal, profile      users and their sessions
//	  tasks, identity, live                                          the application behind
//	  outside                                                        errors, CORS, logs, audit, metrics
//	restart, drain      ends of a process, expected and not
//	lifetimes           links and cached sessions that run out
//	schema, replicas    other tables, and ten replicas on an empty database
//	crowd               many sign-ins at once; E2E_SIGN_INS says how many
//
// Scenarios share one installation and run at once, so each has users of its own.
package e2e
