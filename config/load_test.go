package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sample has one setting of every form, so that the machinery is tested apart from what Postern's packages declare. Unkeyed is none.
type sample struct {
	Name    string            `key:"name" default:"postern"`
	On      bool              `key:"on"`
	Maybe   *bool             `key:"maybe"`
	Count   int               `key:"count" default:"3"`
	Ratio   float64           `key:"ratio" default:"0.5"`
	Wait    time.Duration     `key:"wait" default:"30s"`
	List    []string          `key:"list" default:"a,b"`
	Names   map[string]string `key:"names"`
	Custom  points            `key:"custom"`
	Secret  string            `key:"secret" secret:"true" env:"SHARED_SECRET,OLD_SECRET"`
	Secrets []string          `key:"secrets" secret:"true"`
	URL     string            `key:"url" secret:"true" env:"DATABASE"`
	Shared  common            `key:",inline"`
	Nested  struct {
		Deep struct {
			Value string `key:"value"`
		} `key:"deep"`
	} `key:"nested"`
	Items []struct {
		Path string `key:"path"`
		Auth string `key:"auth" default:"required"`
		More struct {
			Size int64 `key:"size"`
		} `key:"more"`
	} `key:"items"`
	Named map[string]struct {
		Kind   string `key:"kind" default:"plain"`
		Secret string `key:"secret" secret:"true"`
		More   struct {
			Size int64 `key:"size"`
		} `key:"more"`
	} `key:"named"`
	Unkeyed func()
}

type common struct {
	Base string `key:"base" default:"/"`
}

// points is a setting with a form of its own: a number of points, or "x,y" by name.
type points struct{ X, Y string }

func (p *points) DecodeConfig(v any) error {
	switch v := v.(type) {
	case string:
		p.X = v
		return nil
	case map[string]any:
		for name, value := range v {
			text, ok := value.(string)
			if !ok || (name != "X" && name != "Y") {
				return errors.Join(errors.New("only X and Y, as text"), errors.New("nothing else"))
			}
			if name == "X" {
				p.X = text
			} else {
				p.Y = text
			}
		}
		return nil
	}
	return errors.New("neither text nor mapping")
}

// write puts a file into a folder of its own and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readSample(t *testing.T, s Sources) (sample, map[string]value) {
	t.Helper()
	var target sample
	var ps problems
	var r reading
	s.read(&target, &r, &ps)
	if err := ps.err(); err != nil {
		t.Fatal(err)
	}
	return target, r.values
}

