package driver

import "runtime/metrics"

// heap is what the runtime believes of its heap; what the kernel has is RSS and LazyFree. From runtime/metrics, in the
// words of runtime.MemStats:
//
//	heap_inuse_bytes     HeapInuse:    heap/objects + heap/unused, spans that have objects, dead ones not yet swept too
//	heap_idle_bytes      HeapIdle:     heap/free + heap/released, spans that have none
//	heap_released_bytes  HeapReleased: heap/released, of these what has been given back by madvise
type heap struct {
	inuse, idle, released uint64
}

var heapSamples = [...]metrics.Sample{
	{Name: "/memory/classes/heap/objects:bytes"},
	{Name: "/memory/classes/heap/unused:bytes"},
	{Name: "/memory/classes/heap/free:bytes"},
	{Name: "/memory/classes/heap/released:bytes"},
}

func readHeap() heap {
	metrics.Read(heapSamples[:])
	bytes := func(i int) uint64 { return heapSamples[i].Value.Uint64() }
	return heap{inuse: bytes(0) + bytes(1), idle: bytes(2) + bytes(3), released: bytes(3)}
}
