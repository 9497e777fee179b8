package config

import "fmt"

// Telemetry says what belongs to traces. Whether there are any, and where they go, is up to the variables OTEL_…, as the
// specification of OpenTelemetry has them.
type Telemetry struct {
	TraceContext string `key:"trace_context" default:"trusted_proxies" doc:"Whose traces are continued, where traces are switched on (OTEL_EXPORTER_OTLP_ENDPOINT): trusted_proxies, those of whom server.trusted_proxies names; everyone; nobody. What others send in traceparent, tracestate and baggage is removed, and the application gets Postern's: a client must not decide what is recorded, nor speak to systems behind the application."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (t Telemetry) Validate() error {
	switch t.TraceContext {
	case "trusted_proxies", "everyone", "nobody":
		return nil
	}
	return fmt.Errorf("trace_context: %q is none of trusted_proxies, everyone and nobody", t.TraceContext)
}
