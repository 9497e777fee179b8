package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// value is one setting as it was written, and where. All sources are brought to this form, so that text from the
// environment and a line of the file go through the same checks.
type value struct {
	node   *yaml.Node
	origin Origin
}

// filler writes values into a struct and remembers each by its full key, list positions included.
type filler struct {
	problems *problems
	values   map[string]value
	overlay  overlay
}

// fillOver fills in the default, and over it the value, if one was given. A value that cannot be read so leaves
// the default in place, and what depends on it is not complained about as well.
func (fl filler) fillOver(root reflect.Value, f *field, key string, v value, given bool) {
	if d, ok := defaultOf(f); ok {
		fl.fill(root, f, key, d)
	}
	if given {
		fl.fill(root, f, key, v)
	}
}

// fill sets the field of root that f describes. Key is the field's full key, list positions included.
func (fl filler) fill(root reflect.Value, f *field, key string, v value) {
	fl.values[key] = v
	if v.node == nil {
		return // reported by whoever could not read it
	}
	target := root.FieldByIndex(f.index)
	switch f.kind {
	case kindSections:
		fl.items(target, f, key, v)
	case kindNamed:
		fl.named(target, f, key, v)
	case kindCustom:
		fl.custom(target, key, v)
	case kindTexts:
		fl.texts(target, f, key, v)
	case kindMap:
		fl.names(target, f, key, v)
	default:
		if target.Kind() == reflect.Pointer {
			target.Set(reflect.New(target.Type().Elem()))
			target = target.Elem()
		}
		if !setScalar(target, f.kind, v.node) {
			fl.wrong(f, key, v)
		}
	}
}

// wrong reports a value that does not have the form its key asks for.
func (fl filler) wrong(f *field, key string, v value) {
	fl.problems.add(key, v.origin, "expected %s, found %s", f.kind.expected(), found(v.node, f))
}

func (fl filler) texts(target reflect.Value, f *field, key string, v value) {
	if v.node.Kind != yaml.SequenceNode {
		fl.wrong(f, key, v)
		return
	}
	list := reflect.MakeSlice(target.Type(), len(v.node.Content), len(v.node.Content))
	for i, n := range v.node.Content {
		item := fmt.Sprintf("%s[%d]", key, i)
		fl.values[item] = value{n, v.origin.at(n.Line)}
		if !isText(n) {
			fl.problems.add(item, v.origin.at(n.Line), "expected text, found %s", found(n, f))
			continue
		}
		list.Index(i).SetString(n.Value)
	}
	target.Set(list)
}

// names reads a map straight from the node: its keys are names whose case matters (header names, column names),
// and viper would lower them and cut them at dots.
func (fl filler) names(target reflect.Value, f *field, key string, v value) {
	if v.node.Kind != yaml.MappingNode {
		fl.wrong(f, key, v)
		return
	}
	m := reflect.MakeMap(target.Type())
	for name, n := range pairs(v.node) {
		item := join(key, name.Value)
		fl.values[item] = value{n, v.origin.at(n.Line)}
		if !isText(n) {
			fl.problems.add(item, v.origin.at(n.Line), "expected text, found %s", found(n, f))
			continue
		}
		m.SetMapIndex(reflect.ValueOf(name.Value).Convert(m.Type().Key()), reflect.ValueOf(n.Value).Convert(m.Type().Elem()))
	}
	target.Set(m)
}

func (fl filler) custom(target reflect.Value, key string, v value) {
	var raw any
	if isText(v.node) {
		raw = v.node.Value
	} else if err := v.node.Decode(&raw); err != nil {
		fl.problems.add(key, v.origin, "%v", err)
		return
	}
	if raw == nil {
		fl.problems.add(key, v.origin, "expected text or a mapping, found nothing")
		return
	}
	if err := target.Addr().Interface().(decoder).DecodeConfig(raw); err != nil {
		for _, e := range flatten(err) {
			fl.problems.add(key, v.origin, "%v", e)
		}
	}
}

