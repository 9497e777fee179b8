package pages

import (
	"log/slog"
	"net/http"
	"strconv"
)

// Refusal is why a browser does not get the page of the application that it asked for.
type Refusal struct {
	Status    int
	Code      string
	RequestID string
	SignInURL string // where signing in would help; "" elsewhere
}

// refusedView is what the page says, and offers to do about it.
type refusedView struct {
	Text, RequestID           string
	SignIn                    string // address
	Again, Verify, SwitchUser bool
}

// ShowRefusal answers for the application where the proxy does not let a browser through, or finds nobody behind. The page knows nobody, keeps
// nothing, and asks neither the API nor the database, which may be what is away. It says what the code says, and nothing of what happened inside.
func (p *Pages) ShowRefusal(w http.ResponseWriter, r *http.Request, no Refusal) {
	words := p.languages.Choose(r.Header.Get("Accept-Language"))
	p.protect(w.Header())
	s := p.screen(words, "refused")
	key, status := "refused."+no.Code, strconv.Itoa(no.Status)
	s.Title = words.First(key+".title", "refused."+status[:1]+"xx.title")
	view := refusedView{
		Text: words.First(key, "refused."+status[:1]+"xx"), RequestID: no.RequestID, SignIn: no.SignInURL,
		Verify: no.Code == "EMAIL_NOT_VERIFIED", SwitchUser: no.Code == "FORBIDDEN",
	}
	loading := r.Method == http.MethodGet || r.Method == http.MethodHead
	view.Again = loading && (no.Status >= http.StatusInternalServerError || no.Status == http.StatusRequestTimeout)
	s.V = view
	page, err := p.draw(s)
	if err != nil { // a mistake in a template, which every test of it would meet
		p.Core.Logger.LogAttrs(r.Context(), slog.LevelError, "page failed", slog.String("request_id", no.RequestID), slog.Any("err", err))
	}
	send(w, no.Status, s.Lang, page)
}
