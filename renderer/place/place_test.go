package place

import (
	"encoding/json"
	"testing"

	"sluice/renderer/document"
)

const manifest = `# comment
apiVersion: v1
kind: Pod
metadata:
  name: a
  labels: &labels
    app: a
---
kind: Deployment
metadata:
  labels:
    <<: *none
`

const deployment = `kind: Deployment
base: &base
  cpu: 1
spec:
  containers:
  - name: web
    image: a
    limits:
      <<: *base
      memory: 2
  -
    name: side
    image: b
`

const kustomization = `resources: [a.yaml]
patches:
- patch: |-
    kind: Deployment
    spec:
      replicas: 1
- target: {kind: Service}
  patch: |-
    - op: add
      path: /spec/ports/-
      value:
        port: 80
    - op: replace
      path: /metadata/labels/a~1b
      value: c
`

func TestLocate(t *testing.T) {
	cases := []struct {
		name, text string
		document   int
		line       int
		path       string
		want       Place
	}{
		{"key", deployment, 0, 0, `["spec","containers"]`, Place{5, true}},
		{"item", deployment, 0, 0, `["spec","containers",0]`, Place{6, true}},
		{"field of item", deployment, 0, 0, `["spec","containers",1,"image"]`, Place{13, true}},
		{"by name", deployment, 0, 0, `["spec","containers","[name=side]","image"]`, Place{13, true}},
		{"name not there", deployment, 0, 0, `["spec","containers","[name=x]","image"]`, Place{5, false}},
		{"merged key", deployment, 0, 0, `["spec","containers",0,"limits","cpu"]`, Place{3, true}},
		{"missing", deployment, 0, 0, `["spec","template","spec"]`, Place{4, false}},
		{"index too far", deployment, 0, 0, `["spec","containers",7]`, Place{5, false}},
		{"index of a map", deployment, 0, 0, `["spec",0]`, Place{4, false}},
		{"root", deployment, 0, 0, `[]`, Place{1, true}},
		{"no such document", deployment, 5, 0, `["kind"]`, Place{1, false}},
		{"not YAML", manifest, 1, 0, `["kind"]`, Place{1, false}},
		{"inline patch", kustomization, 0, 4, `["spec","replicas"]`, Place{6, true}},
		{"inline patch, missing", kustomization, 0, 4, `["spec","template"]`, Place{5, false}},
		{"inline JSON patch", kustomization, 0, 9, `["metadata","labels","a/b"]`, Place{14, true}},
		{"inside an operation", kustomization, 0, 9, `["spec","ports",0,"port"]`, Place{9, true}},
		{"no operation", kustomization, 0, 9, `["spec","type"]`, Place{9, false}},
		{"the only inline patch", kustomization, 0, 0, `["spec","replicas"]`, Place{6, true}},
		{"JSON", `{"a":{"b":[1]}}`, 0, 0, `["a","b",0]`, Place{1, true}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			var path []json.RawMessage
			if err := json.Unmarshal([]byte(test.path), &path); err != nil {
				t.Fatal(err)
			}
			item := Item{File: "x.yaml", Text: test.text, Document: test.document, Line: test.line, Paths: [][]json.RawMessage{path}}
			if got := Locate([]Item{item}, document.Limits{})[0][0]; got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
