package proxy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

// template is the text of a header with placeholders, as in "{user.name} <{user.email}>". There is nothing in it but text
// and values: no conditions, no functions, and nothing that a value could be taken for.
type template struct {
	parts []templatePart
	// fields that are read by {user.fields.…} and {session.fields.…}
	userFields, sessionFields []string
}

// templatePart is a text, or where a value comes from.
type templatePart struct {
	text  string
	value fieldValue
}

// fieldValue gets a text out of an identity, which is nil when nobody is signed in, or the request's id.
type fieldValue func(identity *sessionstore.Identity, requestID string) string

// placeholders are what a template may name, beside additional fields.
func placeholders() map[string]fieldValue {
	at := func(time func(*sessionstore.Identity) time.Time) fieldValue {
		return ofIdentity(func(i *sessionstore.Identity) string { return time(i).UTC().Format("2006-01-02T15:04:05.000Z") })
	}
	return map[string]fieldValue{
		"user.id":             ofUser(userID),
		"user.email":          ofUser(userEmail),
		"user.email_verified": ofUser(emailVerified),
		"user.name":           ofUser(userName),
		"user.roles":          ofUser(roleList),
		"user.image":          ofUser(userImage),
		"user.created_at":     at(func(i *sessionstore.Identity) time.Time { return i.User.CreatedAt }),
		"session.id":          ofIdentity(sessionID),
		"session.created_at":  at(func(i *sessionstore.Identity) time.Time { return i.Session.CreatedAt }),
		"session.expires_at":  at(func(i *sessionstore.Identity) time.Time { return i.Session.ExpiresAt }),
		"request.id":          requestID,
	}
}

// parseTemplate reads text with placeholders in braces. A brace itself is written twice.
func parseTemplate(text string) (*template, error) {
	t := &template{}
	known := placeholders()
	var literal strings.Builder
	for rest := text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			literal.WriteByte(rest[0])
			rest = rest[2:]
		case rest[0] == '}':
			return nil, fmt.Errorf("%q has a } without its {; write }} for the character", text)
		case rest[0] != '{':
			literal.WriteByte(rest[0])
			rest = rest[1:]
		default:
			name, after, closed := strings.Cut(rest[1:], "}")
			if !closed {
				return nil, fmt.Errorf("%q has a { without its }; write {{ for the character", text)
			}
			value, err := t.placeholder(name, known)
			if err != nil {
				return nil, err
			}
			if literal.Len() > 0 {
				t.parts = append(t.parts, templatePart{text: literal.String()})
				literal.Reset()
			}
			t.parts = append(t.parts, templatePart{value: value})
			rest = after
		}
	}
	if literal.Len() > 0 {
		t.parts = append(t.parts, templatePart{text: literal.String()})
	}
	if !slices.ContainsFunc(t.parts, func(p templatePart) bool { return p.value != nil }) {
		return nil, errors.New("names no value; write one such as {user.email}")
	}
	return t, nil
}

func (t *template) placeholder(name string, known map[string]fieldValue) (fieldValue, error) {
	if field, ok := strings.CutPrefix(name, "user.fields."); ok && field != "" {
		t.userFields = append(t.userFields, field)
		return ofIdentity(func(i *sessionstore.Identity) string { return fieldText(i.User.Fields, field) }), nil
	}
	if field, ok := strings.CutPrefix(name, "session.fields."); ok && field != "" {
		t.sessionFields = append(t.sessionFields, field)
		return ofIdentity(func(i *sessionstore.Identity) string { return fieldText(i.Session.Fields, field) }), nil
	}
	if value, ok := known[name]; ok {
		return value, nil
	}
	return nil, fmt.Errorf("{%s} is unknown; there are {%s}, {user.fields.NAME} and {session.fields.NAME}",
		name, strings.Join(slices.Sorted(maps.Keys(known)), "}, {"))
}

func fieldText(fields sessionstore.Fields, name string) string {
	for _, v := range fields {
		if v.Field.Name == name {
			return v.Text()
		}
	}
	return ""
}

// expand is the text with its values. It is empty when one of them is: half an identity is none, and might be somebody else's.
func (t *template) expand(identity *sessionstore.Identity, requestID string) string {
	var out strings.Builder
	for _, p := range t.parts {
		if p.value == nil {
			out.WriteString(p.text)
			continue
		}
		value := p.value(identity, requestID)
		if value == "" {
			return ""
		}
		out.WriteString(value)
	}
	return out.String()
}
