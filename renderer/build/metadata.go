package build

import (
	"strings"

	"sluice/renderer/fault"
	"sluice/renderer/scan"
)

const fluxPrefix = "kustomize.toolkit.fluxcd.io/"

// commonMetadata refuses keys by which Flux knows what it owns.
func commonMetadata(metadata scan.CommonMetadata) error {
	for _, pairs := range []map[string]string{metadata.Labels, metadata.Annotations} {
		for key := range pairs {
			if strings.HasPrefix(key, fluxPrefix) {
				return fault.New("build.object", "", 0, "spec.commonMetadata sets %s, which marks ownership", fault.Quote(key)).
					Do("Remove the key from spec.commonMetadata.")
			}
		}
	}
	return nil
}

// lay sets the common labels and annotations, as fluxcd/pkg/ssa SetCommonMetadata does.
func lay(object map[string]any, common scan.CommonMetadata) {
	metadata, ok := object["metadata"].(map[string]any)
	if !ok {
		return
	}
	set := func(field string, pairs map[string]string) {
		if len(pairs) == 0 {
			return
		}
		there, ok := metadata[field].(map[string]any)
		if !ok {
			there = map[string]any{}
			metadata[field] = there
		}
		for key, value := range pairs {
			there[key] = value
		}
	}
	set("labels", common.Labels)
	set("annotations", common.Annotations)
}
