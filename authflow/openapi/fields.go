package openapi

import (
	"fmt"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// bodySchema describes the body of a request.
func bodySchema(r *authflow.Route) (*jsonschema.Schema, error) {
	if r.BodyShape != authflow.ShapeEither {
		return fieldsSchema(r.Body)
	}
	s := &jsonschema.Schema{}
	for i, f := range r.Body {
		if !f.Either {
			continue
		}
		var alternative []authflow.Field
		for j, other := range r.Body {
			if i == j || !other.Either {
				alternative = append(alternative, other)
			}
		}
		object, err := fieldsSchema(alternative)
		if err != nil {
			return nil, err
		}
		object.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
		s.OneOf = append(s.OneOf, object)
	}
	return s, nil
}

// fieldsSchema describes an object of a request.
func fieldsSchema(fields []authflow.Field) (*jsonschema.Schema, error) {
	object := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
	for _, f := range fields {
		s, err := fieldSchema(f)
		if err != nil {
			return nil, err
		}
		object.Properties[f.Name] = s
		object.PropertyOrder = append(object.PropertyOrder, f.Name)
		if !f.Optional {
			object.Required = append(object.Required, f.Name)
		}
	}
	return object, nil
}

// fieldSchema says of a field what checkFields in package authflow asks of it.
func fieldSchema(f authflow.Field) (*jsonschema.Schema, error) {
	s, err := kindSchema(f)
	if err != nil {
		return nil, err
	}
	switch {
	case f.Additional != nil && f.Additional.Input:
		s = additionalSchema(f.Additional)
	case f.Additional != nil: // refused for being there, whatever it is
		s = &jsonschema.Schema{}
	}
	s.Description = f.Doc
	if f.Nullable && s.Type != "" {
		s.Types, s.Type = []string{s.Type, "null"}, ""
	}
	return s, nil
}

func kindSchema(f authflow.Field) (*jsonschema.Schema, error) {
	switch f.Kind {
	case authflow.KindAny:
		return &jsonschema.Schema{}, nil
	case authflow.KindBoolean:
		return &jsonschema.Schema{Type: "boolean"}, nil
	case authflow.KindTrue:
		return &jsonschema.Schema{Type: "boolean", Enum: []any{true}}, nil
	case authflow.KindNumber:
		return &jsonschema.Schema{Type: "number"}, nil
	case authflow.KindLists:
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "array", Items: text("")}}, nil
	case authflow.KindOneOf:
		s := text("")
		for _, one := range f.OneOf {
			s.Enum = append(s.Enum, one)
		}
		return s, nil
	case authflow.KindTextOr:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text(""), {Type: "array", Items: text("")}}}, nil
	case authflow.KindCoerced: // of any type; a text has its limit
		s := boundedText(f, "")
		s.Type = ""
		return s, nil
	case authflow.KindString, authflow.KindChoice:
		return boundedText(f, ""), nil
	case authflow.KindEmail:
		return boundedText(f, "email"), nil
	case authflow.KindSecret:
		return boundedText(f, "password"), nil
	case authflow.KindObject:
		return fieldsSchema(f.Members)
	case authflow.KindTexts:
		return &jsonschema.Schema{Type: "array", Items: text("")}, nil
	case authflow.KindTextMap:
		return &jsonschema.Schema{Type: "object", AdditionalProperties: text("")}, nil
	case authflow.KindRecord:
		return &jsonschema.Schema{Type: "object"}, nil
	}
	return nil, fmt.Errorf("no schema for field %s, which is of kind %q", f.Name, f.Kind)
}

// additionalSchema describes an additional field by what it is meant to hold: a request may say the same as text.
func additionalSchema(a *sessionstore.AdditionalField) *jsonschema.Schema {
	switch a.Kind {
	case sessionstore.FieldNumber:
		return &jsonschema.Schema{Type: "number"}
	case sessionstore.FieldBoolean:
		return &jsonschema.Schema{Type: "boolean"}
	case sessionstore.FieldDate:
		return text("date-time")
	case sessionstore.FieldStrings:
		return &jsonschema.Schema{Type: "array", Items: text("")}
	case sessionstore.FieldNumbers:
		return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Type: "number"}}
	case sessionstore.FieldJSON:
		return &jsonschema.Schema{}
	}
	s := text("")
	for _, one := range a.OneOf {
		s.Enum = append(s.Enum, one)
	}
	return s
}

// addReturned adds to an object the additional fields that it is shown with.
func addReturned(object *jsonschema.Schema, fields sessionstore.AdditionalFields) {
	for _, a := range fields {
		if object == nil || !a.Returned {
			continue
		}
		s := additionalSchema(a)
		if s.Type != "" && !a.Required {
			s.Types, s.Type = []string{s.Type, "null"}, ""
			if s.Enum != nil {
				s.Enum = append(s.Enum, nil)
			}
		}
		object.Properties[a.Name] = s
		object.PropertyOrder = append(object.PropertyOrder, a.Name)
	}
}

// boundedText describes a string. A limit in bytes is one in characters as well.
func boundedText(f authflow.Field, format string) *jsonschema.Schema {
	s := text(format)
	if limit := f.Limit(); limit > 0 {
		s.MaxLength = &limit
	}
	if f.NonEmpty {
		s.MinLength = jsonschema.Ptr(1)
	}
	return s
}
