package proxy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// HeadersReference is docs/headers.md, made from the tables that the code works by.
func HeadersReference() string {
	var out strings.Builder
	out.WriteString(`# Headers

<!-- Made by "make generate" from proxy/identity.go and proxy/strip.go. -->

## What the application is told

| header | field | value |
| --- | --- | --- |
`)
	for _, row := range HeaderRows() {
		fmt.Fprintf(&out, "| `%s` | `%s` | %s |\n", row.Header, row.Field, row.Doc)
	}
	out.WriteString(`
Each is sent exactly once, and not at all when it has no value: on a route with ` + "`auth: optional`" + ` the absence of
` + "`X-Postern-User-Id`" + ` means that nobody is signed in. Another name is chosen under ` + "`identity.headers`" + ` by the field; an empty name sends none.

In a value, whatever is not printable ASCII, a percent sign, and a space at either end are percent-encoded as UTF-8 (RFC 3986 §2.1):
` + "`Zoë` arrives as `Zo%C3%AB`" + `. Decode with ` + "`urllib.parse.unquote`" + ` in Python or ` + "`decodeURIComponent`" + ` in JavaScript.

Besides, the application gets ` + "`X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`" + `, rebuilt from what Postern knows: the client's address as
` + "`server.trusted_proxies`" + ` tell it, and nothing that a client wrote. On a route with ` + "`strip_prefix`, `X-Forwarded-Prefix`" + ` is that prefix.

` + "`X-Postern-Assertion`" + ` is a signed statement of the same, a JWT for applications that check it: see [proxy.md](proxy.md#the-signed-assertion).

## Names of other proxies, and headers of your own

` + "`identity.presets`" + ` adds the names that applications know from elsewhere, encoded in the same way:

| preset | header | value |
| --- | --- | --- |
`)
	for _, preset := range Presets() {
		for _, header := range preset.Headers {
			fmt.Fprintf(&out, "| `%s` | `%s` | `%s` |\n", preset.Name, header.Header, header.Template)
		}
	}
	out.WriteString(`
` + "`identity.templates`" + ` adds any other, or replaces one of a preset: ` + "`Remote-User: \"{user.email}\"`, `X-Mail-From: \"{user.name} <{user.email}>\"`" + `. A placeholder is one of
`)
	fmt.Fprintf(&out, "`{%s}`, `{user.fields.NAME}` and `{session.fields.NAME}`", strings.Join(slices.Sorted(maps.Keys(placeholders())), "}`, `{"))
	out.WriteString(`,
the last two for the fields under ` + "`auth.user.additional_fields` and `auth.session.additional_fields`" + `. A brace is written twice. A header of which one value is missing is not sent.
Users choose their names, and the value of a field with ` + "`input: true`" + `: do not decide by them who may do what.

## What is taken from every request

On every route, public ones too, whatever a client sends under these names is removed. Names are compared as CGI and its descendants
(WSGI, Rack, PHP) fold them: case, and any character that is no letter or digit counts as the same, so that ` + "`x_postern_user_id`" + ` is
` + "`X-Postern-User-Id`" + `. Naming a header in ` + "`Connection`" + ` or sending it as a trailer changes nothing.

- every name beginning with ` + "`" + reservedPrefix + "`, `" + forwardedPrefix + "` or `" + authRequestPrefix + "`" + `, the names of all presets, sent or not, and every name under ` + "`identity.headers` and `identity.templates`" + `;
`)
	names := unvouched()
	slices.Sort(names)
	fmt.Fprintf(&out, "- `%s`;\n", strings.Join(names, "`, `"))
	out.WriteString(`- Postern's own cookies, out of ` + "`Cookie`" + `, and ` + "`Authorization`" + ` when it carries a session of Postern's. Other cookies and other credentials pass.

## What is taken from answers

A ` + "`Set-Cookie`" + ` of the application for one of Postern's cookies, in the answer, in an interim answer (1xx) and in trailers: only Postern
signs people in.

## What is added to answers

` + "`Cache-Control`" + `, to an answer that was made for a user and says nothing of it itself, so that neither a cache on the way nor the browser's back
button shows it to somebody else: ` + "`no-store`, or `private` where there is an `ETag`, `Last-Modified` or `Expires`" + `. An answer that renews the session's
cookie is ` + "`no-store`" + ` whatever it says.
`)
	return out.String()
}
