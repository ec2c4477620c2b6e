package scan

import (
	"encoding/json"

	kustypes "sigs.k8s.io/kustomize/api/types"

	"sluice/renderer/fault"
)

// Spec is the part of a Flux Kustomization that changes what a build gives (BuildSpec in src/ports.ts).
type Spec struct {
	TargetNamespace         string          `json:"targetNamespace"`
	NamePrefix              string          `json:"namePrefix"`
	NameSuffix              string          `json:"nameSuffix"`
	Patches                 json.RawMessage `json:"patches"`
	Images                  json.RawMessage `json:"images"`
	Components              []string        `json:"components"`
	IgnoreMissingComponents bool            `json:"ignoreMissingComponents"`
	CommonMetadata          CommonMetadata  `json:"commonMetadata"`
}

// CommonMetadata is laid over every object after the build.
type CommonMetadata struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// fluxPatch and fluxImage are the shapes of fluxcd/pkg/apis/kustomize.
type fluxPatch struct {
	Patch  string        `json:"patch"`
	Target *fluxSelector `json:"target"`
}

type fluxSelector struct {
	Group              string `json:"group"`
	Version            string `json:"version"`
	Kind               string `json:"kind"`
	Namespace          string `json:"namespace"`
	Name               string `json:"name"`
	AnnotationSelector string `json:"annotationSelector"`
	LabelSelector      string `json:"labelSelector"`
}

type fluxImage struct {
	Name    string `json:"name"`
	NewName string `json:"newName"`
	NewTag  string `json:"newTag"`
	Digest  string `json:"digest"`
}

func specField(raw json.RawMessage, name string, into any) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fault.New("build.object", "", 0, "spec.%s of the Kustomization has a wrong shape: %s", name, err)
	}
	return nil
}

// Apply lays the spec over a kustomization as fluxcd/pkg/kustomize 1.41.0 does (kustomize_generator.go, GenerateManifest).
// exists tells whether a component's path is in the tree.
func (s Spec) Apply(kus *kustypes.Kustomization, exists func(path string) (bool, error)) error {
	if s.TargetNamespace != "" {
		kus.Namespace = s.TargetNamespace
	}
	if s.NamePrefix != "" {
		kus.NamePrefix = s.NamePrefix
	}
	if s.NameSuffix != "" {
		kus.NameSuffix = s.NameSuffix
	}
	var patches []fluxPatch
	if err := specField(s.Patches, "patches", &patches); err != nil {
		return err
	}
	for _, patch := range patches {
		kus.Patches = append(kus.Patches, kustypes.Patch{Patch: patch.Patch, Target: patch.Target.kustomize()})
	}
	for _, component := range s.Components {
		if s.IgnoreMissingComponents {
			if there, err := exists(component); err != nil {
				return err
			} else if !there {
				continue
			}
		}
		kus.Components = append(kus.Components, component)
	}
	var images []fluxImage
	if err := specField(s.Images, "images", &images); err != nil {
		return err
	}
	for _, image := range images {
		mergeImage(kus, image)
	}
	return nil
}

// mergeImage merges field by field into an entry of the same name; tag and digest are one unit.
func mergeImage(kus *kustypes.Kustomization, image fluxImage) {
	for i := range kus.Images {
		there := &kus.Images[i]
		if there.Name != image.Name {
			continue
		}
		if image.NewName != "" {
			there.NewName = image.NewName
		}
		if image.NewTag != "" || image.Digest != "" {
			there.NewTag, there.Digest = image.NewTag, image.Digest
		}
		return
	}
	kus.Images = append(kus.Images, kustypes.Image{
		Name: image.Name, NewName: image.NewName, NewTag: image.NewTag, Digest: image.Digest,
	})
}

func (s *fluxSelector) kustomize() *kustypes.Selector {
	if s == nil {
		return nil
	}
	out := &kustypes.Selector{LabelSelector: s.LabelSelector, AnnotationSelector: s.AnnotationSelector}
	out.Group, out.Version, out.Kind = s.Group, s.Version, s.Kind
	out.Name, out.Namespace = s.Name, s.Namespace
	return out
}
