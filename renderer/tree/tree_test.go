package tree_test

import (
	"errors"
	"slices"
	"testing"

	"sluice/renderer/fault"
	"sluice/renderer/tree"
	"sluice/renderer/tree/treetest"
)

func TestClean(t *testing.T) {
	for name, want := range map[string]string{"": "", ".": "", "a": "a", "a/./b/": "a/b", "a/../b": "b", "./a": "a"} {
		if got, ok := tree.Clean(name); !ok || got != want {
			t.Errorf("%q: %q %v", name, got, ok)
		}
	}
	for _, name := range []string{"..", "../a", "a/../..", "/", "/a", "a\x00b"} {
		if got, ok := tree.Clean(name); ok {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// The scan refuses what leaves the tree; the file system refuses it again.
func TestNothingIsOutside(t *testing.T) {
	for _, name := range []string{"/etc/passwd", "/tree/../etc/passwd", "/treex", "../x", "/", "/tree/a/../../x"} {
		made := treetest.Files{"a/x": "x"}.Tree(t, tree.Limits{})
		fs := made.FileSystem()
		if data, err := fs.ReadFile(name); err == nil {
			t.Errorf("%s: %q", name, data)
		}
		if fs.Exists(name) || fs.IsDir(name) {
			t.Errorf("%s exists", name)
		}
		if _, _, err := fs.CleanedAbs(name); err == nil {
			t.Errorf("%s is cleaned", name)
		}
		var known *fault.Fault
		if !errors.As(made.First(), &known) || known.Code != "build.escape" {
			t.Errorf("%s: %v", name, made.First())
		}
	}
}

func TestNothingIsWritten(t *testing.T) {
	fs := treetest.Files{"a": "x"}.Tree(t, tree.Limits{}).FileSystem()
	_, created := fs.Create("a")
	for name, err := range map[string]error{
		"create": created, "mkdir": fs.Mkdir("b"), "mkdirall": fs.MkdirAll("b/c"), "remove": fs.RemoveAll("a"), "write": fs.WriteFile("a", nil),
	} {
		if err == nil {
			t.Errorf("%s is allowed", name)
		}
	}
}

func TestEachPathIsAskedForOnce(t *testing.T) {
	asked := map[string]int{}
	files := treetest.Files{"a/x": "x"}
	made, err := tree.New(func(path string) (tree.Answer, error) {
		asked[path]++
		return files.Ask()(path)
	}, nil, tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, path := range []string{"a", "a/x", "nope"} {
			if _, err := made.Get(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	for path, count := range asked {
		if count != 1 {
			t.Errorf("%s: %d", path, count)
		}
	}
	if got := made.Reads(); len(got) != 3 {
		t.Error(got)
	}
}

func TestHaveIsReadOnlyWhereNeeded(t *testing.T) {
	text := "x"
	made, err := tree.New(nil, map[string]tree.Answer{"a": {Kind: tree.KindFile, Text: &text}, "b": {Kind: tree.KindMissing}}, tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Get("a"); err != nil {
		t.Fatal(err)
	}
	if got := made.Reads(); len(got) != 1 || got[0] != "a" {
		t.Error(got)
	}
	if _, err := tree.New(nil, map[string]tree.Answer{"../a": {Kind: tree.KindMissing}}, tree.Limits{}); err == nil {
		t.Error("a path outside is taken")
	}
}

func TestWhatAListingLeavesOutIsMissingUnasked(t *testing.T) {
	files := treetest.Files{"a/x": "x", "a/link": "refused:symlink"}
	asked := map[string]bool{}
	made, err := tree.New(func(path string) (tree.Answer, error) {
		asked[path] = true
		return files.Ask()(path)
	}, map[string]tree.Answer{"a": {Kind: tree.KindDirectory, Entries: []tree.Entry{{Name: "link", Kind: tree.KindRefused}, {Name: "x", Kind: tree.KindFile}}}}, tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]string{"a/x": tree.KindFile, "a/nope": tree.KindMissing, "b/nope": tree.KindMissing} {
		if node, err := made.Get(path); err != nil || node.Kind != kind {
			t.Errorf("%s: %v %v", path, node, err)
		}
	}
	if _, err := made.Get("a/link"); err == nil {
		t.Error("a link is taken")
	}
	if asked["a/nope"] || !asked["a/x"] || !asked["a/link"] || !asked["b/nope"] {
		t.Error(asked)
	}
	if got := made.Reads(); !slices.Contains(got, "a/nope") {
		t.Error("what is missing is not among the reads", got)
	}
}
