package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/posternhq/postern/test/harness"
)

const root = "../.."

// page is a Markdown file, by its path from the root of the repository.
type page struct {
	path   string
	prose  string // without fenced blocks
	blocks []block
}

// block is what stands between fences.
type block struct {
	language string
	text     string
	line     int
}

func (p page) at(b block) string { return fmt.Sprintf("%s:%d", p.path, b.line) }

// left are folders whose pages are others', or not for reading.
var left = map[string]bool{"node_modules": true, "bin": true, "testdata": true}

// pages are all Markdown files.
func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (left[entry.Name()] || path != root && strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		all = append(all, read(filepath.ToSlash(name), string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Fatalf("only %d pages", len(all))
	}
	return all
}

// read takes a page apart. A block may be indented, within a list.
func read(path, text string) page {
	p := page{path: path}
	var prose strings.Builder
	var open *block
	indent := 0
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimLeft(line, " "), "```")
		switch {
		case open != nil && isFence && fence == "":
			p.blocks = append(p.blocks, *open)
			open = nil
		case open != nil:
			open.text += strings.TrimPrefix(line, strings.Repeat(" ", indent)) + "\n"
		case isFence:
			indent = len(line) - len(strings.TrimLeft(line, " "))
			open = &block{language: fence, line: i + 1}
		default:
			prose.WriteString(line + "\n")
		}
	}
	if open != nil {
		p.blocks = append(p.blocks, block{language: "a fence that is not closed", line: open.line})
	}
	p.prose = prose.String()
	return p
}

var (
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	mark    = regexp.MustCompile("[*`]|\\]\\([^)]*\\)|\\[")
	dropped = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchors are the headings as GitHub makes fragments of them.
func (p page) anchors() map[string]bool {
	all := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(p.prose, -1) {
		text := dropped.ReplaceAllString(strings.ToLower(mark.ReplaceAllString(strings.TrimSpace(h[1]), "")), "")
		anchor := strings.ReplaceAll(text, " ", "-")
		for name, n := anchor, 1; ; n++ {
			if !all[name] {
				all[name] = true
				break
			}
			name = fmt.Sprintf("%s-%d", anchor, n)
		}
	}
	return all
}

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }
