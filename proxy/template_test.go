package proxy

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

func withFields(fields map[string]any) sessionstore.Fields {
	var list sessionstore.Fields
	for name, value := range fields {
		list = append(list, sessionstore.FieldValue{Field: &sessionstore.AdditionalField{Name: name}, Value: value})
	}
	return list
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	id := identity("Zoë", "a, b")
	id.User.Image, id.User.CreatedAt = text("https://x/y"), time.Date(2026, 3, 1, 12, 0, 0, 5e6, time.UTC)
	id.Session.CreatedAt, id.Session.ExpiresAt = id.User.CreatedAt.Add(time.Hour), id.User.CreatedAt.Add(2*time.Hour)
	id.User.Fields = withFields(map[string]any{"tenant": "blue", "seats": int64(3), "gone": nil, "vip": true})
	id.Session.Fields = withFields(map[string]any{"team": "red"})
	for template, want := range map[string]string{
		"{user.name} <{user.email}>":                 "Zoë <Zoë@example.com>",
		"{user.id}{session.id}{request.id}":          "u-Zoës-Zoëreq-1",
		"{user.email_verified}/{user.roles}":         "true/a,b",
		"{user.created_at}":                          "2026-03-01T12:00:00.005Z",
		"{session.created_at},{session.expires_at}":  "2026-03-01T13:00:00.005Z,2026-03-01T14:00:00.005Z",
		"{user.image}":                               "https://x/y",
		"{{{user.id}}}":                              "{u-Zoë}",
		"a{{b}}c {user.id}":                          "a{b}c u-Zoë",
		"{user.fields.tenant}-{session.fields.team}": "blue-red",
		"{user.fields.seats} {user.fields.vip}":      "3 true",
		"tenant-{user.fields.gone}":                  "", // not "tenant-", which might be somebody's
		"{user.fields.unknown}{user.id}":             "",
	} {
		parsed, err := parseTemplate(template)
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		if got := parsed.expand(id, "req-1"); got != want {
			t.Errorf("%s is %q, want %q", template, got, want)
		}
		if got := parsed.expand(nil, "req-1"); got != "" {
			t.Errorf("%s is %q for nobody", template, got)
		}
	}
	if parsed, err := parseTemplate("id {request.id}"); err != nil || parsed.expand(nil, "req-1") != "id req-1" {
		t.Errorf("a request's id is known for nobody, too: %v", err)
	}
	for template, want := range map[string]string{
		"":               "names no value; write one such as {user.email}",
		"static":         "names no value; write one such as {user.email}",
		"{user.email":    `"{user.email" has a { without its }; write {{ for the character`,
		"a } b":          `"a } b" has a } without its {; write }} for the character`,
		"{user.mail}":    "{user.mail} is unknown; there are {request.id}, {session.created_at}",
		"{ user.email }": "{ user.email } is unknown",
		"{user.fields.}": "{user.fields.} is unknown",
		"{}":             "{} is unknown",
	} {
		if _, err := parseTemplate(template); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", template, err, want)
		}
	}
}

func TestPresetsAndTemplatesReachTheApplication(t *testing.T) {
	t.Parallel()
	f := start(t, setup{
		routes: []RouteConfig{{Path: "/public", Auth: "public"}, {Path: "/**"}},
		change: func(c *Config) {
			c.Identity.Presets = []string{"oauth2-proxy", "authelia"}
			c.Identity.Templates = map[string]string{"remote-user": "{user.email}", "X-Mail-From": "{user.name} <{user.email}>"}
		},
	})
	forge := []string{"Remote-User: forged", "remote_user: forged", "X-Forwarded-Groups: forged", "x_mail_from: forged", "X-Mail-From: forged"}
	f.get(t, "GET", "/a", append(forge, "Cookie: "+cookieName+"=root")...)
	f.get(t, "GET", "/public", append(forge, "Cookie: "+cookieName+"=root")...)
	all := f.app.requests()
	for name, want := range map[string]string{
		"X-Forwarded-User": "u-root", "X-Forwarded-Email": "root@example.com", "X-Forwarded-Preferred-Username": "root", "X-Forwarded-Groups": "user,admin",
		"Remote-User": "root@example.com", "Remote-Name": "root", "Remote-Email": "root@example.com", "Remote-Groups": "user,admin",
		"X-Mail-From": "root <root@example.com>", "X-Postern-User-Id": "u-root",
	} {
		if lines := all[0].header[name]; len(lines) != 1 || lines[0] != want {
			t.Errorf("%s: %q, want %q", name, lines, want)
		}
		if lines, ok := all[1].header[name]; ok {
			t.Errorf("%s: %q for nobody", name, lines)
		}
	}
	for _, got := range all {
		for name, lines := range got.header {
			if strings.Contains(strings.Join(lines, ""), "forged") {
				t.Errorf("%s: %q arrived", name, lines)
			}
		}
	}
}

func TestMistakesInIdentityAreNamed(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]IdentityConfig{
		`presets[1]: "authentik" is unknown; there are oauth2-proxy and authelia`:      {Presets: []string{"authelia", "authentik"}},
		`templates.X-Postern-User-Id: X-Postern-User-Id already carries another field`: {Templates: map[string]string{"X-Postern-User-Id": "{user.name}"}},
		`templates.x-a: X-A already carries another field`:                             {Templates: map[string]string{"X-A": "{user.id}", "x-a": "{user.name}"}},
		`templates.Cookie: "Cookie" means something else already`:                      {Templates: map[string]string{"Cookie": "{user.id}"}},
		`templates.X-A: names no value; write one such as {user.email}`:                {Templates: map[string]string{"X-A": "static"}},
	} {
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("{user.name} <{user.email}>", "Zoë\r\nX: y")
	f.Add("{{{user.name}}}", "{user.id}")
	f.Fuzz(func(t *testing.T, template, name string) {
		parsed, err := parseTemplate(template)
		if err != nil {
			return
		}
		id := identity("ann", "")
		id.User.Name = name
		got := parsed.expand(id, "r")
		if strings.Contains(got, "u-ann") && !strings.Contains(template, "u-ann") && !strings.Contains(template, "{user.id}") && !strings.Contains(name, "u-ann") {
			t.Errorf("%q with the name %q says %q: a value was read as a placeholder", template, name, got)
		}
		sent := encodeValue(got)
		if back, err := url.PathUnescape(sent); err != nil || back != got || strings.ContainsAny(sent, "\r\n") {
			t.Errorf("%q is sent as %q", got, sent)
		}
	})
}
