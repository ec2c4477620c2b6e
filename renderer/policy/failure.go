package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Failure is what a person has to change. Code is one of policy.compile and policy.builtin; File and Line say where.
type Failure struct {
	Code    string
	Message string
	Remedy  string
	File    string
	Line    int
}

func (f *Failure) Error() string { return f.Message }

const (
	codeCompile = "policy.compile"
	codeBuiltin = "policy.builtin"
)

func refuse(at *ast.Location, remedy, format string, args ...any) *Failure {
	f := &Failure{Code: codeCompile, Message: fmt.Sprintf(format, args...), Remedy: remedy}
	if at != nil {
		f.File, f.Line = at.File, at.Row
	}
	return f
}

// asFailure turns OPA's own errors into the first of them, with the number of others.
func asFailure(err error, file string) *Failure {
	var known *Failure
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
		return &Failure{Code: codeCompile, Message: "Rego does not compile: " + oneLine(err.Error()), File: file}
	}
	f := refuse(one.Location, "", "Rego does not compile: %s: %s", one.Code, oneLine(one.Message))
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
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
