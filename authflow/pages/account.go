package pages

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// accountView is what the account page shows.
type accountView struct {
	Action   string // the form that was refused
	Name     string
	NewEmail string
	Devices  []device
	Others   bool // there are other devices than this one
	Ways     []way
	Linkable []Provider
	Password bool // there is one
	Events   []event
}

type device struct {
	ID              string
	Program, System string
	Address, Place  string
	LastUsed        time.Time
	Current         bool
}

// way is a way to sign in.
type way struct {
	ID, Name string
	Since    time.Time
	Last     bool // the only one, which cannot be taken away
}

type event struct {
	Text            string
	Address, Place  string
	Program, System string
	At              time.Time
	Failed          bool
}

// maxEvents is as much as anybody reads.
const maxEvents = 15

func showAccount(v *visit) error {
	me, err := v.whoami()
	if err != nil {
		return err
	}
	if me == nil {
		return v.redirect(signInFor(accountPath))
	}
	if code := v.r.URL.Query().Get("error"); code != "" && v.problem == nil {
		v.problem = v.refusalOf("provider", code)
	}
	view := accountView{Action: v.text("action"), Name: me.User.Name, NewEmail: v.line("newEmail")}
	if v.form.Has("name") {
		view.Name = v.text("name")
	}
	if err := errors.Join(v.listDevices(&view), v.listWays(&view), v.listEvents(&view)); err != nil {
		return err
	}
	return v.show("account", view)
}

func signInFor(path string) string {
	return SignInPath + "?" + url.Values{returnField: {path}}.Encode()
}

func (v *visit) listDevices(view *accountView) error {
	var answer struct {
		Sessions []struct {
			ID, UserAgent, IPAddress string
			LastUsedAt               time.Time
			IsCurrent                bool
		}
	}
	if err := v.call(http.MethodGet, "/sessions", nil, &answer); err != nil {
		return err
	}
	for _, s := range answer.Sessions {
		d := device{ID: s.ID, Address: s.IPAddress, LastUsed: s.LastUsedAt, Current: s.IsCurrent}
		d.Program, d.System = authflow.Device(s.UserAgent)
		d.Place = v.pages.Core.Place(d.Address, v.words.Lang)
		view.Devices = append(view.Devices, d)
		view.Others = view.Others || !d.Current
	}
	slices.SortStableFunc(view.Devices, func(a, b device) int {
		if a.Current != b.Current {
			if a.Current {
				return -1
			}
			return 1
		}
		return b.LastUsed.Compare(a.LastUsed)
	})
	return nil
}

func (v *visit) listWays(view *accountView) error {
	var accounts []struct {
		ID, ProviderID string
		CreatedAt      time.Time
	}
	if err := v.call(http.MethodGet, "/list-accounts", nil, &accounts); err != nil {
		return err
	}
	linked := map[string]bool{}
	for _, a := range accounts {
		if a.ProviderID == sessionstore.CredentialProvider {
			view.Password = true
			continue
		}
		linked[a.ProviderID] = true
		view.Ways = append(view.Ways, way{ID: a.ID, Name: v.pages.nameOf(a.ProviderID), Since: a.CreatedAt, Last: len(accounts) == 1})
	}
	if !v.pages.Offers.Linking {
		return nil
	}
	for _, p := range v.pages.Providers {
		if !linked[p.ID] {
			view.Linkable = append(view.Linkable, p)
		}
	}
	return nil
}

func (p *Pages) nameOf(provider string) string {
	if i := slices.IndexFunc(p.Providers, func(known Provider) bool { return known.ID == provider }); i >= 0 {
		return p.Providers[i].Name
	}
	return provider
}

func (v *visit) listEvents(view *accountView) error {
	if v.pages.Events == nil {
		return nil
	}
	events, err := v.pages.Events(v.r.Context(), v.me.User.ID, maxEvents)
	if err != nil {
		return err
	}
	for _, e := range events {
		shown := event{At: e.At, Failed: e.Outcome == authflow.OutcomeFailure}
		key := "event." + string(e.Name)
		if shown.Failed && v.words.Has(key+".failure") {
			key += ".failure"
		}
		if shown.Text = v.words.First(key, "event.other"); e.ClientIP.IsValid() {
			shown.Address = e.ClientIP.String()
		}
		shown.Place = cmp.Or(v.pages.Core.Place(shown.Address, v.words.Lang), e.Place)
		shown.Program, shown.System = authflow.Device(e.UserAgent)
		view.Events = append(view.Events, shown)
	}
	return nil
}

// changeAccount does what one of the page's forms asks for.
func changeAccount(v *visit) error {
	me, err := v.whoami()
	if err == nil && me != nil {
		err = v.change(me)
	}
	switch {
	case err == nil && me == nil, isCode(err, "UNAUTHORIZED"):
		return v.redirect(signInFor(accountPath))
	case isCode(err, "SESSION_NOT_FRESH"):
		v.kept.Notice = "sign_in_again"
		return v.redirect(signInFor(accountPath))
	}
	return err
}

func (v *visit) change(me *identity) error {
	action := v.text("action")
	if action == "link" {
		return v.link()
	}
	change, known := changes[action]
	if !known {
		return &problem{Status: http.StatusBadRequest, Code: codeFormExpired}
	}
	if err := change.do(v, me); err != nil {
		return err
	}
	v.kept.Notice = change.notice
	return v.redirect(accountPath)
}

// changes are what the page's forms do, and what it says when that is done.
var changes = map[string]struct {
	notice notice
	do     func(v *visit, me *identity) error
}{
	"profile": {"profile_saved", func(v *visit, _ *identity) error { return v.post("/update-user", fields{"name": v.line("name")}) }},
	"email": {"email_change_sent", func(v *visit, _ *identity) error {
		return v.post("/change-email", fields{"newEmail": v.line("newEmail"), "callbackURL": verifyPath + "?of=email"})
	}},
	"verify": {"sent_again", func(v *visit, me *identity) error {
		return v.post("/send-verification-email", fields{"email": me.User.Email, "callbackURL": verifyPath})
	}},
	"password": {"password_changed", func(v *visit, _ *identity) error {
		return v.post("/change-password", fields{
			"currentPassword": v.text("currentPassword"), "newPassword": v.text("newPassword"), "revokeOtherSessions": v.form.Has("others"),
		})
	}},
	"set-password": {"reset_sent", func(v *visit, me *identity) error {
		return v.post("/request-password-reset", fields{"email": me.User.Email, "redirectTo": resetPath + "?" + url.Values{returnField: {accountPath}}.Encode()})
	}},
	"revoke": {"device_signed_out", func(v *visit, _ *identity) error {
		err := v.call(http.MethodDelete, "/sessions/"+url.PathEscape(v.text("id")), nil, nil)
		if isCode(err, "SESSION_NOT_FOUND") { // the second of two clicks
			return nil
		}
		return err
	}},
	"revoke-others": {"others_signed_out", func(v *visit, _ *identity) error { return v.post("/revoke-other-sessions", nil) }},
	"unlink":        {"unlinked", func(v *visit, _ *identity) error { return v.post("/unlink-account", fields{"accountId": v.text("id")}) }},
}

// link leads to a provider whose account is to be one more way in.
func (v *visit) link() error {
	var started struct{ URL string }
	err := v.call(http.MethodPost, "/link-social", fields{
		"provider": v.line("provider"), "callbackURL": accountPath, "errorCallbackURL": accountPath, "disableRedirect": true,
	}, &started)
	if err != nil {
		return err
	}
	return v.leave(started.URL)
}
