// Package policy compiles the platform's Rego to wasm with OPA's own compiler, and runs Rego tests with OPA's own tester.
package policy

import (
	"context"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/compile"
)

// Compiled is one wasm module with the entrypoint `sluice_entry/answer`, and the rules it evaluates, sorted by id.
type Compiled struct {
	Wasm  []byte  `json:"wasm"`
	Rules []*Rule `json:"rules"`
}

// Compile makes one wasm module of all modules but the tests. The error, if any, is a *fault.Fault.
func Compile(modules []Module) (*Compiled, error) {
	parsed, rules, err := prepare(modules, false)
	if err != nil {
		return nil, err
	}
	if len(rules) == 0 {
		return nil, refuse(nil, "add a file with `package sluice.<group>.<rule>`", "no Rego rule was given")
	}
	entry, err := entryModule(rules)
	if err != nil {
		return nil, asFault(err, "")
	}
	wasm, err := toWasm(append(parsed, entry))
	if err != nil {
		return nil, err
	}
	return &Compiled{Wasm: wasm, Rules: rules}, nil
}

// prepare parses, checks and type-checks; a misspelt input field or reference is an error here, not silence later.
func prepare(modules []Module, tests bool) ([]*ast.Module, []*Rule, error) {
	parsed, err := parseModules(modules, tests)
	if err != nil {
		return nil, nil, err
	}
	rules, err := collectRules(parsed)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range parsed {
		rewriteSprintf(m)
	}
	if err := check(parsed); err != nil {
		return nil, nil, asFault(err, "")
	}
	return parsed, rules, nil
}

func check(parsed []*ast.Module) error {
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.SchemaRootRef, inputSchema)
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithSchemas(schemas).WithDefaultRegoVersion(ast.RegoV1)
	byFile := map[string]*ast.Module{}
	for _, m := range parsed {
		byFile[m.Package.Location.File] = m.Copy()
	}
	if compiler.Compile(byFile); compiler.Failed() {
		return compiler.Errors
	}
	for _, m := range parsed {
		if err := checkReferences(compiler, compiler.Modules[m.Package.Location.File]); err != nil {
			return err
		}
	}
	return nil
}

var inputSchema = map[string]any{
	"type": "object", "additionalProperties": false,
	"properties": map[string]any{
		"object": map[string]any{}, "old": map[string]any{}, "tenant": map[string]any{},
		"cluster": map[string]any{"type": "string"}, "kustomization": map[string]any{}, "source": map[string]any{},
		"limits": map[string]any{},
	},
}

// checkReferences refuses `data` that nothing defines: it would be undefined for ever and its rule silent.
func checkReferences(compiler *ast.Compiler, m *ast.Module) error {
	var failure error
	ast.WalkRefs(m, func(ref ast.Ref) bool {
		if failure != nil || !ref.HasPrefix(ast.DefaultRootRef) {
			return false
		}
		node := compiler.RuleTree.Child(ref[0].Value)
		for i, term := range ref[1:] {
			if node == nil || len(node.Values) > 0 {
				return false // a rule; what it holds is its own affair
			}
			if _, ground := term.Value.(ast.String); !ground {
				return false
			}
			if node = node.Child(term.Value); node == nil {
				failure = refuse(placeOf(ref, m), "define it in a module, or read input.limits: policies have no other data",
					"%s is not defined", ref[:i+2])
				return false
			}
		}
		return false
	})
	return failure
}

func placeOf(ref ast.Ref, m *ast.Module) *ast.Location {
	if at := ref[0].Location; at != nil && at.File != "" {
		return at
	}
	return m.Package.Location
}

func toWasm(modules []*ast.Module) ([]byte, error) {
	b := &bundle.Bundle{Data: map[string]any{}}
	b.SetRegoVersion(ast.RegoV1)
	b.Manifest.Init()
	for _, m := range modules {
		file := m.Package.Location.File
		b.Modules = append(b.Modules, bundle.ModuleFile{URL: file, Path: file, Parsed: m})
	}
	compiler := compile.New().WithTarget(compile.TargetWasm).WithCapabilities(capabilities()).WithRegoVersion(ast.RegoV1).
		WithBundle(b).WithPruneUnused(true).WithEntrypoints(entryPackage + "/" + entryRule)
	if err := compiler.Build(context.Background()); err != nil {
		return nil, asFault(err, "")
	}
	built := compiler.Bundle().WasmModules
	if len(built) != 1 {
		return nil, refuse(nil, "", "the compiler gave %d wasm modules", len(built))
	}
	return built[0].Raw, nil
}
