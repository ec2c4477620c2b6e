package build

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	oracle "github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"sluice/renderer/frame"
	"sluice/renderer/substitute"
	"sluice/renderer/tree"
	"sluice/renderer/tree/treetest"
)

// flux builds a tree on a disk with Flux's own library: what it gives is right.
func flux(t *testing.T, files treetest.Files, dir string, spec map[string]any) ([]string, error) {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kustomization := unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	full := filepath.Join(root, dir)
	if _, err := oracle.NewGenerator(root, kustomization).WriteFile(full); err != nil {
		return nil, err
	}
	resources, err := oracle.SecureBuild(root, full, false)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, resource := range resources.Resources() {
		if spec["postBuild"] != nil {
			next, err := oracle.SubstituteVariables(context.Background(), nil, kustomization, resource,
				oracle.SubstituteWithDryRun(true), oracle.SubstituteWithStrict(true))
			if err != nil {
				return nil, err
			}
			if next != nil {
				resource = next
			}
		}
		data, err := resource.MarshalJSON()
		if err != nil {
			return nil, err
		}
		out = append(out, canonicalText(t, data))
	}
	return out, nil
}

// canonicalText sorts keys and compares numbers by value, since Flux's substitution prints large ones as floats.
func canonicalText(t *testing.T, data []byte) string {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	text, err := frame.Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func ours(t *testing.T, files treetest.Files, dir string, spec map[string]any) ([]string, error) {
	t.Helper()
	result, err := Run(requestOf(t, files, dir, spec))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, object := range result.Objects {
		data, err := frame.Encode(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, canonicalText(t, data))
		if len(object.Sources) == 0 {
			t.Errorf("%s has no source", data)
		}
	}
	return out, nil
}

func requestOf(t *testing.T, files treetest.Files, dir string, spec map[string]any) Request {
	t.Helper()
	data, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	clean, ok := tree.Clean(dir)
	if !ok {
		t.Fatal("path leaves the tree")
	}
	request := Request{Path: clean, Limits: Limits{}.Fill()}
	if err := json.Unmarshal(data, &request.Spec); err != nil {
		t.Fatal(err)
	}
	if post, ok := spec["postBuild"].(map[string]any); ok {
		request.Substitution = &substitute.Substitution{Variables: map[string]string{}}
		for key, value := range post["substitute"].(map[string]any) {
			request.Substitution.Variables[key] = value.(string)
		}
	}
	request.Tree = files.Tree(t, request.Limits.Tree())
	return request
}

// The cases are in testdata/oracle, one file each: the spec as JSON in a section "spec", the folder in "path", the tree
// in the others.
func TestSameAsFlux(t *testing.T) {
	names, err := filepath.Glob("testdata/oracle/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := treetest.Parse(string(text))
			spec := map[string]any{}
			if err := json.Unmarshal([]byte(files["spec"]), &spec); err != nil {
				t.Fatal(err)
			}
			dir := strings.TrimSpace(files["path"])
			delete(files, "spec")
			delete(files, "path")
			want, wantErr := flux(t, files, dir, spec)
			got, gotErr := ours(t, files, dir, spec)
			if (wantErr == nil) != (gotErr == nil) {
				t.Fatalf("Flux says %v, we say %v", wantErr, gotErr)
			}
			if strings.HasPrefix(filepath.Base(name), "error") {
				if wantErr == nil {
					t.Fatal("Flux accepts what the case says it refuses")
				}
				return
			}
			if wantErr != nil {
				t.Fatalf("both refuse: %v; %v", wantErr, gotErr)
			}
			if a, b := strings.Join(want, "\n"), strings.Join(got, "\n"); a != b {
				t.Errorf("Flux:\n%s\nours:\n%s", a, b)
			}
		})
	}
}
