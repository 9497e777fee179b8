package words

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// rooms have folders of words.
var rooms = []string{"../pages", "../mail"}

func all(t *testing.T, room string) *Languages {
	t.Helper()
	l, err := Read(os.DirFS(room))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTheLanguageIsTheOneThatTheBrowserAsksFor(t *testing.T) {
	t.Parallel()
	l := all(t, rooms[0])
	for accept, want := range map[string]string{
		"": "en", "de": "de", "de-CH, fr;q=0.9": "de", "fr, de;q=0.5, en;q=0.4": "de", "en-GB,de;q=0.9": "en", "ja": "en", "*": "en", "de;q=0, en": "en",
		"%%%": "en", strings.Repeat("de,", 1000): "en",
	} {
		if got := l.Choose(accept).Lang; got != want {
			t.Errorf("%.40q: %s, want %s", accept, got, want)
		}
	}
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// Every language says what English says, with the same values in it; and all rooms speak the same languages.
func TestNoLanguageLacksASentence(t *testing.T) {
	t.Parallel()
	var spoken []string
	for _, room := range rooms {
		l := all(t, room)
		var here []string
		for _, w := range l.List {
			here = append(here, w.Lang)
			if w.Dir == "" || w.Stamp(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) == "" {
				t.Errorf("%s in %s has no direction or no date", room, w.Lang)
			}
		}
		if len(here) < 2 {
			t.Fatalf("%s: there is one language only", room)
		}
		if spoken == nil {
			spoken = here
		}
		if !slices.Equal(here, spoken) {
			t.Errorf("%s speaks %v, %s %v", rooms[0], spoken, room, here)
		}
		english := keysOf(t, room, l.List[0].Lang)
		for _, w := range l.List[1:] {
			compare(t, room, l.List[0], w, english, keysOf(t, room, w.Lang))
		}
	}
}

// pluralForm is the end of a key that not every language has.
var pluralForm = regexp.MustCompile(`\.(zero|one|two|few|many)$`)

func compare(t *testing.T, room string, english, w *Words, theirs, own string) {
	t.Helper()
	for key, sentence := range english.Texts {
		if pluralForm.MatchString(key) {
			continue
		}
		if !strings.Contains(own, fmt.Sprintf("%q:", key)) {
			t.Errorf("%s in %s lacks %s", room, w.Lang, key)
		}
		here, there := placeholder.FindAllString(sentence, -1), placeholder.FindAllString(w.Texts[key], -1)
		slices.Sort(here)
		slices.Sort(there)
		if !slices.Equal(here, there) {
			t.Errorf("%s in %s: %s has %v, not %v", room, w.Lang, key, there, here)
		}
	}
	for key := range w.Texts {
		if !pluralForm.MatchString(key) && !strings.Contains(theirs, fmt.Sprintf("%q:", key)) {
			t.Errorf("%s in %s has %s, which nobody says", room, w.Lang, key)
		}
	}
}

func keysOf(t *testing.T, room, lang string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(room, "words", lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestNumbersAreSaidByTheLanguagesRule(t *testing.T) {
	t.Parallel()
	l, err := Read(fstest.MapFS{
		"words/en.json": {Data: []byte(`{"texts": {"in.one": "{n} minute", "in.other": "{n} minutes", "to.other": "{n}"}}`)},
		"words/pl.json": {Data: []byte(`{"texts": {"in.one": "{n} minuta", "in.few": "{n} minuty", "in.many": "{n} minut", "in.other": "{n} minuty"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lang string
		n    int
		want string
	}{{"en", 1, "1 minute"}, {"en", 15, "15 minutes"}, {"pl", 1, "1 minuta"}, {"pl", 3, "3 minuty"}, {"pl", 15, "15 minut"}} {
		if got := l.Choose(c.lang).Count("in", c.n); got != c.want {
			t.Errorf("%d in %s: %q, want %q", c.n, c.lang, got, c.want)
		}
	}
	if got := l.Choose("en").Count("to", 1); got != "1" {
		t.Errorf("without a form for one: %q", got)
	}
}

func TestFilesThatAreNoLanguage(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"no English": {"words/de.json": {Data: []byte(`{}`)}},
		"no JSON":    {"words/en.json": {Data: []byte(`{`)}},
		"no tag":     {"words/en.json": {Data: []byte(`{}`)}, "words/x_y z.json": {Data: []byte(`{}`)}},
	} {
		if _, err := Read(files); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
