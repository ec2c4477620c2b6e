// The renderer: one request at a time over stdin and stdout, as PROTOCOL.md says.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"sluice/renderer/build"
	"sluice/renderer/cage"
	"sluice/renderer/fault"
	"sluice/renderer/frame"
	"sluice/renderer/tree"
)

const protocol = 1

// Exit codes. The parent replaces the child after any of them.
const (
	exitCrash  = 2
	exitMemory = 3
	exitTime   = 4
)

// Request is one frame of the parent: its JSON, and a way to ask for paths of the tree while it is open.
type Request struct {
	Raw json.RawMessage
	Ask tree.Ask
}

// ops are what a request may ask for. A new operation is one line here.
var ops = map[string]func(*Request) (any, error){
	"build":   buildOp,
	"closure": closureOp,
	"parse":   parseOp,
	"locate":  locateOp,
	"probe":   probeOp,
	"compile": compileOp,
	// For tests of policies: OPA's own tester and evaluator.
	"rego-test": regoTestOp,
	"rego-eval": regoEvalOp,
}

type okFrame struct {
	OK any `json:"ok"`
}

type errorFrame struct {
	Error *fault.Fault `json:"error"`
}

func main() {
	os.Exit(serve(os.Stdin, os.Stdout))
}

func serve(in io.Reader, out io.Writer) int {
	conn := frame.New(in, out)
	silence()
	build.Warm()
	state := cage.Close(exitMemory, slices.Contains(os.Args, "-frugal"))
	if err := conn.Write(map[string]any{"ready": map[string]any{"protocol": protocol, "cage": state}}); err != nil {
		return 1
	}
	for {
		raw, err := conn.Read()
		if errors.Is(err, io.EOF) {
			return 0
		}
		if err != nil {
			return 1
		}
		value, err := answer(raw, conn)
		var crash *build.Crash
		if errors.As(err, &crash) {
			_ = conn.Write(errorFrame{fault.New("build.crash", "", 0, "the renderer failed on this build").
				Do("Report this; the other builds are not affected.")})
			return exitCrash
		}
		if err = send(conn, value, err); err != nil {
			return 1
		}
	}
}

// silence takes kustomize's warnings away: they quote tenants' text, and nobody reads them. What the Go runtime says when
// it dies still goes to file descriptor 2.
func silence() {
	log.SetOutput(io.Discard)
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
}

func send(conn *frame.Conn, value any, err error) error {
	if err == nil {
		return conn.Write(okFrame{value})
	}
	var known *fault.Fault
	if !errors.As(err, &known) {
		known = fault.New("build.kustomize", "", 0, "%s", err)
	}
	return conn.Write(errorFrame{known})
}

// answer runs one request. A panic becomes a crash.
func answer(raw []byte, conn *frame.Conn) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &build.Crash{Reason: fmt.Sprintf("%v\n%s", r, debug.Stack())}
		}
	}()
	var head struct {
		Op     string `json:"op"`
		Limits struct {
			Milliseconds int `json:"milliseconds"`
		} `json:"limits"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fault.New("renderer.protocol", "", 0, "a request is not JSON")
	}
	op, ok := ops[head.Op]
	if !ok {
		return nil, fault.New("renderer.protocol", "", 0, "unknown op %s", fault.Quote(head.Op))
	}
	if head.Limits.Milliseconds > 0 {
		// kustomize cannot be interrupted, so a request that takes too long takes the child with it.
		timer := time.AfterFunc(time.Duration(head.Limits.Milliseconds)*time.Millisecond, func() { os.Exit(exitTime) })
		defer timer.Stop()
	}
	return op(&Request{Raw: raw, Ask: asking(conn)})
}

func asking(conn *frame.Conn) tree.Ask {
	return func(path string) (tree.Answer, error) {
		var reply tree.Answer
		if err := conn.Write(map[string]string{"need": path}); err != nil {
			return reply, err
		}
		raw, err := conn.Read()
		if err != nil {
			return reply, err
		}
		if err := json.Unmarshal(raw, &reply); err != nil {
			return reply, fault.New("renderer.protocol", "", 0, "an answer is not JSON")
		}
		return reply, nil
	}
}
