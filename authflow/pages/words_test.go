package pages

import (
	"io/fs"
	"regexp"
	"testing"

	"github.com/posternhq/postern/authflow/words"
)

var used = regexp.MustCompile(`\b(?:t|markup) "([^"]+)"`)

func TestTemplatesSayOnlyWhatThereIs(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	languages, err := words.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	words := languages.List[0]
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range used.FindAllStringSubmatch(string(text), -1) {
			if !words.Has(match[1]) {
				t.Errorf("%s says %s, for which there are no words", name, match[1])
			}
		}
		for _, match := range regexp.MustCompile(`\{\{define "([a-z-]+)"\}\}\{\{template "(?:narrow|wide|admin)"`).FindAllStringSubmatch(string(text), -1) {
			if !words.Has(match[1] + ".title") {
				t.Errorf("page %s has no title", match[1])
			}
		}
	}
	for action, change := range changes {
		if !words.Has("notice." + string(change.notice)) {
			t.Errorf("%s is done without a word", action)
		}
	}
	for action, change := range userChanges {
		if !words.Has("notice." + string(change.notice)) {
			t.Errorf("%s is done to a user without a word", action)
		}
	}
}
