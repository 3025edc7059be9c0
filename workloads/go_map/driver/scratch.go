package driver

import (
	"os"
	"syscall"
	"unsafe"
)

// Told at every mark: what newScratch has handed out, in bytes of whole pages.
var scratchBytes uint64

// newScratch maps memory that is not the runtime's: zeroed, touched, kept to the end.
func newScratch(bytes int) []byte {
	memory, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_POPULATE)
	if err != nil {
		die(exitMemory, "mmap of scratch memory failed: ", err.Error())
	}
	page := os.Getpagesize()
	scratchBytes += uint64((bytes + page - 1) / page * page)
	return memory
}

// asString makes a string of the very bytes, which must not change any more.
func asString(bytes []byte) string {
	return *(*string)(unsafe.Pointer(&bytes))
}
