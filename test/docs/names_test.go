package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	row      = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*$")
	variable = regexp.MustCompile(`\bPOSTERN_[A-Z0-9_<>]+\b`)
	span     = regexp.MustCompile("`([^`\n]+)`")
	setting  = regexp.MustCompile(`^(server|upstream|routes\[\]|csrf|identity|forward_auth|database|session_cache|auth|pages|egress|rate_limit|mail|audit|geoip|cors|telemetry|log)(\.[a-z0-9_<>*]+(\[\])?)+`)
	entry    = regexp.MustCompile(`^(auth\.(?:social|user\.additional_fields|session\.additional_fields)\.)[a-zA-Z]+`)
	generic  = regexp.MustCompile(`_SOCIAL_[A-Z]+_`)
)

// noSettings are variables of another kind.
var noSettings = map[string]bool{
	"POSTERN_APP_SOCKET":      true, // what the injector tells applications
	"POSTERN_DOCTOR_PASSWORD": true, // read by postern doctor alone
}

// reference is what docs/configuration.md lists, which a test of its own keeps true.
func reference(t *testing.T) (keys, variables map[string]bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	keys, variables = map[string]bool{}, map[string]bool{}
	for _, found := range row.FindAllStringSubmatch(string(text), -1) {
		key := found[1]
		for keys[key] = true; strings.Contains(key, "."); keys[key] = true {
			key = key[:strings.LastIndex(key, ".")] // its section
		}
		if strings.Contains(found[0], "*secret*") {
			keys[found[1]+"_file"] = true
		}
	}
	for _, name := range variable.FindAllString(string(text), -1) {
		variables[name] = true
	}
	if len(keys) < 150 || len(variables) < 100 {
		t.Fatalf("%d keys, %d variables", len(keys), len(variables))
	}
	return keys, variables
}

// isThere tells whether there is a setting, or a section, of that name, in which * and <name> may stand for anything.
func isThere(keys map[string]bool, name string) bool {
	if keys[name] || keys[entry.ReplaceAllString(name, "${1}<name>")] {
		return true
	}
	pattern := regexp.MustCompile(`\\\*|<name>`).ReplaceAllString(regexp.QuoteMeta(name), "[^.]+")
	if pattern == regexp.QuoteMeta(name) {
		return false
	}
	for key := range keys {
		if regexp.MustCompile("^" + pattern + "$").MatchString(key) {
			return true
		}
	}
	return false
}

func TestSettingsThatAreNamedExist(t *testing.T) {
	t.Parallel()
	keys, variables := reference(t)
	named := 0
	for _, p := range pages(t) {
		if strings.HasPrefix(p.path, "docs/decisions/") {
			continue // which say what was
		}
		for _, found := range span.FindAllStringSubmatch(p.prose, -1) {
			key := setting.FindString(found[1])
			if key == "" || strings.HasSuffix(found[1], ".go") || strings.ContainsRune(found[1], '/') {
				continue
			}
			named++
			if len(found[1]) == len(key) && !isThere(keys, strings.TrimSuffix(key, ".*")) {
				t.Errorf("%s: there is no setting %s", p.path, key)
			}
		}
		text := p.prose
		for _, b := range p.blocks {
			text += b.text
		}
		for _, name := range variable.FindAllString(text, -1) {
			if strings.HasPrefix(name, "POSTERN_TEST_") || strings.HasSuffix(name, "_") || noSettings[name] {
				continue // those of the tests, the beginning of a name
			}
			if whole := strings.TrimSuffix(generic.ReplaceAllString(name, "_SOCIAL_<NAME>_"), "_FILE"); !variables[name] && !variables[whole] && !strings.Contains(whole, "_SOCIAL_<NAME>_") {
				t.Errorf("%s: there is no variable %s", p.path, name)
			}
		}
	}
	if named < 200 {
		t.Errorf("only %d settings are named", named)
	}
}

// TestMakeTargetsThatAreNamedExist is for those in the text, as `make verify`; those in blocks are looked at with the rest of the shell.
func TestMakeTargetsThatAreNamedExist(t *testing.T) {
	t.Parallel()
	named := 0
	for _, p := range pages(t) {
		for _, found := range regexp.MustCompile("`make ([a-z0-9-]+)[^`]*`").FindAllStringSubmatch(p.prose, -1) {
			named++
			target(t, found[1])
		}
	}
	if named < 5 {
		t.Errorf("only %d targets are named", named)
	}
}

// TestEveryFlagOfOauth2ProxyHasItsAnswer compares the table with the flags of oauth2-proxy 7.15.
func TestEveryFlagOfOauth2ProxyHasItsAnswer(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "oauth2-proxy-7.15-flags.txt"))
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]int{}
	for _, name := range strings.Fields(string(text)) {
		flags["--"+name] = 0
	}
	for _, p := range pages(t) {
		if p.path != "docs/migrating-from-oauth2-proxy.md" {
			continue
		}
		for _, line := range strings.Split(p.prose, "\n") {
			cells := strings.Split(line, " | ")
			if len(cells) != 2 || !strings.HasPrefix(line, "| `--") {
				continue
			}
			for _, found := range span.FindAllStringSubmatch(cells[0], -1) {
				if _, known := flags[found[1]]; !known {
					t.Errorf("oauth2-proxy has no flag %s", found[1])
				}
				flags[found[1]]++
			}
		}
	}
	for name, n := range flags {
		if n != 1 {
			t.Errorf("%s is answered %d times", name, n)
		}
	}
}
