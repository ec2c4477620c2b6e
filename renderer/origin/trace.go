package origin

import "sluice/renderer/scan"

// Trace returns the sources of each object of a build, in the same order: the declaration first, then what changed it.
// Every list has at least one source; an object that cannot be traced has the kustomization it came out of.
func Trace(root *scan.Kustomization, objects []map[string]any) [][]Source {
	items := walk(root, nil)
	taken := make([]bool, len(items))
	out := make([][]Source, len(objects))
	byKind := map[string][]int{}
	byName := map[[2]string][]int{}
	for i, it := range items {
		kind := last(it.kinds)
		byKind[kind] = append(byKind[kind], i)
		byName[[2]string{kind, last(it.names)}] = append(byName[[2]string{kind, last(it.names)}], i)
	}
	// The surest matches first, so that a guess never takes what belongs to another object.
	for sure := 3; sure > 0; sure-- {
		for i, object := range objects {
			if out[i] != nil {
				continue
			}
			kind, name, namespace := id(object)
			best := -1
			candidates := byKind[kind]
			if sure > 1 {
				candidates = byName[[2]string{kind, name}]
				if cut := len(name) - hashLength; cut > 0 && hash.MatchString(name[cut:]) {
					candidates = append(candidates[:len(candidates):len(candidates)], byName[[2]string{kind, name[:cut]}]...)
				}
			}
			for _, j := range candidates {
				if taken[j] || items[j].is(kind, name, namespace) != sure {
					continue
				}
				if best < 0 || sure == 1 && len(items[j].names[0]) > len(items[best].names[0]) {
					best = j
				}
			}
			if best >= 0 {
				taken[best] = true
				out[i] = items[best].sources
			}
		}
	}
	for i := range out {
		if out[i] == nil {
			out[i] = left(root, items, taken, objects[i])
		}
	}
	return out
}

// left takes the first item of the same kind that no object has claimed: a name that only a replacement or a variable
// knows.
func left(root *scan.Kustomization, items []*item, taken []bool, object map[string]any) []Source {
	kind, _, _ := id(object)
	for i, it := range items {
		if !taken[i] && last(it.kinds) == kind {
			taken[i] = true
			return it.sources
		}
	}
	file := root.File
	if file == "" && len(root.Resources) > 0 && root.Resources[0].File != nil {
		file = root.Resources[0].File.Path
	}
	return []Source{{File: file, Line: 1, By: Declared}}
}

func id(object map[string]any) (kind, name, namespace string) {
	kind, _ = object["kind"].(string)
	metadata, _ := object["metadata"].(map[string]any)
	name, _ = metadata["name"].(string)
	namespace, _ = metadata["namespace"].(string)
	return kind, name, namespace
}
