package authflow

import (
	"encoding/json"
	"strings"
)

// Coerced is a required string that may be sent as anything: zod's coerce, which asks JavaScript for the text of it.
func Coerced(name, doc string) Field { return Field{Name: name, Kind: KindCoerced, Doc: doc} }

// TextOr is a required string, or a list of strings.
func TextOr(name, doc string) Field { return Field{Name: name, Kind: KindTextOr, Doc: doc} }

// OneOf is an optional string that is one of these.
func OneOf(name, doc string, texts ...string) Field {
	return Field{Name: name, Kind: KindOneOf, Optional: true, OneOf: texts, Doc: doc}
}

// TextOr returns the field's string or strings; nil when it was not sent.
func (v Values) TextOr(name string) []string {
	switch value := v[name].(type) {
	case string:
		return []string{value}
	case []string:
		return value
	}
	return nil
}

func (f Field) takeCoerced(path string, value any) (any, []string) {
	if _, absent := value.(undefined); absent {
		if f.Optional {
			return nil, nil
		}
		return nil, []string{"[" + path + "] Invalid input: expected nonoptional, received undefined"}
	}
	text := coerced(value)
	if problem := f.checkText(text); problem != "" {
		return nil, []string{"[" + path + "] " + problem}
	}
	return text, nil
}

// coerced is JavaScript's String of a decoded JSON value (ECMA-262 §7.1.17).
func coerced(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return value
	case []any:
		parts := make([]string, len(value))
		for i, item := range value {
			if item != nil { // join makes nothing of null
				parts[i] = coerced(item)
			}
		}
		return strings.Join(parts, ",")
	case map[string]any:
		return "[object Object]"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "" // not a number: no JSON holds it
	}
	return string(text)
}

func (f Field) takeTextOr(path string, value any) (any, []string) {
	if _, absent := value.(undefined); absent && f.Optional {
		return nil, nil
	}
	if list, ok := value.([]any); ok {
		if texts, wrong := takeTexts(path, list); wrong == nil {
			return texts, nil
		}
	} else if text, ok := value.(string); ok && f.checkText(text) == "" {
		return text, nil
	}
	return nil, []string{"[" + path + "] Invalid input"}
}

// Lists is an optional object that has lists of strings under names of the client's choice.
func Lists(name, doc string) Field {
	return Field{Name: name, Kind: KindLists, Optional: true, Doc: doc}
}

// Lists returns the field's lists, or nil when it was not sent.
func (v Values) Lists(name string) map[string][]string {
	lists, _ := v[name].(map[string][]string)
	return lists
}

func (f Field) takeLists(path string, value any) (any, []string) {
	if _, absent := value.(undefined); absent && f.Optional {
		return nil, nil
	}
	object, ok := value.(map[string]any)
	lists := make(map[string][]string, len(object))
	for name, member := range object {
		list, isList := member.([]any)
		texts, wrong := takeTexts(path, list)
		if ok = ok && isList && wrong == nil; ok {
			lists[name], _ = texts.([]string)
		}
	}
	if !ok {
		return nil, []string{"[" + path + "] Invalid input"}
	}
	return lists, nil
}

// checkOneOf is zod's xor of objects, one for each field marked Either, beside the fields that are not.
func checkOneOf(where string, object map[string]any, fields []Field) (Values, error) {
	var plain, matching []Field
	for _, f := range fields {
		if !f.Either {
			plain = append(plain, f)
		} else if value, sent := object[f.Name]; sent {
			if _, wrong := f.take(where, value); wrong == nil {
				matching = append(matching, f)
			}
		}
	}
	_, problems := checkMembers(where, object, plain)
	switch len(matching) {
	case 0:
		problems = append(problems, "["+where+"] Invalid input")
	case 1:
	default:
		problems = append(problems, "["+where+"] Invalid input: more than one option matched")
	}
	if problems != nil {
		return nil, invalidInput(strings.Join(problems, "; "))
	}
	values, _ := checkMembers(where, object, append(plain, matching...))
	return values, nil
}
