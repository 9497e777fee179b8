package authflow

import "net/netip"

// Locator tells where addresses are. Package geoip has one.
type Locator interface {
	// Place is such as "Munich, Germany" in a language (BCP 47), in English where it knows no other, and "" when the place is unknown. It asks
	// nobody outside.
	Place(addr netip.Addr, lang string) string
}

// Place tells where an address is, as it is stored with a session: in words of a language, "" when that is not known. It is for people to
// recognise their own devices by; nothing may be decided by it.
func (c *Core) Place(address, lang string) string { return c.deps.place(address, lang) }

func (d *Deps) place(address, lang string) string {
	if d.Places == nil || address == "" {
		return ""
	}
	addr, err := netip.ParseAddr(address)
	if err != nil { // another server has written it
		return ""
	}
	return d.Places.Place(addr, lang)
}
