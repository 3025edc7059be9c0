package driver

import (
	"strconv"
	"syscall"
	"unsafe"
)

// mark is a line of protocol.h, with the fields a runtime adds.
type mark struct {
	beginNS, endNS          uint64
	usage                   usage // the phase's own
	liveBytes, liveBlocks   uint64
	shapeBytes              uint64
	checksum, shapeChecksum uint64
	heap                    heap
}

var (
	markTo     = markFD
	waitsForGo = true
	lineText   [lineMax]byte // not on the heap under test
	goByte     [1]byte
)

// openMarks decides where marks go: fd 3 if it is open (and fd 4 is waited on), else standard output, and no
// waiting: so a program can be tried by hand.
func openMarks() {
	isOpen := func(fd uintptr) bool {
		_, _, err := syscall.RawSyscall(syscall.SYS_FCNTL, fd, syscall.F_GETFD, 0)
		return err == 0
	}
	if !isOpen(markFD) {
		markTo = syscall.Stdout
	}
	waitsForGo = isOpen(goFD)
}

func addField(line []byte, name string, number uint64) []byte {
	line = append(line, ' ')
	line = append(line, name...)
	line = append(line, '=')
	return strconv.AppendUint(line, number, 10)
}

func sendLine(line []byte) {
	line = append(line, '\n')
	if len(line) > lineMax {
		die(exitOrphan, "a mark is longer than the protocol allows")
	}
	for len(line) > 0 {
		written, err := syscall.Write(markTo, line)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || written <= 0 {
			die(exitOrphan, "the mark cannot be written")
		}
		line = line[written:]
	}
}

func awaitGo() {
	if !waitsForGo {
		return
	}
	got, err := syscall.Read(goFD, goByte[:])
	for err == syscall.EINTR {
		got, err = syscall.Read(goFD, goByte[:])
	}
	if got != 1 {
		DieOrphaned()
	}
}

// write sends the mark and blocks until the go byte comes.
func (m *mark) write(phase Phase) {
	line := append(lineText[:0], phase...)
	line = addField(line, "begin_ns", m.beginNS)
	line = addField(line, "end_ns", m.endNS)
	line = addField(line, "minor_faults", m.usage.minorFaults)
	line = addField(line, "major_faults", m.usage.majorFaults)
	line = addField(line, "user_ns", m.usage.userNS)
	line = addField(line, "sys_ns", m.usage.sysNS)
	line = addField(line, "live_bytes", m.liveBytes)
	line = addField(line, "live_blocks", m.liveBlocks)
	line = addField(line, "shape_bytes", m.shapeBytes)
	line = addField(line, "checksum", m.checksum)
	line = addField(line, "shape_checksum", m.shapeChecksum)
	line = addField(line, "scratch_bytes", scratchBytes)
	line = addField(line, "heap_inuse_bytes", m.heap.inuse)
	line = addField(line, "heap_idle_bytes", m.heap.idle)
	line = addField(line, "heap_released_bytes", m.heap.released)
	sendLine(line)
	awaitGo()
}

// Orphaned returns a channel that is closed when fd 4 is at its end: for who waits for something else.
func Orphaned() <-chan struct{} {
	orphaned := make(chan struct{})
	go func() {
		awaited := struct { // struct pollfd; no events: only the end is told
			fd              int32
			events, happens int16
		}{fd: goFD}
		for waitsForGo && awaited.happens == 0 {
			syscall.Syscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(&awaited)), 1, ^uintptr(0))
		}
		if waitsForGo {
			close(orphaned)
		}
	}()
	return orphaned
}

// WriteLine sends "key=value" and does not wait.
func WriteLine(key, value string) {
	sendLine(append(append(append(lineText[:0], key...), '='), value...))
}
