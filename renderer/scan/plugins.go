package scan

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/renderer/document"
	"sluice/renderer/fault"
	"sluice/renderer/tree"
)

// plugins checks generators, transformers and validators: only what is built into kustomize may run.
func (s *scanner) plugins(k *Kustomization) error {
	lists := []struct {
		field string
		names []string
		into  *[]Resource
	}{
		{"generators", k.Types.Generators, &k.Generators},
		{"transformers", k.Types.Transformers, &k.Transformers},
		{"validators", k.Types.Validators, nil},
	}
	for _, list := range lists {
		for i, name := range list.names {
			resource, err := s.config(s.entry(k, list.field, i), name, k.element(list.field, i))
			if err != nil {
				return err
			}
			if list.into != nil {
				*list.into = append(*list.into, resource)
			}
		}
	}
	return nil
}

// config returns an entry that is a path, or the configuration itself.
func (s *scanner) config(e entry, text string, node *yaml.Node) (Resource, error) {
	if inline := strings.TrimSpace(text); strings.Contains(inline, "\n") || strings.HasPrefix(inline, "{") {
		documents, err := document.Parse(e.file(), []byte(text), s.limits.Document)
		if err != nil {
			if known, ok := err.(*fault.Fault); ok {
				known.Line = e.at()
			}
			return Resource{}, err
		}
		for i := range documents {
			line := documents[i].Node.Line
			documents[i].Node.Line = e.at()
			if err := s.plugin(e.file(), documents[i].Node); err != nil {
				return Resource{}, err
			}
			if err := s.paths(e.k, e.file(), documents[i].Node); err != nil {
				return Resource{}, err
			}
			documents[i].Node.Line, documents[i].Line = line, e.at()
			if node != nil {
				documents[i].Line = textLine(node, line)
			}
		}
		return Resource{Line: e.line, File: &File{Path: e.file(), Documents: documents}}, nil
	}
	resource, err := s.resource(e, text, asPlugin)
	if err != nil {
		return Resource{}, err
	}
	return resource, s.reachedBy(e.k, resource)
}

// reachedBy checks the paths of all configurations below an entry. They are relative to the kustomization with the entry.
func (s *scanner) reachedBy(k *Kustomization, resource Resource) error {
	if resource.Folder != nil {
		for _, list := range [][]Resource{resource.Folder.Resources, resource.Folder.Components} {
			for _, inner := range list {
				if err := s.reachedBy(k, inner); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, doc := range resource.File.Documents {
		for _, node := range Objects(doc.Node) {
			if err := s.paths(k, resource.File.Path, node); err != nil {
				return err
			}
		}
	}
	return nil
}

// plugin refuses a configuration of what is not built into kustomize.
func (s *scanner) plugin(file string, node *yaml.Node) error {
	kind := document.String(node, "kind")
	if strings.Contains(kind, "Helm") {
		return fault.New("build.helm", file, node.Line, "%s would render a Helm chart inside kustomize", kind).
			Do("Use a HelmRelease, or commit the rendered manifests.")
	}
	for _, key := range []string{"config.kubernetes.io/function", "config.k8s.io/function"} {
		if document.Field(node, "metadata", "annotations", key) != nil {
			return fault.New("build.plugin", file, node.Line, "%s would run a function in a container or a process", kind).
				Do("Only what is built into kustomize may run.")
		}
	}
	if document.String(node, "apiVersion") != "builtin" {
		return fault.New("build.plugin", file, node.Line, "%s is a kustomize plugin", fault.Quote(kind)).
			Do("Only what is built into kustomize (apiVersion: builtin) may run.")
	}
	return nil
}

// paths checks what a configuration reads.
func (s *scanner) paths(k *Kustomization, file string, node *yaml.Node) error {
	kind := document.String(node, "kind")
	secret := kind == "SecretGenerator"
	read := func(field, name string) error {
		e := entry{k: &Kustomization{Dir: k.Dir, File: file}, field: field, line: node.Line}
		inside, found, err := s.node(e, name)
		if err != nil {
			return err
		}
		switch field[len(kind)+1:] {
		case "files", "envs", "env":
			s.result.Scanned[inside] = true
		default:
			if found.Kind == tree.KindFile {
				if _, err := s.parse(inside, found.Bytes); err != nil {
					return err
				}
			}
		}
		if found.Kind == tree.KindFile && secret {
			s.hide(string(found.Bytes))
		}
		return nil
	}
	return each(node, []string{"path", "paths", "files", "envs", "env"}, func(field, name string) error {
		if field == "files" {
			name = filePart(name)
		}
		if field == "paths" && inlineOf(name) != "" {
			return nil
		}
		return read(kind+"."+field, name)
	}, func(source *yaml.Node) {
		if kind == "ReplacementTransformer" {
			s.replacementFile(&File{Documents: []document.Document{{Node: source}}})
		}
	})
}

// each calls visit with the paths a plugin's configuration names, and replace with its replacements.
func each(node *yaml.Node, fields []string, visit func(field, name string) error, replace func(*yaml.Node)) error {
	for _, field := range fields {
		value := document.Field(node, field)
		switch {
		case value == nil:
		case value.Kind == yaml.ScalarNode && value.Value != "":
			if err := visit(field, value.Value); err != nil {
				return err
			}
		case value.Kind == yaml.SequenceNode:
			for _, item := range value.Content {
				if item = document.Resolve(item); item.Kind == yaml.ScalarNode {
					if err := visit(field, item.Value); err != nil {
						return err
					}
				}
			}
		}
	}
	list := document.Field(node, "replacements")
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	for _, item := range list.Content {
		if name := document.String(item, "path"); name != "" {
			if err := visit("replacements.path", name); err != nil {
				return err
			}
			continue
		}
		replace(document.Resolve(item))
	}
	return nil
}
