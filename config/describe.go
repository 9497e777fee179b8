package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Setting describes one key, as the example file and the reference show it.
type Setting struct {
	Key     string // dotted; keys of list items as routes[].path, of named sections as additional_fields.<name>.type
	Type    string // in words: text, true or false, whole number, duration, list of text …
	Default string // text form; empty when there is none
	Unit    string // bytes, for instance; empty when the type says it or there is none
	Doc     string
	Example string
	Secret  bool     // redacted when printed, and also accepted as KEY_file
	Env     []string // accepted variables, the first wins; none for keys of list items
	Restart bool     // whether a running process keeps the value it was started with
	Section bool     // a heading for keys below it, not a value
}

// Settings lists every key of Config in the order of the struct, sections before the keys they hold.
func Settings() []Setting {
	return settings(describeConfig(), nil)
}

func describeConfig() []*field {
	return describe(reflect.TypeFor[Config]())
}

func settings(fields []*field, list []Setting) []Setting {
	for _, f := range fields {
		list = append(list, f.setting())
		list = settings(f.children, list)
	}
	return list
}

// field is what the struct tags say about one key.
type field struct {
	key          string // dotted from the root, or from the list item or named section
	shown        string // the same as documents show it: routes[].path
	kind         kind
	index        []int // path to the Go field from the struct that was described
	def          string
	doc          string
	example      string
	unit         string
	secret       bool
	restart      bool
	fallback     []string // conventional variables
	entries      bool     // variables may give the keys of named sections; see overlay
	conventional []string // names whose sections conventional variables may give
	children     []*field // of a section, of the items of a list, or of the sections under names
	inItem       bool
}

func (f *field) name() string {
	_, name := split(f.key)
	return name
}

func (f *field) setting() Setting {
	s := Setting{
		Key: f.shown, Type: f.kind.String(), Default: f.def, Unit: f.unit, Doc: f.doc,
		Example: f.example, Secret: f.secret, Restart: f.restart, Section: f.kind == kindSection,
	}
	if !f.inItem && !s.Section {
		s.Env = f.variables()
	}
	return s
}

// decoder is implemented by settings with a form of their own, a preset's name or a mapping for instance.
// The value is a string, []any or map[string]any as YAML gives it.
type decoder interface {
	DecodeConfig(value any) error
}

// describe walks a struct's tags. Fields without a key are not settings. It panics on tags it does not understand:
// they are constants of the program, and the tests describe the whole of Config.
func describe(t reflect.Type) []*field {
	return describeInto(t, place{})
}

// place is where in the tree the walk stands.
type place struct {
	key     string
	shown   string
	index   []int
	inItem  bool
	restart bool
}

func (p place) below(name string, index int) place {
	return place{
		key: join(p.key, name), shown: join(p.shown, name),
		index: append(append([]int(nil), p.index...), index), inItem: p.inItem, restart: p.restart,
	}
}

func describeInto(t reflect.Type, at place) []*field {
	var fields []*field
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, ok := sf.Tag.Lookup("key")
		if !ok {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		if option == "inline" {
			inner := at
			inner.index = append(append([]int(nil), at.index...), i)
			fields = append(fields, describeInto(sf.Type, inner)...)
			continue
		}
		if name == "" || name != strings.ToLower(name) || !sf.IsExported() {
			panic(fmt.Sprintf("config: %s.%s: key %q must be lower-case, on an exported field", t, sf.Name, tag))
		}
		fields = append(fields, describeField(sf, at.below(name, i)))
	}
	return fields
}

