package origin

import (
	"strings"

	"sluice/renderer/document"
	"sluice/renderer/scan"
)

// Trace returns the sources of each object, in the same order. Every list has at least one source.
func Trace(root *scan.Kustomization, objects []map[string]any) [][]Source {
	var items []item
	collect(root, &items, map[*scan.Kustomization]bool{})
	out := make([][]Source, len(objects))
	for i, object := range objects {
		kind, _ := object["kind"].(string)
		metadata, _ := object["metadata"].(map[string]any)
		name, _ := metadata["name"].(string)
		best, length := Source{File: root.File, Line: 1, By: Declared}, -1
		for _, it := range items {
			if it.kind == kind && strings.Contains(name, it.name) && len(it.name) > length {
				best, length = it.source, len(it.name)
			}
		}
		out[i] = []Source{best}
	}
	return out
}

type item struct {
	kind, name string
	source     Source
}

func collect(k *scan.Kustomization, items *[]item, seen map[*scan.Kustomization]bool) {
	if seen[k] {
		return
	}
	seen[k] = true
	for _, list := range [][]scan.Resource{k.Resources, k.Components} {
		for _, r := range list {
			if r.Folder != nil {
				collect(r.Folder, items, seen)
				continue
			}
			for _, doc := range r.File.Documents {
				for _, node := range scan.Objects(doc.Node) {
					*items = append(*items, item{document.String(node, "kind"), document.String(node, "metadata", "name"),
						Source{File: r.File.Path, Line: node.Line, Document: doc.Index, By: Declared, Node: node}})
				}
			}
		}
	}
	for i, g := range k.Types.ConfigMapGenerator {
		*items = append(*items, item{"ConfigMap", g.Name, Source{File: k.File, Line: k.Line("configMapGenerator", i), By: Generated}})
	}
	for i, g := range k.Types.SecretGenerator {
		*items = append(*items, item{"Secret", g.Name, Source{File: k.File, Line: k.Line("secretGenerator", i), By: Generated}})
	}
}
