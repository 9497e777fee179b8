package mail

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// kinds are what the words of letters tell of.
func kinds() []string {
	var all []string
	for key := range languages.List[0].Texts {
		if kind, ok := strings.CutSuffix(key, ".subject"); ok {
			all = append(all, kind)
		}
	}
	slices.Sort(all)
	return all
}

func TestEveryLetterIsCompleteInEveryLanguage(t *testing.T) {
	t.Parallel()
	if len(kinds()) < 7 || len(languages.List) < 2 {
		t.Fatal("letters:", kinds(), "languages:", len(languages.List))
	}
	for _, w := range languages.List {
		for _, kind := range kinds() {
			link := ""
			if w.Has(kind + ".action") {
				link = "https://app.example.com/link"
			}
			letter := Draft{
				Kind: kind, To: "ada@example.com", Name: "Ada", Languages: w.Lang, Link: link, Life: time.Hour,
				Values: []string{"email", "new@example.com", "device", "Firefox", "place", "Munich", "address", "192.0.2.7", "time", "12:00"},
			}.Letter()
			message := letter.Message(Brand{Name: "Example"})
			all := message.Subject + message.Text + message.HTML
			if strings.ContainsAny(message.Text, "{}[]") || message.Subject == "" || len(letter.Lines) < 2 || link != "" && letter.Action == "" {
				t.Errorf("%s in %s: %s", kind, w.Lang, message.Text)
			}
			if !strings.Contains(message.HTML, `<html lang="`+w.Lang+`" dir="`+w.Dir+`">`) || !strings.Contains(all, "Ada") {
				t.Errorf("%s in %s: %.200s", kind, w.Lang, message.HTML)
			}
			if err := message.Validate(); err != nil {
				t.Errorf("%s in %s: %v", kind, w.Lang, err)
			}
		}
	}
}
