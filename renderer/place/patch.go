package place

import (
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/renderer/document"
)

// inline returns the document of a patch that is written as text in a kustomization file and holds the line, with lines
// of the file; nil where there is none.
func inline(root *yaml.Node, line int, limits document.Limits) *yaml.Node {
	if line <= 0 {
		return nil
	}
	for _, scalar := range blocks(root, nil) {
		first := scalar.Line + 1
		if line < first || line > scalar.Line+strings.Count(scalar.Value, "\n")+1 {
			continue
		}
		documents, err := document.Parse("", []byte(scalar.Value), limits)
		if err != nil {
			return nil
		}
		for i := len(documents) - 1; i >= 0; i-- {
			if documents[i].Line+scalar.Line <= line {
				shift(documents[i].Node, scalar.Line)
				return documents[i].Node
			}
		}
	}
	return nil
}

// single returns the place of a path in the only inline patch of a kustomization that has it.
func single(root *yaml.Node, path []json.RawMessage, limits document.Limits) (Place, bool) {
	var found []Place
	for _, field := range []string{"patches", "patchesStrategicMerge", "patchesJson6902"} {
		list := document.Field(root, field)
		if list == nil {
			continue
		}
		for _, scalar := range blocks(list, nil) {
			documents, err := document.Parse("", []byte(scalar.Value), limits)
			if err != nil {
				continue
			}
			for _, doc := range documents {
				shift(doc.Node, scalar.Line)
				if place := Find(doc.Node, path); place.Found {
					found = append(found, place)
				}
			}
		}
	}
	if len(found) != 1 {
		return Place{}, false
	}
	return found[0], true
}

// blocks returns the block scalars of a tree.
func blocks(node *yaml.Node, found []*yaml.Node) []*yaml.Node {
	if node.Kind == yaml.ScalarNode && node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		found = append(found, node)
	}
	for _, child := range node.Content {
		found = blocks(child, found)
	}
	return found
}

func shift(node *yaml.Node, by int) {
	node.Line += by
	for _, child := range node.Content {
		shift(child, by)
	}
}

// operations tells whether a document is a JSON patch.
func operations(node *yaml.Node) bool {
	return node.Kind == yaml.SequenceNode && len(node.Content) > 0 && document.String(node.Content[0], "op") != ""
}

// operation returns the line of the last operation that writes a path: at it, above it or below it.
func operation(list *yaml.Node, path []json.RawMessage) Place {
	pointer := ""
	for _, element := range path {
		var key string
		var index int
		if json.Unmarshal(element, &index) == nil {
			key = strconv.Itoa(index)
		} else {
			_ = json.Unmarshal(element, &key)
		}
		pointer += "/" + strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
	}
	for i := len(list.Content) - 1; i >= 0; i-- {
		node := document.Resolve(list.Content[i])
		target := document.String(node, "path")
		if target == pointer {
			if value := document.Field(node, "path"); value != nil {
				return Place{Line: value.Line, Found: true}
			}
		}
		rest, below := strings.CutPrefix(pointer, strings.TrimSuffix(target, "/-")+"/")
		if value := document.Field(node, "value"); below && target != "" && value != nil {
			if inner := Find(value, elements(rest)); inner.Found {
				return inner
			}
			return Place{Line: node.Line, Found: true}
		}
	}
	return Place{Line: list.Line}
}

func elements(pointer string) []json.RawMessage {
	var out []json.RawMessage
	for _, key := range strings.Split(pointer, "/") {
		key = strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~")
		if _, err := strconv.Atoi(key); err == nil {
			out = append(out, json.RawMessage(key))
			continue
		}
		text, _ := json.Marshal(key)
		out = append(out, text)
	}
	return out
}
