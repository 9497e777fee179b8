package config

import (
	"errors"
	"fmt"
	"log/slog"
)

// Log says how much is logged and in which form. Lines go to standard error.
type Log struct {
	Level  string `key:"level" default:"info" doc:"Least severity that is logged: debug, info, warn or error."`
	Format string `key:"format" restart:"true" default:"json" doc:"json, one object a line for machines, or text for reading in a terminal."`
}

// SlogLevel is Level for log/slog.
func (l Log) SlogLevel() slog.Level {
	level, _ := parseLevel(l.Level)
	return level
}

func parseLevel(name string) (slog.Level, bool) {
	switch name {
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	}
	return slog.LevelInfo, false
}

// Validate reports every mistake, each beginning with the key it is about.
func (l Log) Validate() error {
	var found []error
	if _, ok := parseLevel(l.Level); !ok {
		found = append(found, fmt.Errorf("level: %q is none of debug, info, warn and error", l.Level))
	}
	if l.Format != "json" && l.Format != "text" {
		found = append(found, fmt.Errorf("format: %q is neither json nor text", l.Format))
	}
	return errors.Join(found...)
}
