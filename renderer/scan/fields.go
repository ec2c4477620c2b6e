package scan

import (
	"strings"

	"go.yaml.in/yaml/v3"
	kustypes "sigs.k8s.io/kustomize/api/types"

	"sluice/renderer/document"
	"sluice/renderer/fault"
	"sluice/renderer/tree"
)

// Line returns where a field of a kustomization file stands, or an element of its list; 1 where that is not known.
// Field names match whatever their case, since kustomize reads them so.
func (k *Kustomization) Line(field string, index int) int {
	node := fold(k.Node, field)
	if node == nil {
		return 1
	}
	if list := document.Resolve(node.value); list.Kind == yaml.SequenceNode && index >= 0 && index < len(list.Content) {
		return list.Content[index].Line
	}
	return node.key.Line
}

// Writes tells whether the file itself sets a field, or has that element of a list.
func (k *Kustomization) Writes(field string, index int) bool {
	node := fold(k.Node, field)
	if node == nil || k.Overridden[field] {
		return false
	}
	list := document.Resolve(node.value)
	return list.Kind != yaml.SequenceNode || index < len(list.Content)
}

// element returns the node of a list's element, or nil.
func (k *Kustomization) element(field string, index int) *yaml.Node {
	node := fold(k.Node, field)
	if node == nil {
		return nil
	}
	if list := document.Resolve(node.value); list.Kind == yaml.SequenceNode && index >= 0 && index < len(list.Content) {
		return document.Resolve(list.Content[index])
	}
	return nil
}

type pair struct{ key, value *yaml.Node }

func fold(node *yaml.Node, field string) *pair {
	node = document.Resolve(node)
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if strings.EqualFold(node.Content[i].Value, field) {
			return &pair{node.Content[i], node.Content[i+1]}
		}
	}
	return nil
}

// entry is one path in a kustomization file.
type entry struct {
	k     *Kustomization
	field string
	line  int
	// spec entries come from the Flux Kustomization, not from a file of the tree
	spec bool
}

func (e entry) file() string {
	if e.spec {
		return ""
	}
	return e.k.File
}

func (e entry) at() int {
	if e.spec || e.k.File == "" {
		return 0
	}
	return e.line
}

func (s *scanner) entry(k *Kustomization, field string, index int) entry {
	return entry{k: k, field: field, line: k.Line(field, index)}
}

// node returns what an entry names; a missing path is a fault at the entry.
func (s *scanner) node(e entry, name string) (string, *tree.Node, error) {
	inside, err := local(e.k.Dir, name, e.field, e.file(), e.at())
	if err != nil {
		return "", nil, err
	}
	node, err := s.tree.Get(inside)
	if err != nil {
		if known, ok := err.(*fault.Fault); ok && known.Code == "build.refused" && e.file() != "" {
			return "", nil, fault.New(known.Code, e.file(), e.at(), "%s names %s", e.field, known.Message).Do(known.Remedy)
		}
		return "", nil, err
	}
	if node.Kind == tree.KindMissing {
		return "", nil, fault.New("build.pathMissing", e.file(), e.at(), "%s names %s, which is not in the source", e.field, fault.Quote(name)).
			Do("Correct the path, or add the file.")
	}
	return inside, node, nil
}

// fill scans everything a kustomization names.
func (s *scanner) fill(k *Kustomization, kus *kustypes.Kustomization, own own, as role) (*Kustomization, error) {
	resources := len(kus.Resources)
	kus.FixKustomization()
	k.Types = kus
	s.stack = append(s.stack, k.Dir)
	defer func() { s.stack = s.stack[:len(s.stack)-1] }()
	if err := s.refuse(k); err != nil {
		return nil, err
	}
	for i, name := range kus.Resources {
		e := s.entry(k, "resources", i)
		if i >= resources {
			e = s.entry(k, "bases", i-resources)
		}
		resource, err := s.resource(e, name, as)
		if err != nil {
			return nil, err
		}
		k.Resources = append(k.Resources, resource)
	}
	if err := s.generators(k); err != nil {
		return nil, err
	}
	for i, name := range kus.Components {
		e := s.entry(k, "components", i)
		if i >= own.components {
			e = entry{k: k, field: "spec.components", spec: true}
		}
		inside, node, err := s.node(e, name)
		if err != nil {
			return nil, err
		}
		if node.Kind != tree.KindDirectory {
			return nil, fault.New("build.pathMissing", e.file(), e.at(), "%s names %s, which is no folder", e.field, fault.Quote(name))
		}
		folder, err := s.folder(inside, asComponent, e.field, e.file(), e.at())
		if err != nil {
			return nil, err
		}
		k.Components = append(k.Components, Resource{Line: e.line, Folder: folder})
	}
	if err := s.patches(k, own); err != nil {
		return nil, err
	}
	if err := s.plugins(k); err != nil {
		return nil, err
	}
	return k, s.weigh(k)
}

