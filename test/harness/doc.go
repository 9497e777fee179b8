// Package harness runs the real parts of an installation over loopback, for tests that walk through all of them.
//
//	Client ──▶ Postern ──▶ FastAPI (or any handler of the test)
//	             │ │            │
//	             │ └─▶ Resend   │
//	             ▼              ▼
//	            Database (PostgreSQL from test/postgres, or SQLite)
//
// Postern is the command itself, built once per process, configured by its environment, and can be terminated, killed and
// started again on the same ports. FastAPI is examples/fastapi under uvicorn. Resend is the one part that is played: a real
// HTTP server that takes letters as Resend does, slowly or not at all when a test says so. OpenID is a provider to sign in with, made of
// zitadel/oidc.
//
// Everything listens on 127.0.0.1. A child never outlives the test process, not even when that is killed. What children
// wrote is attached to a test that failed.
package harness
