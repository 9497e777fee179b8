package proxy

import (
	"fmt"
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

## What is taken from every request

On every route, public ones too, whatever a client sends under these names is removed. Names are compared as CGI and its descendants
(WSGI, Rack, PHP) fold them: case, and any character that is no letter or digit counts as the same, so that ` + "`x_postern_user_id`" + ` is
` + "`X-Postern-User-Id`" + `. Naming a header in ` + "`Connection`" + ` or sending it as a trailer changes nothing.

- every name beginning with ` + "`" + reservedPrefix + "` or `" + forwardedPrefix + "`" + `, and every name chosen under ` + "`identity.headers`" + `;
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
