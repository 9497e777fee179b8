package authflow

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What better-auth keeps to when it splits a cookie: browsers take some 4,093 bytes of one, name and attributes included.
const (
	maxCookieBytes  = 4050
	maxCookieChunks = 100
)

// chunked is a cookie as a request carries it: whole, or split into parts with a number after the name.
type chunked struct {
	whole []string // every value that was sent under the name itself
	parts map[int]string
}

// readChunked finds a cookie whose values may be split. Numbers that no server of ours writes are not parts.
func readChunked(r *http.Request, name string) chunked {
	var found chunked
	for _, line := range r.Header["Cookie"] {
		if !strings.Contains(line, name) { // nearly always: cheaper than to look at each pair
			continue
		}
		for pair := range strings.SplitSeq(line, ";") {
			key, raw, ok := strings.Cut(pair, "=")
			rest, named := strings.CutPrefix(trimOWS(key), name)
			if !ok || !named {
				continue
			}
			found.add(rest, unquote(trimOWS(raw)))
		}
	}
	return found
}

func (c *chunked) add(suffix, value string) {
	if suffix == "" {
		c.whole = append(c.whole, value)
		return
	}
	if index, ok := chunkIndex(suffix); ok {
		if c.parts == nil {
			c.parts = map[int]string{}
		}
		if _, again := c.parts[index]; !again {
			c.parts[index] = value
		}
	}
}

// chunkIndex reads ".0" to ".99", each in its one spelling.
func chunkIndex(suffix string) (int, bool) {
	digits, ok := strings.CutPrefix(suffix, ".")
	index, err := strconv.Atoi(digits)
	if !ok || err != nil || index < 0 || index >= maxCookieChunks || strconv.Itoa(index) != digits {
		return 0, false
	}
	return index, true
}

// values are what the cookie may say: as a sibling domain can plant cookies (D90), each value counts that was sent whole, up to a
// few, and then the parts together.
func (c chunked) values() []string {
	var values []string
	for _, value := range c.whole {
		if value != "" && len(values) < maxCookieCandidates {
			values = append(values, value)
		}
	}
	var joined strings.Builder
	for _, index := range slices.Sorted(maps.Keys(c.parts)) {
		joined.WriteString(c.parts[index])
	}
	if joined.Len() > 0 {
		values = append(values, joined.String())
	}
	return values
}

// names are those under which the browser keeps something of the cookie.
func (c chunked) names(name string) []string {
	var names []string
	if len(c.whole) > 0 {
		names = append(names, name)
	}
	for _, index := range slices.Sorted(maps.Keys(c.parts)) {
		names = append(names, chunkName(name, index))
	}
	return names
}

func chunkName(name string, index int) string { return name + "." + strconv.Itoa(index) }

// splitValue returns the value in parts that fit into a cookie each, or nil when there would be more than a browser can be asked to
// keep. One part is a value that needs no splitting.
func splitValue(name, value, attributes string) []string {
	size := maxCookieBytes - len(name+".99=") - len(attributes)
	if size < 1 || len(value) > size*maxCookieChunks {
		return nil
	}
	return slices.Collect(func(yield func(string) bool) {
		for len(value) > size {
			if !yield(value[:size]) {
				return
			}
			value = value[size:]
		}
		yield(value)
	})
}
