// Package tree is the source tree of one request, asked for path by path over the protocol and kept for that request.
package tree

import (
	"encoding/base64"
	"path"
	"slices"
	"sort"
	"strings"

	"sluice/renderer/fault"
)

// Kinds of an answer and of a directory's entries.
const (
	KindFile      = "file"
	KindDirectory = "directory"
	KindMissing   = "missing"
	KindRefused   = "refused"
)

// Entry is one name in a directory.
type Entry struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Reason string `json:"reason,omitempty"`
}

// Answer is what the parent says about a path, as in PROTOCOL.md.
type Answer struct {
	Kind    string  `json:"kind"`
	Text    *string `json:"text,omitempty"`
	Base64  *string `json:"base64,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// Node is a path of the tree as this request sees it.
type Node struct {
	Kind    string
	Bytes   []byte
	Entries []Entry
	Reason  string
}

// Ask sends a path to the parent and returns its answer.
type Ask func(path string) (Answer, error)

// Tree answers for paths relative to the root, clean, ” being the root. It asks for each path once.
type Tree struct {
	ask      Ask
	nodes    map[string]*Node
	asked    map[string]bool
	replaced map[string][]byte
	bytes    int64
	limits   Limits
	first    error
}

// Limits bound what one request may read.
type Limits struct {
	FileBytes  int64
	TotalBytes int64
}

// New returns a tree that starts with the answers the request already carried.
func New(ask Ask, have map[string]Answer, limits Limits) (*Tree, error) {
	t := &Tree{ask: ask, nodes: map[string]*Node{}, asked: map[string]bool{}, replaced: map[string][]byte{}, limits: limits}
	for name, answer := range have {
		if clean, ok := Clean(name); !ok || clean != name {
			return nil, fault.New("renderer.protocol", "", 0, "path %s in \"have\" is not clean", fault.Quote(name))
		}
		node, err := t.decode(name, answer)
		if err != nil {
			return nil, err
		}
		t.nodes[name] = node
	}
	return t, nil
}

// Clean returns a path relative to the root without ".", ".." or doubled slashes; false where it leaves the root.
func Clean(name string) (string, bool) {
	if strings.HasPrefix(name, "/") || strings.ContainsRune(name, 0) {
		return "", false
	}
	clean := path.Clean(name)
	if clean == "." {
		return "", true
	}
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", false
	}
	return clean, true
}

// Get returns the node at a clean path. A refused path is a fault that names it.
func (t *Tree) Get(name string) (*Node, error) {
	node, err := t.look(name)
	if err != nil {
		return nil, t.remember(err)
	}
	if node.Kind == KindRefused {
		return nil, t.remember(refused(name, node.Reason))
	}
	return node, nil
}

// First returns the first fault that reading the tree met, also where a caller swallowed it.
func (t *Tree) First() error { return t.first }

// Replace lays bytes over a file, which must be in an existing directory.
func (t *Tree) Replace(name string, data []byte) { t.replaced[name] = data }

// Replaced returns the bytes laid over a file.
func (t *Tree) Replaced(name string) ([]byte, bool) {
	data, ok := t.replaced[name]
	return data, ok
}

// Reads returns every path that was needed, present or missing, sorted, whether the request carried it or not.
func (t *Tree) Reads() []string {
	names := make([]string, 0, len(t.asked))
	for name := range t.asked {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (t *Tree) remember(err error) error {
	if t.first == nil {
		t.first = err
	}
	return err
}

func (t *Tree) look(name string) (*Node, error) {
	t.asked[name] = true
	if node, ok := t.nodes[name]; ok {
		return node, nil
	}
	if t.excluded(name) {
		return &Node{Kind: KindMissing}, nil
	}
	answer, err := t.ask(name)
	if err != nil {
		return nil, err
	}
	node, err := t.decode(name, answer)
	if err != nil {
		return nil, err
	}
	t.nodes[name] = node
	return node, nil
}

// excluded tells whether the listing of the folder above, where it is here already, has no such name.
func (t *Tree) excluded(name string) bool {
	if name == "" {
		return false
	}
	dir, base := path.Split(name)
	above, ok := t.nodes[strings.TrimSuffix(dir, "/")]
	if !ok || above.Kind != KindDirectory {
		return false
	}
	return !slices.ContainsFunc(above.Entries, func(entry Entry) bool { return entry.Name == base })
}

func (t *Tree) decode(name string, answer Answer) (*Node, error) {
	node := &Node{Kind: answer.Kind, Entries: answer.Entries, Reason: answer.Reason}
	switch answer.Kind {
	case KindDirectory, KindMissing, KindRefused:
		return node, nil
	case KindFile:
	default:
		return nil, fault.New("renderer.protocol", name, 0, "answer of unknown kind %s", fault.Quote(answer.Kind))
	}
	switch {
	case answer.Text != nil:
		node.Bytes = []byte(*answer.Text)
	case answer.Base64 != nil:
		data, err := base64.StdEncoding.DecodeString(*answer.Base64)
		if err != nil {
			return nil, fault.New("renderer.protocol", name, 0, "answer is not base64")
		}
		node.Bytes = data
	}
	if size := int64(len(node.Bytes)); t.limits.FileBytes > 0 && size > t.limits.FileBytes {
		return nil, fault.New("build.tooLarge", name, 0, "the file has %d bytes, more than %d", size, t.limits.FileBytes)
	}
	t.bytes += int64(len(node.Bytes))
	if t.limits.TotalBytes > 0 && t.bytes > t.limits.TotalBytes {
		return nil, fault.New("build.tooLarge", name, 0, "the build reads more than %d bytes", t.limits.TotalBytes)
	}
	return node, nil
}

var reasons = map[string]string{
	"symlink":   "is a symbolic link; links are never followed",
	"submodule": "is a submodule; submodules are never read",
	"name":      "has a name that is not allowed in a source",
	"mode":      "has a file mode that is not allowed in a source",
	"duplicate": "is in its folder twice",
	"tooLarge":  "is too large",
}

func refused(name, reason string) error {
	words, ok := reasons[reason]
	if !ok {
		words = "cannot be read"
	}
	return fault.New("build.refused", name, 0, "%s %s", name, words).
		Do("Put a regular file there, or do not name it in the build.")
}
