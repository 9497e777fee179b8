package authflow

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Object is a required object with described members. Others are dropped.
func Object(name, doc string, members ...Field) Field {
	return Field{Name: name, Kind: KindObject, Members: members, Doc: doc}
}

// Texts is a required list of strings.
func Texts(name, doc string) Field { return Field{Name: name, Kind: KindTexts, Doc: doc} }

// TextMap is a required object that has strings under names of the client's choice.
func TextMap(name, doc string) Field { return Field{Name: name, Kind: KindTextMap, Doc: doc} }

// Record is a required object with whatever members.
func Record(name, doc string) Field { return Field{Name: name, Kind: KindRecord, Doc: doc} }

// Number is a required number.
func Number(name, doc string) Field { return Field{Name: name, Kind: KindNumber, Doc: doc} }

// Choice is a required string that names one of several things, which the handler knows.
func Choice(name, doc string) Field { return Field{Name: name, Kind: KindChoice, Doc: doc} }

// Object returns the field's members, or nil when it was not sent.
func (v Values) Object(name string) Values { object, _ := v[name].(Values); return object }

// Texts returns the field's strings, or nil when it was not sent.
func (v Values) Texts(name string) []string { texts, _ := v[name].([]string); return texts }

// nested tells whether a value of the kind has parts, which have problems of their own.
func (k Kind) nested() bool {
	switch k {
	case KindObject, KindTexts, KindTextMap, KindRecord:
		return true
	}
	return false
}

func (f Field) takeNested(path string, value any) (any, []string) {
	if _, absent := value.(undefined); absent && f.Optional || value == nil && f.Nullable {
		return nil, nil
	}
	expected := map[Kind]string{KindObject: "object", KindTexts: "array", KindTextMap: "record", KindRecord: "record"}[f.Kind]
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	if f.Kind == KindTexts && !isList || f.Kind != KindTexts && !isObject {
		return nil, []string{"[" + path + "] Invalid input: expected " + expected + ", received " + typeName(value)}
	}
	switch f.Kind {
	case KindObject:
		return checkMembers(path, object, f.Members)
	case KindTexts:
		return takeTexts(path, list)
	case KindTextMap:
		return f.takeTextMap(path, object)
	}
	return Values(object), nil
}

func takeTexts(path string, list []any) (any, []string) {
	texts := make([]string, len(list))
	var problems []string
	for i, item := range list {
		taken, wrong := Field{Name: strconv.Itoa(i), Kind: KindString}.take(path, item)
		problems = append(problems, wrong...)
		texts[i], _ = taken.(string)
	}
	return texts, problems
}

func (f Field) takeTextMap(path string, object map[string]any) (any, []string) {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		_, wrong := Field{Name: name, Kind: KindString}.take(path, object[name])
		problems = append(problems, wrong...)
	}
	if problems == nil && f.Refuse != nil {
		if problem := f.Refuse(Values(object)); problem != "" {
			problems = []string{"[" + path + "] " + problem}
		}
	}
	return Values(object), problems
}

// Or marks the field as one of several of which exactly one is sent.
func (f Field) Or() Field { f.Either = true; return f }

// checkEither is zod's union of strict objects, one for each field marked Either. What is wrong is told only where a single one of
// them fits but for members it does not know.
func checkEither(where string, object map[string]any, fields []Field) (Values, error) {
	complaint := ""
	for i, f := range fields {
		if !f.Either {
			continue
		}
		var alternative []Field
		for j, other := range fields {
			if i == j || !other.Either {
				alternative = append(alternative, other)
			}
		}
		values, problems := checkMembers(where, object, alternative)
		switch {
		case problems != nil:
			continue
		case len(values) == len(object):
			return values, nil
		case complaint != "":
			return nil, invalidInput(ShapeEither.complaint(where, object))
		}
		complaint = unrecognized(where, object, values)
	}
	if complaint == "" {
		complaint = ShapeEither.complaint(where, object)
	}
	return nil, invalidInput(complaint)
}

func unrecognized(where string, object map[string]any, known Values) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !known.Has(name) {
			names = append(names, strconv.Quote(name))
		}
	}
	label := "Unrecognized key: "
	if len(names) > 1 {
		label = "Unrecognized keys: "
	}
	return "[" + where + "] " + label + strings.Join(names, ", ")
}
