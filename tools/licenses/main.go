// Command licenses holds the licences of all modules that a binary is made of, as an SBOM (CycloneDX) names them, to a list. One that is not on it, or is not known,
// is an error: somebody has to read it first.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// allowed go together with Apache-2.0 in one binary. MPL-2.0 is by file: its files stay as they are.
var allowed = []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "BSD-Source-Code", "ISC", "0BSD", "MPL-2.0", "Unlicense", "Zlib"}

// known are modules whose licence the tool does not find in their files.
var known = map[string]string{"std": "BSD-3-Clause"}

type sbom struct {
	Components []component `json:"components"`
}

type component struct {
	Name     string    `json:"name"`
	Licenses []license `json:"licenses"`
	Evidence struct {
		Licenses []license `json:"licenses"`
	} `json:"evidence"`
}

type license struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

// check returns a line for each module that must not be used, and how many there are.
func check(in io.Reader) (problems []string, modules int, err error) {
	var bill sbom
	if err := json.NewDecoder(in).Decode(&bill); err != nil {
		return nil, 0, fmt.Errorf("read the SBOM: %w", err)
	}
	for _, c := range bill.Components {
		var ids []string
		for _, l := range slices.Concat(c.Licenses, c.Evidence.Licenses) {
			ids = append(ids, l.License.ID)
		}
		if id := known[c.Name]; len(ids) == 0 && id != "" {
			ids = []string{id}
		}
		switch {
		case len(ids) == 0:
			problems = append(problems, c.Name+": no licence is known")
		case !slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(allowed, id) }):
			problems = append(problems, c.Name+": "+strings.Join(ids, ", ")+" is not on the list")
		}
	}
	return problems, len(bill.Components), nil
}

func main() {
	problems, modules, err := check(os.Stdin)
	if err == nil && modules == 0 {
		err = fmt.Errorf("the SBOM names no modules")
	}
	if err != nil {
		problems = append(problems, err.Error())
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Printf("licences of %d modules are on the list\n", modules)
}
