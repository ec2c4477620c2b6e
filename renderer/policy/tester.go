package policy

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/tester"
)

// TestResult is one `test_…` rule as OPA's own tester saw it.
type TestResult struct {
	// Name is `sluice.image.tag_test.test_latest`.
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Error  string `json:"error,omitempty"`
}

// Tested holds OPA's answers, and the same tests as wasm, whose entrypoint answers `{"passed": [names]}`.
type Tested struct {
	Results []TestResult `json:"results"`
	Wasm    []byte       `json:"wasm"`
}

// Test runs all `test_` rules of the modules with OPA's tester.
func Test(modules []Module) (*Tested, error) {
	parsed, _, err := prepare(modules, true)
	if err != nil {
		return nil, err
	}
	entry, err := testEntry(parsed)
	if err != nil {
		return nil, asFault(err, "")
	}
	byFile := map[string]*ast.Module{}
	for _, m := range parsed {
		byFile[m.Package.Location.File] = m.Copy()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	found, err := tester.NewRunner().SetModules(byFile).SetTimeout(10*time.Second).RunTests(ctx, nil)
	if err != nil {
		return nil, asFault(err, "")
	}
	tested := &Tested{Results: []TestResult{}}
	for r := range found {
		one := TestResult{Name: strings.TrimPrefix(r.Package, "data.") + "." + r.Name, Passed: r.Pass()}
		if r.Error != nil {
			one.Error = oneLine(r.Error.Error())
		}
		tested.Results = append(tested.Results, one)
	}
	tested.Wasm, err = toWasm(append(parsed, entry))
	return tested, err
}

// Evaluate answers what the wasm module must answer for each input, by OPA's own evaluator. For tests.
func Evaluate(modules []Module, inputs []json.RawMessage) ([]any, error) {
	parsed, rules, err := prepare(modules, false)
	if err != nil {
		return nil, err
	}
	entry, err := entryModule(rules)
	if err != nil {
		return nil, asFault(err, "")
	}
	options := []func(*rego.Rego){rego.Query("data." + entryPackage + "." + entryRule), rego.Capabilities(capabilities())}
	for _, m := range append(parsed, entry) {
		options = append(options, rego.ParsedModule(m))
	}
	ctx := context.Background()
	query, err := rego.New(options...).PrepareForEval(ctx)
	if err != nil {
		return nil, asFault(err, "")
	}
	answers := make([]any, 0, len(inputs))
	for _, raw := range inputs {
		input, err := ast.ValueFromReader(strings.NewReader(string(raw)))
		if err != nil {
			return nil, refuse(nil, "", "input is not JSON")
		}
		results, err := query.Eval(ctx, rego.EvalParsedInput(input))
		switch {
		case err != nil:
			answers = append(answers, map[string]any{"error": oneLine(err.Error())})
		case len(results) == 0:
			answers = append(answers, nil)
		default:
			answers = append(answers, results[0].Expressions[0].Value)
		}
	}
	return answers, nil
}
