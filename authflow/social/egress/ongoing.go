package egress

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// ongoing is a call that is not over.
type ongoing struct {
	*transport
	ctx     context.Context // ends with the call, and after its time
	cancel  context.CancelFunc
	started time.Time
	report  func(failure error) // nil: the breaker did not let the call pass

	once sync.Once
	call Call
}

func (t *transport) begin(r *http.Request) *ongoing {
	ctx, cancel := context.WithTimeout(r.Context(), t.timeout)
	return &ongoing{
		transport: t, ctx: ctx, cancel: cancel, started: time.Now(),
		call: Call{Provider: t.provider, Method: r.Method, Host: r.URL.Host},
	}
}

// request is what is sent. A RoundTripper does not change the request that it was given.
func (o *ongoing) request(r *http.Request) *http.Request {
	r = r.Clone(o.ctx)
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", userAgent)
	}
	return r
}

// end tells how the call went, and returns its error with what was called. Only the first end counts.
func (o *ongoing) end(err error) error {
	if err != nil {
		err = fmt.Errorf("call %s at %s: %w", o.call.Provider, o.call.Host, err)
	}
	o.once.Do(func() {
		o.cancel()
		o.call.Took, o.call.Err = time.Since(o.started), err
		o.call.Outcome = outcomeOf(o.call.Status, err)
		if o.report != nil {
			failure := err
			if o.call.Outcome == OutcomeServerError {
				failure = fmt.Errorf("status %d from %s", o.call.Status, o.call.Host)
			}
			o.report(failure)
		}
		if o.observe != nil {
			o.observe(o.call)
		}
	})
	return err
}
