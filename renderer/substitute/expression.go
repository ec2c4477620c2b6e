package substitute

import (
	"regexp"
	"strings"

	"github.com/fluxcd/pkg/envsubst/parse"
)

// call is one ${…}: the variable and whether its operator gives a value where the variable has none.
type call struct {
	name     string
	defaults bool
}

var defaultOperators = map[string]bool{
	"-": true, "+": true, "=": true, "?": true, ":-": true, ":+": true, ":=": true, ":?": true,
}

// expressions returns the calls of a text in the order in which the library evaluates them: arguments first.
func expressions(text string) ([]call, error) {
	tree, err := parse.Parse(text)
	if err != nil {
		return nil, err
	}
	var calls []call
	var visit func(node parse.Node)
	visit = func(node parse.Node) {
		switch node := node.(type) {
		case *parse.ListNode:
			for _, child := range node.Nodes {
				visit(child)
			}
		case *parse.FuncNode:
			for _, child := range node.Args {
				visit(child)
			}
			calls = append(calls, call{name: node.Param, defaults: defaultOperators[node.Name]})
		}
	}
	visit(tree.Root)
	return calls, nil
}

var opening = regexp.MustCompile(`^\$\{(#?)([\p{L}\p{Nd}_]+)(:?[-=?+}]|.)`)

// keep escapes each ${NAME…} whose variable has no value and whose operator gives none, so that the library leaves the
// whole expression as it stands. Expressions inside defaults are left to the evaluation.
func keep(text string, variables map[string]string) string {
	var out strings.Builder
	for {
		at := strings.IndexByte(text, '$')
		if at < 0 || at+1 >= len(text) {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(text[:at])
		text = text[at:]
		switch {
		case strings.HasPrefix(text, "$$"):
			out.WriteString("$$")
			text = text[2:]
		case strings.HasPrefix(text, "${"):
			found := opening.FindStringSubmatch(text)
			if found == nil {
				out.WriteString("${")
				text = text[2:]
				continue
			}
			_, set := variables[found[2]]
			if !set && !(found[1] == "" && defaultOperators[found[3]]) {
				out.WriteByte('$')
				out.WriteString(text[:2])
				text = text[2:]
				continue
			}
			end := closing(text)
			out.WriteString(text[:end])
			text = text[end:]
		default:
			out.WriteByte('$')
			text = text[1:]
		}
	}
}

// closing returns where a ${…} ends, expressions inside it included.
func closing(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			depth++
			i++
		case text[i] == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}
