package config

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

const redacted = "[redacted]"

// isURLKey tells secrets that are connection URLs from those that are secret as a whole.
func isURLKey(key string) bool {
	return strings.HasSuffix(key, "url")
}

// redact returns a text as it may be shown. Of a URL only the passwords are hidden: which host and database are used is
// what one looks for in a print-out.
func redact(f *field, text string) string {
	switch {
	case text == "":
		return ""
	case f.secret && !isURLKey(f.key):
		return redacted
	case !f.secret && !strings.Contains(text, "://"):
		return text
	}
	u, err := url.Parse(text)
	switch {
	case err == nil && u.Scheme != "" && u.Host != "":
		return withoutPasswords(u)
	case f.secret || strings.Contains(text, "@"):
		return redacted
	}
	return text
}

// secretParameter names the query parameters that hold secrets, libpq's password and sslpassword among them.
var secretParameter = regexp.MustCompile(`(?i)password|secret|token|key$`)

func withoutPasswords(u *url.URL) string {
	query := u.Query()
	changed := false
	for name := range query {
		if secretParameter.MatchString(name) {
			query.Set(name, "xxxxx")
			changed = true
		}
	}
	if changed {
		u.RawQuery = query.Encode()
	}
	return u.Redacted()
}

// redactTree copies a node without what must not be shown, and without the file's own comments and style.
func redactTree(f *field, n *yaml.Node) *yaml.Node {
	c := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value}
	if n.Kind == yaml.ScalarNode {
		c.Value = redact(f, n.Value)
		if c.Value != n.Value {
			c.Tag = "!!str"
		}
	}
	for i, below := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			c.Content = append(c.Content, &yaml.Node{Kind: below.Kind, Tag: below.Tag, Value: below.Value})
			continue
		}
		c.Content = append(c.Content, redactTree(f, below))
	}
	return c
}

// hideSecrets takes the values of secrets out of messages, which packages and libraries write.
func (l *Loaded) hideSecrets(ps problems) problems {
	secrets := l.secrets(l.fields, "")
	for i := range ps {
		for _, s := range secrets {
			ps[i].Message = strings.ReplaceAll(ps[i].Message, s, redacted)
		}
	}
	return ps
}

// secrets lists the texts of all secrets at and below fields. Prefix is the full key of the list item or named section they belong to.
func (r reading) secrets(fields []*field, prefix string) []string {
	var texts []string
	for _, f := range leaves(fields) {
		v := r.values[prefix+f.key]
		switch {
		case v.node == nil:
		case f.secret:
			texts = append(texts, secretTexts(f, v.node)...)
		case f.kind == kindSections && v.node.Kind == yaml.SequenceNode:
			for i := range v.node.Content {
				texts = append(texts, r.secrets(f.children, fmt.Sprintf("%s[%d].", prefix+f.key, i))...)
			}
		case f.kind == kindNamed && v.node.Kind == yaml.MappingNode:
			for name := range pairs(v.node) {
				texts = append(texts, r.secrets(f.children, join(prefix+f.key, name.Value)+".")...)
			}
		}
	}
	return texts
}

// secretTexts lists what of a secret may not appear anywhere. Texts short enough to occur by chance are left out.
func secretTexts(f *field, n *yaml.Node) []string {
	const shortest = 6
	var texts []string
	if n.Kind == yaml.ScalarNode && len(n.Value) >= shortest {
		texts = append(texts, n.Value)
	}
	if u, err := url.Parse(n.Value); err == nil && isURLKey(f.key) && u.User != nil {
		if password, _ := u.User.Password(); len(password) >= shortest {
			texts = append(texts, password)
		}
	}
	for _, c := range n.Content {
		texts = append(texts, secretTexts(f, c)...)
	}
	return texts
}
