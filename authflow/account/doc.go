// Package account lets users change and delete what is stored about them.
//
//	POST /update-user            profile.go
//	POST /delete-user            delete.go
//	GET  /delete-user/callback   the mailed link, delete.go
//	GET  /list-accounts          linked.go
//
// A change of address is package verification's, since it is a proof; a change of password is package password's.
package account
