package authflowtest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/sessionstore"
)

// Body is a JSON object to send.
type Body = map[string]any

// Browser keeps cookies and sends them back, with the Origin of a page of our own. It follows no redirects. Its jar is simpler than
// a real one: it ignores domains, paths and Secure, so that https cookies can be tested over http, and it forgets a cookie
// only when told to.
type Browser struct {
	flow   *Flow
	header http.Header // goes with every request

	mu  *sync.Mutex
	jar map[string]string
}

// Browser is a new one, without cookies.
func (f *Flow) Browser() *Browser {
	return &Browser{flow: f, header: http.Header{}, mu: &sync.Mutex{}, jar: map[string]string{}}
}

// With is the same browser, cookies shared, that sends one more header. An empty value takes the header away.
func (b *Browser) With(name, value string) *Browser {
	other := *b
	other.header = b.header.Clone()
	other.header.Set(name, value)
	return &other
}

// At is the same browser at another address.
func (b *Browser) At(address string) *Browser { return b.With(addressHeader, address) }

// SetCookie puts a cookie into the jar, its value as it goes over the wire.
func (b *Browser) SetCookie(name, raw string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jar[name] = raw
}

// Cookie is the raw value of a cookie, or "".
func (b *Browser) Cookie(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.jar[name]
}

// Token is the session token in the jar, or "".
func (b *Browser) Token() sessionstore.Token {
	raw, err := url.PathUnescape(b.Cookie(b.sessionCookie()))
	b.flow.must(err)
	token, _, _ := strings.Cut(raw, ".")
	return sessionstore.Token(token)
}

func (b *Browser) sessionCookie() string {
	if strings.HasPrefix(b.flow.BaseURL, "https://") {
		return "__Secure-better-auth.session_token"
	}
	return "better-auth.session_token"
}

// Request is one to send as it stands. Path is below the base path, and may have a query.
type Request struct {
	Method, Path, ContentType, Body string
	Header                          http.Header
	Page                            bool // Path is that of a page, not below the base path
}

// Get asks for a path below the base path.
func (b *Browser) Get(path string) *Answer {
	b.flow.t.Helper()
	return b.Send(Request{Method: http.MethodGet, Path: path})
}

// Delete asks to delete a path below the base path.
func (b *Browser) Delete(path string) *Answer {
	b.flow.t.Helper()
	return b.Send(Request{Method: http.MethodDelete, Path: path})
}

// Post sends a JSON value to a path below the base path; nil sends no body.
func (b *Browser) Post(path string, body any) *Answer {
	b.flow.t.Helper()
	if body == nil {
		return b.Send(Request{Method: http.MethodPost, Path: path})
	}
	data, err := json.Marshal(body)
	b.flow.must(err)
	return b.PostRaw(path, string(data))
}

// PostRaw sends text as JSON.
func (b *Browser) PostRaw(path, body string) *Answer {
	b.flow.t.Helper()
	return b.Send(Request{Method: http.MethodPost, Path: path, ContentType: "application/json", Body: body})
}

// Open follows a mailed link.
func (b *Browser) Open(link string) *Answer {
	b.flow.t.Helper()
	path, ok := strings.CutPrefix(link, b.flow.Core.APIURL)
	if !ok {
		b.flow.t.Errorf("link %q does not begin with %s", link, b.flow.Core.APIURL)
	}
	return b.Get(path)
}

// Send sends a request, with cookies. It may be called from several goroutines.
func (b *Browser) Send(request Request) *Answer {
	t := b.flow.t
	t.Helper()
	base := b.flow.URL + "/api/auth"
	if request.Page {
		base = b.flow.URL
	}
	r, err := http.NewRequestWithContext(t.Context(), request.Method, base+request.Path, strings.NewReader(request.Body))
	if err != nil {
		t.Errorf("%s %s: %v", request.Method, request.Path, err)
		return &Answer{t: t, Header: http.Header{}}
	}
	r.Header.Set("Origin", b.flow.BaseURL)
	for name, values := range mergeHeaders(b.header, request.Header) {
		r.Header[name] = values
		if len(values) == 1 && values[0] == "" {
			delete(r.Header, name)
		}
	}
	if request.ContentType != "" {
		r.Header.Set("Content-Type", request.ContentType)
	}
	b.sendCookies(r)
	response, err := b.flow.client.Do(r)
	if err != nil {
		t.Errorf("%s %s: %v", request.Method, request.Path, err)
		return &Answer{t: t, Header: http.Header{}}
	}
	body, err := io.ReadAll(response.Body)
	if closing := response.Body.Close(); err != nil || closing != nil {
		t.Errorf("%s %s: read answer: %v, %v", request.Method, request.Path, err, closing)
	}
	b.keepCookies(response)
	return &Answer{t: t, request: request.Method + " " + request.Path, Status: response.StatusCode, Header: response.Header, Body: string(body)}
}

func mergeHeaders(sets ...http.Header) http.Header {
	merged := http.Header{}
	for _, set := range sets {
		maps.Copy(merged, set)
	}
	return merged
}

func (b *Browser) sendCookies(r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.jar) == 0 {
		return
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(b.jar)) {
		pairs = append(pairs, name+"="+b.jar[name])
	}
	r.Header.Add("Cookie", strings.Join(pairs, "; "))
}

func (b *Browser) keepCookies(response *http.Response) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, line := range response.Header["Set-Cookie"] {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(pair, "=")
		if strings.Contains(attributes, "Max-Age=0") {
			delete(b.jar, name)
			continue
		}
		b.jar[name] = value
	}
}

func newHTTPClient(t testing.TB) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
