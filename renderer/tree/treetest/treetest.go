// Package treetest gives tests a tree from text, the way a parent process would answer for it.
package treetest

import (
	"sort"
	"strings"
	"testing"

	"sluice/renderer/tree"
)

// Files are a tree: path to content. A content that starts with "refused:" is an entry that is refused for that reason.
type Files map[string]string

// Parse reads "-- path --" sections, each holding the lines below it.
func Parse(text string) Files {
	files := Files{}
	name := ""
	for _, line := range strings.SplitAfter(strings.TrimPrefix(text, "\n"), "\n") {
		if inner, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(inner, " --") {
			name = strings.TrimSuffix(inner, " --")
			files[name] = ""
			continue
		}
		if name != "" {
			files[name] += line
		}
	}
	return files
}

// Ask answers for the files.
func (f Files) Ask() tree.Ask {
	return func(path string) (tree.Answer, error) { return f.answer(path), nil }
}

func (f Files) answer(path string) tree.Answer {
	if text, ok := f[path]; ok {
		if reason, refused := strings.CutPrefix(text, "refused:"); refused {
			return tree.Answer{Kind: tree.KindRefused, Reason: strings.TrimSpace(reason)}
		}
		return tree.Answer{Kind: tree.KindFile, Text: &text}
	}
	kinds := map[string]tree.Entry{}
	prefix := path + "/"
	if path == "" {
		prefix = ""
	}
	for name, text := range f {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		first, _, deeper := strings.Cut(rest, "/")
		entry := tree.Entry{Name: first, Kind: tree.KindFile}
		if reason, refused := strings.CutPrefix(text, "refused:"); refused {
			entry.Kind, entry.Reason = tree.KindRefused, strings.TrimSpace(reason)
		}
		if deeper {
			entry = tree.Entry{Name: first, Kind: tree.KindDirectory}
		}
		kinds[first] = entry
	}
	if len(kinds) == 0 && path != "" {
		return tree.Answer{Kind: tree.KindMissing}
	}
	answer := tree.Answer{Kind: tree.KindDirectory}
	for _, entry := range kinds {
		answer.Entries = append(answer.Entries, entry)
	}
	sort.Slice(answer.Entries, func(i, j int) bool { return answer.Entries[i].Name < answer.Entries[j].Name })
	return answer
}

// Tree returns the files as a tree.
func (f Files) Tree(t *testing.T, limits tree.Limits) *tree.Tree {
	t.Helper()
	made, err := tree.New(f.Ask(), nil, limits)
	if err != nil {
		t.Fatal(err)
	}
	return made
}
