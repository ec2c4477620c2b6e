package policy

import (
	"sort"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Rule is one package `sluice.<group>.<rule>` that defines `deny` or `warn`.
type Rule struct {
	// ID is `<group>/<rule>`; an underscore of the package is a hyphen in the id.
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Remedy      string `json:"remedy,omitempty"`
	File        string `json:"file"`

	path     ast.Ref
	severity map[string]bool
}

// collectRules finds the rules, and refuses whatever would look like a rule and never be evaluated.
func collectRules(modules []*ast.Module) ([]*Rule, error) {
	byID := map[string]*Rule{}
	for _, m := range modules {
		if isTest(m.Package.Location.File) {
			continue
		}
		parts, err := packageParts(m)
		if err != nil {
			return nil, err
		}
		defined, err := severities(m)
		if err != nil {
			return nil, err
		}
		if parts[0] == "lib" {
			if len(defined) > 0 {
				return nil, refuse(m.Package.Location, "move it to `sluice.<group>.<rule>`",
					"library %s defines deny or warn, which nothing would evaluate", shown(m.Package.Path))
			}
			continue
		}
		id := strings.ReplaceAll(strings.Join(parts, "/"), "_", "-")
		rule, known := byID[id]
		if !known {
			rule = &Rule{ID: id, File: m.Package.Location.File, path: m.Package.Path, severity: map[string]bool{}}
			byID[id] = rule
		} else if !rule.path.Equal(m.Package.Path) {
			return nil, refuse(m.Package.Location, "rename one of them", "packages %s and %s both make rule %s",
				shown(rule.path), shown(m.Package.Path), id)
		}
		for name := range defined {
			rule.severity[name] = true
		}
		describe(rule, m)
	}
	rules := make([]*Rule, 0, len(byID))
	for _, rule := range byID {
		if len(rule.severity) == 0 {
			return nil, refuse(&ast.Location{File: rule.File, Row: 1},
				"define `deny contains {\"msg\": …} if { … }`; a library is named `sluice.lib.<name>`",
				"package %s defines neither deny nor warn, so it would never speak", shown(rule.path))
		}
		if rule.Title == "" {
			rule.Title = rule.ID
		}
		rules = append(rules, rule)
	}
	sort.Slice(rules, func(i, j int) bool { return rules[i].ID < rules[j].ID })
	return rules, nil
}

func severities(m *ast.Module) (map[string]bool, error) {
	defined := map[string]bool{}
	for _, r := range m.Rules {
		name := string(r.Head.Ref()[0].Value.(ast.Var))
		if name != "deny" && name != "warn" {
			continue
		}
		if r.Head.RuleKind() != ast.MultiValue || len(r.Head.Ref()) != 1 || len(r.Head.Args) > 0 {
			return nil, refuse(r.Location, "write `"+name+" contains {\"msg\": …} if { … }`", "%s must be a set", name)
		}
		defined[name] = true
	}
	return defined, nil
}

// describe takes title, description and `custom.remedy` from the package's METADATA, else from deny's or warn's.
func describe(rule *Rule, m *ast.Module) {
	for _, a := range m.Annotations {
		if rule.Title != "" && a.Scope != "package" && a.Scope != "subpackages" {
			continue
		}
		if a.Title != "" {
			rule.Title = oneLine(a.Title)
		}
		if a.Description != "" {
			rule.Description = oneLine(a.Description)
		}
		if remedy, ok := a.Custom["remedy"].(string); ok {
			rule.Remedy = oneLine(remedy)
		}
	}
}
