package scan

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sluice/renderer/document"
	"sluice/renderer/fault"
	"sluice/renderer/tree"
	"sluice/renderer/tree/treetest"
)

var limits = Limits{Document: document.Limits{}.Fill(), Objects: 5000, Weight: 32 << 20, Folders: 64}

func run(t *testing.T, files treetest.Files, dir string) (*Result, *fault.Fault) {
	t.Helper()
	result, err := Run(files.Tree(t, tree.Limits{}), dir, Spec{}, limits)
	var known *fault.Fault
	if err != nil && !errors.As(err, &known) {
		t.Fatalf("not a fault: %v", err)
	}
	return result, known
}

// Every spelling of something that is not in the tree, in every field that names files.
func TestRemote(t *testing.T) {
	spellings := []string{
		"https://evil.example/x.yaml", "http://evil.example/x.yaml", "HTTPS://evil.example/x.yaml",
		"file:///var/cache/repos/tenant-b//base", "ssh://git@host/org/repo", "git@host:org/repo", "git::https://host/org/repo",
		"git::ssh://git@host/org/repo", "host.xz/org/repo.git", "host.xz/org/repo.git/path?ref=main", "github.com/org/repo",
		"GitHub.com/org/repo//base?ref=v1", "github.com:org/repo", "gh:org/repo", "org-1@host.xz:repo/base", "https://host/org/_git/repo",
		"base?ref=--upload-pack=touch /tmp/x", "host:org/repo", "//host/share", "oci://registry/x", "s3::https://s3/x", "bitbucket.org/org/repo",
		" https://evil.example/x.yaml",
	}
	fields := map[string]string{
		"resources":             "resources: [%s]",
		"bases":                 "bases: [%s]",
		"RESOURCES":             "RESOURCES: [%s]",
		"components":            "components: [%s]",
		"patches":               "patches: [{path: %s}]",
		"patchesStrategicMerge": "patchesStrategicMerge: [%s]",
		"patchesJson6902":       "patchesJson6902: [{path: %s, target: {kind: A, name: b, version: v1}}]",
		"configurations":        "configurations: [%s]",
		"crds":                  "crds: [%s]",
		"replacements":          "replacements: [{path: %s}]",
		"configMapGenerator.f":  "configMapGenerator: [{name: a, files: [%s]}]",
		"configMapGenerator.k":  "configMapGenerator: [{name: a, files: [\"key=\"%s]}]",
		"configMapGenerator.s":  "configMapGenerator: [{name: a, envs: [%s]}]",
		"configMapGenerator.e":  "configMapGenerator: [{name: a, env: %s}]",
		"secretGenerator.f":     "secretGenerator: [{name: a, files: [%s]}]",
		"secretGenerator.s":     "secretGenerator: [{name: a, envs: [%s]}]",
		"secretGenerator.e":     "secretGenerator: [{name: a, env: %s}]",
		"generators":            "generators: [%s]",
		"transformers":          "transformers: [%s]",
		"validators":            "validators: [%s]",
	}
	for field, shape := range fields {
		for _, spelling := range spellings {
			quoted := `"` + spelling + `"`
			if strings.Contains(shape, `"key="%s`) {
				if strings.Contains(spelling, "=") {
					continue
				}
				quoted = ""
				shape := strings.Replace(shape, `"key="%s`, `"key=`+spelling+`"%s`, 1)
				check(t, field, spelling, fmt.Sprintf(shape, quoted))
				continue
			}
			check(t, field, spelling, fmt.Sprintf(shape, quoted))
		}
	}
	plugin := "apiVersion: builtin\nkind: %s\nmetadata: {name: a}\n%s\n"
	for kind, shape := range map[string]string{
		"PatchTransformer": "path: %q", "PatchJson6902Transformer": "path: %q", "PatchStrategicMergeTransformer": "paths: [%q]",
		"ConfigMapGenerator": "files: [%q]", "SecretGenerator": "envs: [%q]", "ReplacementTransformer": "replacements: [{path: %q}]",
	} {
		for _, spelling := range spellings[:20] {
			files := treetest.Files{
				"a/kustomization.yaml": "namePrefix: a-\ntransformers: [t.yaml]\n",
				"a/t.yaml":             fmt.Sprintf(plugin, kind, fmt.Sprintf(shape, spelling)),
			}
			if _, got := run(t, files, "a"); got == nil || got.Code != "build.remote" || got.File != "a/t.yaml" {
				t.Errorf("%s %s: %v", kind, spelling, got)
			}
		}
	}
}

