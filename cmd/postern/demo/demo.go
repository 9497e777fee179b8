// Package demo is what "postern dev" shows: a console to try the auth API in a browser, and a small application to stand in
// front of when there is none.
package demo

import (
	"embed"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"sort"
	"strings"
)

//go:embed console.html console.js console.css application.html
var files embed.FS

// pagePolicy lets a page load its own files and nothing else, and talk to this origin.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Console is the page at /dev: sign up, sign in, look at the session, call the application.
func Console() http.Handler {
	mux := http.NewServeMux()
	for path, file := range map[string]string{"/dev": "console.html", "/dev/console.js": "console.js", "/dev/console.css": "console.css"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", pagePolicy)
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			http.ServeFileFS(w, r, files, file)
		})
	}
	return mux
}

// Application is the demo application: it knows nothing about signing in and shows what Postern tells it.
func Application() http.Handler {
	page := template.Must(template.New("application").Parse(read("application.html"))) // a file of ours
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("Cache-Control", "no-store")
		_ = page.Execute(w, identityOf(r)) // a client that left needs no page
	})
	mux.HandleFunc("GET /api/me", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]string{
			"id": r.Header.Get("X-Postern-User-Id"), "email": r.Header.Get("X-Postern-User-Email"), "name": r.Header.Get("X-Postern-User-Name"),
		})
	})
	mux.HandleFunc("GET /api/headers", func(w http.ResponseWriter, r *http.Request) { answer(w, identityOf(r)) })
	mux.HandleFunc("GET /public/hello", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]string{"message": "hello, whoever you are"})
	})
	return mux
}

// header is one that Postern sent along.
type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// identityOf returns the headers that tell who asks, sorted by name.
func identityOf(r *http.Request) []header {
	list := []header{}
	for name, values := range r.Header {
		if strings.HasPrefix(name, "X-Postern-") || strings.HasPrefix(name, "X-Forwarded-") || name == "X-Request-Id" {
			list = append(list, header{Name: name, Value: strings.Join(values, ", ")})
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // a client that left needs no answer
}

func read(name string) string {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		panic("embedded file is missing: " + name) // cannot happen: the compiler put it there
	}
	return string(text)
}
