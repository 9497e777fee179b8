package proxy

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/posternhq/postern/sessionstore"
)

// reservedPrefix marks names that only Postern writes. All of them are removed from what a client sends, those that
// have no meaning yet included.
const reservedPrefix = "x-postern-"

// HeaderRow is one row of the table of identity headers, from which docs/headers.md is made.
type HeaderRow struct {
	Field  string // key under identity.headers
	Header string // default name
	Doc    string
}

// identityField is a row and where its value comes from; nobody is signed in when identity is nil.
type identityField struct {
	HeaderRow
	value fieldValue
}

// identityFields is the one list of headers by which the application learns who is asking.
func identityFields() []identityField {
	return []identityField{
		{HeaderRow{"user_id", "X-Postern-User-Id", "Primary key of the user."}, ofUser(userID)},
		{HeaderRow{"user_email", "X-Postern-User-Email", "E-mail address in lower case."}, ofUser(userEmail)},
		{HeaderRow{"user_email_verified", "X-Postern-User-Email-Verified", "true or false."}, ofUser(emailVerified)},
		{HeaderRow{"user_name", "X-Postern-User-Name", "Display name, as the user chose it."}, ofUser(userName)},
		{HeaderRow{"user_roles", "X-Postern-User-Roles", "Roles, comma separated without spaces."}, ofUser(roleList)},
		{HeaderRow{"session_id", "X-Postern-Session-Id", "Primary key of the session. It opens nothing and may be logged."}, ofIdentity(sessionID)},
		{HeaderRow{"request_id", "X-Request-Id", "Id of the request, the same as in Postern's logs and in the answer. Sent for anonymous requests, too."}, requestID},
	}
}

// HeaderRows lists the identity headers in the order in which they are documented.
func HeaderRows() []HeaderRow {
	var rows []HeaderRow
	for _, field := range identityFields() {
		rows = append(rows, field.HeaderRow)
	}
	return rows
}

func ofUser(value func(*sessionstore.User) string) fieldValue {
	return ofIdentity(func(identity *sessionstore.Identity) string { return value(&identity.User) })
}

func ofIdentity(value func(*sessionstore.Identity) string) fieldValue {
	return func(identity *sessionstore.Identity, _ string) string {
		if identity == nil {
			return ""
		}
		return value(identity)
	}
}

func userID(u *sessionstore.User) string    { return string(u.ID) }
func userEmail(u *sessionstore.User) string { return u.Email }
func userName(u *sessionstore.User) string  { return u.Name }

func userImage(u *sessionstore.User) string {
	if u.Image == nil {
		return ""
	}
	return *u.Image
}

func emailVerified(u *sessionstore.User) string {
	if u.EmailVerified {
		return "true"
	}
	return "false"
}

func roleList(u *sessionstore.User) string {
	if u.Role == nil {
		return ""
	}
	if !strings.Contains(*u.Role, " ") {
		return *u.Role
	}
	roles := strings.Split(*u.Role, ",")
	for i := range roles {
		roles[i] = strings.TrimSpace(roles[i])
	}
	return strings.Join(roles, ",")
}

func sessionID(identity *sessionstore.Identity) string { return string(identity.Session.ID) }

func requestID(_ *sessionstore.Identity, id string) string { return id }

// identityHeaders writes the table under the configured names, and then what presets and templates add.
type identityHeaders struct {
	names  []string // canonical, beside values
	values []fieldValue
}

func newIdentityHeaders(c IdentityConfig) (*identityHeaders, error) {
	headers := &identityHeaders{}
	fields := identityFields()
	problems := checkFieldNames(c.Headers, fields)
	for _, field := range fields {
		name, ok := c.Headers[field.Field]
		if !ok {
			name = field.Header
		}
		if name == "" {
			continue
		}
		if err := headers.add(name, field.value); err != nil {
			problems = append(problems, fmt.Errorf("headers.%s: %w", field.Field, err))
		}
	}
	texts, wrong := c.templatesOf()
	problems = append(problems, wrong...)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		t, err := parseTemplate(texts[name])
		if err == nil {
			err = headers.add(name, t.expand)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("templates.%s: %w", name, err))
		}
	}
	return headers, errors.Join(problems...)
}

func (h *identityHeaders) add(name string, value fieldValue) error {
	if err := checkIdentityHeader(name); err != nil {
		return err
	}
	name = http.CanonicalHeaderKey(name) // what is not canonical is not found again in the map (D20)
	if slices.Contains(h.names, name) {
		return fmt.Errorf("%s already carries another field", name)
	}
	h.names = append(h.names, name)
	h.values = append(h.values, value)
	return nil
}

func checkFieldNames(configured map[string]string, fields []identityField) []error {
	var problems []error
	for field := range configured {
		if !slices.ContainsFunc(fields, func(f identityField) bool { return f.Field == field }) {
			problems = append(problems, fmt.Errorf("headers.%s: is no field of an identity; see identity.headers", field))
		}
	}
	return problems
}

// checkIdentityHeader refuses names that cannot be told apart from another header at the other end, and those that
// HTTP or Postern uses for something else.
func checkIdentityHeader(name string) error {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
		default:
			return fmt.Errorf("%q may have letters, digits and hyphens only, since applications fold other characters", name)
		}
	}
	switch strings.ToLower(name) {
	case "host", "cookie", "authorization", "connection", "upgrade", "te", "trailer", "transfer-encoding", "keep-alive",
		"content-length", "content-type", "content-encoding", "expect", "origin", "referer", "user-agent", "accept",
		"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "proxy", "proxy-connection",
		"proxy-authorization", "proxy-authenticate":
		return fmt.Errorf("%q means something else already", name)
	}
	return nil
}

// set writes exactly one line for each field that has a value. The values share one slice, since each line would
// otherwise be an allocation of its own.
func (h *identityHeaders) set(header http.Header, identity *sessionstore.Identity, requestID string) {
	lines := make([]string, len(h.names))
	for i, name := range h.names {
		value := h.values[i](identity, requestID)
		if value == "" {
			continue
		}
		lines[i] = encodeValue(value)
		header[name] = lines[i : i+1 : i+1]
	}
}

// encodeValue makes any text a header value that arrives as it was sent. Header values are ASCII in practice (RFC 9110
// §5.5), and applications disagree on what other bytes mean; so everything outside of printable ASCII is
// percent-encoded as UTF-8 (RFC 3986 §2.1), and the percent sign as well, so that decoding gives the text back. A
// space at either end is encoded, too, because parsers trim it.
func encodeValue(value string) string {
	for i := range len(value) {
		if needsEncoding(value, i) {
			return encodeFrom(value, i)
		}
	}
	return value
}

func encodeFrom(value string, first int) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(value) + 16)
	b.WriteString(value[:first])
	for i := first; i < len(value); i++ {
		c := value[i]
		if !needsEncoding(value, i) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func needsEncoding(value string, i int) bool {
	c := value[i]
	return c < ' ' || c > '~' || c == '%' || c == ' ' && (i == 0 || i == len(value)-1)
}
