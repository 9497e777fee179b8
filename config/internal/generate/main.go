// Command generate writes the files that are derived from the code, below the folder given as its argument:
// config.example.yaml and docs/configuration.md from the configuration's structs, docs/headers.md from the proxy's tables.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(folder string) error {
	for name, text := range map[string]string{
		"config.example.yaml":   config.Example(),
		"docs/configuration.md": config.Reference(),
		"docs/headers.md":       proxy.HeadersReference(),
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make the folder of %s: %w", name, err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}
