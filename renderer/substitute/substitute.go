// Package substitute does Flux's postBuild substitution (fluxcd/pkg/kustomize kustomize_varsub.go) on built objects.
package substitute

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/fluxcd/pkg/envsubst"
	"sigs.k8s.io/yaml"

	"sluice/renderer/fault"
)

// Substitution is postBuild as src/ports.ts has it.
type Substitution struct {
	Variables    map[string]string `json:"variables"`
	Undetermined []string          `json:"undetermined"`
	Always       bool              `json:"always"`
}

// Failure is a fault of one object. Variable is the name it speaks of, or ”.
type Failure struct {
	Object   int
	Variable string
	*fault.Fault
}

func (f *Failure) Unwrap() error { return f.Fault }

const (
	key      = "kustomize.toolkit.fluxcd.io/substitute"
	disabled = "disabled"
	// The library copies the rest of the text for every $$ and recurses for every ${.
	mostEscapes     = 2_000
	mostExpressions = 20_000
)

var nameShape = regexp.MustCompile(`^[_[:alpha:]][_[:alpha:][:digit:]]*$`)

// Run substitutes in every object in place and returns the variables that stayed ${NAME}, sorted.
func Run(objects []map[string]any, with Substitution) ([]string, error) {
	unknown := map[string]bool{}
	variables := make(map[string]string, len(with.Variables))
	for name, value := range with.Variables {
		if !nameShape.MatchString(name) {
			return nil, fault.New("build.substitute", "", 0, "the variable name %s is not allowed", fault.Quote(name)).
				Do("Names of variables have letters, digits and _, and start with no digit.")
		}
		variables[name] = strings.ReplaceAll(value, "\n", "")
	}
	if len(variables) > 0 || with.Always || len(with.Undetermined) > 0 {
		for i, object := range objects {
			if off(object) {
				continue
			}
			next, failure := one(object, variables, len(with.Undetermined) > 0, unknown)
			if failure != nil {
				failure.Object = i
				failure.Message = fault.OneLine(title(object) + " " + failure.Message)
				return nil, failure
			}
			objects[i] = next
		}
	}
	names := make([]string, 0, len(unknown))
	for name := range unknown {
		names = append(names, name)
	}
	sort.Strings(names)
	return names, nil
}

// off tells whether an object opted out, by label or annotation, exactly as Flux compares.
func off(object map[string]any) bool {
	metadata, _ := object["metadata"].(map[string]any)
	for _, field := range []string{"labels", "annotations"} {
		pairs, _ := metadata[field].(map[string]any)
		if value, _ := pairs[key].(string); value == disabled {
			return true
		}
	}
	return false
}

func title(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	kind, _ := object["kind"].(string)
	name, _ := metadata["name"].(string)
	if namespace, _ := metadata["namespace"].(string); namespace != "" {
		name = namespace + "/" + name
	}
	return fault.OneLine(kind + "/" + name)
}

func one(object map[string]any, variables map[string]string, lenient bool, unknown map[string]bool) (map[string]any, *Failure) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, broken("cannot be written as JSON")
	}
	if !bytes.Contains(data, []byte("${")) && !bytes.Contains(data, []byte("$$")) {
		// The text has nothing to replace; Flux would still read it again, which may change types of quoted scalars no
		// more than kustomize's own writer already did.
		return object, nil
	}
	before, err := yaml.JSONToYAML(data)
	if err != nil {
		return nil, broken("cannot be written as YAML")
	}
	text := string(before)
	if strings.Count(text, "$$") > mostEscapes || strings.Count(text, "${") > mostExpressions {
		return nil, broken("has more than %d $$ or %d ${…}", mostEscapes, mostExpressions).hint()
	}
	calls, err := expressions(text)
	if err != nil {
		return nil, broken("has a ${…} that cannot be read: %s", err).hint()
	}
	var missing []string
	for _, call := range calls {
		if _, set := variables[call.name]; !set && !call.defaults {
			missing = append(missing, call.name)
		}
	}
	if len(missing) > 0 && !lenient {
		verb := "has"
		if len(missing) > 1 {
			verb = "have"
		}
		failure := broken("uses %s, which %s no value", list(missing), verb)
		failure.Variable = missing[0]
		failure.Remedy = "Set it in postBuild, give a default as ${" + missing[0] + ":=…}, write $${" + missing[0] + "} for the plain text, " +
			"or annotate the object with " + key + ": " + disabled + "."
		return nil, failure
	}
	if len(missing) > 0 {
		text = keep(text, variables)
		if calls, err = expressions(text); err != nil {
			return nil, broken("has a ${…} that cannot be read: %s", err).hint()
		}
	}
	for _, name := range missing {
		unknown[name] = true
	}
	return replace(text, before, calls, variables, lenient)
}

// replace evaluates the text and checks that only values changed.
func replace(text string, before []byte, calls []call, variables map[string]string, lenient bool) (map[string]any, *Failure) {
	next := 0
	after, err := envsubst.Eval(text, func(name string) (string, bool) {
		this := call{name: name}
		if next < len(calls) {
			this = calls[next]
		}
		next++
		if value, set := variables[name]; set {
			return value, true
		}
		if lenient && !this.defaults {
			return "${" + name + "}", true
		}
		return "", false
	})
	if err != nil {
		return nil, broken("cannot be substituted: %s", err).hint()
	}
	if len(after) > 16<<20 {
		return nil, broken("has more than %d bytes after substitution", 16<<20)
	}
	if failure := sameShape(string(before), after); failure != nil {
		return nil, failure
	}
	out, err := yaml.YAMLToJSON([]byte(after))
	if err != nil {
		return nil, broken("is no YAML after substitution").hint()
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil {
		return nil, broken("is no object after substitution").hint()
	}
	return object, nil
}

func broken(format string, args ...any) *Failure {
	return &Failure{Fault: fault.New("build.substitute", "", 0, format, args...)}
}

func (f *Failure) hint() *Failure {
	f.Remedy = "Only ${name} and its forms are read; write $${…} for the plain text, or annotate the object with " + key + ": " + disabled + "."
	return f
}

func list(names []string) string {
	seen := map[string]bool{}
	var out []string
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			out = append(out, fmt.Sprintf("${%s}", name))
		}
	}
	if len(out) > 5 {
		return strings.Join(out[:5], ", ") + fmt.Sprintf(" and %d more", len(out)-5)
	}
	return strings.Join(out, ", ")
}
