package proxy

import (
	"fmt"
	"net/http"
)

// whoseCORS tells who speaks CORS for an application's answers.
type whoseCORS uint8

const (
	inheritedCORS   whoseCORS = iota // not given: as cors.handled_by says
	posternsCORS                     // preflights are answered by Postern, and answers are marked by it
	applicationCORS                  // preflights are forwarded, and answers are left as they are
)

func parseCORS(word string) (whoseCORS, error) {
	switch word {
	case "":
		return inheritedCORS, nil
	case "postern":
		return posternsCORS, nil
	case "application":
		return applicationCORS, nil
	}
	return inheritedCORS, fmt.Errorf("%q is unknown; use postern or application", word)
}

// ParseHandledBy reads cors.handled_by, and tells whether it is the application.
func ParseHandledBy(word string) (application bool, err error) {
	whose, err := parseCORS(word)
	return whose == applicationCORS, err
}

// IsPreflight tells whether a browser asks if a request from another site may follow (Fetch Standard §3.2.2). It sends no
// credentials and no body with it. What only looks like one, such as an OPTIONS request that carries something, is decided
// on like any other.
func IsPreflight(r *http.Request) bool {
	origin, method := r.Header["Origin"], r.Header["Access-Control-Request-Method"]
	return r.Method == http.MethodOptions && r.ContentLength == 0 && len(origin) == 1 && origin[0] != "" &&
		len(method) == 1 && method[0] != "" && checkMethod(method[0]) == nil
}

// HandsOverPreflight tells whether a preflight is for the application to answer.
func (p *Proxy) HandsOverPreflight(r *http.Request) bool {
	if !IsPreflight(r) {
		return false
	}
	t, no := parseTarget(r, p.public)
	return no == nil && p.speaksCORS(p.rules.Match(asked(r), t.host, t.path))
}

// asked is the method of the request that is to follow a preflight.
func asked(r *http.Request) string { return r.Header["Access-Control-Request-Method"][0] }

// speaksCORS tells whether the application of a rule does so itself.
func (p *Proxy) speaksCORS(rule *Rule) bool {
	return rule.cors == applicationCORS || rule.cors == inheritedCORS && p.options.ApplicationSpeaksCORS
}

// matchPreflight takes a real preflight to the route of the request that it asks about, if the application is to answer.
// Behind a front end somebody other than Postern has to, since most of them can only be told yes or no: there the
// preflights of origins that may read answers pass.
func (p *Proxy) matchPreflight(r *http.Request, x *exchange) {
	if rule := p.rules.Match(asked(r), x.target.host, x.target.path); p.leavesPreflight(rule, r, x) {
		x.rule, x.preflight = rule, true
	}
}

func (p *Proxy) leavesPreflight(rule *Rule, r *http.Request, x *exchange) bool {
	return p.speaksCORS(rule) || x.checked && p.options.AllowedReaders != nil && p.options.AllowedReaders(r.Header["Origin"][0])
}
