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
				Values: []string{"email", "new@example.com"},
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

func TestALetterSaysWhatIsKnownOfWhere(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		lang string
		seen Sighting
		want string
	}{
		{"en", Sighting{"Firefox", "Linux", "Munich, Germany", "192.0.2.7", at}, "Device: Firefox on Linux\n\nPlace: Munich, Germany (192.0.2.7)\n\nTime: 1 May 2026, 10:00 UTC\n"},
		{"de", Sighting{"Firefox", "Linux", "München, Deutschland", "192.0.2.7", at}, "Gerät: Firefox auf Linux\n\nOrt: München, Deutschland (192.0.2.7)\n\nZeit: 01.05.2026, 10:00 UTC\n"},
		{"en", Sighting{"curl", "", "", "192.0.2.7", at}, "Device: curl\n\nPlace: 192.0.2.7\n"},
		{"en", Sighting{"win at evil.example", "x", "", "", at}, "Device: an unknown device\n\nPlace: an unknown place\n"},
		{"en", Sighting{"Firefox", "evil.example", "", "", at}, "Device: Firefox\n"},
	} {
		text := Draft{Kind: "new-device", To: "ada@example.com", Languages: c.lang, Seen: c.seen}.Letter().Message(Brand{}).Text
		if !strings.Contains(text, c.want) {
			t.Errorf("%+v: no %q in\n%s", c.seen, c.want, text)
		}
	}
}