func describeField(sf reflect.StructField, at place) *field {
	at.restart = at.restart || sf.Tag.Get("restart") == "true"
	f := &field{
		key: at.key, shown: at.shown, index: at.index, inItem: at.inItem,
		kind: kindOf(sf.Type),
		def:  sf.Tag.Get("default"), doc: sf.Tag.Get("doc"), example: sf.Tag.Get("example"), unit: sf.Tag.Get("unit"),
		secret:  sf.Tag.Get("secret") == "true",
		restart: at.restart,
		entries: sf.Tag.Get("entries") == "env",
	}
	if names := sf.Tag.Get("conventional"); names != "" {
		f.conventional = strings.Split(names, ",")
	}
	if names := sf.Tag.Get("env"); names != "" {
		f.fallback = strings.Split(names, ",")
	}
	if f.unit == "" && strings.HasSuffix(f.key, "_bytes") {
		f.unit = "bytes"
	}
	if f.def == "" {
		f.def = zeroOf(sf.Type)
	}
	switch f.kind {
	case kindUnknown:
		panic(fmt.Sprintf("config: %s: a setting cannot have the type %s", at.shown, sf.Type))
	case kindSection:
		f.children = describeInto(sf.Type, at)
	case kindSections:
		f.children = describeInto(sf.Type.Elem(), place{shown: at.shown + "[]", inItem: true})
	case kindNamed:
		f.children = describeInto(sf.Type.Elem(), place{shown: at.shown + ".<name>", inItem: true})
	}
	return f
}

// zeroOf is the text form of what a number or a truth value is when nobody gives it. Text, lists and pointers have none.
func zeroOf(t reflect.Type) string {
	switch kindOfScalar(t) {
	case kindBool:
		return "false"
	case kindInt, kindFloat:
		return "0"
	case kindDuration:
		return "0s"
	}
	return ""
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// kind is the form a setting takes in the file.
type kind int

const (
	kindUnknown kind = iota
	kindText
	kindBool
	kindInt
	kindFloat
	kindDuration
	kindTexts    // list of text
	kindMap      // names to text; the names keep their case
	kindSection  // nested struct
	kindSections // list of structs
	kindNamed    // names to structs; the names keep their case
	kindCustom   // a type that implements decoder
)

// String is the type's name in the reference.
func (k kind) String() string {
	return [...]string{"", "text", "true or false", "whole number", "number", "duration", "list of text",
		"names to text", "section", "list of sections", "names to sections", "its own form"}[k]
}

// expected completes the sentence "expected …".
func (k kind) expected() string {
	return [...]string{"", "text", "true or false", "a whole number", "a number", "a duration such as 30s, 15m or 24h",
		"a list of text", "a mapping of names to text", "a section with keys below it", "a list of sections", "a mapping of names to sections", "text or a mapping"}[k]
}

// kindOf classifies a Go type. A pointer to a plain value is that value with "not given" kept apart from zero.
func kindOf(t reflect.Type) kind {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[decoder]()) {
		return kindCustom
	}
	switch t.Kind() {
	case reflect.Pointer:
		if k := kindOf(t.Elem()); k == kindText || k == kindBool || k == kindInt || k == kindFloat || k == kindDuration {
			return k
		}
	case reflect.Slice:
		switch t.Elem().Kind() {
		case reflect.String:
			return kindTexts
		case reflect.Struct:
			return kindSections
		}
	case reflect.Map:
		switch {
		case t.Key().Kind() != reflect.String:
		case t.Elem().Kind() == reflect.String:
			return kindMap
		case kindOf(t.Elem()) == kindSection:
			return kindNamed
		}
	case reflect.Struct:
		return kindSection
	}
	return kindOfScalar(t)
}

func kindOfScalar(t reflect.Type) kind {
	if t == reflect.TypeFor[time.Duration]() {
		return kindDuration
	}
	switch t.Kind() {
	case reflect.String:
		return kindText
	case reflect.Bool:
		return kindBool
	case reflect.Int, reflect.Int64:
		return kindInt
	case reflect.Float64:
		return kindFloat
	}
	return kindUnknown
}

// repeats tells whether the fields below stand for several sections, each of which the file gives itself.
func (k kind) repeats() bool { return k == kindSections || k == kindNamed }

// leaves are the fields that hold a value, sections resolved.
func leaves(fields []*field) []*field {
	var list []*field
	for _, f := range fields {
		if f.kind == kindSection {
			list = append(list, leaves(f.children)...)
		} else {
			list = append(list, f)
		}
	}
	return list
}

// keys lists what may be written at or below fields, KEY_file of secrets included.
func keys(fields []*field, prefix string) []string {
	var list []string
	for _, f := range fields {
		list = append(list, prefix+f.key)
		if f.secret {
			list = append(list, prefix+f.key+fileSuffix)
		}
		if f.kind == kindSection {
			list = append(list, keys(f.children, prefix)...)
		}
	}
	return list
}
