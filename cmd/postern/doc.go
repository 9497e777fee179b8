// Command postern is the authenticating reverse proxy: it answers the auth API itself and forwards everything else, with the
// user's identity, to the application behind it.
//
//	main.go, root.go     start, signals, exit codes
//	serve.go, dev.go     the two ways to run; listener.go and drain.go are how they listen and stop
//	app.go, features.go  wiring: the only place that knows every package; what lasts as long as the process
//	generation.go, api.go  what one reading of the configuration makes of it
//	reload.go, watch.go  another generation, when the configuration changes
//	edge.go, request.go  the outermost handler: request id, client address, log line, metrics
//	cors.go, security.go headers of our own answers
//	tracing.go, spans.go traces, in OpenTelemetry's protocol
//	admin.go, metrics.go the admin listener
//	cleanup.go           what is removed after a while
//	migrate.go, configcmd.go, healthcheck.go, openapicmd.go, secret.go, version.go   the other commands
package main
