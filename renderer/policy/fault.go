package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"sluice/renderer/fault"
)

const (
	codeCompile = "policy.compile"
	codeBuiltin = "policy.builtin"
)

// refuse is a failure to compile, at a place in the platform's Rego.
func refuse(at *ast.Location, remedy, format string, args ...any) *fault.Fault {
	f := fault.New(codeCompile, "", 0, format, args...)
	if at != nil {
		f.File, f.Line = at.File, at.Row
	}
	f.Message, f.Remedy = oneLine(f.Message), remedy
	return f
}

// asFault turns OPA's own errors into the first of them, with the number of others.
func asFault(err error, file string) *fault.Fault {
	var known *fault.Fault
	if errors.As(err, &known) {
		return known
	}
	var many ast.Errors
	var one *ast.Error
	switch {
	case errors.As(err, &many) && len(many) > 0:
		many.Sort()
		one = many[0]
	case errors.As(err, &one):
		many = ast.Errors{one}
	default:
		return refuse(&ast.Location{File: file}, "", "Rego does not compile: %s", err)
	}
	f := refuse(one.Location, "", "Rego does not compile: %s: %s", one.Code, one.Message)
	if f.File == "" {
		f.File = file
	}
	if name, ok := strings.CutPrefix(one.Message, "undefined function "); ok && one.Code == ast.TypeErr {
		if remedy, refused := refusedBuiltin(name); refused {
			f.Code = codeBuiltin
			f.Message = fmt.Sprintf("built-in function %s is not available to policies", name)
			f.Remedy = remedy
		}
	}
	if one.Code == ast.TypeErr && strings.HasPrefix(one.Message, "undefined ref: input.") {
		f.Remedy = "rules see input.object, input.old, input.tenant, input.cluster, input.kustomization, input.source and input.limits"
	}
	if len(many) > 1 {
		f.Message += fmt.Sprintf(" (and %d more)", len(many)-1)
	}
	return f
}

func oneLine(text string) string {
	text = fault.OneLine(text)
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "") + "…"
	}
	return text
}
