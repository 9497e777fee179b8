package oidc

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// lastSecond is the end of the year 9999, the last that RFC 3339 can write and PostgreSQL and JavaScript agree on.
const lastSecond = 253402300799

// parseNumericDate reads seconds since 1970 (RFC 7519 §2, which allows fractions).
func parseNumericDate(v any) (time.Time, error) {
	number, ok := v.(json.Number)
	if !ok {
		return time.Time{}, fmt.Errorf("is %s, not a number", kindOf(v))
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > lastSecond {
		return time.Time{}, fmt.Errorf("%s is no date between 1970 and 9999", quoted(number.String()))
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*float64(time.Second))).UTC(), nil
}

// kindOf names the type of a JSON value, for people who have to mend it.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a truth value"
	case string:
		return "text"
	case json.Number:
		return "a number"
	case []any:
		return "an array"
	}
	return "an object"
}
