package origin

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
	kustypes "sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"sluice/renderer/document"
)

// item is one object on its way through the kustomizations: what it is called at each step and what touched it.
type item struct {
	gvk resid.Gvk
	// names, namespaces and kinds are the history; the last is how it is now.
	names, namespaces, kinds []string
	labels, annotations      map[string]string
	// hashed: the name may end in a hash of the content.
	hashed  bool
	deleted bool
	sources []Source
	// nodes are the declaration and the patches, to look values up in.
	nodes []*yaml.Node
}

func declared(node *yaml.Node, source Source) *item {
	group, version := resid.ParseGroupVersion(document.String(node, "apiVersion"))
	kind := document.String(node, "kind")
	return &item{
		gvk:         resid.Gvk{Group: group, Version: version, Kind: kind},
		names:       []string{document.String(node, "metadata", "name")},
		namespaces:  []string{document.String(node, "metadata", "namespace")},
		kinds:       []string{kind},
		labels:      pairs(document.Field(node, "metadata", "labels")),
		annotations: pairs(document.Field(node, "metadata", "annotations")),
		sources:     []Source{source},
		nodes:       []*yaml.Node{node},
	}
}

func generated(kind, name, namespace string, options *kustypes.GeneratorOptions, hashed bool, source Source) *item {
	it := &item{
		gvk:   resid.Gvk{Version: "v1", Kind: kind},
		names: []string{name}, namespaces: []string{namespace}, kinds: []string{kind},
		labels: map[string]string{}, annotations: map[string]string{},
		hashed: hashed, sources: []Source{source},
	}
	if options != nil {
		merge(it.labels, options.Labels)
		merge(it.annotations, options.Annotations)
	}
	return it
}

func pairs(node *yaml.Node) map[string]string {
	out := map[string]string{}
	if node == nil || node.Kind != yaml.MappingNode {
		return out
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if value := document.Resolve(node.Content[i+1]); value.Kind == yaml.ScalarNode {
			out[node.Content[i].Value] = value.Value
		}
	}
	return out
}

func merge(into, from map[string]string) {
	for key, value := range from {
		into[key] = value
	}
}

func last(list []string) string { return list[len(list)-1] }

func (it *item) rename(name string) {
	if name != last(it.names) {
		it.names = append(it.names, name)
	}
}

func (it *item) move(namespace string) {
	if namespace != last(it.namespaces) {
		it.namespaces = append(it.namespaces, namespace)
	}
}

func (it *item) touch(source Source) {
	if source.File == "" {
		return
	}
	for _, there := range it.sources[1:] {
		if there.File == source.File && there.Line == source.Line && there.By == source.By {
			return
		}
	}
	it.sources = append(it.sources, source)
}

// effective is how kustomize compares namespaces.
func effective(namespace string) string {
	if namespace == "" {
		return resid.DefaultNamespace
	}
	return namespace
}

// called tells whether the item is, or once was, the object that a patch without a target names.
func (it *item) called(group, kind, name, namespace string) bool {
	if it.gvk.Group != group {
		return false
	}
	return has(it.kinds, kind) && has(it.names, name) && hasFunc(it.namespaces, func(ns string) bool {
		return effective(ns) == effective(namespace)
	})
}

func has(list []string, value string) bool {
	return hasFunc(list, func(each string) bool { return each == value })
}

func hasFunc(list []string, test func(string) bool) bool {
	for _, each := range list {
		if test(each) {
			return true
		}
	}
	return false
}

// selected follows resWrangler.Select of kustomize.
func (it *item) selected(selector *kustypes.Selector, regex *kustypes.SelectorRegex) bool {
	either := func(list []string, match func(string) bool) bool { return match(list[0]) || match(last(list)) }
	if !either(it.namespaces, func(ns string) bool { return regex.MatchNamespace(effective(ns)) }) ||
		!either(it.names, regex.MatchName) || !regex.MatchGvk(it.gvk) {
		return false
	}
	if selector.LabelSelector == "" && selector.AnnotationSelector == "" {
		return true
	}
	node := kyaml.NewMapRNode(nil)
	if node.SetLabels(it.labels) != nil || node.SetAnnotations(it.annotations) != nil {
		return true
	}
	labels, err := node.MatchesLabelSelector(selector.LabelSelector)
	if err != nil {
		return false
	}
	annotations, err := node.MatchesAnnotationSelector(selector.AnnotationSelector)
	return err == nil && labels && annotations
}

// A hash suffix with its dash.
const hashLength = 11

var hash = regexp.MustCompile(`^-[bcdfghjkmt24568789]{10}$`)

// is tells whether the item ends up as an object: 3 by its full id, 2 without its namespace, 1 by kind and a name that
// its own name is part of, 0 not.
func (it *item) is(kind, name, namespace string) int {
	if last(it.kinds) != kind {
		return 0
	}
	own := last(it.names)
	exact := own == name
	if it.hashed && !exact {
		if rest, ok := strings.CutPrefix(name, own); ok && hash.MatchString(rest) {
			exact = true
		}
	}
	switch {
	case exact && effective(last(it.namespaces)) == effective(namespace):
		return 3
	case exact:
		return 2
	case it.names[0] != "" && strings.Contains(name, it.names[0]):
		return 1
	}
	return 0
}
