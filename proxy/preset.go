package proxy

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// Preset is the set of headers by which another authenticating proxy tells applications who is asking.
type Preset struct {
	Name    string
	Headers []PresetHeader
}

// PresetHeader is one of them, with the template of its value.
type PresetHeader struct{ Header, Template string }

// Presets lists what identity.presets may name. Where others send a login name we send the user's id: an address can change, and
// later be somebody else's.
func Presets() []Preset {
	return []Preset{
		{"oauth2-proxy", []PresetHeader{
			{"X-Forwarded-User", "{user.id}"},
			{"X-Forwarded-Email", "{user.email}"},
			{"X-Forwarded-Preferred-Username", "{user.name}"},
			{"X-Forwarded-Groups", "{user.roles}"},
		}},
		{"authelia", []PresetHeader{
			{"Remote-User", "{user.id}"},
			{"Remote-Name", "{user.name}"},
			{"Remote-Email", "{user.email}"},
			{"Remote-Groups", "{user.roles}"},
		}},
	}
}

func presetNamed(name string) (Preset, error) {
	var names []string
	for _, p := range Presets() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Preset{}, fmt.Errorf("%q is unknown; there are %s", name, strings.Join(names, " and "))
}

// templatesOf are the headers of presets and templates by name; a template replaces a preset's.
func (c IdentityConfig) templatesOf() (map[string]string, []error) {
	texts := map[string]string{}
	var problems []error
	for i, name := range c.Presets {
		preset, err := presetNamed(name)
		if err != nil {
			problems = append(problems, fmt.Errorf("presets[%d]: %w", i, err))
		}
		for _, header := range preset.Headers {
			texts[header.Header] = header.Template
		}
	}
	for name := range c.Templates {
		delete(texts, http.CanonicalHeaderKey(name))
	}
	maps.Copy(texts, c.Templates)
	return texts, problems
}
