//go:build linux && (amd64 || arm64)

package cage

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// closeSystem sets limits and a filter that answers EPERM to every system call that rendering does not need.
func closeSystem() string {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	limit(unix.RLIMIT_CORE, 0)
	limit(unix.RLIMIT_FSIZE, 0)
	limit(unix.RLIMIT_NOFILE, 32)
	limit(unix.RLIMIT_AS, 6<<30)
	_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != nil {
		return "process"
	}
	if !filter() {
		return "process"
	}
	return "seccomp"
}

func limit(what int, value uint64) {
	_ = syscall.Setrlimit(what, &syscall.Rlimit{Cur: value, Max: value})
}

// allowed is what the Go runtime and reading and writing open pipes take.
var allowed = append([]uintptr{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_CLOSE, unix.SYS_FSTAT,
	unix.SYS_LSEEK, unix.SYS_FCNTL,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_MREMAP, unix.SYS_MINCORE, unix.SYS_BRK,
	unix.SYS_MEMBARRIER, unix.SYS_FUTEX, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_NANOSLEEP, unix.SYS_GETTIMEOFDAY, unix.SYS_RESTART_SYSCALL,
	unix.SYS_GETPID, unix.SYS_GETPPID, unix.SYS_GETTID, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY,
	unix.SYS_GETRANDOM, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, unix.SYS_PIPE2,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}, allowedHere...)

// Offsets in struct seccomp_data.
const (
	offsetNumber   = 0
	offsetArch     = 4
	offsetFirstArg = 16
)

const (
	deny      = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	unknown   = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	allow     = unix.SECCOMP_RET_ALLOW
	killAll   = unix.SECCOMP_RET_KILL_PROCESS
	syncFlag  = unix.SECCOMP_FILTER_FLAG_TSYNC
	x32Number = 0x40000000
)

func statement(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }

func jump(test uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, Jt: yes, Jf: no, K: k}
}

func program(pid int) []unix.SockFilter {
	load := func(offset uint32) unix.SockFilter { return statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset) }
	give := func(action uint32) unix.SockFilter { return statement(unix.BPF_RET|unix.BPF_K, action) }
	out := []unix.SockFilter{
		load(offsetArch),
		jump(unix.BPF_JEQ, auditArch, 1, 0),
		give(killAll),
		load(offsetNumber),
		jump(unix.BPF_JGE, x32Number, 0, 1),
		give(killAll),
	}
	for _, number := range allowed {
		out = append(out, jump(unix.BPF_JEQ, uint32(number), 0, 1), give(allow))
	}
	return append(out,
		// Threads, not processes. The flags are the first argument on both architectures.
		jump(unix.BPF_JEQ, unix.SYS_CLONE, 0, 4),
		load(offsetFirstArg),
		jump(unix.BPF_JSET, unix.CLONE_THREAD, 0, 1),
		give(allow),
		give(deny),
		// Signals to its own threads: the runtime preempts with them.
		jump(unix.BPF_JEQ, unix.SYS_TGKILL, 0, 4),
		load(offsetFirstArg),
		jump(unix.BPF_JEQ, uint32(pid), 0, 1),
		give(allow),
		give(deny),
		// A caller that may fall back to clone does so only for ENOSYS.
		jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1),
		give(unknown),
		give(deny),
	)
}

// filter lays the program over all threads; false where the kernel does not take it.
func filter() bool {
	code := program(unix.Getpid())
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	result, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, syncFlag, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(code)
	return errno == 0 && result == 0
}
