package config

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

// Sources are all the places a configuration is read from. They are read once.
type Sources struct {
	File     string            // path of the YAML file; empty for the one that POSTERN_CONFIG names, if any
	Environ  []string          // NAME=value, as os.Environ gives it
	Flags    map[string]string // by key; what the command line says wins over everything
	Defaults map[string]string // by key; defaults of one command that differ from the documented ones, as those of "dev"
	Mode     Mode              // what the configuration is for, which decides what must be given
}

// Loaded is a configuration and where each of its values came from.
type Loaded struct {
	Config  Config
	sources Sources
	reading
}

// reading is what a struct was filled from.
type reading struct {
	fields []*field
	values map[string]value // effective, by full key; those of list items too
}

// Load reads a configuration for any mode: flags (by key) over environment over the file at path over defaults. See Sources.Load.
func Load(path string, env []string, overrides map[string]string) (*Loaded, error) {
	return Sources{File: path, Environ: env, Flags: overrides}.Load()
}

// Load reads and validates. When something is wrong the error is an *Error with all the problems of all sources, and
// what could be read is returned beside it, fit to be printed and for nothing else.
func (s Sources) Load() (*Loaded, error) {
	l := &Loaded{sources: s}
	var ps problems
	whole := s.read(&l.Config, &l.reading, &ps)
	if !whole {
		// Whatever the file was to say would be reported as missing.
		return l, l.hideSecrets(ps).err()
	}
	l.Config.share()
	unread := ps
	for _, p := range l.Config.problems(s.Mode) {
		// A value that could not be read is not what was meant. To judge it as well would only confuse.
		if !unread.has(p.Key) {
			ps = append(ps, l.locate(p))
		}
	}
	return l, l.hideSecrets(ps).err()
}

// Origin tells where the value of a key came from.
func (l *Loaded) Origin(key string) Origin {
	return l.values[key].origin
}

// locate adds to a problem where its key, or the nearest section around it, was given.
func (l *Loaded) locate(p Problem) Problem {
	for key := p.Key; key != ""; key = key[:max(0, strings.LastIndexAny(key, ".["))] {
		if v, ok := l.values[key]; ok && v.origin.source != fromDefault {
			p.Origin, p.Line = v.origin.place(), v.origin.Line
			break
		}
	}
	return p
}

// read fills target, a pointer to a struct with tags. It is false when the file could not be read at all.
func (s Sources) read(target any, r *reading, ps *problems) bool {
	r.fields = describe(reflect.TypeOf(target).Elem())
	r.values = map[string]value{}
	file, ok := s.file(r.fields, ps)
	layers, sections := s.layers(r.fields, file, ps)
	fl := filler{problems: ps, values: r.values, overlay: sections}
	for _, f := range leaves(r.fields) {
		v, given := layers.Get(f.key).(value)
		if !given && f.entries && len(sections.names(f.key)) > 0 {
			v, given = value{node: emptyNode(f.kind)}, true
		}
		fl.fillOver(reflect.ValueOf(target).Elem(), f, f.key, v, given)
	}
	return ok
}

// layers puts the sources above one another. Viper decides which wins. It is given whole values with their origin, not
// text: it lower-cases the keys of maps and cuts them at dots, which header and column names do not survive, and
// its own YAML reader knows neither lines nor duplicate keys.
func (s Sources) layers(fields []*field, file map[string]value, ps *problems) (*viper.Viper, overlay) {
	v := viper.New()
	for _, f := range leaves(fields) {
		if d, ok := defaultOf(f); ok {
			v.SetDefault(f.key, d)
		}
	}
	for key, d := range s.given(fields, s.Defaults, Origin{Name: string(s.Mode)}, ps) {
		v.SetDefault(key, d)
	}
	env := newEnvironment(s.Environ)
	entries := env.entries(fields, file)
	all := append(slices.Clone(fields), entries...)
	conventional, own := env.conventional(all, ps), env.own(all, ps)
	sections := overlay{over: take(own, entries), under: take(conventional, entries)}
	for _, layer := range []map[string]value{conventional, file, own} {
		if err := v.MergeConfigMap(nest(layer)); err != nil {
			ps.add("", Origin{}, "merge the sources: %v", err)
		}
	}
	for key, f := range s.given(fields, s.Flags, Origin{source: fromFlag}, ps) {
		v.Set(key, f)
	}
	return v, sections
}

// path is the file's, which the environment may name too. Dev brings everything itself.
func (s Sources) path() string {
	if s.File != "" || s.Mode == Dev {
		return s.File
	}
	return newEnvironment(s.Environ)[ConfigVariable]
}

func (s Sources) file(fields []*field, ps *problems) (map[string]value, bool) {
	path := s.path()
	if path == "" {
		return nil, true
	}
	text, err := os.ReadFile(path)
	if err != nil {
		ps.add("", Origin{}, "read the configuration file: %v", err)
		return nil, false
	}
	return reader{Origin{source: fromFile, Name: path}, ps}.document(fields, text)
}

// given reads values that a command set by key.
func (s Sources) given(fields []*field, texts map[string]string, at Origin, ps *problems) map[string]value {
	values := map[string]value{}
	list := leaves(fields)
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		i := slices.IndexFunc(list, func(f *field) bool { return f.key == key })
		if i < 0 {
			reader{at, ps}.unknown(key, at, keys(fields, ""))
			continue
		}
		if v, ok := readText(list[i], texts[key], at, ps); ok {
			values[key] = v
		}
	}
	return values
}

// nest turns dotted keys into the tree of maps that viper merges.
func nest(values map[string]value) map[string]any {
	root := map[string]any{}
	for key, v := range values {
		at := root
		parent, name := split(key)
		for word := range strings.SplitSeq(parent, ".") {
			if word == "" {
				continue
			}
			next, ok := at[word].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[word] = next
			}
			at = next
		}
		at[name] = v
	}
	return root
}
