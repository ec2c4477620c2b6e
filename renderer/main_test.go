package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/renderer/frame"
	"sluice/renderer/tree"
	"sluice/renderer/tree/treetest"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "renderer")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "renderer")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// child is a running renderer as the parent process has it.
type child struct {
	t     *testing.T
	conn  *frame.Conn
	stdin io.Closer
	cmd   *exec.Cmd
	ready map[string]any
	asked []string
}

func start(t *testing.T) *child {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Env = []string{}
	cmd.Dir = t.TempDir()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	c := &child{t: t, conn: frame.New(stdout, stdin), stdin: stdin, cmd: cmd}
	first, err := c.conn.Read()
	if err != nil {
		t.Fatal(err)
	}
	var hello struct{ Ready map[string]any }
	if err := json.Unmarshal(first, &hello); err != nil {
		t.Fatal(err)
	}
	c.ready = hello.Ready
	return c
}

// call returns the answer, nil where the child ended instead.
func (c *child) call(request map[string]any, files treetest.Files) map[string]any {
	c.t.Helper()
	if err := c.conn.Write(request); err != nil {
		c.t.Fatal(err)
	}
	for {
		raw, err := c.conn.Read()
		if err != nil {
			return nil
		}
		var reply map[string]any
		if err := json.Unmarshal(raw, &reply); err != nil {
			c.t.Fatal(err)
		}
		path, asks := reply["need"].(string)
		if !asks {
			return reply
		}
		c.asked = append(c.asked, path)
		answer, err := files.Ask()(path)
		if err != nil {
			c.t.Fatal(err)
		}
		if err := c.conn.Write(answer); err != nil {
			c.t.Fatal(err)
		}
	}
}

func code(reply map[string]any) string {
	failed, _ := reply["error"].(map[string]any)
	text, _ := failed["code"].(string)
	return text
}

func TestCage(t *testing.T) {
	t.Setenv("SLUICE_CANARY", "canary")
	c := start(t)
	reply := c.call(map[string]any{"op": "probe"}, nil)
	said := reply["ok"].(map[string]any)
	if said["environment"] != 0.0 {
		t.Errorf("the environment has %v variables", said["environment"])
	}
	if text, _ := said["http"].(string); !strings.Contains(text, "closed to the renderer") {
		t.Errorf("http: %s", text)
	}
	if runtime.GOOS != "linux" {
		if c.ready["cage"] != "process" {
			t.Error(c.ready)
		}
		return
	}
	if c.ready["cage"] != "seccomp" {
		t.Fatalf("no filter: %v", c.ready)
	}
	for _, name := range []string{"open", "stat", "write", "dial", "listen", "exec", "kill"} {
		if text, _ := said[name].(string); !strings.Contains(text, "not permitted") {
			t.Errorf("%s: %s", name, text)
		}
	}
	// It still builds, with all its threads.
	files := treetest.Files{"a/kustomization.yaml": "resources: [x.yaml]\npatches: [{path: p.yaml}]\n",
		"a/x.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n", "a/p.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2}\n"}
	for range 50 {
		if reply := c.call(map[string]any{"op": "build", "path": "a", "spec": map[string]any{}}, files); reply["ok"] == nil {
			t.Fatal(reply)
		}
	}
}

// The scan is left out: what it would refuse must fail all the same.
func TestCageAlone(t *testing.T) {
	c := start(t)
	generator := "apiVersion: %s\nkind: %s\nmetadata: {name: x}\n"
	for name, kustomization := range map[string]string{
		"file over http": "resources: [\"http://127.0.0.1:9/x.yaml\"]",
		"repository":     "resources: [\"https://127.0.0.1:9/org/repo\"]",
		"local clone":    "resources: [\"file:///var/cache/repos/tenant-b//base\"]",
		"upload pack":    "resources: [\"https://127.0.0.1:9/org/repo?ref=--upload-pack=touch\"]",
		"ssh":            "resources: [\"git@127.0.0.1:org/repo\"]",
		"host file":      "configMapGenerator: [{name: a, files: [/etc/passwd]}]",
		"own memory":     "configMapGenerator: [{name: a, files: [../../../proc/self/environ]}]",
		"remote patch":   "resources: [x.yaml]\npatches: [{path: \"https://127.0.0.1:9/p.yaml\"}]",
		"remote schema":  "resources: [x.yaml]\nopenapi: {path: \"https://127.0.0.1:9/s.json\"}",
		"helm":           "helmCharts: [{name: x, repo: \"https://127.0.0.1:9\"}]",
		"exec plugin":    "resources: [x.yaml]\ngenerators: [exec.yaml]",
		"helm plugin":    "resources: [x.yaml]\ngenerators: [helm.yaml]",
	} {
		files := treetest.Files{"a/kustomization.yaml": kustomization + "\n", "a/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
			"a/exec.yaml": fmt.Sprintf(generator, "example.com/v1", "Exec"), "a/helm.yaml": fmt.Sprintf(generator, "builtin", "HelmChartInflationGenerator")}
		reply := c.call(map[string]any{"op": "probe", "unscanned": "a"}, files)
		if reply == nil || reply["error"] == nil {
			t.Errorf("%s: %v", name, reply)
		}
	}
}

