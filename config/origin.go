package config

import "strconv"

type source int

const (
	fromDefault source = iota
	fromFile
	fromEnvironment
	fromFlag
)

// Origin tells where a value came from.
type Origin struct {
	source     source
	Name       string // file name or variable name; for a default the command that brought it, if any
	Line       int    // line in the configuration file
	SecretFile string // path of the file that held the value, when the source only named it
}

// String is what "config print" shows: default, postern.yaml:12, env POSTERN_LOG_LEVEL, flag,
// file /run/secrets/auth (env POSTERN_AUTH_SECRET_FILE).
func (o Origin) String() string {
	text := o.place()
	switch {
	case o.source == fromDefault && o.Name != "":
		text = "default of " + o.Name
	case o.source == fromDefault:
		text = "default"
	case o.source == fromFile && o.Line > 0:
		text += ":" + strconv.Itoa(o.Line)
	}
	if o.SecretFile != "" {
		return "file " + o.SecretFile + " (" + text + ")"
	}
	return text
}

// place is the origin without its line, as a Problem shows it; nothing for defaults, which nobody wrote down.
func (o Origin) place() string {
	switch o.source {
	case fromFile:
		return o.Name
	case fromEnvironment:
		return "env " + o.Name
	case fromFlag:
		return "flag"
	}
	return ""
}

// at moves the origin to another line of the same file. Text from elsewhere has no lines worth naming.
func (o Origin) at(line int) Origin {
	if o.source == fromFile {
		o.Line = line
	}
	return o
}