func TestDefaultsApplyWithoutAnySource(t *testing.T) {
	t.Parallel()
	got, values := readSample(t, Sources{})
	want := sample{Name: "postern", Count: 3, Ratio: 0.5, Wait: 30 * time.Second, List: []string{"a", "b"}, Shared: common{"/"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if origin := values["name"].origin.String(); origin != "default" {
		t.Errorf("origin of a default is %q", origin)
	}
}

func TestEveryFormIsReadFromTheFile(t *testing.T) {
	t.Parallel()
	got, _ := readSample(t, Sources{File: write(t, "c.yaml", `
name: 0123
on: true
maybe: false
count: 1_000
ratio: 2
wait: 1h30m
list: [x, 5, true]
names: {X-User.Id: Remote-User, x-user.id: other}
custom: {X: left, Y: top}
secret: s
secrets: [one, two]
base: /b
nested:
  deep:
    value: v
items:
  - path: /a
  - {path: /b, auth: public, more: {size: 7}}
named:
  First: {}
  first: {kind: other, more: {size: 8}}
`)})
	no := false
	want := sample{
		Name: "0123", On: true, Maybe: &no, Count: 1000, Ratio: 2, Wait: 90 * time.Minute, List: []string{"x", "5", "true"},
		Names:  map[string]string{"X-User.Id": "Remote-User", "x-user.id": "other"},
		Custom: points{"left", "top"}, Secret: "s", Secrets: []string{"one", "two"}, Shared: common{"/b"}, Items: got.Items, Named: got.Named,
	}
	want.Nested.Deep.Value = "v"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if len(got.Items) != 2 || got.Items[0].Auth != "required" || got.Items[1].Auth != "public" || got.Items[1].More.Size != 7 {
		t.Errorf("items: %+v", got.Items)
	}
	if len(got.Named) != 2 || got.Named["First"].Kind != "plain" || got.Named["first"].Kind != "other" || got.Named["first"].More.Size != 8 {
		t.Errorf("named: %+v", got.Named)
	}
}

func TestEveryFormIsReadFromTheEnvironment(t *testing.T) {
	t.Parallel()
	got, _ := readSample(t, Sources{Environ: []string{
		"POSTERN_NAME=true", "POSTERN_ON=true", "POSTERN_COUNT=7", "POSTERN_WAIT=5s", "POSTERN_LIST= x , y ,",
		"POSTERN_NAMES={X-User: Remote-User}", `POSTERN_ITEMS=[{"path": "/a"}]`, `POSTERN_NAMED={"A": {"more": {"size": 9}}}`, "POSTERN_NESTED_DEEP_VALUE=: v",
		"POSTERN_CUSTOM=here", "POSTERN_SECRETS=[one, two]", "PATH=/bin",
	}})
	if got.Name != "true" || !got.On || got.Count != 7 || got.Wait != 5*time.Second || got.Nested.Deep.Value != ": v" || got.Custom.X != "here" {
		t.Errorf("scalars: %+v", got)
	}
	if !reflect.DeepEqual(got.List, []string{"x", "y"}) || !reflect.DeepEqual(got.Secrets, []string{"one", "two"}) {
		t.Errorf("lists: %q, %q", got.List, got.Secrets)
	}
	if got.Names["X-User"] != "Remote-User" || len(got.Items) != 1 || got.Items[0].Path != "/a" || got.Named["A"].More.Size != 9 {
		t.Errorf("structures: %v, %v, %v", got.Names, got.Items, got.Named)
	}
}

func TestPrecedenceIsFlagEnvironmentFileConventionalDefault(t *testing.T) {
	t.Parallel()
	file := write(t, "c.yaml", "secret: from file\n")
	s := Sources{
		Flags: map[string]string{"secret": "from flag"}, File: file, Defaults: map[string]string{"secret": "from dev"}, Mode: Dev,
		Environ: []string{"OLD_SECRET=from old", "SHARED_SECRET=from shared", "POSTERN_SECRET=from env"},
	}
	for _, step := range []struct {
		value, origin string
		remove        func()
	}{
		{"from flag", "flag", func() { s.Flags = nil }},
		{"from env", "env POSTERN_SECRET", func() { s.Environ = s.Environ[:2] }},
		{"from file", file + ":1", func() { s.File = "" }},
		{"from shared", "env SHARED_SECRET", func() { s.Environ = s.Environ[:1] }},
		{"from old", "env OLD_SECRET", func() { s.Environ = nil }},
		{"from dev", "default of dev", func() { s.Defaults = nil }},
	} {
		got, values := readSample(t, s)
		if got.Secret != step.value || values["secret"].origin.String() != step.origin {
			t.Errorf("got %q from %q, want %q from %q", got.Secret, values["secret"].origin, step.value, step.origin)
		}
		step.remove()
	}
	if got, _ := readSample(t, s); got.Secret != "" {
		t.Errorf("without sources the secret is %q", got.Secret)
	}
}

func TestEmptyVariablesCountAsNotSet(t *testing.T) {
	t.Parallel()
	got, _ := readSample(t, Sources{Environ: []string{"POSTERN_NAME=", "SHARED_SECRET=", "OLD_SECRET=old", "POSTERN_SECRET_FILE="}})
	if got.Name != "postern" || got.Secret != "old" {
		t.Errorf("name %q, secret %q", got.Name, got.Secret)
	}
}

func TestListsReplaceOneAnother(t *testing.T) {
	t.Parallel()
	got, _ := readSample(t, Sources{File: write(t, "c.yaml", "list: [x]\nnames: {A: a}\n"), Environ: []string{"POSTERN_NAMES={B: b}"}})
	if !reflect.DeepEqual(got.List, []string{"x"}) || !reflect.DeepEqual(got.Names, map[string]string{"B": "b"}) {
		t.Errorf("list %q, names %v", got.List, got.Names)
	}
}

func TestSecretsAreReadFromFilesLessOneNewline(t *testing.T) {
	t.Parallel()
	one := write(t, "one", "s3cret \n\n")
	many := write(t, "many", "first\nsecond\n")
	got, values := readSample(t, Sources{File: write(t, "c.yaml", "secret_file: "+one+"\nsecrets_file: "+many+"\n")})
	if got.Secret != "s3cret \n" || !reflect.DeepEqual(got.Secrets, []string{"first", "second"}) {
		t.Errorf("secret %q, secrets %q", got.Secret, got.Secrets)
	}
	if origin := values["secret"].origin.String(); !strings.HasPrefix(origin, "file "+one+" (") || !strings.HasSuffix(origin, "c.yaml:1)") {
		t.Errorf("origin %q", origin)
	}
	got, values = readSample(t, Sources{Environ: []string{"POSTERN_SECRET_FILE=" + many}})
	if got.Secret != "first\nsecond" || values["secret"].origin.String() != "file "+many+" (env POSTERN_SECRET_FILE)" {
		t.Errorf("secret %q from %q", got.Secret, values["secret"].origin)
	}
}

func TestEmptySectionsAndFilesAreFine(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "nested:\n  # all commented\nname: x\n", "nested:\n  deep:\n", "items:\nnamed:\n", "{}\n", "\ufeffname: x\n"} {
		readSample(t, Sources{File: write(t, "c.yaml", text)})
	}
}

func TestUnreadableFileIsAProblem(t *testing.T) {
	t.Parallel()
	loaded, err := Load(filepath.Join(t.TempDir(), "missing.yaml"), nil, nil)
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) != 1 || !strings.Contains(err.Error(), "missing.yaml") || loaded == nil {
		t.Errorf("got %v", err)
	}
}

func TestDescribePanicsOnTagsItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]any{
		"type": struct {
			A chan int `key:"a"`
		}{},
		"upper case": struct {
			A string `key:"Apple"`
		}{},
		"no name": struct {
			A string `key:""`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			describe(reflect.TypeOf(bad))
		})
	}
}

func TestEnvironmentNamesTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	named := []string{ConfigVariable + "=" + write("named.yaml", "log: {level: warn}")}
	given := write("given.yaml", "log: {level: error}")
	for name, row := range map[string]struct {
		sources Sources
		want    string
	}{
		"no other file":    {Sources{Environ: named}, "warn"},
		"a flag beside it": {Sources{Environ: named, File: given}, "error"},
		"dev has no file":  {Sources{Environ: named, Mode: Dev}, "info"},
	} {
		l, err := row.sources.Load()
		if err != nil || l.Config.Log.Level != row.want {
			t.Errorf("%s: level %q, want %q (%v)", name, l.Config.Log.Level, row.want, err)
		}
	}
	if _, err := (Sources{Environ: []string{ConfigVariable + "=" + filepath.Join(dir, "missing.yaml")}}).Load(); err == nil {
		t.Error("a file that is not there was no mistake")
	}
}
