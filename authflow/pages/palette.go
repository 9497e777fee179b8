package pages

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
)

// palette is the accent as the style sheet needs it.
type palette struct{ Accent, OnAccent, DarkAccent, DarkOnAccent string }

// What accents stand on, as in pages.css, and how far they must differ from it: WCAG 2.2 §1.4.3, level AA.
const (
	lightCard   = "#f6f7f9"
	darkCard    = "#1d2026"
	minContrast = 4.5

	defaultAccent, defaultDarkAccent = "#2456c6", "#8fb0ff"
)

// palette refuses colours that cannot be read. A dark accent that is not set is the light one, with as much white as it takes.
func (c Config) palette() (palette, error) {
	light, err := parseColor(cmp.Or(c.AccentColor, defaultAccent))
	if err != nil {
		return palette{}, fmt.Errorf("accent_color: %w", err)
	}
	if ratio := contrast(light, mustColor(lightCard)); ratio < minContrast {
		return palette{}, fmt.Errorf("accent_color: %s is hard to read on light pages: its contrast is %.1f:1, and 4.5:1 is the least (WCAG 1.4.3); use a darker one", c.AccentColor, ratio)
	}
	dark, white := light, color{255, 255, 255}
	if light == mustColor(defaultAccent) {
		dark = mustColor(defaultDarkAccent)
	}
	for i := 0; contrast(dark, mustColor(darkCard)) < minContrast+1 && i < 100; i++ {
		dark = dark.mix(white, 0.05)
	}
	if c.DarkAccentColor != "" {
		if dark, err = parseColor(c.DarkAccentColor); err != nil {
			return palette{}, fmt.Errorf("dark_accent_color: %w", err)
		}
		if ratio := contrast(dark, mustColor(darkCard)); ratio < minContrast {
			return palette{}, fmt.Errorf("dark_accent_color: %s is hard to read on dark pages: its contrast is %.1f:1, and 4.5:1 is the least (WCAG 1.4.3); use a lighter one", c.DarkAccentColor, ratio)
		}
	}
	return palette{Accent: light.String(), OnAccent: inkOn(light), DarkAccent: dark.String(), DarkOnAccent: inkOn(dark)}, nil
}

type color struct{ r, g, b float64 } // 0 to 255

func parseColor(text string) (color, error) {
	if len(text) != 7 || text[0] != '#' {
		return color{}, fmt.Errorf("%q is not a colour like #2456c6", text)
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	if err != nil {
		return color{}, fmt.Errorf("%q is not a colour like #2456c6", text)
	}
	return color{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, nil
}

// mustColor is for the constants above.
func mustColor(text string) color {
	c, err := parseColor(text)
	if err != nil {
		panic(err)
	}
	return c
}

func (c color) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c.r)), int(math.Round(c.g)), int(math.Round(c.b)))
}

func (c color) mix(with color, part float64) color {
	blend := func(a, b float64) float64 { return a + (b-a)*part }
	return color{blend(c.r, with.r), blend(c.g, with.g), blend(c.b, with.b)}
}

// luminance is WCAG's relative luminance.
func (c color) luminance() float64 {
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

func contrast(a, b color) float64 {
	x, y := a.luminance(), b.luminance()
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// inkOn is the better of a dark and a white text on c.
func inkOn(c color) string {
	if contrast(c, color{255, 255, 255}) >= minContrast {
		return "#ffffff"
	}
	return "#10131a"
}
