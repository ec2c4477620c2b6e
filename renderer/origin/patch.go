package origin

import (
	"strings"

	"go.yaml.in/yaml/v3"
	kustypes "sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"

	"sluice/renderer/document"
	"sluice/renderer/scan"
)

// patch lays one entry of patches over the items it reaches.
func (w *walker) patch(patch scan.Patch, selector *kustypes.Selector, renames bool) {
	for _, doc := range patch.Documents {
		source := Source{File: patch.File, Line: doc.Line, Document: doc.Index, By: Patched, Node: doc.Node}
		if patch.Inline {
			source.Document, source.Node = 0, nil
		}
		if patch.Flux {
			source.File = ""
		}
		root := document.Resolve(doc.Node)
		if root.Kind == yaml.SequenceNode {
			if selector != nil {
				w.target(selector, func(it *item) { it.operations(root); it.touch(source) })
			}
			continue
		}
		for _, node := range scan.Objects(root) {
			apply := func(it *item) { it.strategic(node, renames); it.touch(source) }
			if selector != nil {
				w.target(selector, apply)
				continue
			}
			group, _ := resid.ParseGroupVersion(document.String(node, "apiVersion"))
			for _, it := range w.items {
				if it.called(group, document.String(node, "kind"), document.String(node, "metadata", "name"), document.String(node, "metadata", "namespace")) {
					apply(it)
				}
			}
		}
	}
}

func (w *walker) target(selector *kustypes.Selector, change func(*item)) {
	regex, err := kustypes.NewSelectorRegex(selector)
	if err != nil {
		return
	}
	for _, it := range w.items {
		if !it.deleted && it.selected(selector, regex) {
			change(it)
		}
	}
}

// strategic follows Resource.ApplySmPatch as far as ids and labels go.
func (it *item) strategic(node *yaml.Node, renames bool) {
	if document.String(node, "$patch") == "delete" {
		it.deleted = true
		return
	}
	it.nodes = append(it.nodes, node)
	merge(it.labels, pairs(document.Field(node, "metadata", "labels")))
	merge(it.annotations, pairs(document.Field(node, "metadata", "annotations")))
	if name := document.String(node, "metadata", "name"); renames && name != "" {
		it.rename(name)
	}
	if kind := document.String(node, "kind"); renames && kind != "" && kind != last(it.kinds) {
		it.kinds = append(it.kinds, kind)
	}
}

// operations follows a JSON patch as far as ids, labels and images go.
func (it *item) operations(list *yaml.Node) {
	for _, op := range list.Content {
		value := document.String(op, "value")
		switch path := document.String(op, "path"); {
		case document.String(op, "op") == "remove" || document.String(op, "op") == "test":
		case path == "/metadata/name" && value != "":
			it.rename(value)
		case path == "/metadata/namespace":
			it.move(value)
		case path == "/kind" && value != "":
			it.kinds = append(it.kinds, value)
		case strings.HasPrefix(path, "/metadata/labels/"):
			it.labels[unescape(strings.TrimPrefix(path, "/metadata/labels/"))] = value
		case strings.HasPrefix(path, "/metadata/annotations/"):
			it.annotations[unescape(strings.TrimPrefix(path, "/metadata/annotations/"))] = value
		case strings.HasSuffix(path, "/image"):
			it.nodes = append(it.nodes, &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
				{Kind: yaml.ScalarNode, Value: "image"}, {Kind: yaml.ScalarNode, Value: value},
			}})
		default:
			if inner := document.Field(op, "value"); inner != nil {
				it.nodes = append(it.nodes, inner)
			}
		}
	}
}

func unescape(pointer string) string {
	return strings.ReplaceAll(strings.ReplaceAll(pointer, "~1", "/"), "~0", "~")
}

// replacement marks the targets of one replacement.
func (w *walker) replacement(field kustypes.ReplacementField, source Source) {
	for _, target := range field.Targets {
		if target == nil || target.Select == nil {
			continue
		}
		w.target(target.Select, func(it *item) {
			for _, reject := range target.Reject {
				if regex, err := kustypes.NewSelectorRegex(reject); err == nil && it.selected(reject, regex) {
					return
				}
			}
			it.touch(source)
		})
	}
	if field.Path != "" {
		w.all(source, func(*item) bool { return true })
	}
}

// runs tells whether some container of the item, or of a patch on it, has the image.
func (it *item) runs(image string) bool {
	for _, node := range it.nodes {
		if runs(node, image, 0) {
			return true
		}
	}
	return false
}

func runs(node *yaml.Node, image string, depth int) bool {
	node = document.Resolve(node)
	if node == nil || depth > 100 {
		return false
	}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			value := document.Resolve(child)
			if node.Content[i-1].Value == "image" && value.Kind == yaml.ScalarNode {
				if rest, ok := strings.CutPrefix(value.Value, image); ok && (rest == "" || rest[0] == ':' || rest[0] == '@') {
					return true
				}
			}
		}
		if runs(child, image, depth+1) {
			return true
		}
	}
	return false
}
