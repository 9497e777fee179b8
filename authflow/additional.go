package authflow

import (
	"errors"
	"strings"

	"github.com/posternhq/postern/sessionstore"
)

// Additional describes the additional fields of a model for a route whose handler calls ReadFields. creating tells whether it makes a
// row, so that what is required must be sent.
func Additional(of sessionstore.AdditionalFields, creating bool) []Field {
	fields := make([]Field, len(of))
	for i, a := range of {
		fields[i] = Field{
			Name: a.Name, Kind: kindOf(a), Optional: !creating || !a.Required || a.Default != nil, Nullable: !a.Required,
			Additional: a, Doc: "Additional field.",
		}
		if !a.Input {
			fields[i].Doc = "Additional field, which clients may not set."
		}
	}
	return fields
}

func kindOf(a *sessionstore.AdditionalField) Kind {
	switch a.Kind {
	case sessionstore.FieldNumber:
		return KindNumber
	case sessionstore.FieldBoolean:
		return KindBoolean
	case sessionstore.FieldStrings:
		return KindTexts
	case sessionstore.FieldNumbers, sessionstore.FieldJSON:
		return KindAny
	}
	return KindString
}

// ReadFields takes the additional fields out of a body that a route has described by Additional. It refuses the first that may not
// be set, or is missing where a row is made, as better-auth does, and then all values of another type than the field's; see
// sessionstore.AdditionalField.Parse. A row that is made gets the defaults.
//
// Differs from better-auth, where a value of another type is answered with 422 by a sign-up and with 500 elsewhere.
func ReadFields(of sessionstore.AdditionalFields, body Values, creating bool) (sessionstore.Fields, error) {
	var given sessionstore.Fields
	var problems []string
	for _, field := range of {
		value, sent := body[field.Name]
		switch {
		case !sent && creating && field.Required && field.Default == nil:
			return nil, ErrMissingField(field.Name)
		case !sent:
		case !field.Input && creating && field.Default != nil: // whatever was sent, it is the default
		case !field.Input && !isFalsy(value):
			return nil, errFieldNotAllowed(field.Name)
		case !field.Input:
		default:
			parsed, problem := readField(field, value, creating)
			if problem != "" {
				problems = append(problems, "[body."+field.Name+"] "+problem)
			}
			given = append(given, sessionstore.FieldValue{Field: field, Value: parsed})
		}
	}
	if problems != nil {
		return nil, invalidInput(strings.Join(problems, "; "))
	}
	if creating {
		given = of.WithDefaults(given)
	}
	return given, nil
}

// AssignFields is ReadFields for who may set any field: an administrator, in the member data of a body.
func AssignFields(of sessionstore.AdditionalFields, data Values, creating bool) (sessionstore.Fields, error) {
	var given sessionstore.Fields
	var problems []string
	for _, field := range of {
		value, sent := data[field.Name]
		if !sent {
			if creating && field.Required && field.Default == nil && field.Initial == nil {
				return nil, ErrMissingField(field.Name)
			}
			continue
		}
		parsed, problem := readField(field, value, creating)
		if problem != "" {
			problems = append(problems, "[body.data."+field.Name+"] "+problem)
		}
		given = append(given, sessionstore.FieldValue{Field: field, Value: parsed})
	}
	if problems != nil {
		return nil, invalidInput(strings.Join(problems, "; "))
	}
	return given, nil
}

// CheckMembers holds the member of a body that is a record to what is known of it; others stay as they are.
func CheckMembers(name string, record Values, fields ...Field) error {
	if _, problems := checkMembers("body."+name, record, fields); problems != nil {
		return invalidInput(strings.Join(problems, "; "))
	}
	return nil
}

func readField(field *sessionstore.AdditionalField, value any, creating bool) (any, string) {
	if text, ok := value.(string); ok && field.Kind == sessionstore.FieldString {
		if problem := Text(field.Name, "").checkText(text); problem != "" {
			return nil, problem
		}
	}
	parsed, err := field.Parse(value)
	var refused *sessionstore.FieldError
	switch {
	case errors.As(err, &refused) && field.OneOf != nil:
		return nil, "Invalid option: expected " + refused.Expected
	case errors.As(err, &refused):
		return nil, "Invalid input: expected " + refused.Expected + ", received " + typeName(value)
	case parsed == nil && field.Required && !(creating && field.Default != nil):
		return nil, "Invalid input: expected " + string(field.Kind) + ", received null"
	}
	return parsed, ""
}
