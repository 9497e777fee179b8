package mail

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"unicode"

	"github.com/posternhq/postern/authflow/words"
)

// Letter is what there is to say, without any form. Message gives it the form that all letters share. Rooms write a Draft.
//
// Every field may contain what users chose, such as their name: markup is escaped in HTML and removed from text and
// subject, and no field can contain a line break. A name belongs in a letter only through the greeting, since mail programs
// turn anything that looks like an address of a page into a link.
type Letter struct {
	Kind    string   // as Message.Kind
	To      string   // one bare address
	Subject string   // also the heading when Heading is empty
	Heading string   // the first line, set large
	Lines   []string // one paragraph each

	Action    string // what the button says; needs ActionURL
	ActionURL string // http or https; shown as text, too, for programs that show no buttons

	Note string // a last, small paragraph: how long the link works, what to do if one did not ask for it

	words *words.Words // of what all letters say; nil: in English
}

// Brand is who writes: the application, as its users know it.
type Brand struct {
	Name string // "Example"; empty counts as the host of URL
	URL  string // the application's public address; may be empty
}

//go:embed letter.html
var letterHTML string

// letterTemplate is parsed from a file of ours, so an error here can only be a mistake in that file.
var letterTemplate = template.Must(template.New("letter").Parse(letterHTML))

// Message returns the letter in its final form, text and HTML, still without a Key.
func (l Letter) Message(brand Brand) Message {
	if brand.Name == "" {
		brand.Name = strings.TrimPrefix(strings.TrimPrefix(brand.URL, "https://"), "http://")
	}
	if l.Heading == "" {
		l.Heading = l.Subject
	}
	if l.words == nil {
		l.words = Words("")
	}
	return Message{
		Kind:    l.Kind,
		To:      l.To,
		Subject: plain(l.Subject),
		Text:    l.text(brand),
		HTML:    l.html(brand),
	}
}

// text is the plain form. A link has a line to itself and is never wrapped, since broken links are what people report.
func (l Letter) text(brand Brand) string {
	var b strings.Builder
	paragraph := func(s string) {
		if s = plain(s); s != "" {
			fmt.Fprintf(&b, "%s\n\n", s)
		}
	}
	paragraph(l.Heading)
	for _, line := range l.Lines {
		paragraph(line)
	}
	if l.ActionURL != "" {
		fmt.Fprintf(&b, "%s:\n%s\n\n", plain(l.Action), oneLine(l.ActionURL))
	}
	paragraph(l.Note)
	fmt.Fprintf(&b, "-- \n%s\n", plain(brand.Name))
	if brand.URL != "" {
		fmt.Fprintf(&b, "%s\n", oneLine(brand.URL))
	}
	return b.String()
}

// html is the same in HTML. Escaping is html/template's, and there is no way around it: no field is template.HTML.
func (l Letter) html(brand Brand) string {
	l.Subject, l.Heading, l.Note, l.Action = oneLine(l.Subject), oneLine(l.Heading), oneLine(l.Note), oneLine(l.Action)
	lines := make([]string, 0, len(l.Lines))
	for _, line := range l.Lines {
		lines = append(lines, oneLine(line))
	}
	l.Lines = lines

	var b bytes.Buffer
	if err := letterTemplate.Execute(&b, struct {
		Letter
		Brand             Brand
		Lang, Dir, Button string
	}{l, brand, l.words.Lang, l.words.Dir, l.words.Say("button")}); err != nil {
		// A buffer takes every write and the template calls no code, so this would be a mistake in letter.html, which every
		// test of this package would meet. The text form alone is still a letter.
		return ""
	}
	return b.String()
}

// greeting is the first line to a person: "Hello Ada," or, when the name is empty or could pass for a link, "Hello,". Sign-up
// takes any name, and a "name" such as "win at evil.example" would otherwise make our letters carry somebody's link to whatever
// address that person typed in.
func greeting(w *words.Words, name string) string {
	if name = Quotable(name); name == "" {
		return w.Say("greeting.nobody")
	}
	return w.Say("greeting", "name", name)
}

// Quotable is text that a stranger chose, such as a name or what a browser calls itself, if it may stand in a letter: "" when it is long, or could
// pass for a link.
func Quotable(s string) string {
	s = plain(s)
	if len([]rune(s)) > maxGreetedName || linkLike.MatchString(s) {
		return ""
	}
	return s
}

const maxGreetedName = 60

// linkLike is what common mail programs turn into a link: a scheme, an address, or letters around a dot as in a domain.
var linkLike = regexp.MustCompile(`(?i)://|@|www\.|[\p{L}\p{N}]\.\p{L}{2,}`)

// tag is markup as a browser would see it; what is left of < and > after removing it goes, too.
var tag = regexp.MustCompile(`<[^<>]*>`)

// plain is oneLine without markup, for text and subject, where it cannot be escaped.
func plain(s string) string {
	s = tag.ReplaceAllString(s, "")
	return oneLine(strings.NewReplacer("<", "", ">", "").Replace(s))
}

// oneLine turns every run of spaces, line breaks and control characters into one space, and drops the characters that change
// the direction of writing, which can make a sentence read as another one (CVE-2021-42574).
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}
