// Package scan reads everything a build would read, before kustomize runs, and refuses by file and line what must not be
// built. What it returns is also the map by which objects are traced back to their files.
package scan

import (
	"go.yaml.in/yaml/v3"
	kustypes "sigs.k8s.io/kustomize/api/types"

	"sluice/renderer/document"
)

// Kustomization is one folder with a kustomization file, or with one that Flux would generate.
type Kustomization struct {
	// Dir is the folder; File the kustomization file, ” where it is generated.
	Dir  string
	File string
	// Types is the file as kustomize reads it, deprecated fields moved; Node the same with lines, nil where generated.
	Types *kustypes.Kustomization
	Node  *yaml.Node
	// Resources and Components hold what Types.Resources and Types.Components name, in the same order.
	Resources  []Resource
	Components []Resource
	// Patches holds the documents of Types.PatchesStrategicMerge, Types.Patches and Types.PatchesJson6902.
	StrategicMerge, Patches, Json6902 []Patch
	// Configs holds what generators, transformers and validators name.
	Generators, Transformers []Resource
	// Overridden names fields whose value the Flux Kustomization sets.
	Overridden map[string]bool
	// Objects, Weight, Visits bound what a build of this folder holds: documents, and bytes with everything read twice counted twice.
	Objects int
	Weight  int64
	Visits  int
}

// Resource is an entry of a kustomization: a file with its documents, a folder, or text in the kustomization itself.
type Resource struct {
	Line   int
	File   *File
	Folder *Kustomization
}

// File is a file of manifests.
type File struct {
	Path      string
	Documents []document.Document
}

// Patch is one entry of patches: where it stands, and its documents.
type Patch struct {
	// File is the patch's own file, or the kustomization file where it is written inline. Inline patches have lines
	// relative to their text, and Line is where the entry stands.
	File      string
	Line      int
	Inline    bool
	Flux      bool
	Documents []document.Document
}

// Result is what one scan found.
type Result struct {
	Root *Kustomization
	// Override is the kustomization file as Flux would write it, to be laid over OverridePath.
	Override     []byte
	OverridePath string
	// CopiesSecrets: a replacement or var takes its value out of a Secret.
	CopiesSecrets bool
	// MentionsFlux: some file or patch speaks of the kustomize.toolkit.fluxcd.io API group.
	MentionsFlux bool
	// Scanned holds the files that were read and checked.
	Scanned map[string]bool
	// Secrets are values that no message may show.
	Secrets []string
}
