package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// wordFiles has one file for each language, named by its tag (BCP 47). A new file is all that a new language takes.
//
//go:embed words
var wordFiles embed.FS

// words are the pages' sentences in one language.
type words struct {
	Lang  string            `json:"-"`
	Dir   string            `json:"dir"`  // ltr or rtl
	Date  string            `json:"date"` // a layout of package time
	Texts map[string]string `json:"texts"`
}

// languages are all there are, and which of them fits a request.
type languages struct {
	list    []*words
	matcher language.Matcher
}

// fallbackLanguage is for whoever speaks none of the languages, and has every sentence.
const fallbackLanguage = "en"

func readLanguages() (*languages, error) {
	files, err := fs.Glob(wordFiles, "words/*.json")
	if err != nil {
		return nil, fmt.Errorf("list languages: %w", err)
	}
	all := &languages{}
	var tags []language.Tag
	for _, file := range files {
		w := &words{Lang: strings.TrimSuffix(path.Base(file), ".json")}
		text, err := wordFiles.ReadFile(file)
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
		if w.Lang == fallbackLanguage { // the matcher falls back to the first
			all.list, tags = append([]*words{w}, all.list...), append([]language.Tag{tag}, tags...)
			continue
		}
		all.list, tags = append(all.list, w), append(tags, tag)
	}
	for _, w := range all.list[1:] {
		for key, text := range all.list[0].Texts {
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

// choose goes by Accept-Language (RFC 9110 §12.5.4).
func (l *languages) choose(accept string) *words {
	if len(accept) > maxAcceptLanguage {
		return l.list[0]
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return l.list[0]
	}
	_, i, _ := l.matcher.Match(tags...)
	return l.list[i]
}

func (w *words) has(key string) bool { return w.Texts[key] != "" }

// say is a sentence, its {placeholders} filled in: names and values in turn. One that is missing is a mistake of ours, and shows.
func (w *words) say(key string, pairs ...string) string {
	text, ok := w.Texts[key]
	if !ok {
		return "[" + key + "]"
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}

// first is the first sentence that there is.
func (w *words) first(keys ...string) string {
	for _, key := range keys {
		if w.has(key) {
			return w.say(key)
		}
	}
	return w.say(keys[len(keys)-1])
}

// markup is say for values that people chose, such as their name: they are escaped, stand out, and stand apart from the text around
// them, so that one written from right to left does not turn that around (UAX #9).
func (w *words) markup(key string, pairs ...string) template.HTML {
	text := template.HTMLEscapeString(w.say(key))
	for i := 0; i+1 < len(pairs); i += 2 {
		value := "<bdi><strong>" + template.HTMLEscapeString(pairs[i+1]) + "</strong></bdi>"
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", value)
	}
	return template.HTML(text)
}

func (w *words) date(t time.Time) string { return t.UTC().Format(w.Date) }
