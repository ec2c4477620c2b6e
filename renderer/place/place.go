// Package place finds the lines of field paths in YAML files.
package place

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/renderer/document"
)

// Place is the line of a path; Found is false where only a parent of it exists.
type Place struct {
	Line  int  `json:"line"`
	Found bool `json:"found"`
}

// Item asks for paths in one document of a file.
type Item struct {
	File     string `json:"file"`
	Text     string `json:"text"`
	Document int    `json:"document"`
	// Line, where given, is that of an inline patch in a kustomization: paths are looked up in its text.
	Line  int                 `json:"line"`
	Paths [][]json.RawMessage `json:"paths"`
}

// Locate returns the place of each path. A file that cannot be read has its first line for all.
func Locate(items []Item, limits document.Limits) [][]Place {
	out := make([][]Place, len(items))
	for i, item := range items {
		var root *yaml.Node
		documents, err := document.Parse(item.File, []byte(item.Text), limits)
		if err == nil && item.Document >= 0 && item.Document < len(documents) {
			root = documents[item.Document].Node
			if inner := inline(root, item.Line, limits); inner != nil {
				root = inner
			}
		}
		out[i] = make([]Place, len(item.Paths))
		for j, path := range item.Paths {
			if root == nil {
				out[i][j] = Place{Line: 1}
				continue
			}
			out[i][j] = Find(root, path)
			if only, ok := single(root, path, limits); ok && !out[i][j].Found {
				out[i][j] = only
			}
		}
	}
	return out
}

// Find walks a path. Elements are keys, indexes, or "[name=web]" for the item of a list that has that field.
func Find(root *yaml.Node, path []json.RawMessage) Place {
	node, line := document.Resolve(root), root.Line
	if operations(node) {
		return operation(node, path)
	}
	for _, element := range path {
		key, next := step(node, element)
		if next == nil {
			return Place{Line: line}
		}
		line = key.Line
		node = document.Resolve(next)
	}
	return Place{Line: line, Found: true}
}

// step returns where an element stands and its value, nil where there is none.
func step(node *yaml.Node, element json.RawMessage) (*yaml.Node, *yaml.Node) {
	var index int
	if json.Unmarshal(element, &index) == nil {
		if node.Kind == yaml.SequenceNode && index >= 0 && index < len(node.Content) {
			return node.Content[index], node.Content[index]
		}
		return nil, nil
	}
	var key string
	if json.Unmarshal(element, &key) != nil {
		return nil, nil
	}
	switch node.Kind {
	case yaml.MappingNode:
		return entry(node, key)
	case yaml.SequenceNode:
		return chosen(node, key)
	}
	return nil, nil
}

func entry(node *yaml.Node, key string) (*yaml.Node, *yaml.Node) {
	var merged *yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i], node.Content[i+1]
		}
		if node.Content[i].ShortTag() == "!!merge" {
			merged = document.Resolve(node.Content[i+1])
		}
	}
	if merged == nil {
		return nil, nil
	}
	if merged.Kind == yaml.SequenceNode {
		for _, part := range merged.Content {
			if part = document.Resolve(part); part.Kind == yaml.MappingNode {
				if at, value := entry(part, key); value != nil {
					return at, value
				}
			}
		}
		return nil, nil
	}
	return entry(merged, key)
}

func chosen(node *yaml.Node, key string) (*yaml.Node, *yaml.Node) {
	inner, ok := strings.CutPrefix(key, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	field, value, pair := strings.Cut(inner, "=")
	if !ok || !closed || !pair {
		return nil, nil
	}
	for _, item := range node.Content {
		if found := document.Field(item, field); found != nil && found.Kind == yaml.ScalarNode && found.Value == value {
			return item, item
		}
	}
	return nil, nil
}
