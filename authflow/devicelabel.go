package authflow

import (
	"cmp"

	"github.com/mileusna/useragent"
)

// Device says what a request came from, by its User-Agent: a program and what it runs on, as in Firefox and Linux. Either may be empty. It
// is for people to recognise their own devices by; the header is the client's word and proves nothing.
func Device(agent string) (program, system string) {
	parsed := useragent.Parse(agent)
	return parsed.Name, cmp.Or(parsed.Device, parsed.OS)
}

// DeviceLabel is Device in a few words: "Firefox on Linux".
func DeviceLabel(agent string) string {
	program, system := Device(agent)
	switch {
	case program == "":
		return "Unknown device"
	case system == "":
		return program
	}
	return program + " on " + system
}
