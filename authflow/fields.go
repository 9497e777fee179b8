package authflow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/posternhq/postern/sessionstore"
)

// Kind is what a field of a body or query holds.
type Kind string

// The kinds better-auth's core endpoints know.
const (
	KindString  Kind = "string"
	KindEmail   Kind = "email"
	KindBoolean Kind = "boolean"
	KindSecret  Kind = "password" // text that is hashed, never stored or shown, so any characters do
	KindAny     Kind = "any"      // only looked at for being there
	KindNumber  Kind = "number"
	KindTrue    Kind = "true"    // true and nothing else
	KindChoice  Kind = "choice"  // a string that is described as one of several, so that a mistake is told in fewer words
	KindCoerced Kind = "coerced" // a string, which JavaScript makes of whatever was sent
	KindOneOf   Kind = "one of"  // one of the strings of OneOf
	KindTextOr  Kind = "string or strings"
	KindLists   Kind = "record of strings" // names to lists of strings; becomes map[string][]string

	KindObject  Kind = "object"  // has Members; becomes Values
	KindTexts   Kind = "strings" // becomes []string
	KindTextMap Kind = "record"  // names to strings; becomes Values
	KindRecord  Kind = "data"    // names to anything; becomes Values
)

// Shape is how zod describes a whole body in its messages.
type Shape int

// The shapes better-auth's endpoints have.
const (
	ShapeObject Shape = iota // described field by field
	ShapeRecord              // any object
	ShapeBoth                // checked twice, as sign-up is
	ShapeEither              // one of the fields marked Either, those that are not, and nothing else
	ShapeOneOf               // one of the fields marked Either and not two, and those that are not; others are dropped
)

func (s Shape) complaint(where string, raw any) string {
	object := fmt.Sprintf("[%s] Invalid input: expected object, received %s", where, typeName(raw))
	record := fmt.Sprintf("[%s] Invalid input: expected record, received %s", where, typeName(raw))
	switch s {
	case ShapeRecord:
		return record
	case ShapeBoth:
		return object + "; " + record
	case ShapeEither:
		return "[" + where + "] Invalid input"
	case ShapeOneOf:
		return object + "; [" + where + "] Invalid input"
	}
	return object
}

// maxFieldBytes bounds a field for which nothing smaller is said: an image may be a small data URL.
//
// Differs from better-auth, which stores what it gets, up to the server's body limit.
const maxFieldBytes = 64 << 10

// Field describes one field of a request, so that a mistake is answered in the words better-auth's clients know.
type Field struct {
	Name     string
	Kind     Kind
	Optional bool
	Nullable bool
	NonEmpty bool
	Either   bool                // of several fields so marked, exactly one is sent; see ShapeEither
	Members  []Field             // of an object
	Refuse   func(Values) string // says what is wrong with the entries of a KindTextMap as a whole; nil: nothing can be
	Free     bool                // text of any length and characters: the handler judges it, in its own words
	OneOf    []string            // of a KindOneOf
	Empty    string              // what is said of the empty string where it is refused, instead of zod's words
	MaxBytes int                 // 0 means maxFieldBytes
	Doc      string

	// Additional is the additional field that this one sets. It is ReadFields that judges its value; Kind and Optional only describe it.
	Additional *sessionstore.AdditionalField
}

// Text is a required string.
func Text(name, doc string) Field { return Field{Name: name, Kind: KindString, Doc: doc} }

// Email is a required e-mail address.
func Email(name, doc string) Field {
	return Field{Name: name, Kind: KindEmail, Doc: doc, MaxBytes: maxEmailBytes}
}

// Password is a required password. How long it may be is the password room's to say.
func Password(name, doc string) Field {
	return Field{Name: name, Kind: KindSecret, Doc: doc, MaxBytes: maxBodyBytes}
}

// Present is an optional field of which only its being there matters.
func Present(name, doc string) Field {
	return Field{Name: name, Kind: KindAny, Optional: true, Nullable: true, Doc: doc}
}

// Flag is an optional boolean.
func Flag(name, doc string) Field {
	return Field{Name: name, Kind: KindBoolean, Optional: true, Doc: doc}
}

// Opt makes the field optional.
func (f Field) Opt() Field { f.Optional = true; return f }

// Null lets the field be null.
func (f Field) Null() Field { f.Nullable = true; return f }

// Max sets the field's largest size in bytes.
func (f Field) Max(bytes int) Field { f.MaxBytes = bytes; return f }

// Any leaves it to the handler what text is good.
func (f Field) Any() Field { f.Free = true; return f }

// Needed refuses the empty string.
func (f Field) Needed() Field { f.NonEmpty = true; return f }

// Limit is the field's largest size in bytes; 0 where the handler judges.
func (f Field) Limit() int {
	switch {
	case f.Free && f.Kind != KindEmail:
		return 0
	case f.MaxBytes == 0:
		return maxFieldBytes
	}
	return f.MaxBytes
}

// Values are the fields of a request that were described, with the right types. Others have been dropped.
type Values map[string]any

// Has tells whether the field was sent, null included.
func (v Values) Has(name string) bool { _, ok := v[name]; return ok }

// IsNull tells whether the field was sent as null.
func (v Values) IsNull(name string) bool { value, sent := v[name]; return sent && value == nil }

// Truthy tells whether the field was sent with anything JavaScript takes for true.
func (v Values) Truthy(name string) bool { return !isFalsy(v[name]) }

// String returns the field's text, or "" when it was not sent or is null.
func (v Values) String(name string) string { s, _ := v[name].(string); return s }

// Bool returns the field, or otherwise when it was not sent.
func (v Values) Bool(name string, otherwise bool) bool {
	if b, ok := v[name].(bool); ok {
		return b
	}
	return otherwise
}

