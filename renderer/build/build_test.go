package build

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/renderer/fault"
	"sluice/renderer/frame"
	"sluice/renderer/scan"
	"sluice/renderer/substitute"
	"sluice/renderer/tree/treetest"
)

const plain = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"

func attempt(t *testing.T, files treetest.Files, change func(*Request)) (*Result, *fault.Fault) {
	t.Helper()
	request := Request{Path: "a", Limits: Limits{}.Fill()}
	if change != nil {
		change(&request)
	}
	request.Tree = files.Tree(t, request.Limits.Tree())
	result, err := Run(request)
	var known *fault.Fault
	if err != nil && !errors.As(err, &known) {
		t.Fatalf("not a fault: %v", err)
	}
	return result, known
}

func text(t *testing.T, value any) string {
	t.Helper()
	data, err := frame.Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEmptyBuildIsNoError(t *testing.T) {
	for name, files := range map[string]treetest.Files{
		"empty folder":   {"a/readme.md": "x"},
		"no resources":   {"a/kustomization.yaml": "resources: []\n"},
		"everything out": {"a/kustomization.yaml": "resources: [x.yaml]\npatches:\n- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    $patch: delete\n", "a/x.yaml": plain},
	} {
		result, failed := attempt(t, files, nil)
		if failed != nil || text(t, result.Objects) != "[]" {
			t.Errorf("%s: %v %v", name, result, failed)
		}
	}
}

func TestReads(t *testing.T) {
	files := treetest.Files{"a/kustomization.yaml": "resources: [../b, x.yaml]\n", "a/x.yaml": plain, "b/kustomization.yml": "resources: [y.yaml]\n",
		"b/y.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "b/unread.yaml": "x"}
	result, failed := attempt(t, files, nil)
	if failed != nil {
		t.Fatal(failed)
	}
	want := "a/Kustomization a/kustomization.yaml a/kustomization.yml a/x.yaml b b/Kustomization b/kustomization.yaml b/kustomization.yml b/y.yaml"
	request := Request{Path: "a", Limits: Limits{}.Fill(), Tree: files.Tree(t, Limits{}.Fill().Tree())}
	closure, err := Closure(request)
	if err != nil || strings.Join(closure.Reads, " ") != want {
		t.Errorf("closure %v %v", closure, err)
	}
	// A build reads what its closure says, and the folder it stands in.
	for _, name := range closure.Reads {
		if !slices.Contains(result.Reads, name) {
			t.Errorf("the build did not read %s: %v", name, result.Reads)
		}
	}
	if len(result.Reads) > len(closure.Reads)+1 {
		t.Errorf("the build reads more: %v", result.Reads)
	}
}

func TestLimits(t *testing.T) {
	many := strings.Repeat("---\n"+plain, 0)
	for i := range 30 {
		many += fmt.Sprintf("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a%d}\ndata: {k: %s}\n", i, strings.Repeat("x", 100))
	}
	files := treetest.Files{"a/x.yaml": many}
	cases := map[string]struct {
		change func(*Limits)
		code   string
	}{
		"objects":   {func(l *Limits) { l.Objects = 10 }, "build.tooManyObjects"},
		"documents": {func(l *Limits) { l.Documents = 10 }, "build.tooManyObjects"},
		"file":      {func(l *Limits) { l.FileBytes = 100 }, "build.tooLarge"},
		"total":     {func(l *Limits) { l.TotalBytes = 100 }, "build.tooLarge"},
		"output":    {func(l *Limits) { l.OutputBytes = 1000 }, "build.tooLarge"},
		"depth":     {func(l *Limits) { l.Depth = 1 }, "build.tooLarge"},
		"keys":      {func(l *Limits) { l.Keys = 2 }, "build.tooLarge"},
	}
	for name, test := range cases {
		_, failed := attempt(t, files, func(r *Request) { test.change(&r.Limits) })
		if failed == nil || failed.Code != test.code {
			t.Errorf("%s: %v", name, failed)
		}
	}
	if _, failed := attempt(t, files, nil); failed != nil {
		t.Error(failed)
	}
}

// What kustomize notes in objects is removed, also where a tenant wrote it.
func TestNotesAreStripped(t *testing.T) {
	files := treetest.Files{"a/x.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  annotations:
    config.kubernetes.io/origin: "path: /etc/passwd"
    alpha.config.kubernetes.io/transformations: "- configuredIn: /x"
    internal.config.kubernetes.io/previousNames: b
    internal.config.kubernetes.io/anything: c
    keep: me
`}
	result, failed := attempt(t, files, nil)
	if failed != nil {
		t.Fatal(failed)
	}
	if got := text(t, result.Objects[0].Object["metadata"]); got != `{"annotations":{"keep":"me"},"name":"a"}` {
		t.Error(got)
	}
}

func TestCommonMetadata(t *testing.T) {
	files := treetest.Files{"a/x.yaml": plain + "data: {k: '${V}'}\n"}
	common := scan.CommonMetadata{Labels: map[string]string{"team": "${V}"}, Annotations: map[string]string{"n": "1"}}
	result, failed := attempt(t, files, func(r *Request) {
		r.Spec.CommonMetadata = common
		r.Substitution = &substitute.Substitution{Variables: map[string]string{"V": "v"}}
	})
	if failed != nil {
		t.Fatal(failed)
	}
	// After the substitution, as Flux does.
	if got := text(t, result.Objects[0].Object["metadata"]); got != `{"annotations":{"n":"1"},"labels":{"team":"${V}"},"name":"a"}` {
		t.Error(got)
	}
	_, failed = attempt(t, files, func(r *Request) {
		r.Spec.CommonMetadata = scan.CommonMetadata{Labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "x"}}
	})
	if failed == nil || failed.Code != "build.object" {
		t.Error(failed)
	}
}

func TestKindChangedToList(t *testing.T) {
	files := treetest.Files{"a/kustomization.yaml": "resources: [x.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: |\n    - {op: replace, path: /kind, value: List}\n    - {op: add, path: /items, value: [{apiVersion: v1, kind: Secret, metadata: {name: s}}, {apiVersion: v1, kind: RoleList, items: [{apiVersion: v1, kind: Role, metadata: {name: r}}]}]}\n", "a/x.yaml": plain}
	result, failed := attempt(t, files, nil)
	if failed != nil {
		t.Fatal(failed)
	}
	if len(result.Objects) != 2 || result.Objects[0].Object["kind"] != "Secret" || result.Objects[1].Object["kind"] != "Role" {
		t.Error(text(t, result.Objects))
	}
	files["a/kustomization.yaml"] = strings.ReplaceAll(files["a/kustomization.yaml"], "value: List}", "value: Thing}")
	result, failed = attempt(t, files, nil)
	if failed != nil || len(result.Objects) != 1 || result.Objects[0].Object["items"] == nil {
		t.Error("top-level items of another kind are the guard's to deny", failed)
	}
}

func TestObjectsAreChecked(t *testing.T) {
	for name, value := range map[string]string{"kind": "{op: replace, path: /kind, value: 5}", "apiVersion": "{op: replace, path: /apiVersion, value: ''}"} {
		files := treetest.Files{"a/kustomization.yaml": "resources: [x.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: '- " + value + "'\n", "a/x.yaml": plain}
		if result, failed := attempt(t, files, nil); failed == nil {
			t.Errorf("%s: %s", name, text(t, result.Objects))
		}
	}
}

// No message shows a Secret's value or a path of a machine, and every message is one line.
func TestMessages(t *testing.T) {
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {pw: hunter2-hunter2}\ndata: {b: aHVudGVyMy1odW50ZXIz}\n"
	cases := map[string]treetest.Files{
		"patch of nobody":     {"a/kustomization.yaml": "resources: [s.yaml]\npatches:\n- patch: |\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: hunter2-hunter2}\n", "a/s.yaml": secret},
		"bad json patch":      {"a/kustomization.yaml": "resources: [s.yaml]\npatches:\n- target: {kind: Secret}\n  patch: '- {op: test, path: /stringData/pw, value: hunter2-hunter2x}'\n", "a/s.yaml": secret},
		"generator literal":   {"a/kustomization.yaml": "secretGenerator:\n- name: s\n  literals: [hunter2-hunter2]\n"},
		"generator file":      {"a/kustomization.yaml": "secretGenerator:\n- name: s\n  envs: [e.env]\n", "a/e.env": "K=\xffhunter2-hunter2\n"},
		"null item":           {"a/s.yaml": secret + "x: [null, hunter2-hunter2]\ny: &a {b: 1}\nz: {<<: [1]}\n"},
		"same id twice":       {"a/s.yaml": secret + "---\n" + secret},
		"unknown replacement": {"a/kustomization.yaml": "resources: [s.yaml]\nreplacements:\n- source: {kind: Secret, fieldPath: stringData.pw}\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.pw.x.hunter2-hunter2]}]\n", "a/s.yaml": secret},
	}
	for name, files := range cases {
		_, failed := attempt(t, files, nil)
		if failed == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		all := failed.Message + failed.Remedy
		for _, forbidden := range []string{"hunter2-hunter2", "hunter3", "aHVudGVyM", "104 117 110", "/tree", "\n"} {
			if strings.Contains(all, forbidden) {
				t.Errorf("%s shows %q: %s", name, forbidden, all)
			}
		}
		if failed.File == "" {
			t.Errorf("%s names no file: %s", name, all)
		}
	}
}

// A build leaves nothing behind for the next one.
func TestBuildsAreIsolated(t *testing.T) {
	files := treetest.Files{"a/kustomization.yaml": "resources: [x.yaml]\ncrds: [c.json]\nconfigurations: [conf.yaml]\nnamePrefix: p-\n",
		"a/c.json": `{"example.com/v1.Foo":{"Schema":{"properties":{"spec":{"x-kubernetes-list-type":"map"}}}}}`, "a/conf.yaml": "namePrefix:\n- path: metadata/name\n", "a/x.yaml": plain}
	other := treetest.Files{"a/kustomization.yaml": "resources: [x.yaml]\npatches: [{path: p.yaml}]\n", "a/x.yaml": plain, "a/p.yaml": plain + "data: {k: v}\n"}
	first, failed := attempt(t, other, nil)
	if failed != nil {
		t.Fatal(failed)
	}
	if _, failed := attempt(t, files, nil); failed != nil {
		t.Fatal(failed)
	}
	second, failed := attempt(t, other, nil)
	if failed != nil || text(t, first) != text(t, second) {
		t.Error(failed, text(t, second))
	}
}

func TestUndefinedVariableHasItsLine(t *testing.T) {
	files := treetest.Files{"a/x.yaml": plain + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  one: ${KNOWN}\n  two: |\n    a\n    ${NOPE}\n"}
	_, failed := attempt(t, files, func(r *Request) {
		r.Substitution = &substitute.Substitution{Variables: map[string]string{"KNOWN": "v"}}
	})
	if failed == nil || failed.Code != "build.substitute" || failed.File != "a/x.yaml" || failed.Line != 12 {
		t.Errorf("%+v", failed)
	}
}

func TestGeneratorPluginMayReadAnyText(t *testing.T) {
	files := treetest.Files{"a/kustomization.yaml": "generators: [g.yaml]\n", "a/conf.ini": "[a]\nx: y: z\n\tq\n",
		"a/g.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\nfiles: [conf.ini]\n"}
	if _, failed := attempt(t, files, nil); failed != nil {
		t.Error(failed)
	}
}

func TestPluginConfigurationPatchedToReachOutside(t *testing.T) {
	// The scan sees a harmless path; a patch of the configuration changes it. The file system and the cage still hold.
	files := treetest.Files{"a/kustomization.yaml": "resources: [x.yaml]\ntransformers: [t]\n", "a/x.yaml": plain,
		"a/t/kustomization.yaml": "resources: [t.yaml]\npatches:\n- target: {kind: PatchTransformer}\n  patch: '- {op: replace, path: /path, value: PATH}'\n",
		"a/t/t.yaml":             "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: p.yaml\n", "a/p.yaml": plain}
	for path, code := range map[string]string{"../../etc/passwd": "build.escape", "/etc/passwd": "build.escape", "nope.yaml": "build.kustomize"} {
		changed := treetest.Files{}
		for name, content := range files {
			changed[name] = strings.ReplaceAll(content, "PATH", path)
		}
		_, failed := attempt(t, changed, nil)
		if failed == nil || failed.Code != code {
			t.Errorf("%s: %v", path, failed)
		}
	}
}
