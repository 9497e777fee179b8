package devidp

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed pages.html style.css
var files embed.FS

// pages are parsed from a file of ours, so an error here can only be a mistake in that file.
var pages = template.Must(template.ParseFS(files, "pages.html"))

// pagePolicy says nothing of form-action: browsers hold the redirects that follow a form to it as well (CSP3 §6.4.1), and after the client's
// callback they lead to the page that began, which may be of another origin.
const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"

type message struct{ Title, Text string }

// form is the page that asks who somebody wants to be.
type form struct {
	Request url.Values // the authorization request, handed back by the form
	Client  string
	Person
	Problem string
}

func render(w http.ResponseWriter, status int, page string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, page, data) // a client that left needs no page
}

func style(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "style.css") }

// known are the parameters of an authorization request that mean something here.
var known = []string{"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "prompt", "login_hint", "code_challenge", "code_challenge_method"}

// ask shows the form.
func (p *Provider) ask(w http.ResponseWriter, r *http.Request) {
	request := pick(r.URL.Query())
	if !p.admit(w, r, request) {
		return
	}
	person := Person{Name: "Ada Lovelace", Email: "ada@example.com", Verified: true}
	if hint := request.Get("login_hint"); strings.Contains(hint, "@") {
		person.Name, person.Email = "", hint
	}
	render(w, http.StatusOK, "ask", form{Request: request, Client: p.ClientID, Person: person})
}

// decide takes the form and sends the browser back.
func (p *Provider) decide(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		render(w, http.StatusBadRequest, "message", message{"Something is wrong with this form", err.Error()})
		return
	}
	request := pick(r.PostForm)
	if !p.admit(w, r, request) {
		return
	}
	if r.PostForm.Get("answer") == "deny" {
		p.refuse(w, r, request, "access_denied", "the user said no")
		return
	}
	person := Person{Name: r.PostForm.Get("name"), Email: r.PostForm.Get("email"), Verified: r.PostForm.Has("verified")}
	if person.Email == "" {
		render(w, http.StatusBadRequest, "ask", form{Request: request, Client: p.ClientID, Person: person, Problem: "An address is needed: it says who you are."})
		return
	}
	code := p.codes.issue(grant{
		Person: person, scope: request.Get("scope"), nonce: request.Get("nonce"), challenge: request.Get("code_challenge"), at: p.Now(),
	})
	p.answer(w, r, request, url.Values{"code": {code}})
}

// admit checks an authorization request. A client or redirect URI that is not the registered one gets a page and no redirect
// (RFC 6749 §4.1.2.1); every other mistake is told to the client.
func (p *Provider) admit(w http.ResponseWriter, r *http.Request, request url.Values) bool {
	switch {
	case request.Get("client_id") != p.ClientID:
		render(w, http.StatusBadRequest, "message", message{"Unknown client", "client_id is " + request.Get("client_id") + "; this provider knows " + p.ClientID + " alone."})
		return false
	case request.Get("redirect_uri") != p.RedirectURI:
		render(w, http.StatusBadRequest, "message", message{"Unknown redirect URI", "redirect_uri is " + request.Get("redirect_uri") + "; registered is " + p.RedirectURI + "."})
		return false
	case request.Get("response_type") != "code":
		p.refuse(w, r, request, "unsupported_response_type", "response_type must be code")
	case request.Get("response_mode") != "" && request.Get("response_mode") != "query":
		p.refuse(w, r, request, "invalid_request", "response_mode must be query")
	case !slices.Contains(strings.Fields(request.Get("scope")), "openid"):
		p.refuse(w, r, request, "invalid_scope", "scope must contain openid")
	case request.Get("code_challenge_method") != "S256" || len(request.Get("code_challenge")) != 43:
		p.refuse(w, r, request, "invalid_request", "PKCE with S256 is needed (RFC 7636)")
	case request.Get("prompt") == "none":
		p.refuse(w, r, request, "login_required", "this provider asks each time")
	default:
		return true
	}
	return false
}

func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, request url.Values, code, description string) {
	p.answer(w, r, request, url.Values{"error": {code}, "error_description": {description}})
}

// answer sends the browser back to the client, with the state as it came and the issuer (RFC 9207 §2).
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, request, answer url.Values) {
	answer.Set("iss", p.Issuer)
	if state := request.Get("state"); state != "" {
		answer.Set("state", state)
	}
	http.Redirect(w, r, p.RedirectURI+"?"+answer.Encode(), http.StatusFound)
}

// pick takes what means something, once each.
func pick(from url.Values) url.Values {
	picked := url.Values{}
	for _, name := range known {
		if value := from.Get(name); value != "" {
			picked.Set(name, value)
		}
	}
	return picked
}
