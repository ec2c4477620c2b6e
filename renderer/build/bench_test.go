package build

import (
	"fmt"
	"testing"

	"sluice/renderer/scan"
	"sluice/renderer/tree"
	"sluice/renderer/tree/treetest"
)

// BenchmarkBuild is an overlay of 5, 50 and 500 Deployments with one strategic merge patch, as references/performance.md.
func BenchmarkBuild(b *testing.B) {
	for _, count := range []int{5, 50, 500} {
		files := treetest.Files{"base/kustomization.yaml": "resources:\n",
			"overlay/kustomization.yaml": "resources: [../base]\nnamespace: team\npatches:\n- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web0}\n    spec: {replicas: 3}\n"}
		for i := range count {
			name := fmt.Sprintf("d%d.yaml", i)
			files["base/kustomization.yaml"] += "- " + name + "\n"
			files["base/"+name] = fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: web%d, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: a
        image: nginx:1
        ports: [{containerPort: 80}]
        resources: {limits: {cpu: 100m, memory: 64Mi}}
`, i)
		}
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			for b.Loop() {
				limits := Limits{}.Fill()
				made, err := tree.New(files.Ask(), nil, limits.Tree())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := Run(Request{Tree: made, Path: "overlay", Spec: scan.Spec{}, Limits: limits}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
