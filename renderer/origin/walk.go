package origin

import (
	"go.yaml.in/yaml/v3"
	kustypes "sigs.k8s.io/kustomize/api/types"

	"sluice/renderer/document"
	"sluice/renderer/scan"
)

// walk follows the objects of a folder in kustomize's order (api/internal/target/kusttarget.go, accumulateTarget). items
// are those a component starts with.
func walk(k *scan.Kustomization, items []*item) []*item {
	for _, resource := range k.Resources {
		if resource.Folder != nil {
			items = append(items, walk(resource.Folder, nil)...)
			continue
		}
		for _, doc := range resource.File.Documents {
			for _, node := range scan.Objects(doc.Node) {
				items = append(items, declared(node, Source{
					File: resource.File.Path, Line: node.Line, Document: doc.Index, By: Declared, Node: node,
				}))
			}
		}
	}
	items = generators(k, items)
	for _, component := range k.Components {
		items = walk(component.Folder, items)
	}
	w := &walker{k: k, items: items}
	w.builtin()
	for _, resource := range k.Transformers {
		w.configs(resource)
	}
	return w.left()
}

func generators(k *scan.Kustomization, items []*item) []*item {
	add := func(kind string, args kustypes.GeneratorArgs, field string, index int) {
		options := kustypes.MergeGlobalOptionsIntoLocal(args.Options, k.Types.GeneratorOptions)
		source := Source{File: k.File, Line: k.Line(field, index), By: Generated}
		it := generated(kind, args.Name, args.Namespace, options, options == nil || !options.DisableNameSuffixHash, source)
		if args.Behavior == "merge" || args.Behavior == "replace" {
			for _, there := range items {
				if there.called("", kind, args.Name, args.Namespace) {
					source.By = Transform
					there.touch(source)
					there.hashed = there.hashed || it.hashed
					return
				}
			}
		}
		items = append(items, it)
	}
	for i, args := range k.Types.ConfigMapGenerator {
		add("ConfigMap", args.GeneratorArgs, "configMapGenerator", i)
	}
	for i, args := range k.Types.SecretGenerator {
		add("Secret", args.GeneratorArgs, "secretGenerator", i)
	}
	for _, resource := range k.Generators {
		each(resource, func(file string, doc document.Document, node *yaml.Node) {
			kinds := map[string]string{"ConfigMapGenerator": "ConfigMap", "SecretGenerator": "Secret"}
			kind, ok := kinds[document.String(node, "kind")]
			if !ok {
				return
			}
			off := document.String(node, "options", "disableNameSuffixHash") == "true"
			items = append(items, generated(kind, document.String(node, "metadata", "name"), document.String(node, "metadata", "namespace"),
				nil, !off, Source{File: file, Line: doc.Line, Document: doc.Index, By: Generated}))
		})
	}
	return items
}

// each visits the configurations that an entry of generators or transformers names.
func each(resource scan.Resource, visit func(file string, doc document.Document, node *yaml.Node)) {
	if resource.Folder != nil {
		for _, inner := range resource.Folder.Resources {
			each(inner, visit)
		}
		return
	}
	for _, doc := range resource.File.Documents {
		for _, node := range scan.Objects(doc.Node) {
			visit(resource.File.Path, doc, node)
		}
	}
}

// walker lays one kustomization over the items.
type walker struct {
	k     *scan.Kustomization
	items []*item
}

func (w *walker) left() []*item {
	out := w.items[:0]
	for _, it := range w.items {
		if !it.deleted {
			out = append(out, it)
		}
	}
	return out
}

// field is where a field stands, no source at all where the Flux Kustomization set it.
func (w *walker) field(name string, index int) Source {
	if !w.k.Writes(name, index) {
		return Source{}
	}
	return Source{File: w.k.File, Line: w.k.Line(name, index), By: Transform}
}

func (w *walker) all(source Source, change func(*item) bool) {
	for _, it := range w.items {
		if change(it) {
			it.touch(source)
		}
	}
}

