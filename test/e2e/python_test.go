package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

// These answer with all that they know of a request's header. ASGI has a list of lines, WSGI a mapping, in whose keys a hyphen and
// an underscore are the same.
const (
	asgiHeaders = `
import json

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    lines = [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(lines).encode()})
`
	wsgiHeaders = `
import json

def app(environ, start_response):
    start_response("200 OK", [])
    return [json.dumps([[key.removeprefix("HTTP_"), value] for key, value in environ.items() if key.startswith("HTTP_")]).encode()]
`
)

// folded names a header as WSGI does.
func folded(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Whatever a Python server makes of names, the application finds one value under each of ours, and it is ours (D19, D26).
func TestD19D26PythonApplicationsFindOneValueUnderEachName(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		start func(*testing.T, *harness.Python)
		both  int // of two spellings, how many values the application itself would see
	}{
		"uvicorn":                              {func(t *testing.T, app *harness.Python) { app.StartASGI(t, asgiHeaders) }, 2},
		"gunicorn":                             {func(t *testing.T, app *harness.Python) { app.StartWSGI(t, wsgiHeaders) }, 1},
		"gunicorn as it was before version 22": {func(t *testing.T, app *harness.Python) { app.StartWSGI(t, wsgiHeaders, "--header-map", "dangerous") }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := harness.NewPython(t)
			row.start(t, app)
			s := newStackBefore(t, harness.SQLite(t), "unix:"+app.Socket, map[string]string{"routes": `[{path: /public/**, auth: public}]`})
			ada := s.user(t)

			// Past Postern, the application believes a second spelling where its server lets one through: the check can fail.
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = http.Header{"X-Postern-User-Id": {"one"}, "X_Postern_User_Id": {"two"}}
			res, err := app.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if got := valuesUnder(t, json.NewDecoder(res.Body))["X_POSTERN_USER_ID"]; len(got) != row.both {
				t.Errorf("past Postern the application sees %q", got)
			}

			forged := "X-Own: kept\r\n"
			for _, head := range forgeries() {
				if !strings.Contains(head, "Connection") && !strings.Contains(head, "Keep-Alive") && !strings.Contains(head, "TE:") {
					forged += head
				}
			}
			cookie := "Cookie: " + harness.SessionCookie + "=" + ada.Cookie(harness.SessionCookie) + "\r\n"
			for path, id := range map[string]string{"/private": ada.id, "/public/x": ""} {
				answer := harness.Raw(t, s.URL, "GET "+path+" HTTP/1.1\r\nHost: app.test\r\n"+cookie+forged+"\r\n").Want(t, http.StatusOK)
				got := valuesUnder(t, json.NewDecoder(strings.NewReader(string(answer.Body))))
				if len(got["X_OWN"]) != 1 {
					t.Errorf("%s: X-Own: %q", path, got["X_OWN"])
				}
				for key, values := range got {
					if strings.HasPrefix(key, "X_POSTERN") && (len(values) != 1 || strings.Contains(values[0], "forged") || id == "") {
						t.Errorf("%s: %s is %q", path, key, values)
					}
				}
				if values := got["X_POSTERN_USER_ID"]; id != "" && (len(values) != 1 || values[0] != id) {
					t.Errorf("%s: the user is %q, want %q", path, values, id)
				}
			}
		})
	}
}

// valuesUnder are the values under each name. A server that joins lines with a comma has as many.
func valuesUnder(t *testing.T, from *json.Decoder) map[string][]string {
	t.Helper()
	var lines [][2]string
	if err := from.Decode(&lines); err != nil {
		t.Fatal(err)
	}
	values := map[string][]string{}
	for _, line := range lines {
		values[folded(line[0])] = append(values[folded(line[0])], strings.Split(line[1], ",")...)
	}
	return values
}
