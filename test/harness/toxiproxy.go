package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Toxiproxy is Shopify's fault proxy in a process of its own: https://github.com/Shopify/toxiproxy.
type Toxiproxy struct {
	api     string
	journal journal
}

// Toxic is a fault, in toxiproxy's words: https://github.com/Shopify/toxiproxy#toxics.
type Toxic struct {
	Type       string         `json:"type"`
	Stream     string         `json:"stream"` // upstream: what the client sends; downstream: what it gets
	Attributes map[string]int `json:"attributes,omitempty"`
}

// Way is one way through the proxy.
type Way struct {
	Address string // where it listens

	proxy  *Toxiproxy
	name   string
	toxics int
}

var toxiproxyServer = sync.OnceValues(func() (string, error) {
	module, err := root()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "postern-toxiproxy-")
	if err != nil {
		return "", fmt.Errorf("make folder for toxiproxy: %w", err)
	}
	built.Lock()
	built.dirs = append(built.dirs, dir)
	built.Unlock()
	file := filepath.Join(dir, "toxiproxy")
	build := exec.Command("go", "build", "-o", file, "github.com/Shopify/toxiproxy/v2/cmd/server")
	build.Dir = filepath.Join(module, "test", "chaos", "toxiproxy")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build toxiproxy: %w: %s", err, output)
	}
	return file, nil
})

// StartToxiproxy runs until the test ends.
func StartToxiproxy(t testing.TB) *Toxiproxy {
	t.Helper()
	file, err := toxiproxyServer()
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p := &Toxiproxy{api: fmt.Sprintf("http://127.0.0.1:%d", port)}
	run, err := launch(&p.journal, &p.journal, t.TempDir(), []string{}, file, "-host", "127.0.0.1", "-port", strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.kill()
		p.journal.attach(t, "toxiproxy")
	})
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(20 * time.Millisecond) {
		err := p.call(http.MethodGet, "/version", nil)
		if err == nil {
			return p
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// Way opens a way to an address, without faults.
func (p *Toxiproxy) Way(t testing.TB, name, to string) *Way {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	w := &Way{Address: fmt.Sprintf("127.0.0.1:%d", port), proxy: p, name: name}
	w.must(t, http.MethodPost, "/proxies", map[string]any{"name": name, "listen": w.Address, "upstream": to, "enabled": true})
	return w
}

// Add makes the way worse.
func (w *Way) Add(t testing.TB, toxic Toxic) {
	t.Helper()
	w.toxics++
	w.must(t, http.MethodPost, "/proxies/"+w.name+"/toxics", struct {
		Name string `json:"name"`
		Toxic
	}{fmt.Sprint("toxic", w.toxics), toxic})
}

// Close refuses connections and cuts those there are.
func (w *Way) Close(t testing.TB) {
	t.Helper()
	w.must(t, http.MethodPost, "/proxies/"+w.name, map[string]any{"enabled": false})
}

// Lead has the way lead to another address from now on. Connections are cut.
func (w *Way) Lead(t testing.TB, to string) {
	t.Helper()
	w.must(t, http.MethodPost, "/proxies/"+w.name, map[string]any{"listen": w.Address, "upstream": to, "enabled": true})
}

// Mend takes all faults away.
func (w *Way) Mend(t testing.TB) {
	t.Helper()
	for ; w.toxics > 0; w.toxics-- {
		w.must(t, http.MethodDelete, fmt.Sprintf("/proxies/%s/toxics/toxic%d", w.name, w.toxics), nil)
	}
	w.must(t, http.MethodPost, "/proxies/"+w.name, map[string]any{"enabled": true})
}

func (w *Way) must(t testing.TB, method, path string, body any) {
	t.Helper()
	if err := w.proxy.call(method, path, body); err != nil {
		t.Fatal(err)
	}
}

func (p *Toxiproxy) call(method, path string, body any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, p.api+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if resp.StatusCode >= 300 {
		err = errors.Join(err, fmt.Errorf("toxiproxy answers %s %s with %d %s", method, path, resp.StatusCode, answer))
	}
	return err
}
