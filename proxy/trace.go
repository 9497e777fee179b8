package proxy

import (
	"context"
	"net/http"
)

// Tracer follows a request through its steps. Each method is called when a step begins, and what it returns when the step is over.
type Tracer interface {
	// Decide is the question whether the request may pass. The context that it returns is the one in which the session is asked
	// for.
	Decide(ctx context.Context) (context.Context, func(Decision))
	// Upstream is the application's work, until its answer has been passed on. It writes into the headers that are about to be sent
	// what tells the application of the trace, and removes what the client said of one. status is 0 when there was no answer.
	Upstream(ctx context.Context, method, address string, h http.Header) func(status int, err error)
}

// traced is decide with a Tracer.
func (p *Proxy) traced(w http.ResponseWriter, r *http.Request, x *exchange) Decision {
	ctx, end := p.options.Tracer.Decide(r.Context())
	d := p.decide(w, r.WithContext(ctx), x)
	end(d)
	return d
}
