package docs

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code = regexp.MustCompile("`[^`]*`")
	// A file of the repository in the text, as `authflow/event.go`: it begins with one of its folders.
	file = regexp.MustCompile("`((?:authflow|cmd|config|deploy|docs|examples|proxy|python|sessionstore|test|tools)/[A-Za-z0-9_./-]+)`")
)

// TestLinksLeadSomewhere follows the links within the repository. Those to elsewhere must be addresses; nobody is asked.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	all := map[string]page{}
	for _, p := range pages(t) {
		all[p.path] = p
	}
	followed := 0
	for _, p := range all {
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(p.prose, ""), -1) {
			followed++
			if problem := follow(all, p, found[1]); problem != "" {
				t.Errorf("%s: %s %s", p.path, found[1], problem)
			}
		}
	}
	if followed < 200 {
		t.Errorf("only %d links", followed)
	}
}

func follow(all map[string]page, from page, target string) (problem string) {
	u, err := url.Parse(target)
	switch {
	case err != nil:
		return err.Error()
	case u.Scheme == "https" && u.Host != "", u.Scheme == "mailto":
		return ""
	case u.Scheme != "" || u.Host != "" || strings.HasPrefix(u.Path, "/"):
		return "is neither within the repository nor https"
	}
	to := from.path
	if u.Path != "" {
		to = path.Join(path.Dir(from.path), u.Path)
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
		return "is not there"
	}
	if u.Fragment == "" {
		return ""
	}
	if p, isPage := all[to]; !isPage || !p.anchors()[u.Fragment] {
		return "names no heading"
	}
	return ""
}

// TestEveryPageIsFoundFromTheReadme follows links from page to page, a folder's README included.
func TestEveryPageIsFoundFromTheReadme(t *testing.T) {
	t.Parallel()
	all := map[string]page{}
	for _, p := range pages(t) {
		all[p.path] = p
	}
	found := map[string]bool{"README.md": true}
	for queue := []string{"README.md"}; len(queue) > 0; queue = queue[1:] {
		for _, target := range link.FindAllStringSubmatch(all[queue[0]].prose, -1) {
			bare, _, _ := strings.Cut(target[1], "#")
			to := path.Join(path.Dir(queue[0]), bare)
			if _, isPage := all[to]; !isPage {
				to = path.Join(to, "README.md")
			}
			if _, isPage := all[to]; isPage && !found[to] {
				found[to] = true
				queue = append(queue, to)
			}
		}
	}
	for name := range all {
		if !found[name] {
			t.Errorf("no link leads from README.md to %s", name)
		}
	}
}

func TestFilesThatAreNamedAreThere(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		if strings.HasPrefix(p.path, "docs/decisions/") || p.path == "CHANGELOG.md" || p.path == "CONTRIBUTING.md" {
			continue // what was, and what might be added
		}
		for _, found := range file.FindAllStringSubmatch(p.prose, -1) {
			if path.Ext(found[1]) == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(found[1]))); err != nil {
				t.Errorf("%s: there is no %s", p.path, found[1])
			}
		}
	}
}
