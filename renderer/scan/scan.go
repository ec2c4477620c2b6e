package scan

import (
	"path"
	"strings"

	kustypes "sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"sluice/renderer/document"
	"sluice/renderer/fault"
	"sluice/renderer/tree"
)

// Limits bound one build.
type Limits struct {
	Document document.Limits
	Objects  int
	// Weight is the most bytes a build may hold, a file that is read twice counted twice.
	Weight int64
	// Folders is how deep kustomizations may nest.
	Folders int
}

// FileNames are the names kustomize takes for a kustomization file.
var FileNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

type role int

const (
	asResource role = iota
	asComponent
	asPlugin
)

type visit struct {
	dir  string
	role role
}

type scanner struct {
	tree   *tree.Tree
	limits Limits
	done   map[visit]*Kustomization
	files  map[string]*File
	stack  []string
	result *Result
}

// Run scans the folder dir with the spec laid over it.
func Run(t *tree.Tree, dir string, spec Spec, limits Limits) (*Result, error) {
	s := &scanner{
		tree: t, limits: limits, result: &Result{Scanned: map[string]bool{}},
		done: map[visit]*Kustomization{}, files: map[string]*File{},
	}
	root, err := s.root(dir, spec)
	if err != nil {
		return nil, err
	}
	s.result.Root = root
	return s.result, nil
}

// root reads or generates the first kustomization, lays the spec over it and scans it.
func (s *scanner) root(dir string, spec Spec) (*Kustomization, error) {
	k, data, err := s.find(dir)
	if err != nil {
		return nil, err
	}
	kus := &kustypes.Kustomization{TypeMeta: kustypes.TypeMeta{APIVersion: kustypes.KustomizationVersion, Kind: kustypes.KustomizationKind}}
	if k == nil {
		resources, err := s.generate(dir)
		if err != nil {
			return nil, err
		}
		kus.Resources = resources
		if len(resources) == 0 {
			kus.Namespace = "_placeholder"
		}
		k = &Kustomization{Dir: dir}
		s.result.OverridePath = path.Join(dir, FileNames[0])
	} else {
		// Flux reads this one file without strictness.
		if err := yaml.Unmarshal(data, kus); err != nil {
			return nil, wrongShape(k.File, err)
		}
		if len(kus.Resources) == 0 {
			kus.BuildMetadata = []string{kustypes.OriginAnnotations}
		}
		s.result.OverridePath = k.File
	}
	own := counts(kus)
	k.Overridden = map[string]bool{
		"namespace": spec.TargetNamespace != "", "namePrefix": spec.NamePrefix != "", "nameSuffix": spec.NameSuffix != "",
	}
	exists := func(component string) (bool, error) {
		inside, err := local(dir, component, "spec.components", "", 0)
		if err != nil {
			return false, err
		}
		node, err := s.tree.Get(inside)
		return err == nil && node.Kind != tree.KindMissing, err
	}
	if err := spec.Apply(kus, exists); err != nil {
		return nil, err
	}
	if s.result.Override, err = yaml.Marshal(kus); err != nil {
		return nil, wrongShape(k.File, err)
	}
	s.mention(s.result.Override)
	// What kustomize will read is the override, not what was parsed above.
	read := &kustypes.Kustomization{}
	if err := read.Unmarshal(s.result.Override); err != nil {
		return nil, wrongShape(k.File, err)
	}
	return s.fill(k, read, own, asResource)
}

// own says how many entries of the spec-extended lists come from the file itself.
type own struct{ patches, components int }

func counts(kus *kustypes.Kustomization) own {
	return own{patches: len(kus.Patches), components: len(kus.Components)}
}

func wrongShape(file string, err error) error {
	message := strings.TrimPrefix(fault.OneLine(err.Error()), "error unmarshaling JSON: ")
	message = strings.TrimPrefix(message, "while decoding JSON: ")
	return fault.New("build.kustomize", file, 0, "the kustomization cannot be read: %s", strings.TrimPrefix(message, "invalid Kustomization: "))
}

