package egress

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// transport is what every call of one provider goes through.
type transport struct {
	provider     string
	next         http.RoundTripper
	breaker      *breaker
	observe      func(Call)
	timeout      time.Duration
	allowPrivate bool
}

// RoundTrip makes one call. It is over, for the breaker and the observer, when the answer has been read or given up.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	o := t.begin(r)
	report, err := t.admit(r.URL)
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as http.RoundTripper demands
		}
		return nil, o.end(err)
	}
	o.report = report
	resp, err := t.next.RoundTrip(o.request(r))
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer in time: %w", err)
		}
		return nil, o.end(err)
	}
	o.call.Status = resp.StatusCode
	if err := checkAnswer(resp); err != nil {
		_ = resp.Body.Close()
		return nil, o.end(err)
	}
	// A body that nobody closes ends with the call's time at the latest, so that the breaker is never left waiting.
	context.AfterFunc(o.ctx, func() { _ = o.end(o.ctx.Err()) })
	resp.Body = &body{ReadCloser: resp.Body, left: MaxBodyBytes, ongoing: o}
	return resp, nil
}

// admit says whether a call may be tried at all.
func (t *transport) admit(u *url.URL) (report func(error), err error) {
	if u.Scheme != "https" && !(t.allowPrivate && u.Scheme == "http") {
		return nil, fmt.Errorf("scheme %q: %w", u.Scheme, ErrInsecureURL)
	}
	// The dialler would find out; behind a proxy there is none that could.
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil && !t.allowPrivate {
		if err := checkAddress(addr); err != nil {
			return nil, err
		}
	}
	return t.breaker.allow()
}

// checkAnswer judges an answer by its head.
func checkAnswer(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		host := "nowhere"
		if location, err := resp.Location(); err == nil {
			host = location.Host
		}
		return fmt.Errorf("status %d to %s: %w", resp.StatusCode, host, ErrRedirect)
	}
	if resp.ContentLength > MaxBodyBytes {
		return fmt.Errorf("%d bytes announced: %w", resp.ContentLength, ErrTooLarge)
	}
	return nil
}
