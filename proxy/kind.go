package proxy

import (
	"net/http"
	"strconv"
	"strings"
)

// Kind is what a redirect would mean to whoever sent the request.
type Kind uint8

const (
	// Unredirectable requests get 401 whatever the rule says: methods other than GET and HEAD, whose body a redirect
	// would lose; upgrades; fetches from another origin, to which the redirect would be an opaque failure; and any
	// request when there is no page to redirect to, or when it is for that page.
	Unredirectable Kind = iota
	// Fetch is a GET or HEAD by a program: a script, curl, an EventSource.
	Fetch
	// Navigation is a browser loading a page.
	Navigation
)

// kindOf reads what the request says about itself. Nothing here is trusted: it decides between 401 and a redirect,
// both of which are refusals.
func kindOf(r *http.Request) Kind {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || upgradeProtocol(r.Header) != "" {
		return Unredirectable
	}
	switch mode := r.Header.Get("Sec-Fetch-Mode"); {
	case mode == "navigate":
		return Navigation
	case mode == "websocket", mode == "cors" && r.Header.Get("Sec-Fetch-Site") != "same-origin":
		return Unredirectable
	case mode != "":
		return Fetch
	}
	// Older browsers say Origin with a GET only when a script sends it to another site.
	if len(r.Header["Origin"]) > 0 {
		return Unredirectable
	}
	// Browsers before 2023, and plain programs. Scripts of that time name themselves; htmx still does.
	if r.Header.Get("X-Requested-With") != "" || r.Header.Get("Hx-Request") != "" || !prefersHTML(r.Header["Accept"]) {
		return Fetch
	}
	return Navigation
}

// loadsPage tells whether a person will look at the answer: a browser follows a link or posts a form. Unlike kindOf it is about words, not about a
// redirect, so that the method does not matter. Programs that say Accept: text/html ask for paths of APIs, and get what APIs answer.
func loadsPage(r *http.Request) bool {
	if upgradeProtocol(r.Header) != "" {
		return false
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return r.Header.Get("X-Requested-With") == "" && r.Header.Get("Hx-Request") == "" && !isAPI(r.URL.Path) && prefersHTML(r.Header["Accept"])
}

// prefersHTML tells whether HTML is asked for by name and weighs more than JSON (RFC 9110 §12.5.1), or as much and
// stands first. Wildcards do not count: curl and fetch send */*.
func prefersHTML(accept []string) bool {
	html, json, htmlFirst := 0.0, 0.0, false
	for _, line := range accept {
		for element := range strings.SplitSeq(line, ",") {
			media, parameters, _ := strings.Cut(element, ";")
			switch strings.ToLower(strings.TrimSpace(media)) {
			case "text/html", "application/xhtml+xml":
				htmlFirst = htmlFirst || json == 0
				html = max(html, weight(parameters))
			case "application/json":
				json = max(json, weight(parameters))
			}
		}
	}
	return html > json || html > 0 && html == json && htmlFirst
}

func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(name, "q") {
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}
