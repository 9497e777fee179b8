package pages

import (
	"net/url"
	"strings"
)

// returnField is the parameter that says where a browser was going.
const returnField = "return_to"

// returnTo is where this browser was going, or "": a path here or a URL of a trusted origin, as the API's callbackURL. What leads back to
// signing in or out, or into the API, is where nobody was going.
func (v *visit) returnTo() string {
	target := v.form.Get(returnField)
	if target == "" && v.r.URL.RawQuery != "" {
		target = v.r.URL.Query().Get(returnField)
	}
	if target == "" || !v.pages.Core.Origins.AllowsReturn(target) {
		return ""
	}
	path := target
	if u, err := url.Parse(target); err != nil {
		return ""
	} else if u.Host == "" || strings.HasPrefix(strings.ToLower(target), v.pages.Core.BaseURL) {
		path = u.Path
	}
	if isBelow(v.pages.base, path) || isBelow(Path, path) && !isBelow(accountPath, path) && !isBelow(deletePath, path) && (!isBelow(adminPath, path) || path == stopPath) {
		return ""
	}
	return target
}

// destination is where somebody goes who has signed in.
func (v *visit) destination() string {
	if target := v.returnTo(); target != "" {
		return target
	}
	return v.pages.home
}

// carrying is one of our pages, told where the browser was going.
func (v *visit) carrying(path string, more ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	if target := v.returnTo(); target != "" {
		query.Set(returnField, target)
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func isBelow(prefix, path string) bool {
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/')
}