func check(t *testing.T, field, spelling, text string) {
	t.Helper()
	for _, dir := range []string{"a", "o"} {
		files := treetest.Files{"a/kustomization.yaml": "namePrefix: a-\n" + text + "\n", "o/kustomization.yaml": "resources: [../a]\n"}
		_, got := run(t, files, dir)
		if got == nil || got.Code != "build.remote" || got.File != "a/kustomization.yaml" || got.Line != 2 {
			t.Errorf("%s from %s, %s: %+v", field, dir, spelling, got)
		}
	}
}

func TestRefused(t *testing.T) {
	object := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
	plugin := func(text string) treetest.Files {
		return treetest.Files{"a/kustomization.yaml": "generators: [g.yaml]\n", "a/g.yaml": text}
	}
	cases := map[string]struct {
		files treetest.Files
		code  string
		file  string
		line  int
	}{
		"helmCharts":                  {treetest.Files{"a/kustomization.yaml": "namePrefix: a\nhelmCharts:\n- {name: x, nameTemplate: '{{ env \"X\" }}'}\n"}, "build.helm", "a/kustomization.yaml", 2},
		"helmGlobals":                 {treetest.Files{"a/kustomization.yaml": "helmGlobals: {configHome: x}\n"}, "build.helm", "a/kustomization.yaml", 1},
		"helmChartInflationGenerator": {treetest.Files{"a/kustomization.yaml": "helmChartInflationGenerator:\n- {chartName: x}\n"}, "build.helm", "a/kustomization.yaml", 1},
		"builtin helm":                {plugin("apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\n"), "build.helm", "a/g.yaml", 1},
		"inline helm":                 {treetest.Files{"a/kustomization.yaml": "generators:\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: x}\n"}, "build.helm", "a/kustomization.yaml", 2},
		"exec plugin":                 {plugin("apiVersion: someteam.example.com/v1\nkind: Exec\nmetadata: {name: x}\nargsOneLiner: rm -rf /\n"), "build.plugin", "a/g.yaml", 1},
		"function":                    {plugin("apiVersion: v1\nkind: Fn\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      container: {image: evil}\n"), "build.plugin", "a/g.yaml", 1},
		"function on builtin":         {plugin("apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata:\n  name: x\n  annotations: {config.k8s.io/function: 'exec: {path: ./x}'}\n"), "build.plugin", "a/g.yaml", 1},
		"plugin in a folder":          {treetest.Files{"a/kustomization.yaml": "transformers: [../t]\n", "t/kustomization.yaml": "resources: [x.yaml]\n", "t/x.yaml": "apiVersion: v1\nkind: Fn\nmetadata: {name: x}\n"}, "build.plugin", "t/x.yaml", 1},
		"openapi":                     {treetest.Files{"a/kustomization.yaml": "namePrefix: a-\nopenapi: {path: schema.json}\n", "a/schema.json": "{}"}, "build.openapi", "a/kustomization.yaml", 2},
		"absolute resource":           {treetest.Files{"a/kustomization.yaml": "resources: [/etc/passwd]\n"}, "build.escape", "a/kustomization.yaml", 1},
		"absolute generator":          {treetest.Files{"a/kustomization.yaml": "configMapGenerator: [{name: a, files: [/etc/passwd]}]\n"}, "build.escape", "a/kustomization.yaml", 1},
		"absolute keyed":              {treetest.Files{"a/kustomization.yaml": "configMapGenerator: [{name: a, files: [k=/etc/passwd]}]\n"}, "build.escape", "a/kustomization.yaml", 1},
		"leaves":                      {treetest.Files{"a/kustomization.yaml": "resources:\n- x.yaml\n- ../../tenant-b/base\n", "a/x.yaml": object}, "build.escape", "a/kustomization.yaml", 3},
		"leaves deep":                 {treetest.Files{"a/kustomization.yaml": "configMapGenerator: [{name: a, files: [../../../proc/self/environ]}]\n"}, "build.escape", "a/kustomization.yaml", 1},
		"empty path":                  {treetest.Files{"a/kustomization.yaml": "resources: ['']\n"}, "build.escape", "a/kustomization.yaml", 1},
		"symlink file":                {treetest.Files{"a/kustomization.yaml": "resources: [l.yaml]\n", "a/l.yaml": "refused:symlink"}, "build.refused", "a/kustomization.yaml", 1},
		"symlink folder":              {treetest.Files{"a/kustomization.yaml": "resources: [linkdir]\n", "a/linkdir": "refused:symlink"}, "build.refused", "a/kustomization.yaml", 1},
		"symlink kustomization":       {treetest.Files{"a/kustomization.yaml": "refused:symlink"}, "build.refused", "a/kustomization.yaml", 0},
		"symlink in walk":             {treetest.Files{"a/x.yaml": "refused:symlink"}, "build.refused", "a/x.yaml", 0},
		"submodule":                   {treetest.Files{"a/kustomization.yaml": "resources: [sub]\n", "a/sub": "refused:submodule"}, "build.refused", "a/kustomization.yaml", 1},
		"missing file":                {treetest.Files{"a/kustomization.yaml": "namePrefix: x\nresources: [nope.yaml]\n"}, "build.pathMissing", "a/kustomization.yaml", 2},
		"missing path":                {treetest.Files{"b/x.yaml": object}, "build.pathMissing", "", 0},
		"file as path":                {treetest.Files{"a": object}, "build.pathMissing", "", 0},
		"folder without":              {treetest.Files{"a/kustomization.yaml": "resources: [b]\n", "a/b/x.yaml": object}, "build.pathMissing", "a/kustomization.yaml", 1},
		"ambiguous":                   {treetest.Files{"a/kustomization.yml": "namePrefix: a", "a/Kustomization": "namePrefix: b"}, "build.ambiguous", "a/Kustomization", 0},
		"ambiguous base":              {treetest.Files{"a/kustomization.yaml": "resources: [../b]", "b/kustomization.yml": "namePrefix: a", "b/kustomization.yaml": "namePrefix: b"}, "build.ambiguous", "b/kustomization.yml", 0},
		"self":                        {treetest.Files{"a/kustomization.yaml": "resources: [.]\n"}, "build.cycle", "a/kustomization.yaml", 1},
		"parent":                      {treetest.Files{"a/b/kustomization.yaml": "resources: [..]\n", "a/kustomization.yaml": "resources: [b]\n"}, "build.cycle", "a/b/kustomization.yaml", 1},
		"circle":                      {treetest.Files{"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "namePrefix: x\nresources:\n- ../c\n", "c/kustomization.yaml": "components: [../a]\n"}, "build.cycle", "c/kustomization.yaml", 1},
		"stray":                       {treetest.Files{"a/values.yaml": "# comment\nreplicas: 3\n"}, "build.object", "a/values.yaml", 2},
		"no name":                     {treetest.Files{"a/x.yaml": object + "---\nkind: A\napiVersion: v1\nmetadata: {generateName: x-}\n"}, "build.object", "a/x.yaml", 5},
		"no apiVersion":               {treetest.Files{"a/x.yaml": "kind: A\nmetadata: {name: x}\n"}, "build.object", "a/x.yaml", 1},
		"encrypted whole":             {treetest.Files{"a/x.yaml": "apiVersion: ENC[a]\nkind: ENC[b]\nmetadata: {name: 'ENC[c]'}\n"}, "build.object", "a/x.yaml", 1},
		"list document":               {treetest.Files{"a/x.yaml": "- a\n"}, "build.object", "a/x.yaml", 1},
		"two documents":               {treetest.Files{"a/kustomization.yaml": "namePrefix: a-\n---\nresources: [https://x/y]\n"}, "build.yaml", "a/kustomization.yaml", 3},
		"duplicate":                   {treetest.Files{"a/kustomization.yaml": "resources: [a.yaml]\nresources: [b.yaml]\n"}, "build.duplicateKey", "a/kustomization.yaml", 2},
		"duplicate in inline patch":   {treetest.Files{"a/kustomization.yaml": "patches:\n- patch: |\n    kind: A\n    kind: B\n"}, "build.duplicateKey", "a/kustomization.yaml", 4},
		"unknown nested field":        {treetest.Files{"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resource: [x]\n"}, "build.kustomize", "b/kustomization.yaml", 0},
		"wrong shape":                 {treetest.Files{"a/kustomization.yaml": "resources: {a: b}\n"}, "build.kustomize", "a/kustomization.yaml", 0},
		"not YAML":                    {treetest.Files{"a/kustomization.yaml": "a: b: c\n"}, "build.yaml", "a/kustomization.yaml", 1},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, got := run(t, test.files, "a")
			if name == "parent" {
				_, got = run(t, test.files, "a/b")
			}
			if got == nil {
				t.Fatal("accepted")
			}
			if got.Code != test.code || got.File != test.file || got.Line != test.line {
				t.Errorf("got %s at %s:%d (%s), want %s at %s:%d", got.Code, got.File, got.Line, got.Message, test.code, test.file, test.line)
			}
		})
	}
}

