package pages

import (
	"strings"
	"testing"
)

func TestSettingsThatWouldMakeBadPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  Config
		says string // empty: it is good
	}{
		{Config{}, ""},
		{Config{AccentColor: "#2456c6", DarkAccentColor: "#8fb0ff", HomeURL: "/", LogoURL: "https://cdn.example.com/logo.svg", Links: LinksConfig{Help: "mailto:help@example.com", Terms: "https://example.com/terms"}}, ""},
		{Config{AccentColor: "blue"}, `accent_color: "blue" is not a colour like #2456c6`},
		{Config{AccentColor: "#24 6c6"}, "accent_color:"},
		{Config{AccentColor: "#ffcc00"}, "accent_color: #ffcc00 is hard to read on light pages"},
		{Config{DarkAccentColor: "#222233"}, "dark_accent_color: #222233 is hard to read on dark pages"},
		{Config{LogoURL: "logo.svg"}, "logo_url:"},
		{Config{LogoURL: "javascript:alert(1)"}, "logo_url:"},
		{Config{LogoURL: "https://a.example/x; script-src *"}, "logo_url:"},
		{Config{HomeURL: "mailto:a@b.example"}, "home_url:"},
		{Config{Links: LinksConfig{Privacy: "privacy"}}, "links.privacy:"},
		{Config{Name: "two\nlines"}, "name:"},
	} {
		err := c.cfg.Validate()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.HasPrefix(err.Error(), c.says)) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.says)
		}
	}
}

// Whatever accent is taken, everything in it and on it can be read (WCAG 2.2 §1.4.3).
func TestAccentsCanBeRead(t *testing.T) {
	t.Parallel()
	for _, accent := range []string{"", "#000000", "#00008b", "#8b0000", "#006400", "#6a1b9a", "#b3261e", "#2456c6", "#5b616e"} {
		p, err := Config{AccentColor: accent}.palette()
		if err != nil {
			t.Errorf("%q: %v", accent, err)
			continue
		}
		for _, pair := range [][2]string{{p.Accent, lightCard}, {p.Accent, p.OnAccent}, {p.DarkAccent, darkCard}, {p.DarkAccent, p.DarkOnAccent}} {
			if ratio := contrast(mustColor(pair[0]), mustColor(pair[1])); ratio < minContrast {
				t.Errorf("%q: %v have %.2f:1", accent, pair, ratio)
			}
		}
	}
}
