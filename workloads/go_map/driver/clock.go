package driver

import (
	"syscall"
	"time"
	"unsafe"
)

// nowNS reads CLOCK_MONOTONIC as the orchestrator does: time.Now tells no such number.
func nowNS() uint64 {
	const clockMonotonic = 1
	var now syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	return uint64(now.Nano())
}

// sleepUntil waits as an idle Go service does, by the runtime's timers.
func sleepUntil(ns uint64) {
	for now := nowNS(); now < ns; now = nowNS() {
		time.Sleep(time.Duration(ns - now))
	}
}

// usage is what the process has taken so far, all its threads together: the collector's are in it.
type usage struct {
	minorFaults, majorFaults, userNS, sysNS uint64
}

func readUsage() usage {
	var raw syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &raw)
	return usage{uint64(raw.Minflt), uint64(raw.Majflt), uint64(raw.Utime.Nano()), uint64(raw.Stime.Nano())}
}

func (u usage) since(before usage) usage {
	return usage{u.minorFaults - before.minorFaults, u.majorFaults - before.majorFaults,
		u.userNS - before.userNS, u.sysNS - before.sysNS}
}
