// Package cage closes what the renderer must not reach: network, files, processes, and memory without end.
package cage

import (
	"errors"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// Above softBytes the collector works as hard as it can; above hardBytes the process ends.
	softBytes = 768 << 20
	hardBytes = 1536 << 20
)

var errClosed = errors.New("the network is closed to the renderer")

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errClosed }

// Close shuts the cage for good and returns the name that the ready frame carries: "seccomp" where the kernel refuses
// system calls, "process" where only limits and an unreachable network client hold. memory is the exit code that tells
// the parent that the heap grew too large. A frugal process keeps its heap small, and collects more often for it.
func Close(memory int, frugal bool) string {
	http.DefaultTransport = refusing{}
	http.DefaultClient = &http.Client{Transport: refusing{}}
	// One build is one thread; the rest is for the collector. A fixed number also keeps the runtime from reading files.
	runtime.GOMAXPROCS(min(runtime.NumCPU(), 4))
	if frugal {
		debug.SetGCPercent(150)
	} else {
		debug.SetGCPercent(400)
	}
	debug.SetMemoryLimit(softBytes)
	go watch(memory)
	return closeSystem()
}

// watch ends the process when live objects pass the limit; the parent then fails this one request.
func watch(code int) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for range time.Tick(20 * time.Millisecond) {
		metrics.Read(sample)
		if sample[0].Value.Uint64() > hardBytes {
			os.Exit(code)
		}
	}
}
