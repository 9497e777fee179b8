package authflow

import "strings"

// Landings are pages of our own, as paths, where mailed links and flows lead whose request names no other. Package pages has them. An
// empty one does not exist, and better-auth's default counts.
type Landings struct {
	Verified string // after an address was proved or changed, with error=… when it was not
	Reset    string // asks for the new password; gets token=…, or error=…
	Deletion string // asks once more before an account is deleted; gets token=…
	Disavow  string // asks whether a sign-in or change was not the owner's; gets token=…
	Error    string // gets error=…
}

// MaxReturnTo bounds the address that is carried through a sign-in: as much of a path as the proxy sends along, and an origin before it.
const MaxReturnTo = 2048 + 256

// AllowsReturn tells whether a person who has signed in may be sent on to target: as AllowsRedirect, but to pages of the web alone, and
// to no address of a length that only mistakes have (a page that redirects to itself with its own address as a parameter).
func (o *Origins) AllowsReturn(target string) bool {
	if len(target) > MaxReturnTo || !o.AllowsRedirect(target) {
		return false
	}
	_, web := webOrigin(target)
	return web || strings.HasPrefix(target, "/")
}
