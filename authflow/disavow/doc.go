// Package disavow tells owners of accounts what may not have been theirs, and takes their word that it was not.
//
//	somebody signs in ──▶ Sessions.Create ──▶ Began ──┬─ a known device: nothing
//	                                                  └─ else, in the same transaction: a letter with a link
//	a password is changed ──▶ package password ──▶ Link, for its own letter
//
//	GET  /disavow/:token   the link, without pages: a page with a button. With pages it leads to theirs
//	POST /disavow/:token   that button
//	POST /disavow          the same for programs and for package pages, with the token in the body
//
// Opening a link does nothing, since programs that look through mail open links, too. The button ends all sessions, has the password work no more,
// since somebody else may know it, and mails a link to set another. A link works once, for a week.
//
// # What is a known device
//
// A browser with the cookie that says so (authflow/knowndevice.go), or a device of the same kind in the same network as one that is signed in: so programs
// that keep no cookies cause no letter each time. The first session of a new account causes none either.
package disavow