// refuse answers for the fields that no build may have, and for files that kustomize reads as its own configuration.
func (s *scanner) refuse(k *Kustomization) error {
	kus := k.Types
	helm := func(field string) error {
		return fault.New("build.helm", k.File, k.Line(field, -1), "%s would render a Helm chart inside kustomize", field).
			Do("Use a HelmRelease, or commit the rendered manifests.")
	}
	switch {
	case fold(k.Node, "helmCharts") != nil:
		return helm("helmCharts")
	case fold(k.Node, "helmGlobals") != nil:
		return helm("helmGlobals")
	case fold(k.Node, "helmChartInflationGenerator") != nil:
		return helm("helmChartInflationGenerator")
	case len(kus.HelmCharts) > 0 || kus.HelmGlobals != nil:
		return helm("helmCharts")
	case len(kus.OpenAPI) > 0:
		return fault.New("build.openapi", k.File, k.Line("openapi", -1), "openapi can change how patches merge").
			Do("Remove openapi; write the patch as JSON6902 where a list must be merged by a key.")
	}
	for i, name := range kus.Configurations {
		if _, _, err := s.manifest(s.entry(k, "configurations", i), name); err != nil {
			return err
		}
	}
	for i, name := range kus.Crds {
		if _, _, err := s.manifest(s.entry(k, "crds", i), name); err != nil {
			return err
		}
	}
	for i, replacement := range kus.Replacements {
		if replacement.Path == "" {
			s.secretSource(replacement.Source)
			continue
		}
		_, file, err := s.manifest(s.entry(k, "replacements", i), replacement.Path)
		if err != nil {
			return err
		}
		s.replacementFile(file)
	}
	for _, v := range kus.Vars {
		if v.ObjRef.Kind == "Secret" && secretField(v.FieldRef.FieldPath) {
			s.result.CopiesSecrets = true
		}
	}
	return nil
}

// resource returns a file of manifests or a folder.
func (s *scanner) resource(e entry, name string, as role) (Resource, error) {
	inside, node, err := s.node(e, name)
	if err != nil {
		return Resource{}, err
	}
	if node.Kind == tree.KindDirectory {
		if as == asComponent {
			as = asResource
		}
		folder, err := s.folder(inside, as, e.field, e.file(), e.at())
		return Resource{Line: e.line, Folder: folder}, err
	}
	file, err := s.parse(inside, node.Bytes)
	if err != nil {
		return Resource{}, err
	}
	for _, doc := range file.Documents {
		if err := s.object(file.Path, doc.Node); err != nil {
			return Resource{}, err
		}
		if as == asPlugin {
			for _, node := range Objects(doc.Node) {
				if err := s.plugin(file.Path, node); err != nil {
					return Resource{}, err
				}
			}
		}
	}
	return Resource{Line: e.line, File: file}, nil
}

// object refuses what kustomize would refuse without saying where.
func (s *scanner) object(file string, node *yaml.Node) error {
	kind := document.String(node, "kind")
	what := ""
	switch {
	case node.Kind != yaml.MappingNode:
		what = "this document is no Kubernetes object"
	case kind == "":
		what = "this document has no kind, so it is no Kubernetes object"
	case document.String(node, "apiVersion") == "" && !strings.HasSuffix(kind, "List"):
		what = "this document has no apiVersion, so it is no Kubernetes object"
	case strings.HasPrefix(kind, "ENC["):
		return fault.New("build.object", file, node.Line, "everything in this document is encrypted, also its kind and name").
			Do("Encrypt only values: sops --encrypted-regex '^(data|stringData)$'.")
	case strings.HasSuffix(kind, "List"):
		return nil
	case document.String(node, "metadata", "name") == "":
		what = kind + " has no metadata.name"
	default:
		return nil
	}
	return fault.New("build.object", file, node.Line, "%s", what).
		Do("Correct it, or name the manifests in a kustomization.yaml and leave this file out.")
}

// manifest returns a file that is read as YAML.
func (s *scanner) manifest(e entry, name string) (string, *File, error) {
	inside, node, err := s.node(e, name)
	if err != nil {
		return "", nil, err
	}
	if node.Kind != tree.KindFile {
		return "", nil, fault.New("build.pathMissing", e.file(), e.at(), "%s names %s, which is no file", e.field, fault.Quote(name))
	}
	file, err := s.parse(inside, node.Bytes)
	return inside, file, err
}

func (s *scanner) parse(name string, data []byte) (*File, error) {
	if known, ok := s.files[name]; ok {
		return known, nil
	}
	documents, err := parsed.parse(name, data, s.limits.Document)
	if err != nil {
		return nil, err
	}
	file := &File{Path: name, Documents: documents}
	s.files[name] = file
	s.result.Scanned[name] = true
	s.mention(data)
	for _, doc := range documents {
		s.collect(doc.Node)
	}
	return file, nil
}
