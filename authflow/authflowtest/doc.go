// Package authflowtest gives tests a running auth API and a browser to talk to it, so that they read like the protocol:
//
//	flow := authflowtest.Start(t)
//	ada := flow.Browser()
//	ada.Post("/sign-up/email", authflowtest.Body{"name": "Ada", "email": "ada@people.test", "password": authflowtest.Password}).Is(200)
//	ada.Open(flow.Letter("verify-email", "ada@people.test").Link()).RedirectsTo("/")
//	ada.Get("/get-session").Is(200).Has("user.emailVerified", true)
//
// The server is real, on 127.0.0.1; so are the database (a temporary SQLite file behind the cache), the letters and the audit rows,
// which are read back from their tables. Only the clock is the test's own.
//
// Unlike a room it knows every room, as cmd/postern does: a user who signs up, proves an address and signs in needs most of them.
package authflowtest
