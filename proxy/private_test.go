package proxy

import (
	"net/http"
	"testing"
)

func TestD51AnswersForOnePersonAreKeptFromOthers(t *testing.T) { // D51
	t.Parallel()
	const renewed = "Cookie: " + cookieName + "=renewed"
	lastModified := http.Header{"Last-Modified": {"Mon, 01 Jun 2026 10:00:00 GMT"}}
	long := http.Header{"Cache-Control": {"public, max-age=31536000"}, "Etag": {`"1"`}}
	for _, test := range []struct {
		name, path, as string
		says           http.Header
		want           string
	}{
		{"a user's, of which the application says nothing", "/mine", asAnn, nil, "no-store"},
		{"a user's, with a date", "/mine", asAnn, lastModified, "private"},
		{"a user's, with a validator", "/mine", asAnn, http.Header{"Etag": {`"1"`}}, "private"},
		{"a user's, that expires", "/mine", asAnn, http.Header{"Expires": {"Mon, 01 Jun 2026 10:00:00 GMT"}}, "private"},
		{"a user's, of which the application knows better", "/mine", asAnn, long, "public, max-age=31536000"},
		{"a user's, by bearer token", "/mine", "Authorization: Bearer ann", nil, "no-store"},
		{"a user's where anybody may be", "/open", asAnn, nil, "no-store"},
		{"a stranger's where anybody may be", "/open", "Accept: */*", lastModified, ""},
		{"a user's where nobody asks who", "/public", asAnn, lastModified, ""},
		{"one that renews the session", "/mine", renewed, nil, "no-store"},
		{"one that renews the session, of which the application says otherwise", "/mine", renewed, long, "no-store"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, setup{
				routes: []RouteConfig{{Path: "/public", Auth: "public"}, {Path: "/open", Auth: "optional"}},
				app: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					for name, values := range test.says {
						w.Header()[name] = values
					}
				}),
			})
			res, _ := f.get(t, "GET", test.path, test.as)
			if res.StatusCode != http.StatusOK {
				t.Fatal(res.Status)
			}
			if got := res.Header.Get("Cache-Control"); got != test.want {
				t.Errorf("Cache-Control: %q, want %q", got, test.want)
			}
		})
	}
}
