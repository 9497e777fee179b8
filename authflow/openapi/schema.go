package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/posternhq/postern/authflow"
)

const schemaRef = "#/components/schemas/"

// written are the types whose JSON is not what their fields say.
func written() map[reflect.Type]*jsonschema.Schema {
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[authflow.Time]():   {Type: "string", Format: "date-time"},
		reflect.TypeFor[json.RawMessage](): {},
	}
}

// objects are the types that stand within answers, by the names under which they are described once: User, Session.
type objects map[string]reflect.Type

// collect finds the objects within an answer.
func (o objects) collect(answer any) error {
	if some, ok := answer.(authflow.AnyOf); ok {
		for _, one := range some {
			if err := o.collect(one); err != nil {
				return err
			}
		}
		return nil
	}
	return o.within(reflect.TypeOf(answer), true)
}

func (o objects) within(t reflect.Type, outermost bool) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if _, isText := written()[t]; isText {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return o.within(t.Elem(), false)
	case reflect.Struct:
	default:
		return nil
	}
	if name := objectName(t); !outermost && name != "" {
		switch o[name] {
		case t:
			return nil
		case nil:
			o[name] = t
		default:
			return fmt.Errorf("%s and %s would both be described as %s", o[name], t, name)
		}
	}
	for _, field := range reflect.VisibleFields(t) {
		if field.Anonymous || !field.IsExported() || field.Tag.Get("json") == "-" {
			continue
		}
		if err := o.within(field.Type, false); err != nil {
			return err
		}
	}
	return nil
}

// objectName makes User of UserObject and Device of device.
func objectName(t reflect.Type) string {
	name := strings.TrimSuffix(t.Name(), "Object")
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// schemas describe the objects themselves.
func (o objects) schemas() (map[string]*jsonschema.Schema, error) {
	all := map[string]*jsonschema.Schema{}
	for name, t := range o {
		s, err := o.schema(t, t)
		if err != nil {
			return nil, err
		}
		all[name] = s
	}
	return all, nil
}

// answerSchema describes what is written from values of the answer's type.
func (o objects) answerSchema(answer any) (*jsonschema.Schema, error) {
	some, ok := answer.(authflow.AnyOf)
	if !ok {
		return o.schema(reflect.TypeOf(answer), nil)
	}
	s := &jsonschema.Schema{}
	for _, one := range some {
		alternative, err := o.answerSchema(one)
		if err != nil {
			return nil, err
		}
		s.AnyOf = append(s.AnyOf, alternative)
	}
	return s, nil
}

// schema describes a type; objects within it, other than itself, by their names.
func (o objects) schema(t, itself reflect.Type) (*jsonschema.Schema, error) {
	known := written()
	for name, object := range o {
		if object != itself {
			known[object] = &jsonschema.Schema{Ref: schemaRef + name}
		}
	}
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: known})
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", t, err)
	}
	return tidy(s), nil
}

// tidy turns what the library makes of Go's types into what is promised: a list is never null, nor is a member that may be missing; a
// shared object may be null; and further members may be added one day, so that clients must not refuse them.
func tidy(s *jsonschema.Schema) *jsonschema.Schema {
	if s == nil {
		return nil
	}
	switch {
	case len(s.Types) == 2 && s.Types[1] == "array":
		s.Type, s.Types = "array", nil
	case len(s.Types) == 2: // null and another
		slices.Reverse(s.Types)
	case s.Ref != "" && len(s.Types) > 0:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Ref: s.Ref}, {Type: "null"}}, Description: s.Description}
	}
	if s.Properties != nil {
		s.AdditionalProperties = nil
	}
	for name, property := range s.Properties {
		if len(property.Types) > 0 && !slices.Contains(s.Required, name) {
			property.Types = slices.DeleteFunc(property.Types, func(kind string) bool { return kind == "null" })
			if len(property.Types) == 1 {
				property.Type, property.Types = property.Types[0], nil
			}
		}
		s.Properties[name] = tidy(property)
	}
	s.Items, s.AdditionalProperties = tidy(s.Items), tidy(s.AdditionalProperties)
	return s
}
