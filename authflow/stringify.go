package authflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// stringify writes JSON to the byte as JavaScript's JSON.stringify writes what JSON.parse has read of it (ECMA-262 §25.5.2). A
// signature over JSON needs that where the other side reads the text, forgets it, and writes it anew to check.
func stringify(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out bytes.Buffer
	out.Grow(len(text))
	if err := stringifyValue(&out, d); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func stringifyValue(out *bytes.Buffer, d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return stringifyObject(out, d)
		}
		return stringifyArray(out, d)
	case string:
		stringifyString(out, token)
	case json.Number:
		return stringifyNumber(out, token)
	case bool:
		out.WriteString(strconv.FormatBool(token))
	default:
		out.WriteString("null")
	}
	return nil
}

func stringifyArray(out *bytes.Buffer, d *json.Decoder) error {
	out.WriteByte('[')
	for i := 0; d.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := stringifyValue(out, d); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	_, err := d.Token()
	return err
}

// stringifyObject keeps the order of members, but for names that look like an array's index: those come first, by number
// (ECMA-262 §10.1.11.1). Of equal names the first has the place and the last the value.
func stringifyObject(out *bytes.Buffer, d *json.Decoder) error {
	type member struct {
		name  string
		value []byte
	}
	var members []member
	places := map[string]int{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets nothing else be a name
		var value bytes.Buffer
		if err := stringifyValue(&value, d); err != nil {
			return err
		}
		if at, again := places[name]; again {
			members[at].value = value.Bytes()
			continue
		}
		places[name] = len(members)
		members = append(members, member{name, value.Bytes()})
	}
	slices.SortStableFunc(members, func(a, b member) int { return arrayIndex(a.name) - arrayIndex(b.name) })
	out.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			out.WriteByte(',')
		}
		stringifyString(out, m.name)
		out.WriteByte(':')
		out.Write(m.value)
	}
	out.WriteByte('}')
	_, err := d.Token()
	return err
}

// arrayIndex is the number a name stands for, or one above all of them when it is no index.
func arrayIndex(name string) int {
	const notOne = math.MaxUint32
	n, err := strconv.ParseUint(name, 10, 32)
	if err != nil || strconv.FormatUint(n, 10) != name {
		return notOne
	}
	return int(n)
}

// stringifyNumber writes a number as a double holds it. encoding/json formats those as ECMA-262 does, but for minus zero.
func stringifyNumber(out *bytes.Buffer, number json.Number) error {
	f, err := strconv.ParseFloat(string(number), 64)
	switch {
	case errors.Is(err, strconv.ErrRange) && math.IsInf(f, 0):
		out.WriteString("null")
		return nil
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return err
	case f == 0:
		out.WriteByte('0')
		return nil
	}
	text, err := json.Marshal(f)
	out.Write(text)
	return err
}

// stringifyString escapes what JSON demands and nothing more: unlike encoding/json not even U+2028.
func stringifyString(out *bytes.Buffer, s string) {
	const hex = "0123456789abcdef"
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	out.WriteByte('"')
	for i := range len(s) {
		switch b := s[i]; {
		case b == '"' || b == '\\':
			out.WriteByte('\\')
			out.WriteByte(b)
		case b >= ' ':
			out.WriteByte(b)
		case strings.IndexByte("\b\f\n\r\t", b) >= 0:
			out.WriteByte('\\')
			out.WriteByte("bfnrt"[strings.IndexByte("\b\f\n\r\t", b)])
		default:
			out.WriteString(`\u00`)
			out.WriteByte(hex[b>>4])
			out.WriteByte(hex[b&15])
		}
	}
	out.WriteByte('"')
}