func TestSpecRefused(t *testing.T) {
	files := treetest.Files{"a/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}
	for component, code := range map[string]string{
		"https://evil/repo": "build.remote", "": "build.escape", "/etc": "build.escape", "../..": "build.escape",
		"--enable-helm": "build.pathMissing", "x\x00y": "build.escape", ".": "build.cycle", "../b": "build.pathMissing",
	} {
		_, err := Run(files.Tree(t, tree.Limits{}), "a", Spec{Components: []string{component}}, limits)
		var known *fault.Fault
		if !errors.As(err, &known) || known.Code != code {
			t.Errorf("component %q: %v, want %s", component, err, code)
		}
	}
}

// A bomb of overlays: each folder builds the one below it twice.
func TestDiamond(t *testing.T) {
	for name, leaf := range map[string]string{"objects": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "nothing": ""} {
		files := treetest.Files{"l0/kustomization.yaml": "resources: [x.yaml]\nnamePrefix: x-\n", "l0/x.yaml": leaf}
		for i := 1; i <= 40; i++ {
			files[fmt.Sprintf("l%d/kustomization.yaml", i)] = fmt.Sprintf("resources: [../a%d, ../b%d]\n", i, i)
			for _, side := range []string{"a", "b"} {
				files[fmt.Sprintf("%s%d/kustomization.yaml", side, i)] = fmt.Sprintf("namePrefix: %s-\nresources: [../l%d]\n", side, i-1)
			}
		}
		_, got := run(t, files, "l20")
		if got == nil || got.Code != "build.tooManyObjects" && got.Code != "build.tooLarge" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCopiesSecrets(t *testing.T) {
	base := treetest.Files{"a/x.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"}
	cases := map[string]bool{
		"replacements: [{source: {kind: Secret, name: a, fieldPath: data.pw}, targets: []}]":                       true,
		"replacements: [{source: {name: a, fieldPath: stringData.pw}, targets: []}]":                               true,
		"replacements: [{source: {kind: Secret, name: a}, targets: []}]":                                           false,
		"replacements: [{source: {kind: ConfigMap, name: a, fieldPath: data.x}, targets: []}]":                     false,
		"vars: [{name: A, objref: {kind: Secret, name: a, apiVersion: v1}, fieldref: {fieldpath: data.pw}}]":       true,
		"vars: [{name: A, objref: {kind: Secret, name: a, apiVersion: v1}}]":                                       false,
		"patches: [{path: p.yaml, target: {kind: Secret}, options: {allowKindChange: true}}]":                      true,
		"patches: [{patch: '[{op: copy, from: /data/a, path: /metadata/annotations/a}]', target: {kind: Secret}}]": true,
		"replacements: [{path: r.yaml}]": true,
	}
	for text, want := range cases {
		files := treetest.Files{"a/kustomization.yaml": "resources: [x.yaml]\n" + text + "\n", "a/x.yaml": base["a/x.yaml"],
			"a/p.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
			"a/r.yaml": "- source: {kind: Secret, name: a, fieldPath: data.pw}\n  targets: []\n"}
		result, fault := run(t, files, "a")
		if fault != nil {
			t.Errorf("%s: %v", text, fault)
		} else if result.CopiesSecrets != want {
			t.Errorf("%s: %v", text, result.CopiesSecrets)
		}
	}
}

func TestMentionsFlux(t *testing.T) {
	plain := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
	cases := map[string]struct {
		files treetest.Files
		want  bool
	}{
		"no":       {treetest.Files{"a/x.yaml": plain}, false},
		"yes":      {treetest.Files{"a/x.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"}, true},
		"escaped":  {treetest.Files{"a/x.yaml": "apiVersion: \"kustomize.toolkit\\u002efluxcd.io/v1\"\nkind: Kustomization\nmetadata: {name: a}\n"}, true},
		"variable": {treetest.Files{"a/x.yaml": "apiVersion: ${GROUP}/v1\nkind: Kustomization\nmetadata: {name: a}\n"}, true},
		"patch":    {treetest.Files{"a/kustomization.yaml": "resources: [x.yaml]\npatches: [{path: p.yaml, target: {kind: A}}]\n", "a/x.yaml": plain, "a/p.yaml": "[{op: replace, path: /apiVersion, value: kustomize.toolkit.fluxcd.io/v1}]"}, true},
	}
	for name, test := range cases {
		result, fault := run(t, test.files, "a")
		if fault != nil || result.MentionsFlux != test.want {
			t.Errorf("%s: %v %v", name, result, fault)
		}
	}
}
