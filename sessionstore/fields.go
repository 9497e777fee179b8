package sessionstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AdditionalField is a field that the settings add to a model.
type AdditionalField struct {
	Name     string
	Kind     FieldKind
	OneOf    []string // the only values, of a string that may not be any
	Required bool
	Default  any // nil: there is none
	Initial  any // what a new row gets in which nobody has set the field; unlike Default the database never hears of it, nor is anything else forgiven
	Input    bool
	Returned bool
	Unique   bool

	bigint bool
}

// AdditionalFields are those of one model, in the order of their names.
type AdditionalFields []*AdditionalField

// FieldValue is what one row has in an additional field.
type FieldValue struct {
	Field *AdditionalField
	// Value is nil for null, or by the Kind of the field: a string; an int64 or, where that is not exact, a float64; a bool; a time.Time
	// in UTC milliseconds; a []string; a []float64; a json.RawMessage. What a database holds may be of another type than was meant:
	// then it is the string or the json.RawMessage that says so.
	Value any
}

// Fields are the additional fields of one row, or some of them. They are shared like the row: treat them as immutable.
type Fields []FieldValue

// Get returns the value of a field; nil also when there is no such field.
func (f Fields) Get(name string) any {
	for _, v := range f {
		if v.Field.Name == name {
			return v.Value
		}
	}
	return nil
}

// has tells whether a field is among them, null included.
func (f Fields) has(field *AdditionalField) bool {
	return slices.ContainsFunc(f, func(v FieldValue) bool { return v.Field.Name == field.Name })
}

// WithDefaults adds the default of every field that has one and is not among the values, or is null and may not be; and what a new row
// gets initially.
func (a AdditionalFields) WithDefaults(values Fields) Fields {
	complete := make(Fields, 0, len(a))
	for _, field := range a {
		value := values.Get(field.Name)
		switch {
		case value == nil && field.Default != nil && (field.Required || !values.has(field)):
			complete = append(complete, FieldValue{field, field.Default})
		case value == nil && field.Initial != nil && !values.has(field):
			complete = append(complete, FieldValue{field, field.Initial})
		case values.has(field):
			complete = append(complete, FieldValue{field, value})
		}
	}
	return complete
}

// FieldError says that a value can not be kept in an additional field. It is an ErrInvalid.
type FieldError struct {
	Field    string
	Expected string // what zod would have expected: "number", "int", "date", …
	Received string // what there was instead, in zod's words; empty when whoever gave the value knows
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("field %s: %s: expected %s", e.Field, ErrInvalid, e.Expected)
}

func (e *FieldError) Unwrap() error { return ErrInvalid }

// Parse makes a value of the field out of one that was decoded from JSON. As with better-auth over PostgreSQL, text is read as what
// it says where a number, a boolean, a date or JSON is wanted, and numbers and booleans are taken as text where that is
// wanted: forms know nothing but text. Nil stays nil. Otherwise the error is a *FieldError.
//
// Differs from better-auth, which checks nothing: a value of another type fails in the database there, or is kept in the form that
// its driver happens to make of it.
func (a *AdditionalField) Parse(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	var value any
	var ok bool
	switch a.Kind {
	case FieldString:
		value, ok = parseText(v)
		if text, _ := value.(string); ok && a.OneOf != nil && !slices.Contains(a.OneOf, text) {
			return nil, &FieldError{Field: a.Name, Expected: "one of " + quotedList(a.OneOf)}
		}
	case FieldNumber:
		value, ok = parseNumber(v)
	case FieldBoolean:
		value, ok = parseBool(v)
	case FieldDate:
		value, ok = parseDate(v)
	default:
		if text, is := v.(string); is {
			v, ok = parseJSON(text)
			if !ok {
				return nil, &FieldError{Field: a.Name, Expected: a.expected()}
			}
		}
		value, ok = a.parseTree(v)
	}
	if !ok {
		return nil, &FieldError{Field: a.Name, Expected: a.expected()}
	}
	return value, nil
}

// expected is zod's word for the type.
func (a *AdditionalField) expected() string {
	if a.Kind == FieldStrings || a.Kind == FieldNumbers {
		return "array of " + strings.TrimSuffix(string(a.Kind), "[]") + "s"
	}
	return string(a.Kind)
}

func quotedList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = strconv.Quote(text)
	}
	return strings.Join(quoted, "|")
}

func parseText(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v, checkText(v) == nil
	case float64, bool, int, int64:
		return scalarText(v), true
	}
	return nil, false
}

// parseNumber keeps whole numbers exact as far as databases do.
func parseNumber(v any) (any, bool) {
	switch v := v.(type) {
	case float64:
		return wholeNumber(v), !math.IsNaN(v) && !math.IsInf(v, 0)
	case int:
		return int64(v), true
	case int64:
		return v, true
	case string:
		v = strings.TrimSpace(v)
		if v == "" || strings.Trim(v, "0123456789.eE+-") != "" {
			return nil, false
		}
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, true
		}
		f, err := strconv.ParseFloat(v, 64)
		return wholeNumber(f), err == nil
	}
	return nil, false
}

// wholeNumber is the one form of a number that has two.
func wholeNumber(f float64) any {
	if f == math.Trunc(f) && f >= math.MinInt64 && f < math.MaxInt64 {
		return int64(f)
	}
	return f
}

