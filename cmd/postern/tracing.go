package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy/clientaddr"
)

// tracing makes spans and sends them by OTLP over HTTP. Nil makes none, and costs nothing but the question.
type tracing struct {
	provider   *sdktrace.TracerProvider
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	database   attribute.KeyValue // db.system.name
}

// otelVariables are what the environment says of traces.
type otelVariables map[string]string

func newOTelVariables(environ []string) otelVariables {
	v := otelVariables{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OTEL_") && value != "" {
			v[name] = value
		}
	}
	return v
}

// The variable for traces alone, where there is one, wins over the one for everything.
var (
	endpointVariables = []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}
	protocolVariables = []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"}
)

func (v otelVariables) first(names []string) (name, value string) {
	for _, name := range names {
		if v[name] != "" {
			return name, v[name]
		}
	}
	return "", ""
}

// wanted tells whether there are to be traces: when it is said where they go, or that there are any, and not that there are none.
func (v otelVariables) wanted() bool {
	if strings.EqualFold(v["OTEL_SDK_DISABLED"], "true") {
		return false
	}
	if exporters := v["OTEL_TRACES_EXPORTER"]; exporters != "" {
		return slices.Contains(strings.Split(exporters, ","), "otlp")
	}
	name, _ := v.first(endpointVariables)
	return name != ""
}

// problems are what the SDK would only mumble about, or do otherwise than was meant.
func (v otelVariables) problems() error {
	var found []config.Problem
	report := func(name, message string) {
		found = append(found, config.Problem{Origin: "env " + name, Message: message})
	}
	if name, protocol := v.first(protocolVariables); protocol != "" && protocol != "http/protobuf" {
		report(name, fmt.Sprintf("%q is not spoken here; use http/protobuf, at port 4318 of most collectors", protocol))
	}
	if name, endpoint := v.first(endpointVariables); endpoint != "" {
		if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			report(name, "is not an http or https URL; write one such as http://collector:4318")
		}
	}
	if len(found) == 0 {
		return nil
	}
	return &config.Error{Problems: found}
}

// newTracing is nil where the environment asks for no traces. All else that it says (headers, sampler, batches, resource) is the SDK's to
// read.
func newTracing(ctx context.Context, environ []string, databaseURL string, logger *slog.Logger) (*tracing, error) {
	variables := newOTelVariables(environ)
	if !variables.wanted() {
		return nil, nil
	}
	if err := variables.problems(); err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("export traces: %w", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "postern"), attribute.String("service.version", buildVersion())),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv()) // the last wins
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("describe this process for traces: %w", err)
	}
	// The SDK knows one place for what goes wrong in the background, for the whole process.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		logger.LogAttrs(context.Background(), slog.LevelWarn, "traces are lost", slog.Any("err", err))
	}))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	system := "postgresql"
	if databaseURL == "" {
		system = "sqlite"
	}
	return &tracing{
		provider:   provider,
		tracer:     provider.Tracer("github.com/posternhq/postern"),
		propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
		database:   attribute.String("db.system.name", system),
	}, nil
}

// tracesLastWait bounds what the last spans may hold up the end of the process.
const tracesLastWait = 2 * time.Second

// close sends what has gathered.
func (t *tracing) close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), tracesLastWait)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		otel.Handle(err)
	}
}

// traces are tracing as one configuration has it: with whom it believes. Nil follows nothing.
type traces struct {
	*tracing
	whose string // config.Telemetry.TraceContext
}

func (t *tracing) as(cfg config.Telemetry) *traces {
	if t == nil {
		return nil
	}
	return &traces{t, cfg.TraceContext}
}

// begin opens the span of a request. The trace that the client says it is part of is continued where it is to be believed.
func (t *traces) begin(v *visit, r *http.Request, trust *clientaddr.Trust) {
	if t == nil {
		return
	}
	ctx := v.Context
	if t.whose == "everyone" || t.whose == "trusted_proxies" && trust.TrustsPeer(r) {
		ctx = t.propagator.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	v.Context, v.info.span = t.tracer.Start(ctx, knownMethod(r.Method), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", knownMethod(r.Method)),
		attribute.String("url.scheme", v.info.client.Proto),
		attribute.String("server.address", v.info.client.Host),
		attribute.String("network.protocol.version", strings.TrimPrefix(r.Proto, "HTTP/")),
	))
}
