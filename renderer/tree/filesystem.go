package tree

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/kustomize/kyaml/filesys"

	"sluice/renderer/fault"
)

// Root is where kustomize sees the tree. It is no path of any machine.
const Root = "/tree"

// FileSystem is the tree as kustomize reads it: nothing can be written, and nothing is outside the root.
type FileSystem struct {
	tree *Tree
	// Check is called once with each file that kustomize reads, before it gets the bytes.
	Check func(name string, data []byte) error
}

var _ filesys.FileSystem = &FileSystem{}

// FileSystem returns the tree in kustomize's shape.
func (t *Tree) FileSystem() *FileSystem { return &FileSystem{tree: t} }

// inside returns the tree path of a path that kustomize uses.
func (f *FileSystem) inside(name string) (string, error) {
	full := name
	if !strings.HasPrefix(full, "/") {
		full = Root + "/" + full
	}
	full = path.Clean(full)
	if full == Root {
		return "", nil
	}
	rest, ok := strings.CutPrefix(full, Root+"/")
	if !ok {
		return "", f.tree.remember(fault.New("build.escape", "", 0, "%s is outside the source", fault.Quote(name)))
	}
	return rest, nil
}

func (f *FileSystem) get(name string) (string, *Node, error) {
	inside, err := f.inside(name)
	if err != nil {
		return "", nil, err
	}
	if data, ok := f.tree.Replaced(inside); ok {
		return inside, &Node{Kind: KindFile, Bytes: data}, nil
	}
	node, err := f.tree.Get(inside)
	return inside, node, err
}

func missing(op, name string) error {
	return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// ReadFile returns a file's bytes.
func (f *FileSystem) ReadFile(name string) ([]byte, error) {
	inside, node, err := f.get(name)
	if err != nil {
		return nil, err
	}
	switch node.Kind {
	case KindFile:
	case KindDirectory:
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	default:
		return nil, missing("open", name)
	}
	if _, ours := f.tree.Replaced(inside); !ours && f.Check != nil {
		if err := f.Check(inside, node.Bytes); err != nil {
			return nil, f.tree.remember(err)
		}
	}
	return node.Bytes, nil
}

// IsDir tells whether a path is a folder.
func (f *FileSystem) IsDir(name string) bool {
	_, node, err := f.get(name)
	return err == nil && node.Kind == KindDirectory
}

// Exists tells whether a path is there.
func (f *FileSystem) Exists(name string) bool {
	_, node, err := f.get(name)
	return err == nil && node.Kind != KindMissing
}

// CleanedAbs splits a path into its folder and file name; the file name is empty for a folder.
func (f *FileSystem) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	inside, node, err := f.get(name)
	if err != nil {
		return "", "", err
	}
	full := path.Join(Root, inside)
	switch node.Kind {
	case KindDirectory:
		return filesys.ConfirmedDir(full), "", nil
	case KindFile:
		return filesys.ConfirmedDir(path.Dir(full)), path.Base(full), nil
	}
	return "", "", missing("stat", full)
}

// ReadDir returns the names in a folder.
func (f *FileSystem) ReadDir(name string) ([]string, error) {
	_, node, err := f.get(name)
	if err != nil {
		return nil, err
	}
	if node.Kind != KindDirectory {
		return nil, missing("readdir", name)
	}
	names := make([]string, 0, len(node.Entries))
	for _, entry := range node.Entries {
		names = append(names, entry.Name)
	}
	return names, nil
}

// Glob matches names in one folder. kustomize globs nowhere in a build.
func (f *FileSystem) Glob(pattern string) ([]string, error) {
	dir := path.Dir(pattern)
	names, err := f.ReadDir(dir)
	if err != nil {
		return nil, nil
	}
	var found []string
	for _, name := range names {
		full := path.Join(dir, name)
		if ok, err := path.Match(pattern, full); err != nil {
			return nil, err
		} else if ok {
			found = append(found, full)
		}
	}
	return found, nil
}

// Walk is not needed by a build: Flux's walk is in package scan.
func (f *FileSystem) Walk(string, filepath.WalkFunc) error { return denied("walk") }

// Open returns a file for reading.
func (f *FileSystem) Open(name string) (filesys.File, error) {
	data, err := f.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &file{name: path.Base(name), Reader: strings.NewReader(string(data))}, nil
}

func denied(op string) error { return &fs.PathError{Op: op, Path: Root, Err: fs.ErrPermission} }

// Create is refused.
func (f *FileSystem) Create(string) (filesys.File, error) { return nil, denied("create") }

// Mkdir is refused.
func (f *FileSystem) Mkdir(string) error { return denied("mkdir") }

// MkdirAll is refused.
func (f *FileSystem) MkdirAll(string) error { return denied("mkdir") }

// RemoveAll is refused.
func (f *FileSystem) RemoveAll(string) error { return denied("remove") }

// WriteFile is refused.
func (f *FileSystem) WriteFile(string, []byte) error { return denied("write") }

type file struct {
	name string
	*strings.Reader
}

func (f *file) Close() error               { return nil }
func (f *file) Write([]byte) (int, error)  { return 0, denied("write") }
func (f *file) Stat() (os.FileInfo, error) { return f, nil }
func (f *file) Name() string               { return f.name }
func (f *file) Mode() fs.FileMode          { return 0o444 }
func (f *file) ModTime() time.Time         { return time.Time{} }
func (f *file) IsDir() bool                { return false }
func (f *file) Sys() any                   { return nil }
