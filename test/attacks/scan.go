package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// named is a test that names an attack.
type named struct {
	id, test, file string
}

var (
	idsOfTest = regexp.MustCompile(`^(?:Test|Fuzz)((?:D\d\d)+)`)
	idOfCase  = regexp.MustCompile(`^((?:D\d\d ?)+) \S`)
	oneID     = regexp.MustCompile(`D\d\d`)
)

// scan finds all tests below root that name attacks, by their own name or by that of a case.
func scan(root string) ([]named, error) {
	var all []named
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (entry.Name() == "node_modules" || entry.Name() == "attacks" || strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declared := range parsed.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok {
				all = append(all, namedBy(f, filepath.ToSlash(file))...)
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b named) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.file, b.file), cmp.Compare(a.test, b.test))
	})
	return slices.Compact(all), err
}

func namedBy(f *ast.FuncDecl, file string) []named {
	var all []named
	add := func(ids, test string) {
		for _, id := range oneID.FindAllString(ids, -1) {
			all = append(all, named{id, test, file})
		}
	}
	if m := idsOfTest.FindStringSubmatch(f.Name.Name); m != nil {
		add(m[1], f.Name.Name)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && !strings.Contains(text, "%") {
				if m := idOfCase.FindStringSubmatch(text); m != nil {
					add(m[1], f.Name.Name+", case “"+strings.TrimSpace(text[len(m[1]):])+"”")
				}
			}
		}
		return true
	})
	return all
}
