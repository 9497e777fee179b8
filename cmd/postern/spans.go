package main

import (
	"context"
	"net/http"
	"net/netip"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/posternhq/postern/proxy"
)

// The names of attributes are those of OpenTelemetry's semantic conventions, where they have one. None holds an address of a user,
// a token or a query.

// finish closes the span of a request.
func (i *requestInfo) finishSpan(r *http.Request, status int) {
	name := knownMethod(r.Method)
	if i.route != "" {
		name += " " + i.route
		i.span.SetAttributes(attribute.String("http.route", i.route))
	}
	i.span.SetName(name)
	i.span.SetAttributes(attribute.Int("http.response.status_code", status), attribute.String("postern.request_id", i.id), attribute.String("postern.auth", i.auth))
	setText(i.span, "url.path", i.path)
	setText(i.span, "postern.reason", i.reason)
	setText(i.span, "user.id", i.userID)
	if i.client.Addr != (netip.Addr{}) {
		i.span.SetAttributes(attribute.String("client.address", i.client.Addr.String()))
	}
	if status >= 500 {
		i.span.SetStatus(codes.Error, i.reason)
	}
	i.span.End()
}

func setText(span trace.Span, key, value string) {
	if value != "" {
		span.SetAttributes(attribute.String(key, value))
	}
}

// spans follow what happens to a request within the packages. What belongs to none is not followed: polls would fill the traces.
type spans struct{ *tracing }

var _ proxy.Tracer = spans{}

// Decide is the question whether the request may pass.
func (s spans) Decide(ctx context.Context) (context.Context, func(proxy.Decision)) {
	ctx, span := s.tracer.Start(ctx, "decide")
	return ctx, func(d proxy.Decision) {
		span.SetAttributes(attribute.String("postern.decision", d.Action.String()))
		setText(span, "postern.reason", d.Reason)
		span.End()
	}
}

// Upstream is the application's work. It is told of our span, and of no other.
func (s spans) Upstream(ctx context.Context, method, address string, h http.Header) func(status int, err error) {
	ctx, span := s.tracer.Start(ctx, knownMethod(method), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", knownMethod(method)), attribute.String("server.address", address)))
	for _, name := range s.propagator.Fields() {
		h.Del(name)
	}
	s.propagator.Inject(ctx, propagation.HeaderCarrier(h))
	return func(status int, err error) {
		if status != 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", status))
		}
		if status >= 400 {
			span.SetStatus(codes.Error, "")
		}
		end(span, err)
	}
}

// lookup is a question for a session; it says whether memory could answer it.
func (s spans) lookup(ctx context.Context) (context.Context, func(result string, err error)) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, func(string, error) {}
	}
	ctx, span := s.tracer.Start(ctx, "session look-up")
	return ctx, func(result string, err error) {
		span.SetAttributes(attribute.String("postern.session_cache", result))
		span.End() // that there is no such session is an answer; that the database is away, its span says
	}
}

// query is a step at the database.
func (s spans) query(ctx context.Context, what string) (context.Context, func(error)) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, func(error) {}
	}
	ctx, span := s.tracer.Start(ctx, what, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(s.database, attribute.String("db.operation.name", what)))
	return ctx, func(err error) { end(span, err) }
}

func end(span trace.Span, err error) {
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}
