// Package admin is better-auth's admin plugin: some users look after the others.
//
//	GET  /admin/list-users             list.go
//	GET  /admin/get-user               users.go
//	POST /admin/create-user            create.go
//	POST /admin/update-user            update.go
//	POST /admin/remove-user            users.go
//	POST /admin/set-role               roles.go
//	POST /admin/set-user-password      users.go
//	POST /admin/ban-user, /admin/unban-user                              bans.go
//	POST /admin/list-user-sessions, /admin/revoke-user-session(s)        sessions.go
//	POST /admin/impersonate-user, /admin/stop-impersonating              impersonate.go
//	POST /admin/has-permission         permission.go
//
// Who may do what is a matter of roles (access.go): a user has some, separated by commas in the column role, and each allows actions.
//
// # What it keeps
//
// The plugin's columns are additional fields of users and sessions (fields.go), so that they are made, read, shown and guarded as those are: no
// client can set one for itself. Every change is one transaction with its event, in which ActorID says who did it, and the caches hear of it
// from the store.
//
// # Bans
//
//	Sessions.Create ──▶ BanGate.Admit     nobody who is banned gets a session, whichever way they sign in
//	Sessions.Resolve                      and those they have are dead, whoever wrote the ban
//
// A ban is three columns of the table user: banned, banReason and banExpires. The gate keeps to them wherever they are there, also when the
// endpoints are switched off.
package admin
