package config

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// readBytes reads a file's text without the file.
func readBytes(text []byte) (reading, problems) {
	var c Config
	var ps problems
	r := reading{fields: describeConfig(), values: map[string]value{}}
	given, _ := reader{Origin{source: fromFile, Name: "c.yaml"}, &ps}.document(r.fields, text)
	fl := filler{problems: &ps, values: r.values}
	for _, f := range leaves(r.fields) {
		v, ok := given[f.key]
		fl.fillOver(reflect.ValueOf(&c).Elem(), f, f.key, v, ok)
	}
	// What the packages say about the values does not matter, only that they survive them.
	_ = c.Validate(Serve)
	return r, ps
}

// FuzzFile feeds the loader any bytes: it never panics, and what it accepts it can print in a form it accepts again.
func FuzzFile(f *testing.F) {
	for _, pattern := range []string{"testdata/problems/*.txtar", "../config.example.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
			for _, file := range txtar.Parse(text).Files {
				f.Add(file.Data)
			}
		}
	}
	f.Add([]byte(printed))
	f.Add([]byte("database:\n  schema: {user: {table: Users, columns: {id: Id}}}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Contains(text, []byte("_file")) {
			return // no reading of files that the fuzzer thinks up
		}
		r, ps := readBytes(text)
		if len(ps) > 0 {
			return
		}
		var b bytes.Buffer
		if err := r.print(&b); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if _, ps := readBytes(b.Bytes()); len(ps) > 0 {
			t.Errorf("%v\n%s\nprinted as\n%s", ps.err(), text, b.String())
		}
	})
}

// FuzzVariable does the same for text from the environment.
func FuzzVariable(f *testing.F) {
	f.Add("[{path: /a, auth: public}]", "a,b", "{a: b}")
	f.Add("[", "[a", "&a [*a]")
	f.Fuzz(func(t *testing.T, routes, list, names string) {
		var c Config
		var r reading
		var ps problems
		Sources{Environ: []string{
			"POSTERN_ROUTES=" + routes, "POSTERN_AUTH_TRUSTED_ORIGINS=" + list, "POSTERN_IDENTITY_HEADERS=" + names, "POSTERN_DATABASE_SCHEMA=" + names,
		}}.read(&c, &r, &ps)
		_ = c.Validate(Serve)
	})
}
