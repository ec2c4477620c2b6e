package policy

import (
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Module is one Rego file of the platform's.
type Module struct {
	File string `json:"file"`
	Text string `json:"text"`
}

// Limits of one compilation, far above what a platform writes by hand.
const (
	maxModules     = 1000
	maxModuleBytes = 256 << 10
	maxTotalBytes  = 8 << 20
)

func isTest(file string) bool { return strings.HasSuffix(file, "_test.rego") }

var regoOptions = ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true}

func parseModules(modules []Module, tests bool) ([]*ast.Module, error) {
	if len(modules) > maxModules {
		return nil, refuse(nil, "keep fewer files", "%d Rego files, more than the %d that are allowed", len(modules), maxModules)
	}
	seen := map[string]bool{}
	total := 0
	var parsed []*ast.Module
	for _, m := range modules {
		at := &ast.Location{File: m.File, Row: 1}
		if seen[m.File] {
			return nil, refuse(at, "pass each file once", "the file is given twice")
		}
		seen[m.File] = true
		if isTest(m.File) && !tests {
			continue
		}
		total += len(m.Text)
		if len(m.Text) > maxModuleBytes || total > maxTotalBytes {
			return nil, refuse(at, "split it, or move tables into input.limits",
				"Rego is larger than the %d KiB a file or %d MiB in all that are allowed", maxModuleBytes>>10, maxTotalBytes>>20)
		}
		module, err := parseModule(m)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, module)
	}
	return parsed, nil
}

func parseModule(m Module) (*ast.Module, error) {
	module, err := ast.ParseModuleWithOpts(m.File, m.Text, regoOptions)
	if err != nil {
		f := asFault(err, m.File)
		if _, v0 := ast.ParseModuleWithOpts(m.File, m.Text, ast.ParserOptions{RegoVersion: ast.RegoV0}); v0 == nil {
			f.Remedy = "this is Rego v0: `opa fmt --write --v0-v1 <file>` rewrites it (rules need `if`, sets need `contains`)"
		}
		return nil, f
	}
	if module == nil {
		return nil, refuse(&ast.Location{File: m.File, Row: 1}, "start it with `package sluice.<group>.<rule>`", "the Rego file is empty")
	}
	return module, nil
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// packageParts returns the names under `data.sluice`, or a failure where the package is none of ours.
func packageParts(m *ast.Module) ([]string, error) {
	at, path := m.Package.Location, m.Package.Path
	remedy := "name it `sluice.<group>.<rule>` (a rule) or `sluice.lib.<name>` (a library)"
	var parts []string
	for _, term := range path[1:] {
		name, ok := term.Value.(ast.String)
		if !ok || !nameForm.MatchString(string(name)) {
			return nil, refuse(at, remedy, "package %s has a part that is not lower-case letters, digits, `_` and `-`", path)
		}
		parts = append(parts, string(name))
	}
	if len(parts) < 1 || parts[0] != "sluice" {
		return nil, refuse(at, remedy, "package %s is outside `sluice`, so nothing would ever evaluate it", shown(path))
	}
	if len(parts) != 3 {
		return nil, refuse(at, remedy, "package %s has %d parts where 3 are expected", shown(path), len(parts))
	}
	if parts[1] == "tenant" {
		return nil, refuse(at, "choose another group", "package %s: the group `tenant` belongs to the guard", shown(path))
	}
	return parts[1:], nil
}

func shown(path ast.Ref) string { return strings.TrimPrefix(path.String(), "data.") }
