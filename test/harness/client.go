package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"time"
)

// SessionCookie is the name of the session's cookie.
const SessionCookie = "better-auth.session_token"

// Client is like one browser: it keeps cookies and names its origin when it sends them. It does not follow redirects.
type Client struct {
	Base      string // address of Postern
	UserAgent string
	http      *http.Client
}

// requestTimeout ends requests that nobody answers; a crowd of sign-ins waits for minutes.
const requestTimeout = 5 * time.Minute

// NewClient returns a client without cookies.
func NewClient(base string) *Client {
	jar, _ := cookiejar.New(nil) // fails never
	return &Client{Base: base, UserAgent: "harness", http: &http.Client{
		Jar:           jar,
		Timeout:       requestTimeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Edit changes a request before it is sent.
type Edit func(*http.Request)

// Header sets a header.
func Header(name, value string) Edit { return func(r *http.Request) { r.Header.Set(name, value) } }

// Bearer sends a token in the Authorization header.
func Bearer(token string) Edit { return Header("Authorization", "Bearer "+token) }

// Do sends a request and fails the test when there is no answer. body is nil, a string that is sent as it is, or a value
// that becomes JSON.
func (c *Client) Do(t testing.TB, method, path string, body any, edits ...Edit) *Response {
	t.Helper()
	r, err := c.Try(t.Context(), method, path, body, edits...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// Get is Do without a body.
func (c *Client) Get(t testing.TB, path string, edits ...Edit) *Response {
	t.Helper()
	return c.Do(t, http.MethodGet, path, nil, edits...)
}

// Post is Do with a body.
func (c *Client) Post(t testing.TB, path string, body any, edits ...Edit) *Response {
	t.Helper()
	return c.Do(t, http.MethodPost, path, body, edits...)
}

// Try is Do for a server that may be gone. path may be an absolute address, too.
func (c *Client) Try(ctx context.Context, method, path string, body any, edits ...Edit) (*Response, error) {
	req, err := c.request(ctx, method, path, body, edits)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: content}, nil
}

// Stream opens a request whose answer is read while it comes. The caller closes its body.
func (c *Client) Stream(ctx context.Context, path string) (*http.Response, error) {
	req, err := c.request(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	return c.http.Do(req)
}

func (c *Client) request(ctx context.Context, method, path string, body any, edits []Edit) (*http.Request, error) {
	content, err := encode(body)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(c.Base)
	if err != nil {
		return nil, err
	}
	target, err := base.Parse(path)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.UserAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet && len(c.http.Jar.Cookies(req.URL)) > 0 {
		req.Header.Set("Origin", c.Base)
	}
	for _, edit := range edits {
		edit(req)
	}
	return req, nil
}

func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(body), nil
	}
	return json.Marshal(body)
}

// Cookie is the value of a cookie as it is sent, or "".
func (c *Client) Cookie(name string) string {
	base, err := url.Parse(c.Base)
	if err != nil {
		return ""
	}
	for _, cookie := range c.http.Jar.Cookies(base) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// At returns a client with the same cookies for another replica. Cookies do not tell ports apart (RFC 6265 §8.5).
func (c *Client) At(base string) *Client {
	other := *c
	other.Base = base
	return &other
}

// Response is an answer that was read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Want fails the test when the status is another.
func (r *Response) Want(t testing.TB, status int) *Response {
	t.Helper()
	if r.Status != status {
		t.Fatalf("answered %d %s, want %d", r.Status, r.Body, status)
	}
	return r
}

// WantError fails the test when the answer is not that status and code, as JSON.
func (r *Response) WantError(t testing.TB, status int, code string) *Response {
	t.Helper()
	r.Want(t, status)
	var body struct{ Code, Message string }
	r.JSON(t, &body)
	if body.Code != code || body.Message == "" {
		t.Fatalf("answered %s, want code %s and a message", r.Body, code)
	}
	return r
}

// JSON reads the body into a value.
func (r *Response) JSON(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(r.Body, into); err != nil {
		t.Fatalf("answered %s %q, which is not the JSON that is expected: %v", r.Header.Get("Content-Type"), r.Body, err)
	}
}

// SetsCookie returns the cookie that the answer sets, or nil.
func (r *Response) SetsCookie(name string) *http.Cookie {
	for _, cookie := range (&http.Response{Header: r.Header}).Cookies() {
		if cookie.Name == name {
			return cookie
		}
	}
	return nil
}
