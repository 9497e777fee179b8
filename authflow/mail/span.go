package mail

import "time"

// span says a duration as people do: "15 minutes", "1 hour", "7 days".
func (d Draft) span() string {
	if d.Life >= 48*time.Hour && d.Life%(24*time.Hour) == 0 {
		return d.words().Count("days", int(d.Life/(24*time.Hour)))
	}
	if d.Life >= time.Hour && d.Life%time.Hour == 0 {
		return d.words().Count("hours", int(d.Life/time.Hour))
	}
	return d.words().Count("minutes", int(d.Life.Round(time.Minute)/time.Minute))
}