// find returns the kustomization of a folder and its bytes, nil where it has none.
func (s *scanner) find(dir string) (*Kustomization, []byte, error) {
	var found *Kustomization
	var data []byte
	for _, name := range FileNames {
		file := path.Join(dir, name)
		node, err := s.tree.Get(file)
		if err != nil {
			return nil, nil, err
		}
		if node.Kind != tree.KindFile {
			continue
		}
		if found != nil {
			return nil, nil, fault.New("build.ambiguous", file, 0, "the folder has two kustomization files, %s and %s", path.Base(found.File), name).
				Do("Keep one of the two.")
		}
		found, data = &Kustomization{Dir: dir, File: file}, node.Bytes
	}
	if found == nil {
		return nil, nil, nil
	}
	documents, err := document.Parse(found.File, data, s.limits.Document)
	if err != nil {
		return nil, nil, err
	}
	s.mention(data)
	s.result.Scanned[found.File] = true
	if len(documents) > 1 {
		return nil, nil, fault.New("build.yaml", found.File, documents[1].Line, "a kustomization file has one document; kustomize would not see this one").
			Do("Remove everything from --- on.")
	}
	if len(documents) == 1 {
		found.Node = documents[0].Node
	}
	return found, data, nil
}

// folder scans a nested kustomization.
func (s *scanner) folder(dir string, as role, field, from string, line int) (*Kustomization, error) {
	for i, above := range s.stack {
		if above == dir || dir == "" || strings.HasPrefix(above, dir+"/") {
			chain := append(append([]string{}, s.stack[i:]...), dir)
			for j, name := range chain {
				if name == "" {
					chain[j] = "."
				}
			}
			return nil, fault.New("build.cycle", from, line, "%s closes a circle: %s", field, strings.Join(chain, " → ")).
				Do("Remove this entry; a kustomization cannot build itself or a folder around it.")
		}
	}
	if known, ok := s.done[visit{dir, as}]; ok {
		return known, nil
	}
	if len(s.stack) >= s.limits.Folders {
		return nil, fault.New("build.tooLarge", from, line, "kustomizations nest deeper than %d folders", s.limits.Folders)
	}
	k, data, err := s.find(dir)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, fault.New("build.pathMissing", from, line, "%s names the folder %s, which has no kustomization file", field, fault.Quote(dir)).
			Do("Add a kustomization.yaml there, or name its files one by one.")
	}
	kus := &kustypes.Kustomization{}
	if err := kus.Unmarshal(data); err != nil {
		return nil, wrongShape(k.File, err)
	}
	full, err := s.fill(k, kus, counts(kus), as)
	if err != nil {
		return nil, err
	}
	s.done[visit{dir, as}] = full
	return full, nil
}

// generate lists the resources of a folder without a kustomization, as Flux's scanManifests does.
func (s *scanner) generate(dir string) ([]string, error) {
	node, err := s.tree.Get(dir)
	if err != nil {
		return nil, err
	}
	if node.Kind != tree.KindDirectory {
		name := dir
		if name == "" {
			name = "."
		}
		return nil, fault.New("build.pathMissing", "", 0, "the path %s is no folder of the source", fault.Quote(name)).
			Do("Correct spec.path of the Kustomization, or add the folder.")
	}
	var resources []string
	err = s.walk(dir, node, 0, func(file string) {
		resources = append(resources, "./"+strings.TrimPrefix(strings.TrimPrefix(file, dir), "/"))
	})
	return resources, err
}

func (s *scanner) walk(dir string, node *tree.Node, depth int, add func(string)) error {
	if depth > s.limits.Document.Depth {
		return fault.New("build.tooLarge", dir, 0, "folders nest deeper than %d", s.limits.Document.Depth)
	}
	for _, entry := range node.Entries {
		file := path.Join(dir, entry.Name)
		manifest := path.Ext(entry.Name) == ".yaml" || path.Ext(entry.Name) == ".yml"
		switch {
		case entry.Kind == tree.KindDirectory:
			below, err := s.tree.Get(file)
			if err != nil {
				return err
			}
			if holdsKustomization(below) {
				add(file)
				continue
			}
			if err := s.walk(file, below, depth+1, add); err != nil {
				return err
			}
		case entry.Kind == tree.KindRefused && manifest:
			if _, err := s.tree.Get(file); err != nil {
				return err
			}
		case entry.Kind == tree.KindFile && manifest:
			add(file)
		}
	}
	return nil
}

func holdsKustomization(node *tree.Node) bool {
	for _, entry := range node.Entries {
		for _, name := range FileNames {
			if entry.Name == name && entry.Kind != tree.KindDirectory {
				return true
			}
		}
	}
	return false
}