func TestConversation(t *testing.T) {
	c := start(t)
	files := treetest.Files{"a/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}
	request := map[string]any{"op": "build", "path": "a", "spec": map[string]any{}}
	if reply := c.call(request, files); reply["ok"] == nil {
		t.Fatal(reply)
	}
	seen := map[string]bool{}
	for _, path := range c.asked {
		if seen[path] {
			t.Errorf("asked twice for %q", path)
		}
		seen[path] = true
	}
	have := map[string]tree.Answer{}
	for _, path := range c.asked {
		have[path], _ = files.Ask()(path)
	}
	c.asked = nil
	request["have"] = have
	if reply := c.call(request, files); reply["ok"] == nil || len(c.asked) > 0 {
		t.Errorf("asked for %v, answered %v", c.asked, reply)
	}
	for name, request := range map[string]map[string]any{
		"unknown op": {"op": "nope"}, "no op": {}, "wrong path": {"op": "build", "path": 5},
	} {
		if got := code(c.call(request, files)); got != "renderer.protocol" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for path, want := range map[string]string{"..": "build.escape", "/etc": "build.escape", "a/../..": "build.escape", "nope": "build.pathMissing"} {
		if got := code(c.call(map[string]any{"op": "build", "path": path, "spec": map[string]any{}}, files)); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestEndsWithItsInput(t *testing.T) {
	c := start(t)
	_ = c.stdin.Close()
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("still running")
	}
}

func TestEndsWhenTimeIsOver(t *testing.T) {
	c := start(t)
	// The answer never comes.
	if err := c.conn.Write(map[string]any{"op": "build", "path": "a", "spec": map[string]any{}, "limits": map[string]any{"milliseconds": 50}}); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := c.conn.Read(); err != nil {
			break
		}
	}
	_ = c.cmd.Wait()
	if got := c.cmd.ProcessState.ExitCode(); got != exitTime {
		t.Errorf("exit code %d", got)
	}
}

func TestEndsWhenMemoryIsOver(t *testing.T) {
	c := start(t)
	if reply := c.call(map[string]any{"op": "probe", "heapBytes": 4 << 30}, nil); reply != nil {
		t.Fatal(reply)
	}
	_ = c.cmd.Wait()
	if got := c.cmd.ProcessState.ExitCode(); got != exitMemory {
		t.Errorf("exit code %d", got)
	}
}

func TestParseAndLocate(t *testing.T) {
	c := start(t)
	reply := c.call(map[string]any{"op": "parse", "file": "x.yaml", "text": "a: 1\n---\nb: 9007199254740993\n"}, nil)
	if text, _ := json.Marshal(reply["ok"]); string(text) != `{"documents":[{"line":1,"value":{"a":1}},{"line":3,"value":{"b":9007199254740992}}]}` {
		t.Errorf("%s", text)
	}
	if got := code(c.call(map[string]any{"op": "parse", "file": "x.yaml", "base64": "//4="}, nil)); got != "build.encoding" {
		t.Error(got)
	}
	reply = c.call(map[string]any{"op": "locate", "items": []any{map[string]any{
		"file": "x", "text": "a:\n  b: 1\n", "document": 0, "paths": []any{[]any{"a", "b"}, []any{"a", "c"}},
	}}}, nil)
	if text, _ := json.Marshal(reply["ok"]); string(text) != `{"lines":[[{"found":true,"line":2},{"found":false,"line":1}]]}` {
		t.Errorf("%s", text)
	}
}
