package main

import (
	"net/http"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/pages"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
)

// landings is where mailed links lead.
func landings(cfg config.Config) authflow.Landings {
	if cfg.Pages.Enabled {
		return pages.Landings
	}
	return authflow.Landings{}
}

// newPages puts the pages before the API, whose settings say what they offer.
func (a *app) newPages(cfg config.Config, n *api) (*pages.Pages, error) {
	pass, user := cfg.Auth.EmailPassword, cfg.Auth.User
	deps := pages.Deps{
		Core: n.core,
		API:  n.handler,
		Offers: pages.Offers{
			Password: pass.Enabled, SignUp: pass.Enabled && !pass.DisableSignUp, ProveEmail: pass.RequireEmailVerification,
			MinPassword: pass.MinPasswordLength, MaxPassword: pass.MaxPasswordLength,
			ChangeEmail: user.ChangeEmail.Enabled, ConfirmCurrent: user.ChangeEmail.ConfirmCurrent,
			DeleteUser: user.DeleteUser.Enabled, DeleteByMail: user.DeleteUser.Verification,
			Linking: cfg.Auth.AccountLinking.Enabled,
		},
		RequestID: requestID,
		Observe:   observePage,
	}
	for id, name := range n.social.Names() {
		deps.Providers = append(deps.Providers, pages.Provider{ID: id, Name: name})
	}
	if cfg.Audit.Enabled {
		deps.Events = a.lasting.recorder.OfUser
	}
	if cfg.Auth.Admin.Enabled && cfg.Pages.Admin {
		deps.Admin = &pages.Administration{May: cfg.Auth.Admin.May, Health: a.health.read}
		if cfg.Audit.Enabled {
			deps.Admin.Trail = a.lasting.recorder.Search
		}
	}
	return pages.New(cfg.Pages, deps)
}

// observePage notes which page was asked for. Who asked, and what was refused, the API has noted that the page asked.
func observePage(r *http.Request, page string) {
	info := infoOf(r)
	info.route, info.auth = page, "page"
}

// errorPage is how the proxy tells a person that it refuses a request.
type errorPage func(http.ResponseWriter, *http.Request, proxy.Refusal)

// showRefusal has the proxy's refusals look like the pages.
func showRefusal(p *pages.Pages) errorPage {
	return func(w http.ResponseWriter, r *http.Request, no proxy.Refusal) { p.ShowRefusal(w, r, pages.Refusal(no)) }
}