// builtin follows configureBuiltinTransformers.
func (w *walker) builtin() {
	types := w.k.Types
	for _, patch := range w.k.StrategicMerge {
		w.patch(patch, nil, false)
	}
	for i, patch := range w.k.Patches {
		options := types.Patches[i].Options
		w.patch(patch, types.Patches[i].Target, options != nil && options.AllowNameChange)
	}
	if types.Namespace != "" {
		w.namespace(types.Namespace, w.field("namespace", -1))
	}
	if types.NamePrefix != "" {
		w.affix(types.NamePrefix, "", w.field("namePrefix", -1))
	}
	if types.NameSuffix != "" {
		w.affix("", types.NameSuffix, w.field("nameSuffix", -1))
	}
	for i, label := range types.Labels {
		w.all(w.field("labels", i), func(it *item) bool { merge(it.labels, label.Pairs); return len(label.Pairs) > 0 })
	}
	if len(types.CommonLabels) > 0 {
		w.all(w.field("commonLabels", -1), func(it *item) bool { merge(it.labels, types.CommonLabels); return true })
	}
	if len(types.CommonAnnotations) > 0 {
		w.all(w.field("commonAnnotations", -1), func(it *item) bool { merge(it.annotations, types.CommonAnnotations); return true })
	}
	for i, patch := range w.k.Json6902 {
		w.patch(patch, types.PatchesJson6902[i].Target, false)
	}
	for i, replica := range types.Replicas {
		w.all(w.field("replicas", i), func(it *item) bool { return scales[last(it.kinds)] && has(it.names, replica.Name) })
	}
	for i, image := range types.Images {
		w.all(w.field("images", i), func(it *item) bool { return it.runs(image.Name) })
	}
	for i, replacement := range types.Replacements {
		w.replacement(replacement, w.field("replacements", i))
	}
}

var scales = map[string]bool{"Deployment": true, "ReplicaSet": true, "ReplicationController": true, "StatefulSet": true}

func (w *walker) namespace(namespace string, source Source) {
	w.all(source, func(it *item) bool {
		if last(it.kinds) == "Namespace" {
			it.rename(namespace)
			return true
		}
		if it.gvk.IsClusterScoped() {
			return false
		}
		it.move(namespace)
		return true
	})
}

// affix follows PrefixTransformer and SuffixTransformer with their list of kinds that keep their names.
func (w *walker) affix(prefix, suffix string, source Source) {
	w.all(source, func(it *item) bool {
		switch kind := it.kinds[0]; {
		case kind == "CustomResourceDefinition", kind == "Namespace":
			return false
		case kind == "APIService" && it.gvk.Group == "apiregistration.k8s.io":
			return false
		}
		it.rename(prefix + last(it.names) + suffix)
		return true
	})
}

// configs follows the transformers that a kustomization names as files or inline.
func (w *walker) configs(resource scan.Resource) {
	each(resource, func(file string, doc document.Document, node *yaml.Node) {
		source := Source{File: file, Line: doc.Line, Document: doc.Index, By: Transform}
		switch document.String(node, "kind") {
		case "NamespaceTransformer":
			w.namespace(document.String(node, "metadata", "namespace"), source)
		case "PrefixTransformer":
			w.affix(document.String(node, "prefix"), "", source)
		case "SuffixTransformer":
			w.affix("", document.String(node, "suffix"), source)
		case "LabelTransformer":
			labels := pairs(document.Field(node, "labels"))
			w.all(source, func(it *item) bool { merge(it.labels, labels); return true })
		case "ImageTagTransformer":
			w.all(source, func(it *item) bool { return it.runs(document.String(node, "imageTag", "name")) })
		case "PatchTransformer", "PatchJson6902Transformer":
			w.target(target(document.Field(node, "target")), func(it *item) { it.touch(source) })
		default:
			w.all(source, func(*item) bool { return true })
		}
	})
}

func target(node *yaml.Node) *kustypes.Selector {
	selector := &kustypes.Selector{
		LabelSelector:      document.String(node, "labelSelector"),
		AnnotationSelector: document.String(node, "annotationSelector"),
	}
	selector.Group, selector.Version = document.String(node, "group"), document.String(node, "version")
	selector.Kind, selector.Name = document.String(node, "kind"), document.String(node, "name")
	selector.Namespace = document.String(node, "namespace")
	return selector
}
