package build

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/resmap"
	kustypes "sigs.k8s.io/kustomize/api/types"

	"sluice/renderer/fault"
	"sluice/renderer/origin"
	"sluice/renderer/scan"
)

// canonical returns the objects as JSON values with exact numbers, lists expanded, kustomize's own notes removed.
func canonical(resources resmap.ResMap, keep map[string]bool, limits Limits) ([]map[string]any, error) {
	var objects []map[string]any
	total := 0
	for _, resource := range resources.Resources() {
		data, err := resource.MarshalJSON()
		if err != nil {
			return nil, err
		}
		if total += len(data); total > limits.OutputBytes {
			return nil, fault.New("build.tooLarge", "", 0, "the objects have more than %d bytes", limits.OutputBytes).
				Do("Split it into several Kustomizations.")
		}
		object, err := decode(data)
		if err != nil {
			return nil, err
		}
		for _, each := range expand(object) {
			strip(each, keep)
			objects = append(objects, each)
		}
		if len(objects) > limits.Objects {
			return nil, fault.New("build.tooManyObjects", "", 0, "the build has more than %d objects", limits.Objects).
				Do("Split it into several Kustomizations.")
		}
	}
	return objects, nil
}

func decode(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var object map[string]any
	return object, decoder.Decode(&object)
}

// expand returns the items of a list, lists inside lists included. Only kinds that end in List are lists.
func expand(object map[string]any) []map[string]any {
	kind, _ := object["kind"].(string)
	items, ok := object["items"].([]any)
	if !ok || !strings.HasSuffix(kind, "List") {
		return []map[string]any{object}
	}
	var out []map[string]any
	for _, item := range items {
		if inner, ok := item.(map[string]any); ok {
			out = append(out, expand(inner)...)
		} else {
			// Not an object: the check of the result says so.
			out = append(out, map[string]any{"kind": kind})
		}
	}
	return out
}

const (
	originKey          = "config.kubernetes.io/origin"
	transformationsKey = "alpha.config.kubernetes.io/transformations"
)

// asked tells which of kustomize's notes Flux's build would leave in the objects.
func asked(found *scan.Result) map[string]bool {
	metadata := found.Root.Types.BuildMetadata
	return map[string]bool{
		originKey:          slices.Contains(metadata, kustypes.OriginAnnotations),
		transformationsKey: slices.Contains(metadata, kustypes.TransformerAnnotations),
	}
}

// strip removes annotations that kustomize keeps for itself, whoever wrote them.
func strip(object map[string]any, keep map[string]bool) {
	metadata, ok := object["metadata"].(map[string]any)
	if !ok {
		return
	}
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok {
		return
	}
	before := len(annotations)
	for key := range annotations {
		if strings.HasPrefix(key, "internal.config.kubernetes.io/") || (key == originKey || key == transformationsKey) && !keep[key] {
			delete(annotations, key)
		}
	}
	if before > 0 && len(annotations) == 0 {
		delete(metadata, "annotations")
	}
}

// check refuses what is no Kubernetes object.
func check(object map[string]any) error {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	_, metadata := object["metadata"].(map[string]any)
	switch {
	case version == "":
		return fault.New("build.object", "", 0, "an object of kind %s has no apiVersion that is text", fault.Quote(kind))
	case kind == "":
		return fault.New("build.object", "", 0, "an object of %s has no kind that is text", fault.Quote(version))
	case !metadata:
		return fault.New("build.object", "", 0, "a %s has no metadata that is a map", fault.Quote(kind))
	}
	return nil
}

func at(err error, sources []origin.Source) error {
	if known, ok := err.(*fault.Fault); ok && known.File == "" && len(sources) > 0 {
		known.File, known.Line = sources[0].File, sources[0].Line
	}
	return err
}

func weight(value any) int {
	switch value := value.(type) {
	case map[string]any:
		total := 2
		for key, inner := range value {
			total += len(key) + 4 + weight(inner)
		}
		return total
	case []any:
		total := 2
		for _, inner := range value {
			total += 1 + weight(inner)
		}
		return total
	case string:
		return len(value) + 2
	}
	return 8
}
