// Package doctor looks at an installation from outside, as a browser would meet it, and names the classic mistakes: of cookies, of proxies in front, and of an
// application that can be reached past Postern. It sends a few requests that any visitor might send, and changes nothing.
//
//	doctor.go    what is looked at, and how findings are told
//	public.go    the public URL: reach, scheme, caches, paths, the admin listener
//	cookies.go   what becomes of cookies and origins on the way
//	signin.go    a whole sign-in, where somebody lends an account
//	around.go    the application, past Postern
package doctor

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Level is how grave a finding is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "WARN"
	Fail Level = "FAIL"
)

// Finding is what one look has shown.
type Finding struct {
	Level  Level
	What   string
	Remedy string // what to do; empty when nothing
}

// Installation is what is looked at.
type Installation struct {
	URL            *url.URL // server.public_url
	BasePath       string   // auth.base_path
	AdminListen    string
	TrustedProxies []string
	Upstreams      []*url.URL // the application's addresses
	Sensitive      string     // a path that nobody may see without a session; empty: not looked at

	Email, Password string // of an account that may be used; empty: none

	Client *http.Client // nil: one that follows no redirects and waits for 10 seconds
}

// timeout of one request.
const timeout = 10 * time.Second

// Examine looks at everything and returns what it finds, in order.
func Examine(ctx context.Context, i Installation) []Finding {
	if i.Client == nil {
		i.Client = &http.Client{Timeout: timeout}
	}
	client := *i.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	i.Client = &client
	x := &examination{ctx: ctx, Installation: i}
	if x.reach() {
		x.scheme()
		x.caches()
		x.origin()
		x.foreignOrigin()
		x.cookies()
		x.paths()
		x.guarded()
		x.admin()
		x.signIn()
	}
	x.around()
	return x.found
}

type examination struct {
	Installation
	ctx   context.Context // of one examination, which is over when Examine returns
	found []Finding
	proxy string // what a proxy in front says of itself
}

func (x *examination) ok(format string, args ...any) {
	x.found = append(x.found, Finding{Level: OK, What: fmt.Sprintf(format, args...)})
}

func (x *examination) warn(remedy, format string, args ...any) {
	x.found = append(x.found, Finding{Warn, fmt.Sprintf(format, args...), remedy})
}

func (x *examination) fail(remedy, format string, args ...any) {
	x.found = append(x.found, Finding{Fail, fmt.Sprintf(format, args...), remedy})
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// api is the address of a route of the auth API.
func (x *examination) api(path string) string { return x.URL.String() + x.BasePath + path }

// ask sends one request. Pairs of header are names and values.
func (x *examination) ask(method, address, body string, header ...string) (answer, error) {
	r, err := http.NewRequestWithContext(x.ctx, method, address, strings.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("ask %s: %w", address, err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("User-Agent", "postern-doctor")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := x.Client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }() // it has been read
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return answer{response, string(text)}, err
}

// Tell writes findings for people, and says how many are failures.
func Tell(out io.Writer, found []Finding) (failures int, err error) {
	for _, f := range found {
		if f.Level == Fail {
			failures++
		}
		if _, err := fmt.Fprintf(out, "%-4s  %s\n", f.Level, f.What); err != nil {
			return failures, err
		}
		if f.Remedy != "" {
			if _, err := fmt.Fprintf(out, "      -> %s\n", f.Remedy); err != nil {
				return failures, err
			}
		}
	}
	return failures, nil
}
