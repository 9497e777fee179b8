package mail

import (
	"embed"
	"fmt"
	"time"

	"github.com/posternhq/postern/authflow/words"
)

// Draft is what a room has to say; the words for it are those of the letter's kind, in a file for each language (words/):
//
//	<kind>.subject   <kind>.heading, if it is another   <kind>.text   <kind>.action, with a link   <kind>.note, if any
type Draft struct {
	Kind string // as Message.Kind
	To   string // one bare address
	Name string // of the person, who is greeted by it

	// Languages is the Accept-Language of the request that the letter is because of. English is for those who speak none of ours.
	Languages string

	Link   string        // http or https
	Life   time.Duration // of the link: {life} in the texts
	Seen   Sighting      // {device}, {where} and {time} in the texts
	Values []string      // what else stands in the texts, name and value in turn
}

// Sighting is by what device, where and when something was done. Any of it may be unknown.
type Sighting struct {
	Program, System string // as they call themselves
	Place, Address  string
	At              time.Time
}

func (s Sighting) values(w *words.Words) []string {
	device, where := Quotable(s.Program), s.Address
	switch system := Quotable(s.System); {
	case device == "":
		device = w.Say("device.unknown")
	case system != "":
		device = w.Say("device.on", "program", device, "system", system)
	}
	switch {
	case s.Place != "":
		where = w.Say("place.at", "place", s.Place, "address", s.Address)
	case where == "":
		where = w.Say("place.unknown")
	}
	return []string{"device", device, "where", where, "time", w.Stamp(s.At)}
}

//go:embed words
var wordFiles embed.FS

// languages are those of letters. They are read from files of ours, so that an error can only be a mistake in those.
var languages = func() *words.Languages {
	all, err := words.Read(wordFiles)
	if err != nil {
		panic(fmt.Sprintf("mail: %v", err))
	}
	return all
}()

// Words are the sentences of letters in the best of a browser's languages.
func Words(acceptLanguage string) *words.Words { return languages.Choose(acceptLanguage) }

func (d Draft) words() *words.Words { return Words(d.Languages) }

// Letter writes it out. A kind without words is a mistake of the room's, and shows.
func (d Draft) Letter() Letter {
	w := d.words()
	values := append([]string{"life", d.span()}, d.Values...)
	values = append(values, d.Seen.values(w)...)
	say := func(key string) string {
		if key = d.Kind + "." + key; !w.Has(key) {
			return ""
		}
		return w.Say(key, values...)
	}
	l := Letter{
		Kind: d.Kind, To: d.To,
		Subject: w.Say(d.Kind+".subject", values...), Heading: say("heading"),
		Lines: []string{greeting(w, d.Name), w.Say(d.Kind+".text", values...)},
		Note:  say("note"),
		words: w,
	}
	for i := 2; w.Has(fmt.Sprintf("%s.text%d", d.Kind, i)); i++ {
		l.Lines = append(l.Lines, say(fmt.Sprintf("text%d", i)))
	}
	if d.Link != "" {
		l.Action, l.ActionURL = w.Say(d.Kind+".action", values...), d.Link
	}
	return l
}
