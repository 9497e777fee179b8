package config

import (
	"regexp"
	"strings"
	"testing"
)

func TestExampleFileIsFresh(t *testing.T) {
	t.Parallel()
	golden(t, "../config.example.yaml", Example())
}

func TestReferenceIsFresh(t *testing.T) {
	t.Parallel()
	golden(t, "../docs/configuration.md", Reference())
}

func TestExampleAsItStandsGivesTheDefaults(t *testing.T) {
	t.Parallel()
	loaded, err := Load(write(t, "c.yaml", Example()), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for key, v := range loaded.values {
		if v.origin.source != fromDefault {
			t.Errorf("%s comes from %s", key, v.origin)
		}
	}
}

// TestEveryKeyOfTheExampleCanBeSwitchedOn removes every # that stands directly before a key.
func TestEveryKeyOfTheExampleCanBeSwitchedOn(t *testing.T) {
	t.Parallel()
	text := regexp.MustCompile(`(?m)^( *)#([a-z0-9_]+:|-$)`).ReplaceAllString(Example(), "$1$2")
	var c Config
	var r reading
	var ps problems
	Sources{File: write(t, "c.yaml", text)}.read(&c, &r, &ps)
	if err := ps.err(); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	for _, f := range leaves(r.fields) {
		if r.values[f.key].origin.source != fromFile {
			t.Errorf("%s is not in the example", f.key)
		}
	}
	for _, f := range r.fields {
		for _, inner := range leaves(f.children) {
			if key := "routes[0]." + inner.key; f.key == "routes" && r.values[key].origin.source != fromFile {
				t.Errorf("%s is not in the example", key)
			}
		}
	}
}

func TestReferenceNamesEveryKeyAndVariable(t *testing.T) {
	t.Parallel()
	text := Reference()
	for _, s := range Settings() {
		for _, name := range append(s.Env, s.Key) {
			if !strings.Contains(text, "`"+name+"`") && !s.Section {
				t.Errorf("%s is missing", name)
			}
		}
	}
}
