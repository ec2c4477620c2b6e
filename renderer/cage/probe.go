package cage

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Grow fills the heap with that many live bytes and returns how many there were; the watch should end it before.
func Grow(size int) int {
	var kept [][]byte
	for total := 0; total < size; total += 1 << 20 {
		kept = append(kept, make([]byte, 1<<20))
		time.Sleep(50 * time.Microsecond)
	}
	return len(kept) << 20
}

// Probe tries what the cage must refuse. The answer has "allowed" or the error for each; "environment" is the number of
// variables the process can see. Tests ask for it; nothing else does.
func Probe() map[string]any {
	tell := func(err error) string {
		if err == nil {
			return "allowed"
		}
		return err.Error()
	}
	out := map[string]any{"environment": len(os.Environ())}
	file, err := os.Open("/")
	out["open"] = tell(err)
	if err == nil {
		_ = file.Close()
	}
	made := filepath.Join(os.TempDir(), "renderer-probe")
	err = os.WriteFile(made, []byte("x"), 0o600)
	out["write"] = tell(err)
	if err == nil {
		_ = os.Remove(made)
	}
	_, err = os.Stat("/")
	out["stat"] = tell(err)
	conn, err := net.DialTimeout("tcp", "127.0.0.1:9", time.Second)
	out["dial"] = tell(err)
	if err == nil {
		_ = conn.Close()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	out["listen"] = tell(err)
	if err == nil {
		_ = listener.Close()
	}
	reply, err := http.Get("http://127.0.0.1:9/")
	out["http"] = tell(err)
	if err == nil {
		_ = reply.Body.Close()
	}
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", "exit 0"}, &syscall.ProcAttr{})
	out["exec"] = tell(err)
	if err == nil {
		if child, err := os.FindProcess(pid); err == nil {
			_, _ = child.Wait()
		}
	}
	out["kill"] = tell(syscall.Kill(os.Getppid(), 0))
	return out
}
