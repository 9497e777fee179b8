package mail

import (
	"testing"
	"time"
)

func TestSpanSpeaksOfMinutesAndHours(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{
		time.Minute: {"1 minute", "1 Minute"}, 15 * time.Minute: {"15 minutes", "15 Minuten"}, time.Hour: {"1 hour", "1 Stunde"},
		24 * time.Hour: {"24 hours", "24 Stunden"}, 90 * time.Minute: {"90 minutes", "90 Minuten"},
		7 * 24 * time.Hour: {"7 days", "7 Tage"},
	} {
		for i, lang := range []string{"en", "de-AT,de;q=0.9"} {
			if got := (Draft{Languages: lang, Life: d}).span(); got != want[i] {
				t.Errorf("%s in %s: %q, want %q", d, lang, got, want[i])
			}
		}
	}
}
