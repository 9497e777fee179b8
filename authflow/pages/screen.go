package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow/words"
)

//go:embed templates assets words
var files embed.FS

// screen is what every template gets.
type screen struct {
	Lang, Dir string
	Name      string // the application's
	Home      string
	Logo      string
	Version   string // of the assets
	Links     []link

	Page        string // the template's name
	Title       string
	Token       string // of forms
	ReturnTo    string
	Notice      string
	Problem     *told
	Continue    string // where signing in leads
	Offers      Offers
	Providers   []Provider
	Me          *identity
	Administers bool // there is a link to the pages for administrators
	V           any  // what only this page has
}

type link struct{ Text, URL string }

// Typed is what a field is to hold: what was typed, when the form is shown again.
type fieldView struct {
	Name, Kind, Autocomplete, Label, Value, Hint, Problem string
	Min, Max                                              int
	Optional                                              bool
}

// templates are the same files with each language's words.
func (p *Pages) parseTemplates() error {
	p.templates = map[string]*template.Template{}
	for _, w := range p.languages.List {
		t, err := template.New("").Funcs(template.FuncMap{
			"t": w.Say, "markup": w.Markup, "field": func(s screen, name, kind, autocomplete, value string) fieldView {
				f := fieldView{Name: name, Kind: kind, Autocomplete: autocomplete, Label: w.First("field." + name), Value: value}
				if s.Problem != nil {
					f.Problem = s.Problem.Fields[name]
				}
				if kind == "password" && autocomplete == "new-password" {
					f.Min, f.Max = p.Offers.MinPassword, p.Offers.MaxPassword
					f.Hint = w.Say("hint.password", "min", strconv.Itoa(f.Min))
				}
				return f
			},
			"stamp":  func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
			"date":   w.Stamp,
			"number": func(n any) string { return fmt.Sprint(n) },
			"device": func(program, system string) string {
				switch {
				case program == "":
					return w.Say("device.unknown")
				case system == "":
					return program
				}
				return w.Say("device.on", "program", program, "system", system)
			},
		}).ParseFS(files, "templates/*.html")
		if err != nil {
			return fmt.Errorf("read templates: %w", err)
		}
		p.templates[w.Lang] = t
	}
	return nil
}

// show answers with a page. Its title is the sentence <page>.title.
func (v *visit) show(page string, values any) error {
	s := v.pages.screen(v.words, page)
	s.Token, s.ReturnTo, s.Continue, s.Me, s.V = v.token(), v.returnTo(), v.destination(), v.me, values
	s.Administers = v.may("user", "list")
	status := http.StatusOK
	if v.problem != nil {
		status, s.Problem = v.problem.Status, v.tell(v.problem)
		s.Title = v.words.Say("problem.title", "title", s.Title)
		if v.problem.RetryAfter != "" {
			v.w.Header().Set("Retry-After", v.problem.RetryAfter)
		}
	} else if v.kept.Notice != "" {
		s.Notice, v.kept.Notice = v.words.Say("notice."+string(v.kept.Notice)), ""
	}
	out, err := v.pages.draw(s)
	if err != nil {
		return err
	}
	if err := v.keep(); err != nil {
		return fmt.Errorf("keep what the browser is to keep: %w", err)
	}
	send(v.w, status, s.Lang, out)
	return nil
}

// screen is what all pages share.
func (p *Pages) screen(w *words.Words, page string) screen {
	s := screen{
		Lang: w.Lang, Dir: w.Dir, Name: p.name, Home: p.home, Logo: p.logo, Version: p.version,
		Page: page, Title: w.Say(page + ".title"), Offers: p.Offers, Providers: p.Providers,
	}
	for _, l := range []link{{"links.help", p.cfg.Links.Help}, {"links.terms", p.cfg.Links.Terms}, {"links.privacy", p.cfg.Links.Privacy}, {"links.imprint", p.cfg.Links.Imprint}} {
		if l.URL != "" {
			s.Links = append(s.Links, link{w.Say(l.Text), l.URL})
		}
	}
	return s
}

func (p *Pages) draw(s screen) ([]byte, error) {
	var out bytes.Buffer
	if err := p.templates[s.Lang].ExecuteTemplate(&out, s.Page, s); err != nil {
		return nil, fmt.Errorf("write page %s: %w", s.Page, err)
	}
	return out.Bytes(), nil
}

func send(w http.ResponseWriter, status int, lang string, page []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Add("Vary", "Accept-Language, Cookie")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	_, _ = w.Write(page) // a browser that left needs no page
}

// redirect leads from one of our pages to another, by GET.
func (v *visit) redirect(path string) error {
	if err := v.keep(); err != nil {
		return fmt.Errorf("keep what the browser is to keep: %w", err)
	}
	v.w.Header().Set("Location", path)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// leave sends the browser, which has posted a form, to the application or to a provider. It is a page of its own that does, and no
// redirect: with a policy that has forms go to this origin alone, browsers also refuse the redirects that follow a form (CSP 3 §6.4.1),
// and the application may well have one that leads elsewhere.
func (v *visit) leave(target string) error {
	v.w.Header().Set("Refresh", "0; url="+target)
	return v.show("leaving", target)
}

// asset is a file of the pages, which browsers keep: its address changes with it.
type asset struct {
	media string
	data  []byte
}

func (p *Pages) readAssets(colors palette) error {
	p.assets = map[string]asset{}
	sum := sha256.New()
	for name, media := range map[string]string{"pages.css": "text/css", "pages.js": "text/javascript", "icon.svg": "image/svg+xml"} {
		text, err := files.ReadFile("assets/" + name)
		if err != nil {
			return fmt.Errorf("read file of the pages: %w", err)
		}
		data := strings.NewReplacer(
			"var(--configured-accent)", colors.Accent, "var(--configured-on-accent)", colors.OnAccent,
			"var(--configured-dark-accent)", colors.DarkAccent, "var(--configured-dark-on-accent)", colors.DarkOnAccent,
			"{{letter}}", template.HTMLEscapeString(firstLetter(p.name)),
		).Replace(string(text))
		p.assets[Path+"/"+name] = asset{media + "; charset=utf-8", []byte(data)}
	}
	for _, name := range []string{"icon.svg", "pages.css", "pages.js"} {
		sum.Write(p.assets[Path+"/"+name].data)
	}
	p.version = base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:9])
	return nil
}

func firstLetter(name string) string {
	for _, letter := range name {
		return strings.ToUpper(string(letter))
	}
	return "?"
}

func (v *visit) serveAsset(a asset) {
	h := v.w.Header()
	h.Set("Content-Type", a.media)
	h.Set("Cache-Control", "public, max-age=300")
	if v.r.URL.Query().Get("v") == v.pages.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("Content-Length", strconv.Itoa(len(a.data)))
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write(a.data)
}
