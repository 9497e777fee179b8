// Package admin keeps out whom an administrator has banned, as better-auth's admin plugin does.
//
//	Sessions.Create ──▶ BanGate.Admit     nobody who is banned gets a session, whichever way they sign in
//	Sessions.Resolve                      and those they have are dead, whoever wrote the ban
//
// A ban is three columns of the table user: banned, banReason and banExpires. They are there where better-auth's admin plugin made
// them, and where they are not nobody is banned. The plugin's own endpoints, by which one user bans another, are not here.
package admin