// parseBool takes the words that PostgreSQL takes: https://www.postgresql.org/docs/current/datatype-boolean.html.
func parseBool(v any) (any, bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case float64, int, int64:
		number, _ := parseNumber(v)
		return number == int64(1), number == int64(0) || number == int64(1)
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true", "t", "yes", "y", "on", "1":
			return true, true
		case "false", "f", "no", "n", "off", "0":
			return false, true
		}
	}
	return nil, false
}

// dateLayouts are the forms of ISO 8601 that JavaScript's Date reads. A time without zone is UTC here, where JavaScript takes the
// server's own zone.
var dateLayouts = []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly}

func parseDate(v any) (any, bool) {
	text, ok := v.(string)
	if !ok {
		t, is := v.(time.Time)
		return millis(t), is
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			t = millis(t)
			return t, t.Year() >= 1 && t.Year() <= 9999
		}
	}
	return nil, false
}

func parseJSON(text string) (any, bool) {
	var v any
	err := json.Unmarshal([]byte(text), &v)
	return v, err == nil
}

// maxFieldJSON and maxFieldDepth bound what is kept of JSON: far more than anybody means, and less than PostgreSQL's parser bears.
const (
	maxFieldJSON  = 64 << 10
	maxFieldDepth = 64
)

// parseTree makes a value of decoded JSON: an array of one kind, or anything.
func (a *AdditionalField) parseTree(v any) (any, bool) {
	if v == nil {
		return nil, true
	}
	if !isShallow(v, maxFieldDepth) {
		return nil, false
	}
	switch a.Kind {
	case FieldStrings:
		return parseItems(v, func(item any) (string, bool) { s, ok := item.(string); return s, ok })
	case FieldNumbers:
		return parseItems(v, func(item any) (float64, bool) { return asFloat(item) })
	}
	encoded, err := encode(v)
	return json.RawMessage(encoded), err == nil && len(encoded) <= maxFieldJSON
}

func parseItems[T any](v any, parse func(any) (T, bool)) (any, bool) {
	items, ok := v.([]any)
	list := make([]T, len(items))
	for i := 0; ok && i < len(items); i++ {
		list[i], ok = parse(items[i])
	}
	encoded, err := encode(list)
	return list, ok && err == nil && len(encoded) <= maxFieldJSON
}

func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	}
	return 0, false
}

// isShallow also finds the NUL, which PostgreSQL keeps in no JSON.
func isShallow(v any, depth int) bool {
	switch v := v.(type) {
	case string:
		return checkText(v) == nil
	case []any:
		return depth > 0 && !slices.ContainsFunc(v, func(item any) bool { return !isShallow(item, depth-1) })
	case map[string]any:
		for name, member := range v {
			if depth == 0 || checkText(name) != nil || !isShallow(member, depth-1) {
				return false
			}
		}
	}
	return true
}

// encode is JSON as JavaScript writes it: without the escapes that Go adds for HTML's sake.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// scalarText is JavaScript's String of a number or boolean.
func scalarText(v any) string {
	text, err := encode(v)
	if err != nil {
		return "" // not a number: no JSON holds it
	}
	return string(text)
}

// MarshalJSON writes the value as better-auth's clients read it.
func (v FieldValue) MarshalJSON() ([]byte, error) {
	if t, ok := v.Value.(time.Time); ok {
		return encode(t.UTC().Format(isoMillis))
	}
	return encode(v.Value)
}

// Text is the value as one text: a string or date as it is, everything else as JSON. It is empty for null.
func (v FieldValue) Text() string {
	switch value := v.Value.(type) {
	case nil:
		return ""
	case string:
		return value
	case time.Time:
		return value.UTC().Format(isoMillis)
	case json.RawMessage:
		return string(value)
	}
	return scalarText(v.Value)
}

// Decode reads back what MarshalJSON or better-auth has written, such as the user in a cookie: the members that are fields of the
// model, by their names. It refuses nothing. A value of another type than was meant is kept as it is.
func (a AdditionalFields) Decode(members map[string]json.RawMessage) Fields {
	var values Fields
	for _, field := range a {
		if raw, ok := members[field.Name]; ok {
			values = append(values, FieldValue{field, field.read(raw)})
		}
	}
	return values
}

// read takes JSON for what it is, of whatever type.
func (a *AdditionalField) read(raw json.RawMessage) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // lest a large one is rounded
	var v any
	if err := decoder.Decode(&v); err != nil || v == nil {
		return nil
	}
	switch a.Kind {
	case FieldNumber:
		if n, ok := v.(json.Number); ok {
			if value, ok := parseNumber(string(n)); ok {
				return value
			}
		}
	case FieldNumbers:
		if list, ok := exactFloats(v); ok {
			return list
		}
	case FieldJSON:
	default:
		if value, err := a.Parse(v); err == nil {
			return value
		}
		if text, ok := v.(string); ok {
			return text
		}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil
	}
	return json.RawMessage(compact.Bytes())
}

// exactFloats tells whether the array holds nothing but numbers, none of which is too long for a float64.
func exactFloats(v any) ([]float64, bool) {
	items, ok := v.([]any)
	list := make([]float64, len(items))
	for i := 0; ok && i < len(items); i++ {
		var n json.Number
		if n, ok = items[i].(json.Number); !ok {
			break
		}
		f, err := n.Float64()
		whole, inexact := n.Int64()
		ok = err == nil && (inexact != nil || int64(f) == whole)
		list[i] = f
	}
	return list, ok
}
