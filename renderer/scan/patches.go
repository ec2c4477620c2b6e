package scan

import (
	"strings"

	"go.yaml.in/yaml/v3"
	kustypes "sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"

	"sluice/renderer/document"
	"sluice/renderer/fault"
)

func resID(kind string) resid.ResId { return resid.ResId{Gvk: resid.Gvk{Kind: kind}} }

// patches reads the patches of a kustomization, inline or in files.
func (s *scanner) patches(k *Kustomization, own own) error {
	kus := k.Types
	for i, text := range kus.PatchesStrategicMerge {
		e := s.entry(k, "patchesStrategicMerge", i)
		patch, err := s.patch(e, kustypes.Patch{Path: pathOf(string(text)), Patch: inlineOf(string(text))}, k.element("patchesStrategicMerge", i))
		if err != nil {
			return err
		}
		k.StrategicMerge = append(k.StrategicMerge, patch)
	}
	for i, entry := range kus.Patches {
		e := s.entry(k, "patches", i)
		if i >= own.patches {
			e.spec, e.field = true, "spec.patches"
		}
		patch, err := s.patch(e, entry, document.Field(k.element("patches", i), "patch"))
		if err != nil {
			return err
		}
		patch.Flux = e.spec
		k.Patches = append(k.Patches, patch)
	}
	for i, entry := range kus.PatchesJson6902 {
		e := s.entry(k, "patchesJson6902", i)
		patch, err := s.patch(e, entry, document.Field(k.element("patchesJson6902", i), "patch"))
		if err != nil {
			return err
		}
		k.Json6902 = append(k.Json6902, patch)
	}
	return nil
}

// Entries of patchesStrategicMerge are a path, or the patch itself.
func inlineOf(text string) string {
	if trimmed := strings.TrimSpace(text); strings.Contains(trimmed, "\n") || strings.HasPrefix(trimmed, "{") {
		return text
	}
	return ""
}

func pathOf(text string) string {
	if inlineOf(text) != "" {
		return ""
	}
	return text
}

func (s *scanner) patch(e entry, patch kustypes.Patch, text *yaml.Node) (Patch, error) {
	if patch.Options != nil && patch.Options.AllowKindChange {
		// A Secret may leave the build as something else.
		s.result.CopiesSecrets = true
	}
	if patch.Path != "" {
		inside, file, err := s.manifest(entry{k: e.k, field: e.field + ".path", line: e.line, spec: e.spec}, patch.Path)
		if err != nil {
			return Patch{}, err
		}
		for _, doc := range file.Documents {
			s.jsonPatch(doc.Node)
		}
		return Patch{File: inside, Line: e.line, Documents: file.Documents}, nil
	}
	found := Patch{File: e.file(), Line: e.line, Inline: true}
	documents, err := document.Parse(e.file(), []byte(patch.Patch), s.limits.Document)
	if err != nil {
		if known, ok := err.(*fault.Fault); ok {
			inner := known.Line
			if known.Line = e.at(); text != nil && text.Kind == yaml.ScalarNode && e.at() > 0 {
				known.Line = textLine(text, inner)
			}
			known.Message = e.field + ": " + known.Message
		}
		return Patch{}, err
	}
	found.Documents = documents
	for i := range documents {
		s.jsonPatch(documents[i].Node)
		s.collect(documents[i].Node)
		if text != nil && e.at() > 0 {
			documents[i].Line = textLine(text, documents[i].Line)
		}
	}
	return found, nil
}

// textLine returns the line in the file of a line inside a scalar; block scalars start below their key.
func textLine(text *yaml.Node, line int) int {
	if text.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return text.Line + line
	}
	return text.Line
}

// jsonPatch notes operations that take a value out of a Secret's fields.
func (s *scanner) jsonPatch(node *yaml.Node) {
	if node.Kind != yaml.SequenceNode {
		return
	}
	for _, op := range node.Content {
		from := document.String(op, "from")
		name := document.String(op, "op")
		if (name == "copy" || name == "move") && (strings.HasPrefix(from, "/data") || strings.HasPrefix(from, "/stringData") || from == "") {
			s.result.CopiesSecrets = true
		}
		if document.String(op, "path") == "/kind" && name != "test" {
			s.result.CopiesSecrets = true
		}
		value := document.Field(op, "value")
		if value == nil {
			continue
		}
		if value.Kind == yaml.ScalarNode && strings.HasPrefix(value.Value, fluxGroup) {
			s.result.MentionsFlux = true
		}
		if path := document.String(op, "path"); strings.HasPrefix(path, "/data") || strings.HasPrefix(path, "/stringData") {
			s.hideAll(value)
		}
	}
}