// items reads a list of sections: each item is checked key by key like a section of its own.
func (fl filler) items(target reflect.Value, f *field, key string, v value) {
	if v.node.Kind != yaml.SequenceNode {
		fl.wrong(f, key, v)
		return
	}
	list := reflect.MakeSlice(target.Type(), len(v.node.Content), len(v.node.Content))
	for i, n := range v.node.Content {
		fl.item(list.Index(i), f, fmt.Sprintf("%s[%d]", key, i), value{n, v.origin.at(n.Line)})
	}
	target.Set(list)
}

// named reads sections under names that keep their case.
func (fl filler) named(target reflect.Value, f *field, key string, v value) {
	if v.node.Kind != yaml.MappingNode {
		fl.wrong(f, key, v)
		return
	}
	if f.entries {
		v.node = withNames(v.node, fl.overlay.names(key))
		fl.values[key] = v
	}
	m := reflect.MakeMap(target.Type())
	for name, n := range pairs(v.node) {
		item := reflect.New(target.Type().Elem()).Elem()
		fl.item(item, f, join(key, name.Value), value{n, v.origin.at(name.Line)})
		m.SetMapIndex(reflect.ValueOf(name.Value).Convert(m.Type().Key()), item)
	}
	target.Set(m)
}

// item reads one section of several, of which key is the full key.
func (fl filler) item(target reflect.Value, f *field, key string, v value) {
	fl.values[key] = v
	given := reader{origin: v.origin, problems: fl.problems}.section(f.children, v.node, key+".")
	for _, leaf := range leaves(f.children) {
		name := key + "." + leaf.key
		val, ok := given[name]
		val, ok = fl.overlay.pick(name, val, ok)
		fl.fillOver(target, leaf, name, val, ok)
	}
}

// setScalar accepts what the YAML says and nothing that merely resembles it, with one exception: any plain word is text,
// literally as written, so that "secure: true" and "password: 0123" mean what they show.
func setScalar(target reflect.Value, k kind, n *yaml.Node) bool {
	switch {
	case k == kindText && isText(n):
		target.SetString(n.Value)
	case k == kindBool && n.ShortTag() == "!!bool":
		var b bool
		if n.Decode(&b) != nil {
			return false
		}
		target.SetBool(b)
	case k == kindInt && n.ShortTag() == "!!int":
		var i int64
		if n.Decode(&i) != nil || target.OverflowInt(i) {
			return false
		}
		target.SetInt(i)
	case k == kindFloat && (n.ShortTag() == "!!float" || n.ShortTag() == "!!int"):
		var x float64
		if n.Decode(&x) != nil {
			return false
		}
		target.SetFloat(x)
	case k == kindDuration && isText(n):
		d, err := time.ParseDuration(n.Value)
		if err != nil {
			return false
		}
		target.SetInt(int64(d))
	default:
		return false
	}
	return true
}

// isText tells whether a node can be taken literally.
func isText(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp":
		return true
	}
	return false
}

// found completes the sentence "found …". What was written is repeated only where it cannot be a secret: not for secret
// keys, nor for sections (nil), in whose place somebody may have written one.
func found(n *yaml.Node, f *field) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	form := map[string]string{
		"!!null": "nothing", "!!str": "text", "!!int": "the number", "!!float": "the number", "!!timestamp": "the date", "!!bool": "true or false",
	}[n.ShortTag()]
	switch {
	case form == "":
		return "a value with a tag of its own"
	case form == "nothing":
		return form
	case f == nil || f.secret:
		return strings.Replace(form, "the ", "a ", 1)
	case form == "text":
		return "text " + strconv.Quote(shorten(redact(f, n.Value)))
	case form == "true or false":
		return n.Value
	}
	return form + " " + shorten(n.Value)
}

// shorten keeps a pasted file out of an error message.
func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// flatten takes joined errors apart; none come of nil.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var list []error
	for _, e := range joined.Unwrap() {
		list = append(list, flatten(e)...)
	}
	return list
}
