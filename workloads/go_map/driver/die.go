package driver

import (
	"os"
	"syscall"
)

// die writes one line on stderr and exits with a code of protocol.h.
func die(code int, texts ...string) {
	line := os.Args[0] + ": "
	for _, text := range texts {
		line += text
	}
	syscall.Write(syscall.Stderr, []byte(line+"\n"))
	os.Exit(code)
}

// RefuseUsage dies of an argument that cannot be done.
func RefuseUsage(culprit, wrong string) {
	die(exitUsage, culprit, ": ", wrong)
}

// DieOrphaned dies because nobody is left to answer marks.
func DieOrphaned() {
	die(exitOrphan, "no go byte: the orchestrator is gone")
}
