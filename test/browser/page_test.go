package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is a folder with the page as Vite builds it, once for all tests.
type built struct {
	once sync.Once
	dir  string
	err  error
}

var page built

func (b *built) build() {
	if _, err := os.Stat(filepath.Join("node_modules", "vite")); err != nil {
		b.err = errors.New("the packages of test/browser are not installed: run `make setup`, or `npm ci` in test/browser")
		return
	}
	if b.dir, b.err = os.MkdirTemp("", "postern-page-"); b.err != nil {
		return
	}
	vite := exec.Command(filepath.Join("node_modules", ".bin", "vite"), "build", "--config", "kit/vite.config.js", "--outDir", b.dir)
	if out, err := vite.CombinedOutput(); err != nil {
		b.err = fmt.Errorf("build the page: %w\n%s", err, out)
	}
}

// handler serves the page as any static host does: files by name, and the page itself under every other path, since it has
// its own idea of paths. deployment.js tells it where Postern is, and with whom people may sign in.
func (b *built) handler(t *testing.T, postern string, providers []string) http.Handler {
	t.Helper()
	if b.once.Do(b.build); b.err != nil {
		t.Fatal(b.err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", http.FileServer(http.Dir(b.dir)))
	mux.HandleFunc("GET /deployment.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = fmt.Fprintf(w, "globalThis.postern = %s;\nglobalThis.providers = %s;\n", script(postern), script(providers))
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(b.dir, "index.html"))
	})
	return mux
}

// script is a value as JavaScript writes it.
func script(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings alone cannot fail
	}
	return string(text)
}

func (b *built) remove() {
	if b.dir != "" {
		_ = os.RemoveAll(b.dir) // a temporary folder
	}
}
