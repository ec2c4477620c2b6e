package document

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/renderer/fault"
)

// walker checks one document: keys, depth, tags, aliases.
type walker struct {
	file       string
	limits     Limits
	crd        bool
	nodes      int
	bytes      int
	aliasNodes int
	aliasBytes int
	sizes      map[*yaml.Node]size
}

type size struct{ nodes, bytes int }

func (w *walker) fail(code string, node *yaml.Node, format string, args ...any) *fault.Fault {
	return fault.New(code, w.file, node.Line, format, args...)
}

func (w *walker) check(root *yaml.Node) error {
	w.sizes = map[*yaml.Node]size{}
	total, err := w.visit(root, 1, map[*yaml.Node]bool{})
	w.nodes, w.bytes = total.nodes, total.bytes
	return err
}

// A number that Go's YAML would read as a float and so change.
var hugeInteger = regexp.MustCompile(`^[-+]?[1-9][0-9_]{15,}$`)

var plainTags = map[string]bool{
	"": true, "!!str": true, "!!int": true, "!!float": true, "!!bool": true, "!!null": true,
	"!!map": true, "!!seq": true, "!!timestamp": true, "!!merge": true,
}

// visit checks a node and returns its size with aliases expanded. open holds the anchors around it.
func (w *walker) visit(node *yaml.Node, depth int, open map[*yaml.Node]bool) (size, error) {
	if depth > w.limits.Depth {
		return size{}, w.fail("build.tooLarge", node, "nested deeper than %d levels", w.limits.Depth)
	}
	if node.Kind == yaml.AliasNode {
		return w.alias(node, depth, open)
	}
	if !plainTags[node.ShortTag()] {
		return size{}, w.fail("build.yaml", node, "the tag %s is not allowed", fault.Quote(node.Tag)).Do("Write the value without a tag.")
	}
	total := size{nodes: 1, bytes: len(node.Value)}
	if node.Anchor != "" {
		open[node] = true
		defer delete(open, node)
	}
	switch node.Kind {
	case yaml.ScalarNode:
		if node.ShortTag() == "!!float" && hugeInteger.MatchString(node.Value) {
			return size{}, w.fail("build.yaml", node, "the number %s is too large to be kept exactly", fault.Quote(node.Value)).
				Do("Write it in quotes.")
		}
		if _, err := scalar(w.file, node); err != nil {
			return size{}, err
		}
	case yaml.MappingNode:
		if err := w.keys(node); err != nil {
			return size{}, err
		}
	}
	for _, child := range node.Content {
		below, err := w.visit(child, depth+1, open)
		if err != nil {
			return size{}, err
		}
		total.nodes += below.nodes
		total.bytes += below.bytes
		if total.nodes > w.limits.Nodes {
			return size{}, w.fail("build.tooLarge", child, "more than %d values in one document", w.limits.Nodes)
		}
	}
	if node.Anchor != "" {
		w.sizes[node] = total
	}
	return total, nil
}

func (w *walker) alias(node *yaml.Node, depth int, open map[*yaml.Node]bool) (size, error) {
	if open[node.Alias] {
		return size{}, w.fail("build.alias", node, "the alias *%s stands inside what it repeats", node.Value)
	}
	total, known := w.sizes[node.Alias]
	if !known {
		return size{}, w.fail("build.alias", node, "the alias *%s has no anchor before it", node.Value)
	}
	w.aliasNodes += total.nodes
	w.aliasBytes += total.bytes
	if w.aliasNodes > w.limits.AliasNodes || w.aliasBytes > w.limits.AliasBytes {
		return size{}, w.fail("build.alias", node, "aliases expand to more than %d values or %d bytes", w.limits.AliasNodes, w.limits.AliasBytes).
			Do("Write the values out, or repeat less.")
	}
	if over := depth + height(node.Alias, w.limits.Depth); over > w.limits.Depth+1 {
		return size{}, w.fail("build.tooLarge", node, "nested deeper than %d levels", w.limits.Depth)
	}
	return total, nil
}

// height returns how deep a node goes with aliases expanded; it stops counting behind limit.
func height(node *yaml.Node, limit int) int {
	node = Resolve(node)
	if limit <= 0 {
		return 1
	}
	deepest := 0
	for _, child := range node.Content {
		deepest = max(deepest, height(child, limit-1))
	}
	return deepest + 1
}

func (w *walker) keys(node *yaml.Node) error {
	if count := len(node.Content) / 2; count > w.limits.Keys {
		return w.fail("build.tooLarge", node, "a map with %d keys, more than %d", count, w.limits.Keys)
	}
	seen := make(map[string]int, len(node.Content)/2)
	for i := 0; i < len(node.Content); i += 2 {
		key := node.Content[i]
		tag := key.ShortTag()
		if key.Kind != yaml.ScalarNode || tag != "!!str" && tag != "!!merge" {
			return w.fail("build.yaml", key, "the key %s is not a string", fault.Quote(key.Value)).Do("Write the key in quotes.")
		}
		if first, twice := seen[key.Value]; twice {
			return w.fail("build.duplicateKey", key, "the key %s is in the map twice, first in line %d", fault.Quote(key.Value), first).
				Do("Keep one of the two.")
		}
		seen[key.Value] = key.Line
		switch key.Value {
		case "__proto__":
		case "constructor", "prototype":
			if w.crd {
				continue
			}
		default:
			if tag == "!!merge" {
				if err := w.merge(node.Content[i+1]); err != nil {
					return err
				}
			}
			continue
		}
		return w.fail("build.object", key, "the key %s is not allowed", fault.Quote(key.Value))
	}
	return nil
}

func (w *walker) merge(value *yaml.Node) error {
	for _, part := range mergeParts(value) {
		if part.Kind != yaml.MappingNode {
			return w.fail("build.yaml", value, "<< merges something that is no map")
		}
	}
	return nil
}

func mergeParts(value *yaml.Node) []*yaml.Node {
	value = Resolve(value)
	if value.Kind == yaml.SequenceNode {
		parts := make([]*yaml.Node, 0, len(value.Content))
		for _, part := range value.Content {
			parts = append(parts, Resolve(part))
		}
		return parts
	}
	return []*yaml.Node{value}
}

// JSONFile tells whether a file is JSON by its name.
func JSONFile(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".json") }
