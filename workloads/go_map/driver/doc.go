// Package driver is the C driver (workloads/driver) once more, for programs in Go: it speaks protocol.h, takes the
// same arguments with the same exit codes, and builds and drops the same records, on Go's runtime.
//
// What is different, because it is Go:
//
//   - The map is a map[string][]string. A key is a string of 16 bytes, a value a slice of strings, each string an
//     allocation of its own. live_bytes is counted at each make: 16 for the key, 16 for each element of the slice,
//     and each string's length (Go's strings have no closing zero); live_blocks are key, slice and each string,
//     though the runtime takes no block for an empty one. The map's own buckets are in neither: how many there are
//     is the runtime's secret. shape_bytes is computed from the shape alone, in the same way.
//   - removal=free without survivors is `m = nil`: the order says nothing, and memory is free when a collection has
//     found it so. All else deletes key by key, and keeps the buckets, for a Go map never shrinks; removal=delete in
//     hash order without survivors is the idiom that the compiler turns into one clear of the map.
//   - purge=CALL and collect=CALL name functions of Go; those there are stand in calls.go.
//   - Behind the required fields each mark has those of heap.go.
//   - The driver's own memory is mapped, global or on the stack. Up to the baseline it allocates a little; from then
//     on nothing in baseline, hold and silent, which a test counts (the runtime may: a list of timers, once for each
//     processor). The runtime's own threads are not silent: there are the scavenger, which gives back, and the
//     collection that is forced when the last one is two minutes ago. Both are woken by a thread that looks at an
//     idle process once a minute only: so what a collection frees goes at once, or up to a minute later.
//   - Out of memory is the runtime's own death, exit code 2 and a trace, never PROTOCOL_EXIT_MEMORY.
//   - latency=yes is refused: nothing here times single operations.
package driver
