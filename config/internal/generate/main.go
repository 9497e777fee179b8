// Command generate writes the files that are derived from the configuration's structs: config.example.yaml and
// docs/configuration.md, below the folder given as its argument.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/posternhq/postern/config"
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
