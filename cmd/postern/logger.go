package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/posternhq/postern/config"
)

func newLogger(c config.Log, w io.Writer) *slog.Logger {
	return slog.New(newLogHandler(c.Format, c.SlogLevel(), w))
}

func newLogHandler(format string, level slog.Leveler, w io.Writer) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if format == "text" {
		return slog.NewTextHandler(w, options)
	}
	return slog.NewJSONHandler(w, options)
}

// logs is the log of a server: few lines of all kinds, and many of requests.
type logs struct {
	*slog.Logger
	lines   *lineWriter
	level   *slog.LevelVar
	json    bool
	buffers *sync.Pool
}

func newLogs(c config.Log, w io.Writer) *logs {
	lines := newLineWriter(w, time.Now)
	level := new(slog.LevelVar)
	level.Set(c.SlogLevel())
	return &logs{
		Logger:  slog.New(newLogHandler(c.Format, level, lines)),
		lines:   lines,
		level:   level,
		json:    c.Format != "text",
		buffers: &sync.Pool{New: func() any { return new([requestLine]byte) }},
	}
}

// requestLine is room for all but the longest lines of requests.
const requestLine = 1 << 10

// request writes the line of a request. It is slog's line, but slog itself is too slow for it: it would take a twentieth of
// the CPU time of the whole request, to find out where it was called and to have encoding/json write the numbers.
func (l *logs) request(level slog.Level, at time.Time, attrs []slog.Attr) {
	if !l.json {
		record := slog.NewRecord(at, level, requestMessage, 0)
		record.AddAttrs(attrs...)
		_ = l.Handler().Handle(context.Background(), record) // as slog.Logger does
		return
	}
	buffer := l.buffers.Get().(*[requestLine]byte)
	l.lines.writeSoon(appendLine(buffer[:0], at, level, requestMessage, attrs))
	l.buffers.Put(buffer)
}

const requestMessage = "request"
