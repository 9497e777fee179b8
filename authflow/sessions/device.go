package sessions

import "github.com/mileusna/useragent"

// deviceLabel says in a few words what a session was begun on: "Firefox on Linux". It is for people to recognise their own
// devices by; the header is the client's word and proves nothing.
func deviceLabel(agent string) string {
	parsed := useragent.Parse(agent)
	switch {
	case parsed.Name == "":
		return "Unknown device"
	case parsed.OS == "" && parsed.Device == "":
		return parsed.Name
	case parsed.Device != "":
		return parsed.Name + " on " + parsed.Device
	}
	return parsed.Name + " on " + parsed.OS
}
