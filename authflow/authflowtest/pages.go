package authflowtest

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow/pages"
)

// site is the API, with the pages beside it if there are any.
func (f *Flow) site(s Settings) http.Handler {
	if !s.Pages.Enabled {
		return f.Handler
	}
	deps := pages.Deps{
		Core: f.Core, API: f.Handler,
		Offers: pages.Offers{
			Password: s.Password.Enabled, SignUp: s.Password.Enabled && !s.Password.DisableSignUp, ProveEmail: s.Password.RequireEmailVerification,
			MinPassword: s.Password.MinPasswordLength, MaxPassword: s.Password.MaxPasswordLength,
			ChangeEmail: s.ChangeEmail.Enabled, ConfirmCurrent: s.ChangeEmail.ConfirmCurrent,
			DeleteUser: s.DeleteUser.Enabled, DeleteByMail: s.DeleteUser.Verification, Linking: s.Linking.Enabled,
		},
		Events:    f.recorder.OfUser,
		RequestID: func(r *http.Request) string { return sender(r).RequestID },
		Observe:   func(*http.Request, string) {},
	}
	if s.Admin.Enabled && s.Pages.Admin {
		deps.Admin = &pages.Administration{
			May: s.Admin.May, Trail: f.recorder.Search,
			Health: func() pages.Health {
				return pages.Health{Version: "test", Started: f.Clock.Now(), Database: "ok", Lookups: 1000, Hits: 987, Invalidations: 2, InvalidationLag: 1500 * time.Microsecond}
			},
		}
	}
	for id, name := range f.Social.Names() {
		deps.Providers = append(deps.Providers, pages.Provider{ID: id, Name: name})
	}
	made, err := pages.New(s.Pages, deps)
	f.must(err)
	f.Pages = made
	mux := http.NewServeMux()
	mux.Handle("/api/auth/", f.Handler)
	mux.Handle("/", made)
	return mux
}

// Page asks for a page. What comes is not what a browser shows in the end: redirects are not followed.
func (b *Browser) Page(path string) *Answer {
	b.flow.t.Helper()
	return b.Send(Request{Method: http.MethodGet, Path: path, Page: true, Header: http.Header{"Origin": {""}}})
}

// Submit posts a form, with fields in turn name and value, besides those that the page hides in it.
func (b *Browser) Submit(page *Answer, action string, fields ...string) *Answer {
	b.flow.t.Helper()
	form := url.Values{}
	for _, name := range []string{"form", "return_to"} {
		if value := page.hidden(name); value != "" {
			form.Set(name, value)
		}
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.Send(Request{Method: http.MethodPost, Path: action, Page: true, ContentType: "application/x-www-form-urlencoded", Body: form.Encode()})
}

func (a *Answer) hidden(name string) string {
	match := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.Body)
	if match == nil {
		return ""
	}
	return html.UnescapeString(match[1])
}

// Shows wants a status and a page with all of these texts, as they are in HTML.
func (a *Answer) Shows(status int, texts ...string) *Answer {
	a.t.Helper()
	a.Is(status)
	for _, text := range texts {
		if !strings.Contains(a.Body, text) {
			a.t.Errorf("%s: the page does not say %q:\n%s", a.request, text, a.Body)
		}
	}
	return a
}

// Leads wants the browser to be sent to a target: by a redirect between pages, or by the page that leaves them.
func (a *Answer) Leads(target string) *Answer {
	a.t.Helper()
	got := a.Header.Get("Location")
	if refresh, ok := strings.CutPrefix(a.Header.Get("Refresh"), "0; url="); ok && a.Status == http.StatusOK {
		got = refresh
	} else {
		a.Is(http.StatusSeeOther)
	}
	if got != target {
		a.t.Errorf("%s: leads to %q, want %q", a.request, got, target)
	}
	return a
}
