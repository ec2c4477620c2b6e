package policy

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// rewriteSprintf turns `sprintf("%s has %d", [a, b])` into the template string `$"{a} has {b}"`, which OPA's wasm
// runtime implements itself; a JavaScript sprintf prints sets, numbers and missing arguments differently from Go's.
// Verbs are %s, %v, %d and %%, all of which print the value as a template string does. Anything else stays, and the
// compiler refuses it as a built-in that is not available.
func rewriteSprintf(m *ast.Module) {
	ast.WalkTerms(m, func(term *ast.Term) bool {
		if call, ok := term.Value.(ast.Call); ok {
			if parts := templateParts(call); parts != nil {
				term.Value = ast.Call{ast.NewTerm(ast.InternalTemplateString.Ref()).SetLocation(term.Location), parts}
			}
		}
		return false
	})
	ast.WalkExprs(m, func(expr *ast.Expr) bool {
		if terms, ok := expr.Terms.([]*ast.Term); ok {
			if parts := templateParts(terms); parts != nil {
				name := ast.NewTerm(ast.InternalTemplateString.Ref()).SetLocation(expr.Location)
				expr.Terms = append([]*ast.Term{name, parts}, terms[3:]...)
			}
		}
		return false
	})
}

func templateParts(call []*ast.Term) *ast.Term {
	if len(call) < 3 || call[0].String() != ast.Sprintf.Name {
		return nil
	}
	format, ok := call[1].Value.(ast.String)
	args, isArray := call[2].Value.(*ast.Array)
	if !ok || !isArray {
		return nil
	}
	var parts []*ast.Term
	text, next := "", 0
	pieces := strings.Split(string(format), "%")
	for i := 0; i < len(pieces); i++ {
		if i == 0 {
			text = pieces[0]
			continue
		}
		switch {
		case pieces[i] == "" && i+1 < len(pieces):
			text += "%" + pieces[i+1]
			i++
		case pieces[i] != "" && strings.ContainsRune("svd", rune(pieces[i][0])) && next < args.Len():
			parts = append(parts, ast.StringTerm(text), ast.SetTerm(args.Elem(next)))
			next++
			text = pieces[i][1:]
		default:
			return nil
		}
	}
	if next != args.Len() {
		return nil
	}
	parts = append(parts, ast.StringTerm(text))
	for _, part := range parts {
		part.SetLocation(call[0].Location)
	}
	return ast.ArrayTerm(parts...).SetLocation(call[0].Location)
}
