package words

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Words are the sentences of one language.
type Words struct {
	Lang  string            `json:"-"`    // its tag
	Dir   string            `json:"dir"`  // ltr or rtl
	Date  string            `json:"date"` // a layout of package time
	Texts map[string]string `json:"texts"`

	tag language.Tag
}

// Languages are all there are. The first is English.
type Languages struct {
	List    []*Words
	matcher language.Matcher
}

// fallbackLanguage is for whoever speaks none of the languages, and has every sentence.
const fallbackLanguage = "en"

// Read reads the files of a folder named words.
func Read(from fs.FS) (*Languages, error) {
	files, err := fs.Glob(from, "words/*.json")
	if err != nil {
		return nil, fmt.Errorf("list languages: %w", err)
	}
	all := &Languages{}
	var tags []language.Tag
	for _, file := range files {
		w := &Words{Lang: strings.TrimSuffix(path.Base(file), ".json")}
		text, err := fs.ReadFile(from, file)
		if err != nil {
			return nil, fmt.Errorf("read language: %w", err)
		}
		if err := json.Unmarshal(text, w); err != nil {
			return nil, fmt.Errorf("read language %s: %w", file, err)
		}
		tag, err := language.Parse(w.Lang)
		if err != nil {
			return nil, fmt.Errorf("language %s: %w", file, err)
		}
		w.tag = tag
		if w.Lang == fallbackLanguage { // the matcher falls back to the first
			all.List, tags = append([]*Words{w}, all.List...), append([]language.Tag{tag}, tags...)
			continue
		}
		all.List, tags = append(all.List, w), append(tags, tag)
	}
	if len(all.List) == 0 || all.List[0].Lang != fallbackLanguage {
		return nil, fmt.Errorf("read languages: %s.json is missing", fallbackLanguage)
	}
	for _, w := range all.List[1:] {
		for key, text := range all.List[0].Texts {
			if w.Texts[key] == "" {
				w.Texts[key] = text
			}
		}
	}
	all.matcher = language.NewMatcher(tags)
	return all, nil
}

// maxAcceptLanguage is more than any browser sends.
const maxAcceptLanguage = 512

// Choose goes by Accept-Language (RFC 9110 §12.5.4).
func (l *Languages) Choose(accept string) *Words {
	if len(accept) > maxAcceptLanguage {
		return l.List[0]
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return l.List[0]
	}
	_, i, _ := l.matcher.Match(tags...)
	return l.List[i]
}

// Has tells whether there is such a sentence.
func (w *Words) Has(key string) bool { return w.Texts[key] != "" }

// Say is a sentence, its {placeholders} filled in: names and values in turn. One that is missing is a mistake of ours, and shows.
func (w *Words) Say(key string, pairs ...string) string {
	text, ok := w.Texts[key]
	if !ok {
		return "[" + key + "]"
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}

// First is the first sentence that there is.
func (w *Words) First(keys ...string) string {
	for _, key := range keys {
		if w.Has(key) {
			return w.Say(key)
		}
	}
	return w.Say(keys[len(keys)-1])
}

// Markup is Say for values that people chose, such as their name: they are escaped, stand out, and stand apart from the text around
// them, so that one written from right to left does not turn that around (UAX #9).
func (w *Words) Markup(key string, pairs ...string) template.HTML {
	text := template.HTMLEscapeString(w.Say(key))
	for i := 0; i+1 < len(pairs); i += 2 {
		value := "<bdi><strong>" + template.HTMLEscapeString(pairs[i+1]) + "</strong></bdi>"
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", value)
	}
	return template.HTML(text)
}

// Stamp is a time as people there write it, in UTC.
func (w *Words) Stamp(t time.Time) string { return t.UTC().Format(w.Date) }

// Count is the sentence for a number, which it has as {n}: key.one, key.few and so on, by the language's rule for plurals (CLDR), or else key.other.
func (w *Words) Count(key string, n int) string {
	form := pluralForms[plural.Cardinal.MatchPlural(w.tag, n, 0, 0, 0, 0)]
	if !w.Has(key + "." + form) {
		form = "other"
	}
	return w.Say(key+"."+form, "n", strconv.Itoa(n))
}

var pluralForms = map[plural.Form]string{
	plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many",
}
