package origin_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	kustresource "sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/yaml"

	"sluice/renderer/build"
	"sluice/renderer/scan"
	"sluice/renderer/tree/treetest"
)

func run(t *testing.T, files treetest.Files, dir string, spec scan.Spec) []build.Object {
	t.Helper()
	limits := build.Limits{}.Fill()
	result, err := build.Run(build.Request{Tree: files.Tree(t, limits.Tree()), Path: dir, Spec: spec, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	return result.Objects
}

func title(object map[string]any) string {
	metadata := object["metadata"].(map[string]any)
	return fmt.Sprintf("%v/%v/%v", object["kind"], metadata["namespace"], metadata["name"])
}

func sources(object build.Object) string {
	var out []string
	for _, source := range object.Sources {
		out = append(out, fmt.Sprintf("%s:%d#%d %s", source.File, source.Line, source.Document, source.By))
	}
	return strings.Join(out, "; ")
}

const fleet = `
-- base/kustomization.yaml --
resources:
- app.yaml
- list.yaml
configMapGenerator:
- name: app
  literals: [a=b]
- name: app-extra
  literals: [a=c]
-- base/app.yaml --
# two documents, one name that holds the other
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers: [{name: a, image: nginx:1}]
---
# the second
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-extra
spec:
  template:
    spec:
      containers: [{name: a, image: busybox}]
-- base/list.yaml --
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: one}
- apiVersion: v1
  kind: Service
  metadata: {name: two}
-- mid/kustomization.yaml --
resources: [../base]
namePrefix: mid-
components: [../comp]
patches:
- path: patches.yaml
-- mid/patches.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 2}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-extra}
spec: {replicas: 3}
-- comp/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [extra.yaml]
configMapGenerator:
- name: app
  behavior: merge
  literals: [m=1]
-- comp/extra.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: from-component}
-- top/kustomization.yaml --
namespace: team
nameSuffix: -extra
resources:
- ../mid
- own.yaml
images:
- name: nginx
  newTag: "2"
replicas:
- name: web
  count: 5
patches:
- target: {kind: Deployment, name: mid-web}
  patch: |-
    - op: add
      path: /metadata/labels
      value: {a: b}
- target: {kind: ConfigMap, labelSelector: "pick=me"}
  patch: |-
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: renamed}
  options: {allowNameChange: true}
-- top/own.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: own
  labels: {pick: me}
---
apiVersion: v1
kind: Namespace
metadata: {name: anything}
`

func TestSources(t *testing.T) {
	want := map[string]string{
		"Deployment/team/mid-web-extra": "base/app.yaml:2#0 declared; mid/patches.yaml:1#0 patch; mid/kustomization.yaml:2#0 transform; " +
			"top/kustomization.yaml:15#0 patch; top/kustomization.yaml:1#0 transform; top/kustomization.yaml:2#0 transform; " +
			"top/kustomization.yaml:10#0 transform; top/kustomization.yaml:7#0 transform",
		"Deployment/team/mid-web-extra-extra": "base/app.yaml:12#1 declared; mid/patches.yaml:6#1 patch; mid/kustomization.yaml:2#0 transform; " +
			"top/kustomization.yaml:1#0 transform; top/kustomization.yaml:2#0 transform",
		"Service/team/mid-one-extra": "base/list.yaml:4#0 declared; mid/kustomization.yaml:2#0 transform; top/kustomization.yaml:1#0 transform; top/kustomization.yaml:2#0 transform",
		"Service/team/mid-two-extra": "base/list.yaml:7#0 declared; mid/kustomization.yaml:2#0 transform; top/kustomization.yaml:1#0 transform; top/kustomization.yaml:2#0 transform",
		"ConfigMap/team/mid-app-extra-HASH": "base/kustomization.yaml:5#0 generated; comp/kustomization.yaml:5#0 transform; mid/kustomization.yaml:2#0 transform; " +
			"top/kustomization.yaml:1#0 transform; top/kustomization.yaml:2#0 transform",
		"ConfigMap/team/mid-app-extra-extra-HASH": "base/kustomization.yaml:7#0 generated; mid/kustomization.yaml:2#0 transform; " +
			"top/kustomization.yaml:1#0 transform; top/kustomization.yaml:2#0 transform",
		"ConfigMap/team/mid-from-component-extra": "comp/extra.yaml:1#0 declared; mid/kustomization.yaml:2#0 transform; " +
			"top/kustomization.yaml:1#0 transform; top/kustomization.yaml:2#0 transform",
		"ConfigMap/team/renamed-extra": "top/own.yaml:1#0 declared; top/kustomization.yaml:20#0 patch; top/kustomization.yaml:1#0 transform; top/kustomization.yaml:2#0 transform",
		"Namespace/<nil>/team":         "top/own.yaml:7#1 declared; top/kustomization.yaml:1#0 transform",
	}
	objects := run(t, treetest.Parse(fleet), "top", scan.Spec{})
	if len(objects) != len(want) {
		t.Errorf("%d objects, want %d", len(objects), len(want))
	}
	for _, object := range objects {
		name := title(object.Object)
		if strings.HasPrefix(name, "ConfigMap/team/mid-app") {
			name = name[:len(name)-10] + "HASH"
		}
		if got := sources(object); got != want[name] {
			t.Errorf("%s:\n got  %s\n want %s", name, got, want[name])
		}
	}
}

// What the Flux Kustomization itself sets stands in no file of the tree.
func TestSpecLeavesNoSource(t *testing.T) {
	files := treetest.Files{"a/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}
	spec := scan.Spec{TargetNamespace: "n", NamePrefix: "p-", Patches: []byte(`[{"patch":"- {op: add, path: /data, value: {a: b}}","target":{"kind":"ConfigMap"}}]`)}
	for _, object := range run(t, files, "a", spec) {
		if got := sources(object); got != "a/x.yaml:1#0 declared" {
			t.Error(got)
		}
	}
}

// kustomize's own origin annotations are the oracle of the declaring file.
func TestSameFileAsKustomize(t *testing.T) {
	files := treetest.Parse(fleet)
	files["top/kustomization.yaml"] += "buildMetadata: [originAnnotations]\n"
	objects := run(t, files, "top", scan.Spec{})
	for _, object := range objects {
		annotations := object.Object["metadata"].(map[string]any)["annotations"].(map[string]any)
		var said kustresource.Origin
		if err := yaml.Unmarshal([]byte(annotations["config.kubernetes.io/origin"].(string)), &said); err != nil {
			t.Fatal(err)
		}
		want := said.Path
		if want == "" {
			want = said.ConfiguredIn
		}
		if got := object.Sources[0].File; got != filepath.Join("top", want) {
			t.Errorf("%s: %s, kustomize says %s", title(object.Object), got, want)
		}
	}
}
