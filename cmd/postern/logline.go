package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendLine appends a line as slog.JSONHandler writes it. It knows the kinds that the lines of requests are made of: text,
// integers, and floating-point numbers of everyday size; of all else it writes the text.
func appendLine(b []byte, at time.Time, level slog.Level, message string, attrs []slog.Attr) []byte {
	b = append(b, `{"time":"`...)
	b = at.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":"`...)
	b = append(b, level.String()...)
	b = append(b, `","msg":`...)
	b = appendString(b, message)
	for _, a := range attrs {
		b = append(b, ',')
		b = appendString(b, a.Key)
		b = append(b, ':')
		switch a.Value.Kind() {
		case slog.KindInt64:
			b = strconv.AppendInt(b, a.Value.Int64(), 10)
		case slog.KindFloat64:
			b = strconv.AppendFloat(b, a.Value.Float64(), 'f', -1, 64)
		default:
			b = appendString(b, a.Value.String())
		}
	}
	return append(b, "}\n"...)
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == 0x7f {
			return appendEscaped(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // as slog
	_ = encoder.Encode(s)        // a string can always be encoded
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
