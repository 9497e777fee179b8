package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// prefix begins every variable of ours.
const prefix = "POSTERN_"

// ConfigVariable names the configuration file for commands started without --config.
const ConfigVariable = "POSTERN_CONFIG"

// variable is the environment name of a key.
func variable(key string) string {
	return prefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// fileVariable is the variable that names the file holding a secret.
func fileVariable(key string) string {
	return variable(key) + strings.ToUpper(fileSuffix)
}

// variables lists the environment names of a key, ours first.
func (f *field) variables() []string {
	names := []string{variable(f.key)}
	if f.secret {
		names = append(names, fileVariable(f.key))
	}
	return append(names, f.fallback...)
}

// environment is what the process was started with. An empty variable counts as not set, since compose files
// and shells pass empty ones on for values nobody gave.
type environment map[string]string

func newEnvironment(environ []string) environment {
	env := environment{}
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		if !isServiceLink(name, text) { // a Service named postern-injector would set injector.port
			env[name] = text
		}
	}
	return env
}

// own reads the POSTERN_ variables, and refuses those that stand for no key.
func (env environment) own(fields []*field, ps *problems) map[string]value {
	values := map[string]value{}
	known := map[string]string{ConfigVariable: ""}
	for _, f := range leaves(fields) {
		name, file := variable(f.key), fileVariable(f.key)
		known[name] = f.key
		env.read(values, f, name, ps)
		if !f.secret {
			continue
		}
		known[file] = f.key
		if env[file] == "" {
			continue
		}
		at := Origin{source: fromEnvironment, Name: file}
		if _, given := values[f.key]; given {
			ps.add(f.key, at, "given both by %s and by %s; keep one", name, file)
			continue
		}
		values[f.key] = readSecret(f, value{textNode(env[file]), at}, f.key, ps)
	}
	env.refuseUnknown(known, ps)
	return values
}

// conventional reads the names that platforms and other tools already set, such as DATABASE_URL.
func (env environment) conventional(fields []*field, ps *problems) map[string]value {
	values := map[string]value{}
	for _, f := range leaves(fields) {
		for _, name := range f.fallback {
			if _, given := values[f.key]; !given {
				env.read(values, f, name, ps)
			}
		}
	}
	return values
}

func (env environment) read(values map[string]value, f *field, name string, ps *problems) {
	text := env[name]
	if text == "" {
		return
	}
	at := Origin{source: fromEnvironment, Name: name}
	if v, ok := readText(f, text, at, ps); ok {
		values[f.key] = v
	}
}

// readText reads what a variable or a flag holds.
func readText(f *field, text string, at Origin, ps *problems) (value, bool) {
	n, err := nodeOf(f.kind, text)
	if err != nil {
		_, message := lineOf(err)
		ps.add(f.key, at, "not valid YAML: %s", message)
		return value{}, false
	}
	reader{at, ps}.prune(n, f.key)
	return value{n, at}, true
}

func (env environment) refuseUnknown(known map[string]string, ps *problems) {
	valid := slices.Sorted(maps.Keys(known))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if _, ok := known[name]; ok || !strings.HasPrefix(name, prefix) {
			continue
		}
		near, _ := closest(name, valid)
		hint := ""
		if key := known[near]; key != "" {
			hint = " (" + key + ")"
		}
		ps.add("", Origin{source: fromEnvironment, Name: name}, "unknown variable; the nearest valid one is %s%s", near, hint)
	}
}

var (
	serviceHost = regexp.MustCompile(`^POSTERN_([A-Z0-9_]+_)?SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$`)
	servicePort = regexp.MustCompile(`^POSTERN_([A-Z0-9_]+_)?PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)
	serviceURL  = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

// isServiceLink recognises the variables that Kubernetes sets in every pod of a namespace for a Service named
// "postern" or "postern-…" (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
// They are nobody's mistake, and must not keep Postern from starting.
func isServiceLink(name, text string) bool {
	if serviceHost.MatchString(name) {
		return true
	}
	m := servicePort.FindStringSubmatch(name)
	return m != nil && (m[2] != "" || serviceURL.MatchString(text))
}