// undefined stands for JavaScript's: a body that was not sent, a field that is missing.
type undefined struct{}

// checkFields validates raw, a decoded body or query called where ("body", "query"), in the order of the fields, and says what
// is wrong as zod does. A request that is described by no field is not looked at.
func checkFields(where string, raw any, fields []Field, shape Shape) (Values, error) {
	if len(fields) == 0 && shape == ShapeObject {
		return Values{}, nil
	}
	object, ok := raw.(map[string]any)
	if !ok {
		return nil, invalidInput(shape.complaint(where, raw))
	}
	switch shape {
	case ShapeEither:
		return checkEither(where, object, fields)
	case ShapeOneOf:
		return checkOneOf(where, object, fields)
	}
	values, problems := checkMembers(where, object, fields)
	if problems != nil {
		return nil, invalidInput(strings.Join(problems, "; "))
	}
	return values, nil
}

// checkMembers takes the members that are described, and lists what is wrong with each.
func checkMembers(where string, object map[string]any, fields []Field) (Values, []string) {
	values := make(Values, len(fields))
	var problems []string
	for _, f := range fields {
		value, sent := object[f.Name]
		if !sent {
			value = undefined{}
		}
		taken, wrong := f.take(where, value)
		problems = append(problems, wrong...)
		if wrong == nil && sent {
			values[f.Name] = taken
		}
	}
	return values, problems
}

// take returns the value as a handler gets it, and what is wrong with it.
func (f Field) take(where string, value any) (any, []string) {
	path := where + "." + f.Name
	if f.Additional != nil {
		return value, nil
	}
	switch {
	case f.Kind.nested():
		return f.takeNested(path, value)
	case f.Kind == KindCoerced:
		return f.takeCoerced(path, value)
	case f.Kind == KindTextOr:
		return f.takeTextOr(path, value)
	case f.Kind == KindLists:
		return f.takeLists(path, value)
	}
	if problem := f.check(where, value); problem != "" {
		return nil, []string{"[" + path + "] " + problem}
	}
	return value, nil
}

func (f Field) check(where string, value any) string {
	switch value.(type) {
	case undefined:
		if f.Optional {
			return ""
		}
	case nil:
		if f.Nullable {
			return ""
		}
	}
	switch f.Kind {
	case KindAny:
		return ""
	case KindBoolean:
		if _, ok := value.(bool); !ok {
			return "Invalid input: expected boolean, received " + typeName(value)
		}
		return ""
	case KindTrue:
		if value != true {
			return "Invalid input: expected true"
		}
		return ""
	case KindNumber:
		if _, ok := value.(float64); !ok {
			return "Invalid input: expected number, received " + typeName(value)
		}
		return ""
	case KindOneOf:
		if text, ok := value.(string); !ok || !slices.Contains(f.OneOf, text) {
			return `Invalid option: expected one of "` + strings.Join(f.OneOf, `"|"`) + `"`
		}
		return ""
	}
	text, ok := value.(string)
	if ok {
		return f.checkText(text)
	}
	if f.Kind == KindChoice {
		return "Invalid input"
	}
	problem := "Invalid input: expected string, received " + typeName(value)
	if array, ok := value.([]any); ok && f.NonEmpty && len(array) == 0 {
		// zod asks everything that has a length whether it has enough of it.
		problem += "; [" + where + "." + f.Name + "] Too small: expected array to have >=1 items"
	}
	return problem
}

func (f Field) checkText(text string) string {
	limit := f.Limit()
	switch {
	case f.Kind == KindEmail && (len(text) > limit || !IsEmail(text)):
		return "Invalid email address"
	case f.NonEmpty && text == "":
		return cmp.Or(f.Empty, "Too small: expected string to have >=1 characters")
	case f.Free:
		return ""
	case len(text) > limit:
		return fmt.Sprintf("Too big: expected string to have <=%d characters", limit)
	case f.Kind == KindSecret:
		return ""
	case strings.ContainsRune(text, 0) || !utf8.ValidString(text):
		// PostgreSQL cannot hold a NUL in text; better to say so than to fail on it.
		return "Invalid input"
	}
	return ""
}

// typeName is zod's name for the type of a decoded JSON value.
func typeName(value any) string {
	switch value.(type) {
	case undefined:
		return "undefined"
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// maxEmailBytes is the longest address that can be mailed to: SMTP's path of 256 octets less its brackets (RFC 5321 §4.5.3.1.3).
//
// Differs from better-auth, which has no limit.
const maxEmailBytes = 254

// IsEmail tells whether better-auth takes the text for an address: ASCII, no quoting, no address literals.
func IsEmail(s string) bool {
	if len(s) > maxEmailBytes {
		return false
	}
	local, domain, ok := strings.Cut(s, "@")
	return ok && isEmailLocal(local) && isEmailDomain(domain)
}

func isEmailLocal(local string) bool {
	if local == "" || len(local) > 64 || strings.HasPrefix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	for i := range len(local) {
		if b := local[i]; !isAlphanumeric(b) && strings.IndexByte("_'+-.", b) < 0 {
			return false
		}
	}
	last := local[len(local)-1]
	return last != '.' && last != '\''
}

func isEmailDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || !isAlphanumeric(label[0]) {
			return false
		}
		for i := range len(label) {
			if !isAlphanumeric(label[i]) && label[i] != '-' {
				return false
			}
		}
	}
	top := labels[len(labels)-1]
	for i := range len(top) {
		if b := top[i] | 0x20; b < 'a' || b > 'z' {
			return false
		}
	}
	return len(top) >= 2
}

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}
