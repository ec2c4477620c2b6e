package policy

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

const (
	entryFile    = "sluice_entry.rego"
	entryPackage = "sluice_entry"
	entryRule    = "answer"
)

// entryModule lists every rule by name, because wasm cannot enumerate packages. Its answer is one complete document:
// `evaluated` is 1 only for an input that holds an object, so no answer, an empty one and
// one without findings are three different things; `rules` tells whether it speaks for all of them.
func entryModule(rules []*Rule) (*ast.Module, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\n%s := {\"evaluated\": count([1 | is_object(input.object)]), \"rules\": %d, \"findings\": findings}\n\n",
		entryPackage, entryRule, len(rules))
	b.WriteString("findings contains \"\" if false\n")
	for _, rule := range rules {
		for _, severity := range []string{"deny", "warn"} {
			if rule.severity[severity] {
				fmt.Fprintf(&b, "findings contains [%q, %q, found] if some found in %s.%s\n", rule.ID, severity, rule.path, severity)
			}
		}
	}
	return ast.ParseModuleWithOpts(entryFile, b.String(), regoOptions)
}

// testEntry answers `passed`, the set of `package.test_name` that hold, for running Rego tests in wasm.
func testEntry(modules []*ast.Module) (*ast.Module, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\n%s := {\"passed\": passed}\n\npassed contains \"\" if false\n", entryPackage, entryRule)
	for _, m := range modules {
		for _, r := range m.Rules {
			if name := r.Head.Ref()[0].Value.String(); strings.HasPrefix(name, "test_") {
				fmt.Fprintf(&b, "passed contains \"%s.%s\" if %s.%s\n", shown(m.Package.Path), name, m.Package.Path, name)
			}
		}
	}
	return ast.ParseModuleWithOpts(entryFile, b.String(), regoOptions)
}
