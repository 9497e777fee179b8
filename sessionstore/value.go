package sessionstore

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// isoMillis is JavaScript's toISOString, the form in which better-auth's Kysely adapter keeps times in SQLite. Its letters
// sort as the times do.
const isoMillis = "2006-01-02T15:04:05.000Z"

// maxValue bounds one value. Nothing of ours comes near; it keeps protocol messages far from the lengths at which drivers
// have overflowed (CVE-2024-27304).
const maxValue = 16 << 20

// arguments puts values into the form the database wants: times in UTC milliseconds, named types plain. Text that PostgreSQL
// would refuse is refused for both databases.
func arguments(d dialect, args []any) ([]any, error) {
	plain := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case UserID:
			arg = string(v)
		case SessionID:
			arg = string(v)
		case AccountID:
			arg = string(v)
		case VerificationID:
			arg = string(v)
		case Token:
			arg = string(v)
		case *string:
			arg = deref(v)
		case *time.Time:
			arg = deref(v)
		case *bool:
			arg = deref(v)
		}
		switch v := arg.(type) {
		case string:
			if err := checkText(v); err != nil {
				return nil, fmt.Errorf("$%d: %w", i+1, err)
			}
		case []byte:
			if len(v) > maxValue {
				return nil, fmt.Errorf("$%d: %w: %d bytes", i+1, ErrInvalid, len(v))
			}
		case time.Time:
			arg = timeArgument(d, v)
		}
		plain[i] = arg
	}
	return plain, nil
}

func checkText(s string) error {
	switch {
	case len(s) > maxValue:
		return fmt.Errorf("%w: %d bytes", ErrInvalid, len(s))
	case strings.IndexByte(s, 0) >= 0:
		return fmt.Errorf("%w: text holds a NUL", ErrInvalid)
	case !utf8.ValidString(s):
		return fmt.Errorf("%w: text is not UTF-8", ErrInvalid)
	}
	return nil
}

func timeArgument(d dialect, t time.Time) any {
	if d == sqlite {
		return millis(t).Format(isoMillis)
	}
	return millis(t)
}

// deref makes a nil pointer the untyped nil that drivers take for null.
func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// tidyTimes makes scanned times UTC with millisecond precision: other writers, and column defaults, keep microseconds.
func tidyTimes(dest []any) {
	for _, d := range dest {
		switch d := d.(type) {
		case *time.Time:
			*d = millis(*d)
		case **time.Time:
			if *d != nil {
				t := millis(**d)
				*d = &t
			}
		}
	}
}

// lenientTime scans whatever SQLite applications keep as a time: ISO 8601 text, SQL text, milliseconds since 1970.
type lenientTime struct {
	to       *time.Time
	nullable **time.Time
}

// Scan implements sql.Scanner.
func (l lenientTime) Scan(value any) error {
	if value == nil && l.nullable != nil {
		*l.nullable = nil
		return nil
	}
	t, err := parseTime(value)
	if err != nil {
		return err
	}
	if l.nullable != nil {
		*l.nullable = &t
	} else {
		*l.to = t
	}
	return nil
}

func parseTime(value any) (time.Time, error) {
	switch v := value.(type) {
	case time.Time:
		return millis(v), nil
	case int64:
		return time.UnixMilli(v).UTC(), nil
	case float64:
		return time.UnixMilli(int64(v)).UTC(), nil
	case []byte:
		return parseTime(string(v))
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", time.DateTime, time.DateOnly} {
			if t, err := time.Parse(layout, v); err == nil {
				return millis(t), nil
			}
		}
		return time.Time{}, fmt.Errorf("%.40q is not a time", v)
	}
	return time.Time{}, fmt.Errorf("%T is not a time", value)
}
