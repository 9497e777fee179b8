package pages

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func all(t *testing.T) *languages {
	t.Helper()
	l, err := readLanguages()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTheLanguageIsTheOneThatTheBrowserAsksFor(t *testing.T) {
	t.Parallel()
	l := all(t)
	for accept, want := range map[string]string{
		"": "en", "de": "de", "de-CH, fr;q=0.9": "de", "fr, de;q=0.5, en;q=0.4": "de", "en-GB,de;q=0.9": "en", "ja": "en", "*": "en", "de;q=0, en": "en",
		"%%%": "en", strings.Repeat("de,", 1000): "en",
	} {
		if got := l.choose(accept).Lang; got != want {
			t.Errorf("%.40q: %s, want %s", accept, got, want)
		}
	}
}

var (
	placeholder = regexp.MustCompile(`\{\w+\}`)
	used        = regexp.MustCompile(`\b(?:t|markup) "([^"]+)"`)
)

// Every language says what the first one says, with the same values in it.
func TestNoLanguageLacksASentence(t *testing.T) {
	t.Parallel()
	text, err := wordFiles.ReadFile("words/en.json")
	if err != nil {
		t.Fatal(err)
	}
	l := all(t)
	if len(l.list) < 2 {
		t.Fatal("there is one language only")
	}
	for _, w := range l.list[1:] {
		own, err := wordFiles.ReadFile("words/" + w.Lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		for key, sentence := range l.list[0].Texts {
			if !strings.Contains(string(own), fmt.Sprintf("%q:", key)) {
				t.Errorf("%s lacks %s", w.Lang, key)
			}
			here, there := placeholder.FindAllString(sentence, -1), placeholder.FindAllString(w.Texts[key], -1)
			slices.Sort(here)
			slices.Sort(there)
			if !slices.Equal(here, there) {
				t.Errorf("%s: %s has %v, not %v", w.Lang, key, there, here)
			}
		}
		for key := range w.Texts {
			if !strings.Contains(string(text), fmt.Sprintf("%q:", key)) {
				t.Errorf("%s has %s, which nobody says", w.Lang, key)
			}
		}
		if w.Dir == "" || w.date(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) == "" {
			t.Errorf("%s has no direction or no date", w.Lang)
		}
	}
}

func TestTemplatesSayOnlyWhatThereIs(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	words := all(t).list[0]
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range used.FindAllStringSubmatch(string(text), -1) {
			if !words.has(match[1]) {
				t.Errorf("%s says %s, for which there are no words", name, match[1])
			}
		}
		for _, match := range regexp.MustCompile(`\{\{define "([a-z-]+)"\}\}\{\{template "(?:narrow|wide)"`).FindAllStringSubmatch(string(text), -1) {
			if !words.has(match[1] + ".title") {
				t.Errorf("page %s has no title", match[1])
			}
		}
	}
	for action, change := range changes {
		if !words.has("notice." + string(change.notice)) {
			t.Errorf("%s is done without a word", action)
		}
	}
}
