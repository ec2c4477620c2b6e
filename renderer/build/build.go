// Package build turns a scanned folder into canonical objects with kustomize's own library, the way Flux calls it.
package build

import (
	"fmt"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	kustypes "sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"sluice/renderer/document"
	"sluice/renderer/fault"
	"sluice/renderer/origin"
	"sluice/renderer/scan"
	"sluice/renderer/substitute"
	"sluice/renderer/tree"
)

// Object is one object of a build and where it came from.
type Object struct {
	Object  map[string]any  `json:"object"`
	Sources []origin.Source `json:"sources"`
}

// Result is the answer of a build.
type Result struct {
	Objects          []Object `json:"objects"`
	UnknownVariables []string `json:"unknownVariables"`
	CopiesSecrets    bool     `json:"copiesSecrets"`
	// CopiedValues are the values that Secrets of the sources hold, where the build copies them: the Secrets themselves
	// may be gone from the objects.
	CopiedValues []string `json:"copiedValues,omitempty"`
	Reads        []string `json:"reads"`
}

// Request is one build.
type Request struct {
	Tree         *tree.Tree
	Path         string
	Spec         scan.Spec
	Substitution *substitute.Substitution
	Limits       Limits
}

var warm = sync.OnceFunc(func() { _ = openapi.Schema() })

// Warm parses kustomize's embedded schema, which otherwise the first build with a patch would do.
func Warm() { warm() }

// Run scans, builds, substitutes and traces.
func Run(request Request) (*Result, error) {
	limits := request.Limits.Fill()
	if err := commonMetadata(request.Spec.CommonMetadata); err != nil {
		return nil, err
	}
	found, err := scan.Run(request.Tree, request.Path, request.Spec, limits.scan())
	if err != nil {
		return nil, err
	}
	objects, err := kustomize(request, found, limits)
	if err != nil {
		return nil, scrub(err, found.Secrets)
	}
	result := &Result{CopiesSecrets: found.CopiesSecrets, UnknownVariables: []string{}}
	if found.CopiesSecrets {
		result.CopiedValues = found.Secrets
	}
	traced := origin.Trace(found.Root, objects)
	if request.Substitution != nil {
		unknown, err := substitute.Run(objects, *request.Substitution)
		if err != nil {
			return nil, scrub(place(err, traced), found.Secrets)
		}
		result.UnknownVariables = unknown
	}
	total := 0
	result.Objects = make([]Object, 0, len(objects))
	for i, object := range objects {
		if err := check(object); err != nil {
			return nil, at(err, traced[i])
		}
		lay(object, request.Spec.CommonMetadata)
		total += weight(object)
		if total > limits.OutputBytes {
			return nil, fault.New("build.tooLarge", "", 0, "the objects have more than %d bytes", limits.OutputBytes).
				Do("Split it into several Kustomizations.")
		}
		result.Objects = append(result.Objects, Object{Object: object, Sources: traced[i]})
	}
	result.Reads = request.Tree.Reads()
	return result, nil
}

// kustomize runs the library over the scanned tree.
func kustomize(request Request, found *scan.Result, limits Limits) ([]map[string]any, error) {
	request.Tree.Replace(found.OverridePath, found.Override)
	fs := request.Tree.FileSystem()
	fs.Check = func(name string, data []byte) error {
		if found.Scanned[name] {
			return nil
		}
		// A file that only a patched plugin configuration names: the scan could not know it.
		_, err := document.Parse(name, data, limits.Limits)
		return err
	}
	resources, err := run(fs, request.Path)
	if first := request.Tree.First(); first != nil {
		return nil, first
	}
	if err != nil {
		return nil, explain(err, found)
	}
	if resources.Size() > limits.Objects {
		return nil, fault.New("build.tooManyObjects", "", 0, "the build has %d objects, more than %d", resources.Size(), limits.Objects).
			Do("Split it into several Kustomizations.")
	}
	return canonical(resources, asked(found), limits)
}

// run is krusty as fluxcd/pkg/kustomize calls it, but for the schema, which is kept: nothing that changes it is let in.
func run(fs *tree.FileSystem, dir string) (resources resmap.ResMap, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Crash{Reason: fmt.Sprint(r)}
		}
	}()
	Warm()
	kustomizer := krusty.MakeKustomizer(&krusty.Options{
		LoadRestrictions: kustypes.LoadRestrictionsNone,
		PluginConfig:     kustypes.DisabledPluginConfig(),
	})
	return kustomizer.Run(fs, tree.Root+"/"+dir)
}

// Unscanned runs kustomize on a folder as it stands, so that tests can prove that the cage alone holds too.
func Unscanned(t *tree.Tree, dir string) error {
	_, err := run(t.FileSystem(), dir)
	return err
}

// Crash is a panic inside kustomize. The child that met it should not be used again.
type Crash struct{ Reason string }

func (c *Crash) Error() string { return c.Reason }
