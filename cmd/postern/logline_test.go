package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"
)

func TestLineIsWhatSlogWouldWrite(t *testing.T) {
	t.Parallel()
	for name, attrs := range map[string][]slog.Attr{
		"no attributes": nil,
		"plain":         {slog.String("method", "GET"), slog.Int("status", 200), slog.Int64("bytes", -1)},
		"durations":     {milliseconds("a", 0), milliseconds("b", time.Microsecond), milliseconds("c", 1234567*time.Microsecond), milliseconds("d", 100*time.Hour)},
		"quotes":        {slog.String("path", `/a"b\c`)},
		"control":       {slog.String("path", "/\x00\n\x1f\x7f")},
		"markup":        {slog.String("path", "/<script>&")},
		"other scripts": {slog.String("path", "/größe/日本\u2028")},
		"not UTF-8":     {slog.String("path", "/\xff\xfe")},
		"odd key":       {slog.String("a\"b", "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, want := lines(t, time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC), attrs)
			if got != want {
				t.Errorf("got  %swant %s", got, want)
			}
		})
	}
}

// encoding/json and slog escape a few control characters differently, so lines are compared as they are read.
func FuzzLineReadsAsSlogs(f *testing.F) {
	f.Add("path", "/a", int64(200), int64(1500), int64(0))
	f.Add("\f", "\b\x7f\xff", int64(-1), int64(0), int64(1<<40))
	f.Fuzz(func(t *testing.T, key, text string, number, took, at int64) {
		got, want := lines(t, time.UnixMilli(at%(1<<45)).UTC(), []slog.Attr{
			slog.String(key, text), slog.Int64("n", number), milliseconds("took", time.Duration(took)),
		})
		if strings.Count(got, "\n") != 1 || !maps.Equal(read(t, got), read(t, want)) {
			t.Errorf("got  %swant %s", got, want)
		}
	})
}

// lines are our line and slog's.
func lines(t *testing.T, at time.Time, attrs []slog.Attr) (got, want string) {
	t.Helper()
	var slogs bytes.Buffer
	record := slog.NewRecord(at, slog.LevelInfo, "request", 0)
	record.AddAttrs(attrs...)
	if err := slog.NewJSONHandler(&slogs, nil).Handle(context.Background(), record); err != nil {
		t.Fatal(err)
	}
	return string(appendLine(nil, at, slog.LevelInfo, "request", attrs)), slogs.String()
}

func read(t *testing.T, line string) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return fields
}
