package build

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/renderer/cage"
	"sluice/renderer/tree/treetest"
)

// What the scan would refuse, given to kustomize without it: the file system of our own and the cage must hold alone.
// LISTENER and FOLDER stand for an address and a folder of the host that must stay untouched.
var unscanned = map[string]string{
	"file":        "resources: [http://LISTENER/x.yaml]",
	"repository":  "resources: ['http://LISTENER/org/repo.git']",
	"argument":    "resources: ['http://LISTENER/org/repo?ref=--upload-pack=FOLDER/steal']",
	"local":       "resources: ['file://FOLDER//base']",
	"scp":         "resources: ['git@127.0.0.1:org/repo']",
	"patch":       "resources: [x.yaml]\npatches: [{path: 'http://LISTENER/x.yaml'}]",
	"component":   "components: ['http://LISTENER/org/repo']",
	"generator":   "configMapGenerator: [{name: x, files: ['http://LISTENER/x']}]",
	"openapi":     "resources: [x.yaml]\nopenapi: {path: 'http://LISTENER/x.json'}",
	"absolute":    "resources: [/etc/passwd]",
	"parent":      "resources: [../../etc/passwd]",
	"host":        "configMapGenerator: [{name: x, files: ['FOLDER/secret']}]",
	"environment": "configMapGenerator: [{name: x, files: [/proc/self/environ]}]",
	"exec": "generators:\n- |-\n  apiVersion: example.com/v1\n  kind: Stealer\n  metadata:\n    name: x\n" +
		"    annotations: {config.kubernetes.io/function: \"exec: {path: FOLDER/steal}\"}",
	"plugin": "generators:\n- |-\n  apiVersion: example.com/v1\n  kind: Stealer\n  metadata: {name: x}",
	"helm":   "helmCharts: [{name: x, repo: 'http://LISTENER', version: '1'}]",
}

func TestCageHoldsWithoutTheScan(t *testing.T) {
	if name := os.Getenv("UNSCANNED"); name != "" {
		inCage(t, name)
		return
	}
	folder := t.TempDir()
	ran := filepath.Join(folder, "ran")
	for _, name := range []string{"git", "helm", "steal"} {
		script := fmt.Sprintf("#!/bin/sh\n: > %s\n", ran)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "secret"), []byte("CANARY"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	hits := make(chan struct{}, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			hits <- struct{}{}
			_ = conn.Close()
		}
	}()
	for name := range unscanned {
		t.Run(name, func(t *testing.T) {
			child := exec.Command(os.Args[0], "-test.run=^TestCageHoldsWithoutTheScan$")
			child.Env = []string{"UNSCANNED=" + name, "LISTENER=" + listener.Addr().String(), "FOLDER=" + folder, "PATH=" + folder}
			output, err := child.CombinedOutput()
			if !strings.Contains(string(output), "REFUSED") || strings.Contains(string(output), "CANARY") {
				t.Errorf("%v: %s", err, output)
			}
			if _, err := os.Stat(ran); err == nil {
				t.Error("a program of the host ran")
			}
			if len(hits) > 0 {
				t.Error("something connected")
			}
		})
	}
}

// inCage builds one case the way the renderer does, but for the scan, and says what came of it.
func inCage(t *testing.T, name string) {
	text := strings.NewReplacer("LISTENER", os.Getenv("LISTENER"), "FOLDER", os.Getenv("FOLDER")).Replace(unscanned[name])
	files := treetest.Files{"a/kustomization.yaml": text + "\n", "a/x.yaml": plain}
	fs := files.Tree(t, Limits{}.Fill().Tree()).FileSystem()
	Warm()
	cage.Close(3, false)
	resources, err := run(fs, "a")
	if err != nil {
		fmt.Println("REFUSED", err)
		return
	}
	built, _ := resources.AsYaml()
	fmt.Println("BUILT", string(built))
}
