package openapi

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"

	"github.com/posternhq/postern/authflow"
)

//go:embed reference.html reference.css reference.js
var files embed.FS

// pagePolicy lets the page load its own two files and nothing else, and talk to this origin.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

func (f *Feature) page(c *authflow.Call) error {
	made, err := f.made()
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Security-Policy", pagePolicy)
	return c.Write("text/html", made.page) // as better-auth; the page names its charset
}

func (f *Feature) mountFile(r *authflow.Router, name, media string) {
	r.Handle(authflow.Route{
		Method: "GET", Path: "/" + name,
		Summary: "A file of the page",
		Media:   media,
		Hidden:  true,
		Handle: func(c *authflow.Call) error {
			text, err := files.ReadFile(name)
			if err != nil {
				return fmt.Errorf("read file of the page: %w", err)
			}
			return c.Write(media+"; charset=utf-8", text)
		},
	})
}

func writePage(d *document) ([]byte, error) {
	t, err := template.ParseFS(files, "reference.html")
	if err != nil {
		return nil, fmt.Errorf("read the page's template: %w", err)
	}
	var page bytes.Buffer
	if err := t.Execute(&page, newView(d)); err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	return page.Bytes(), nil
}
