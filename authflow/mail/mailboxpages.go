package mail

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
)

//go:embed mailbox.html mailbox.css
var mailboxFiles embed.FS

// mailboxTemplate is parsed from a file of ours, so an error here can only be a mistake in that file.
var mailboxTemplate = template.Must(template.ParseFS(mailboxFiles, "mailbox.html"))

// The pages themselves run no script and take style from one address; what a letter contains is shown in a frame of
// its own, without scripts and without Postern's origin, for it is HTML that somebody else had a hand in.
const (
	pagePolicy   = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	letterPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; " +
		"sandbox allow-popups allow-popups-to-escape-sandbox"
)

// Handler shows the mailbox:
//
//	GET /dev/mail            a page that lists the letters, the newest first
//	GET /dev/mail.json       the same as an array of Kept
//	GET /dev/mail/{id}       one letter
//	GET /dev/mail/{id}/html  its HTML form, for the frame in that page
//	GET /dev/mail/style.css
//
// It has no access control: serve it in development only.
func (b *Mailbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/mail", b.serveList)
	mux.HandleFunc("GET /dev/mail.json", b.serveJSON)
	mux.HandleFunc("GET /dev/mail/style.css", serveStyle)
	mux.HandleFunc("GET /dev/mail/{id}", b.serveLetter)
	mux.HandleFunc("GET /dev/mail/{id}/html", b.serveFrame)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer") // an id of a letter is not for the page its link leads to
		h.Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

func (b *Mailbox) serveList(w http.ResponseWriter, _ *http.Request) {
	letters, err := b.Letters()
	if err != nil {
		mailboxFailed(w, err)
		return
	}
	renderMailbox(w, "list", letters)
}

func (b *Mailbox) serveJSON(w http.ResponseWriter, _ *http.Request) {
	letters, err := b.Letters()
	if err != nil {
		mailboxFailed(w, err)
		return
	}
	content, err := json.MarshalIndent(letters, "", "  ")
	if err != nil {
		mailboxFailed(w, err)
		return
	}
	respond(w, "application/json", append(content, '\n'))
}

func (b *Mailbox) serveLetter(w http.ResponseWriter, r *http.Request) {
	letter, err := b.Letter(r.PathValue("id"))
	if err != nil {
		mailboxFailed(w, err)
		return
	}
	renderMailbox(w, "letter", letter)
}

func (b *Mailbox) serveFrame(w http.ResponseWriter, r *http.Request) {
	letter, err := b.Letter(r.PathValue("id"))
	if err != nil {
		mailboxFailed(w, err)
		return
	}
	w.Header().Set("Content-Security-Policy", letterPolicy)
	respond(w, "text/html; charset=utf-8", []byte(letter.HTML))
}

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	style, err := mailboxFiles.ReadFile("mailbox.css")
	if err != nil {
		mailboxFailed(w, err)
		return
	}
	respond(w, "text/css; charset=utf-8", style)
}

// renderMailbox fills in a page before it answers, so that half a page is never sent as a whole one.
func renderMailbox(w http.ResponseWriter, name string, data any) {
	var page bytes.Buffer
	if err := mailboxTemplate.ExecuteTemplate(&page, name, data); err != nil {
		mailboxFailed(w, err)
		return
	}
	respond(w, "text/html; charset=utf-8", page.Bytes())
}

// respond answers 200. A write fails only when the client has gone, and then there is nobody to tell.
func respond(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(body)
}

// mailboxFailed says in full what is wrong: only developers see these pages, on their own machine.
func mailboxFailed(w http.ResponseWriter, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		http.Error(w, "There is no such letter. The mailbox keeps the newest 200.", http.StatusNotFound)
		return
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}
