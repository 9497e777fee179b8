package authflow

import (
	"cmp"
	"regexp"

	"github.com/mileusna/useragent"
)

// Device says what a request came from, by its User-Agent: a program and what it runs on, as in Firefox and Linux. Either may be empty. It
// is for people to recognise their own devices by; the header is the client's word and proves nothing.
func Device(agent string) (program, system string) {
	parsed := useragent.Parse(agent)
	program, system = parsed.Name, parsed.OS
	if parsed.OS == useragent.IOS { // iPhone or iPad; of Android it would be a model's number, and of late always "K"
		system = cmp.Or(parsed.Device, parsed.OS)
	}
	if !namesProgram.MatchString(program) {
		return "", system
	}
	return program, system
}

// namesProgram leaves out what is no name, such as the "Mozilla/5.0" that nearly all of these headers begin with, if that is all there is.
var namesProgram = regexp.MustCompile(`^[\pL\pN][^/<>]*$`)

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
