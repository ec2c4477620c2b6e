package scan

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/renderer/document"
	"sluice/renderer/fault"
)

// weigh adds up what a build of this folder would hold, before anything is built.
func (s *scanner) weigh(k *Kustomization) error {
	objects := len(k.Types.ConfigMapGenerator) + len(k.Types.SecretGenerator)
	var weight int64
	visits := 1
	for _, list := range [][]Resource{k.Resources, k.Components, k.Generators, k.Transformers} {
		for _, resource := range list {
			if resource.Folder != nil {
				objects += resource.Folder.Objects
				weight += resource.Folder.Weight
				visits += resource.Folder.Visits
				continue
			}
			for _, doc := range resource.File.Documents {
				objects += len(Objects(doc.Node))
				weight += int64(doc.Bytes)
			}
		}
	}
	k.Objects, k.Weight, k.Visits = objects, weight, visits
	if visits > s.limits.Objects {
		return fault.New("build.tooLarge", k.File, 0, "the build would visit %d folders or more, more than %d", visits, s.limits.Objects).
			Do("Name each folder once.")
	}
	if objects > s.limits.Objects {
		return fault.New("build.tooManyObjects", k.File, 0, "the build would hold %d objects or more, more than %d", objects, s.limits.Objects).
			Do("Split it into several Kustomizations.")
	}
	if weight > s.limits.Weight {
		return fault.New("build.tooLarge", k.File, 0, "the build would hold %d bytes or more, more than %d", weight, s.limits.Weight).
			Do("Split it into several Kustomizations.")
	}
	return nil
}

// Objects returns the objects of a document: itself, or the items of a list, lists inside lists included, in the order
// in which kustomize takes them.
func Objects(root *yaml.Node) []*yaml.Node {
	queue := []*yaml.Node{document.Resolve(root)}
	var out []*yaml.Node
	for len(queue) > 0 && len(out) < 100_000 {
		node := queue[0]
		queue = queue[1:]
		items := document.Field(node, "items")
		if !strings.HasSuffix(document.String(node, "kind"), "List") || items == nil || items.Kind != yaml.SequenceNode {
			out = append(out, node)
			continue
		}
		for _, item := range items.Content {
			queue = append(queue, document.Resolve(item))
		}
	}
	return out
}
