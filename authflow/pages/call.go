package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// fields are the body of a request to the API.
type fields map[string]any

// call asks the auth API in the browser's name: the request is the one that the page got, with another target and body. Its cookies are
// passed on. A refusal is a *problem; into, unless nil, gets the answer.
func (v *visit) call(method, path string, body fields, into any) error {
	r, err := v.apiRequest(method, path, body)
	if err != nil {
		return err
	}
	return v.send(r, into)
}

// ask is call for a POST that changes nothing. A page that is only looked at has no Origin, and needs none for that.
func (v *visit) ask(path string, body fields, into any) error {
	r, err := v.apiRequest(http.MethodPost, path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Origin", v.pages.Core.BaseURL)
	return v.send(r, into)
}

func (v *visit) send(r *http.Request, into any) error {
	answer := &recorder{header: http.Header{}}
	v.pages.API.ServeHTTP(answer, r)
	v.w.Header()["Set-Cookie"] = append(v.w.Header()["Set-Cookie"], answer.header["Set-Cookie"]...)
	if answer.status >= http.StatusBadRequest {
		return newProblem(answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer.body.Bytes(), into); err != nil {
		return fmt.Errorf("read the answer of %s: %w", r.URL.Path, err)
	}
	return nil
}

// post is call for what changes something.
func (v *visit) post(path string, body fields) error { return v.call(http.MethodPost, path, body, nil) }

func (v *visit) apiRequest(method, path string, body fields) (*http.Request, error) {
	target, err := url.Parse(v.pages.base + path)
	if err != nil {
		return nil, fmt.Errorf("ask the API for %s: %w", path, err)
	}
	r := v.r.Clone(v.r.Context())
	r.Method, r.URL, r.RequestURI, r.Pattern = method, target, target.RequestURI(), ""
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, 0, nil
	// A page is the browser's, and a browser has its session in cookies.
	for _, name := range []string{"Authorization", "Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding"} {
		r.Header.Del(name)
	}
	if method == http.MethodGet {
		return r, nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("ask the API for %s: %w", path, err)
	}
	if body == nil {
		data = []byte("{}")
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	r.Header.Set("Content-Type", "application/json")
	return r, nil
}

// recorder takes an answer of the API.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *recorder) Header() http.Header { return a.header }

func (a *recorder) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

func (a *recorder) Write(data []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(data)
}

// whoami asks once who is signed in; nil is nobody. Strangers cost no question.
func (v *visit) whoami() (*identity, error) {
	if v.asked || !v.hasSessionCookie() {
		return v.me, nil
	}
	var me *identity
	if err := v.call(http.MethodGet, "/get-session", nil, &me); err != nil {
		return nil, err
	}
	v.me, v.asked = me, true
	if me != nil {
		v.kept.SignedIn = 0
	}
	return me, nil
}

func (v *visit) hasSessionCookie() bool {
	_, err := v.r.Cookie(v.pages.Core.Sessions.CookieName())
	return err == nil
}

// text is a field of the form as it was typed; line is one of a single line, without what is around it.
func (v *visit) text(name string) string { return v.form.Get(name) }
func (v *visit) line(name string) string { return strings.TrimSpace(v.form.Get(name)) }
