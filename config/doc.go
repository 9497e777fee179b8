// Package config gathers the settings of all packages into one struct, reads them, and describes them.
//
// Every package declares the Config it understands, with tags for key, default and description, and validates it.
// This package adds nothing to their meaning; it sits above them all, and only cmd/postern imports it:
//
//	config.go                         one field per package and feature
//	server.go, log.go, cors.go, telemetry.go  settings of the command itself
//	describe.go                       struct tags → the tree of keys
//	file.go, environ.go, text.go      sources → values by key, each with its origin
//	load.go                           the sources above one another, by viper; nothing else knows viper
//	reload.go                         the same again, for a process that runs
//	problem.go, origin.go, nearest.go what is wrong, where, and what was meant
//	value.go                          values → the struct, refusing other types than the key's
//	validate.go, warnings.go          each package's checks, then those that only the whole shows
//	print.go, redact.go               the effective configuration with origins, without secrets
//	example.go, reference.go          config.example.yaml and docs/configuration.md
//
// # Precedence
//
// A value comes from the first of these that gives its key: flag, POSTERN_ variable, file, conventional variable
// (DATABASE_URL and the like), default. A list or a mapping is one value: it is replaced as a whole, never merged.
// Secrets may be in files of their own, named by KEY_file or POSTERN_KEY_FILE.
//
// # What callers may rely on
//
// Load reads everything once, and reports all problems together: each names its key, where it was given, what was expected
// and what to do, and repeats no secret. Nothing else reads these files or the environment; Reload reads them again. A Config from a Load without
// error is valid; what depends on other systems (is the database there?) is left to those who open them.
//
// # Struct tags
//
//	key      name in the file; ",inline" puts a struct's keys into the section around it
//	default  text form, as a variable would give it
//	doc      one or two sentences: meaning, unit, what zero or empty means
//	example  shown where there is no default
//	unit     of a number, unless the key ends in _bytes
//	secret   "true": redacted, and accepted from a file
//	restart  "true": a running process keeps the value it was started with, also of all keys below a section
//	env      conventional variables, the first that is set wins
//
// A type may have a form of its own by a method DecodeConfig(any) error on its pointer.
package config

//go:generate go run ./internal/generate ..
