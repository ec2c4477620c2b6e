package scan

import (
	"bytes"
	"encoding/base64"
	"strings"

	"go.yaml.in/yaml/v3"
	kustypes "sigs.k8s.io/kustomize/api/types"

	"sluice/renderer/document"
)

const fluxGroup = "kustomize.toolkit.fluxcd.io"

// mention notes that some text speaks of Flux Kustomizations.
func (s *scanner) mention(data []byte) {
	if bytes.Contains(data, []byte(fluxGroup)) {
		s.result.MentionsFlux = true
	}
}

// hide keeps a value out of messages.
func (s *scanner) hide(value string) {
	if len(value) >= 3 && len(s.result.Secrets) < 20_000 {
		s.result.Secrets = append(s.result.Secrets, value)
	}
}

// collect notes what a document means for the result: Flux objects, Secret values.
func (s *scanner) collect(node *yaml.Node) {
	node = document.Resolve(node)
	if node == nil || node.Kind != yaml.MappingNode {
		return
	}
	version := document.String(node, "apiVersion")
	if strings.HasPrefix(version, fluxGroup) || strings.Contains(version, "$") {
		s.result.MentionsFlux = true
	}
	if items := document.Field(node, "items"); items != nil && items.Kind == yaml.SequenceNode {
		for _, item := range items.Content {
			s.collect(item)
		}
	}
	if !strings.Contains(document.String(node, "kind"), "Secret") {
		return
	}
	for _, field := range []string{"data", "stringData"} {
		values := document.Field(node, field)
		if values == nil {
			continue
		}
		s.hideAll(values)
	}
}

func (s *scanner) hideAll(node *yaml.Node) {
	node = document.Resolve(node)
	if node.Kind == yaml.ScalarNode {
		s.hide(node.Value)
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(node.Value)); err == nil {
			s.hide(string(raw))
		}
		return
	}
	for i, child := range node.Content {
		if node.Kind != yaml.MappingNode || i%2 == 1 {
			s.hideAll(child)
		}
	}
}

func (s *scanner) secretSource(source *kustypes.SourceSelector) {
	if source != nil && (source.Kind == "Secret" || source.Kind == "") && secretField(source.FieldPath) {
		s.result.CopiesSecrets = true
	}
}

// secretField tells whether a field of a Secret may hold a secret value. An empty path means metadata.name.
func secretField(path string) bool {
	if path == "" {
		return false
	}
	switch first, _, _ := strings.Cut(path, "."); strings.Trim(first, "[]\"'") {
	case "kind", "apiVersion", "type", "immutable":
		return false
	case "metadata":
		return strings.HasPrefix(path, "metadata.annotations")
	}
	return true
}

// replacementFile notes sources in a file that replacements[].path names: one replacement, or a list of them.
func (s *scanner) replacementFile(file *File) {
	for _, doc := range file.Documents {
		list := []*yaml.Node{doc.Node}
		if doc.Node.Kind == yaml.SequenceNode {
			list = doc.Node.Content
		}
		for _, item := range list {
			s.secretSource(&kustypes.SourceSelector{
				ResId:     resID(document.String(item, "source", "kind")),
				FieldPath: document.String(item, "source", "fieldPath"),
			})
		}
	}
}
