package docs

import (
	"encoding/json"
	"fmt"
	"go/format"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/posternhq/postern/test/harness"
)

// checks is what becomes of a block, by its language.
var checks = map[string]func(t *testing.T, text string){
	"sh":      shell,
	"console": console,
	"yaml":    configuration,
	"python":  python,
	"sql":     statements,
	"json":    document,
	"js":      script,
	"go":      source,
	"text":    func(*testing.T, string) {},
}

func TestBlocksAreTrue(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			check, known := checks[b.language]
			if !known {
				t.Errorf("%s: a block of %q; it may be %s", p.at(b), b.language, strings.Join(slices.Sorted(maps.Keys(checks)), ", "))
				continue
			}
			seen[b.language]++
			t.Run(p.at(b), func(t *testing.T) {
				t.Parallel()
				check(t, b.text)
			})
		}
	}
	for language := range checks {
		if seen[language] == 0 {
			t.Errorf("there is no block of %s: what checks them has nothing to check", language)
		}
	}
}

// run has a program read a block.
func run(t *testing.T, dir, text string, argv ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	command.Dir, command.Stdin = dir, strings.NewReader(text)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s\n%s", argv[0], err, out, text)
	}
}

// needed is what a whole configuration has and an example leaves out.
var needed = map[string]any{
	"server.public_url": "https://app.example.com",
	"upstream.url":      "http://127.0.0.1:8000",
	"auth.secret":       harness.Secret,
}

func configuration(t *testing.T, text string) {
	var documents []map[string]any
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var document map[string]any
		err := decoder.Decode(&document)
		if err != nil && err.Error() == "EOF" {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		documents = append(documents, document)
	}
	keys, _ := reference(t)
	for _, document := range documents {
		for key := range document {
			if !keys[key] && !keys[key+"[]"] {
				return // somebody else's
			}
		}
	}
	if len(documents) != 1 {
		t.Fatalf("%d documents in\n%s", len(documents), text)
	}
	dir := t.TempDir()
	complete(documents[0])
	whole, err := yaml.Marshal(documents[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`/[\w/.-]+\.(?:p8|crt|key|pem|mmdb)\b|/run/secrets/[\w-]+`).FindAllString(string(whole), -1) {
		whole = []byte(strings.ReplaceAll(string(whole), name, filepath.Join(dir, filepath.Base(name))))
	}
	key, certificate := material(t, dir)
	for name, content := range map[string][]byte{"postern.yaml": whole, "apple.p8": key, "tls.crt": certificate, "ca.crt": certificate} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := harness.RunPostern(t, dir, nil, "config", "check", "--config", "postern.yaml"); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, whole)
	}
}

// complete adds what is needed and not there.
func complete(document map[string]any) {
	for key, value := range needed {
		section, name, _ := strings.Cut(key, ".")
		inner, _ := document[section].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			document[section] = inner
		}
		if _, there := inner[name]; !there && !(key == "upstream.url" && inner["urls"] != nil) {
			inner[name] = value
		}
	}
}

func python(t *testing.T, text string) {
	dir := t.TempDir()
	command := exec.CommandContext(t.Context(), harness.ExamplePython(t), "-")
	command.Dir, command.Stdin = dir, strings.NewReader(text)
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, text)
	}
}

// statements runs SQL in a database that postern has migrated.
func statements(t *testing.T, text string) {
	db := harness.PostgreSQL(t)
	if out, err := harness.RunPostern(t, t.TempDir(), db.Settings(), "migrate", "up"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for statement := range strings.SplitSeq(regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(text, ""), ";") {
		if statement = strings.TrimSpace(statement); statement != "" {
			db.Exec(t, statement)
		}
	}
}

func document(t *testing.T, text string) {
	if !json.Valid([]byte(text)) {
		t.Errorf("is no JSON: %s", text)
	}
}

func script(t *testing.T, text string) {
	run(t, ".", text, "node", "--input-type=module", "--check", "-")
}

func source(t *testing.T, text string) {
	formatted, err := format.Source([]byte(text))
	if err != nil || string(formatted) != text {
		t.Error(fmt.Errorf("gofmt would write it otherwise: %w\n%s", err, formatted))
	}
}
