// Package origin tells for every object of a build which files of the tree had a hand in it.
package origin

import "go.yaml.in/yaml/v3"

// Source is ObjectSource of src/object/object.ts. Node is the object in its file, nil where it was generated.
type Source struct {
	File     string     `json:"file"`
	Line     int        `json:"line"`
	Document int        `json:"document"`
	By       string     `json:"by"`
	Node     *yaml.Node `json:"-"`
}

// How a source had a hand in an object.
const (
	Declared  = "declared"
	Generated = "generated"
	Patched   = "patch"
	Transform = "transform"
)
