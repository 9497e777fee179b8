// Package compat lets the official better-auth client and a real better-auth server judge Postern.
//
//	compat_test.go ── node run.mjs ──┬── lib/reference.mjs ── reference/server.mjs   better-auth on Node
//	                                 ├── lib/postern.mjs ──── postern serve          the binary under test
//	                                 └── providers/start.mjs                         identity providers, played
//
// A scenario (scenarios/*.mjs) is played against both, each with a database of its own, through the official client or as
// raw HTTP. What it saw, the mails and the rows are written down, ids, tokens and dates become placeholders, and the two
// transcripts must be equal. Where Postern means to differ, lib/differences.mjs says where and why; what is not listed
// there fails, and so does an entry that no longer happens. Scenarios of interop/ have both servers on one database and
// assert by themselves, in both directions.
//
// Identity providers (providers/*.mjs) are played over real HTTP: they check all that a client sends them, and what a careful one
// would not have sent fails the scenario. The reference's calls are sent there (reference/egress.mjs), Postern's by its settings.
//
// What the comparison has shown is docs/compatibility.md (lib/report.mjs): "make compat-report" writes it, and the test fails when
// it says anything else. lib/moving.mjs has Postern take over databases that several versions of better-auth made, and hand
// them back.
//
// A new scenario is a function in one of these files. To look at one alone, with what the reference answers:
//
//	DATABASE_URL=postgres://… node run.mjs --targets reference,reference --only 'reset: a token works once' --show
package compat
