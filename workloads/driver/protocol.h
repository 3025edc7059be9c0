/* protocol.h: the contract between the orchestrator (outside) and a process under test (inside).
 * One of the two headers both sides include; the other is
 * call_text.h, the language of CALL below. A program in any language can speak it: it is text.
 *
 * Started as       argv[0] = the cell's name, argv[1..] = key=value (see below), a clean environment
 * Writes to fd 3   one line per mark, at the end of each phase (and "baseline" first):
 *                      drop begin_ns=123 end_ns=456 minor_faults=7 …\n       at most PROTOCOL_LINE_MAX bytes
 *                  and in front of the mark of a phase whose operations were timed (latency=yes) one line more, that
 *                  nobody answers:
 *                      latency phase=drop clock=tsc count=1000 …\n     see PROTOCOL_LATENCY_FIELDS
 *                  A service writes one line before its baseline, that nobody answers either (see below):
 *                      service port=N\n
 * Reads from fd 4  one byte after each mark, whatever its value: the go. Until it comes the process stands
 *                  still, so its memory can be read exactly. End of file means: the orchestrator is gone.
 * Exits with       0 after the mark "end", else one of enum protocol_exit and a line on stderr.
 *
 * Arguments, all optional (defaults in params.c):
 *   records=N            keys of the map
 *   strings=LOW..HIGH    strings in the slice of one key (inclusive)
 *   length=LOW..HIGH     characters of one string, its closing zero not counted
 *   order=insertion|reverse|hash   in which order the drop frees the records
 *   survivors_ppm=N      of a million records, how many outlive the drop (chosen at random by the seed)
 *   removal=free|delete  free the whole map, or delete every key and keep the table
 *   keys=same|fresh      each (re)build makes the same records, less the survivors that are still there (default);
 *                        or build number i, from 0, makes those with the indices i*records to (i+1)*records-1:
 *                        the survivors of all earlier builds stay in the map then, and every sum counts them
 *   seed=N
 *   workers=N            threads that cycles go round (default 1: the main thread, and no other): (re)build,
 *                        hold and (re)drop number i are worker i modulo N's, as a new request is a new
 *                        worker's. Ticks go round all of them, a purge is the main thread's; who has nothing
 *                        to do sleeps. They are started before the baseline
 *   latency=yes|no       time each insert of (re)build, each delete of (re)drop and each tick of ticking (default
 *                        no, and then nothing of it is in their way). A program may refuse to; of those
 *                        that have their allocator built in it is not asked
 *   walk=PHASE[:MS],…    phases below in order; silent and ticking need their window in ms
 *   purge=CALL           the allocator's explicit purge, see call_text.h; needed if the walk has "purge"
 *   collect=CALL         its garbage collection, which need not give anything back; the same for "collect"
 *   port=N               services alone: where they listen (default 0: anywhere)
 *
 * A service (a program in services/) is called by HTTP on 127.0.0.1, and its phases are done by the threads that serve
 * requests. A phase begins when its request has come, and its mark is written when the answer is sent, the connection
 * closed and its thread gone; both lie outside the phase's time. A request that comes before its phase waits for it.
 *   GET /healthz           200 "ok\n", at any time, by a thread of its own. The first one is the null request: the
 *                          baseline comes behind it
 *   POST /build?records=N  does build or rebuild, and hold and (re)drop in the same thread; N is the shape's, else 400.
 *                          Behind the drop 200 "records=N checksum=C\n", C the last hold's in decimal (0: none yet)
 *   POST /release          does the purge, 200 "released\n"
 * Else 404 or 405, and 503 for what still waits at the end. Ticking, latency=yes and more than one worker are refused.
 *
 * As "NAME probe KEY=CALL…" a workload tells which allocator it runs on instead, in lines on fd 3, and exits:
 *   malloc=OBJECT free=OBJECT …    the file that owns each function of PROTOCOL_OWNED, a line each; ? where none
 *   libc=OBJECT                    the C library; in a sanitized build sanitizer=OBJECT, whose malloc it is
 *   owner=OBJECT                   in place of these and of libc= where the heap is the program's own runtime's: the file
 *                                  that brings it
 *   purge.FUNCTION=OBJECT          for purge=CALL: where each function of it lies; it is not run; collect.… for
 *                                  collect=CALL
 *   KEY=VALUE                      for any other KEY=CALL (version, debug, read.NAME): what the call reads back
 *   missing.KEY=SYMBOL             the call's function or data symbol is not in this process
 *   failed.KEY=CALL                the call reported an error */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#define PROTOCOL_MARK_FD 3
#define PROTOCOL_GO_FD 4
#define PROTOCOL_LINE_MAX 1024
#define PROTOCOL_WALK_MAX 128 /* phases */
#define PROTOCOL_TICK_MS 100  /* ticking: one small request this often */

/* What an allocator has to own, all of it: X(function). */
#define PROTOCOL_OWNED(X)                                                                                    \
    X(malloc)                                                                                                \
    X(free)                                                                                                  \
    X(calloc)                                                                                                \
    X(realloc)                                                                                               \
    X(posix_memalign)                                                                                        \
    X(aligned_alloc)

enum protocol_exit {
    PROTOCOL_EXIT_DONE = 0,
    PROTOCOL_EXIT_USAGE = 64,   /* an argument is wrong */
    PROTOCOL_EXIT_MEMORY = 65,  /* the allocator returned NULL */
    PROTOCOL_EXIT_ORPHAN = 66,  /* fd 4 is at its end, or fd 3 cannot be written */
    PROTOCOL_EXIT_MISSING = 67, /* the purge or collect call is not in this process */
};

/* Phases: X(name, kind). busy phases need the token; waiting ones have a window; only_mark ones do nothing.
 * Parked behind the mark `pressure` it may be killed: a neighbour then eats up their common limit. */
#define PROTOCOL_PHASES(X)                                                                                   \
    X(baseline, only_mark)                                                                                   \
    X(build, busy)                                                                                           \
    X(hold, busy)                                                                                            \
    X(drop, busy)                                                                                            \
    X(silent, waiting)                                                                                       \
    X(ticking, waiting)                                                                                      \
    X(rebuild, busy)                                                                                         \
    X(redrop, busy)                                                                                          \
    X(collect, busy)                                                                                         \
    X(purge, busy)                                                                                           \
    X(pressure, only_mark)                                                                                   \
    X(end, busy)

/* Fields of a mark, all unsigned decimal: X(name). Times on CLOCK_MONOTONIC; faults and CPU time are the
 * phase's own (getrusage at its end less at its begin); what is verified after a phase is outside its time.
 *   live_bytes, live_blocks   what the workload has asked for and not freed (counted at each call)
 *   shape_bytes               the same, computed from the shape alone; must be equal
 *   checksum                  sum over the records in the map: all at hold, the survivors from the drop on
 *   shape_checksum            the same, computed from the shape alone; must be equal
 *   scratch_bytes             the process's own pages, resident from the baseline on; the same at every mark */
#define PROTOCOL_MARK_FIELDS(X)                                                                              \
    X(begin_ns)                                                                                              \
    X(end_ns)                                                                                                \
    X(minor_faults)                                                                                          \
    X(major_faults)                                                                                          \
    X(user_ns)                                                                                               \
    X(sys_ns)                                                                                                \
    X(live_bytes)                                                                                            \
    X(live_blocks)                                                                                           \
    X(shape_bytes)                                                                                           \
    X(checksum)                                                                                              \
    X(shape_checksum)                                                                                        \
    X(scratch_bytes)

/* What the process's own runtime believes of its heap when the phase has ended, where it has one that tells: all three
 * behind the fields above, or none (a C program).
 *   heap_inuse_bytes      of its spans with objects in them
 *   heap_idle_bytes       of those without, whether or not given back
 *   heap_released_bytes   the part of idle that it has given back to the system */
#define PROTOCOL_HEAP_FIELDS(X)                                                                              \
    X(heap_inuse_bytes)                                                                                      \
    X(heap_idle_bytes)                                                                                       \
    X(heap_released_bytes)

/* Phases with latency=yes that time their operations, one line each: X(phase). */
#define PROTOCOL_LATENCY_PHASES(X)                                                                           \
    X(build)                                                                                                 \
    X(drop)                                                                                                  \
    X(ticking)                                                                                               \
    X(rebuild)                                                                                               \
    X(redrop)

/* Fields of such a line behind phase= and clock= (tsc, monotonic), all unsigned decimal: X(name). An operation is
 * what one request pays: a whole insert (draw and make the record, link it, grow the table), a whole delete (unlink,
 * free, and behind the last one the table), or a tick (WALK_TICK_RECORDS records built and dropped).
 *   count                     operations timed
 *   shape_count               the same, computed from shape and window alone; must be equal
 *   p50_ns p99_ns p999_ns p9999_ns
 *                             so many of 100 (1000, 10000) took at most this long: the upper edge of a bucket of the
 *                             histogram, never too little, at most 1/64 too much; left out where none would have
 *                             to lie above it: below 2, 100, 1000, 10000 operations
 *   max_ns, max_at_ns         the longest, exact, and when it began, since begin_ns of the phase; left out where
 *                             there was no operation */
#define PROTOCOL_LATENCY_FIELDS(X)                                                                           \
    X(count)                                                                                                 \
    X(shape_count)                                                                                           \
    X(p50_ns)                                                                                                \
    X(p99_ns)                                                                                                \
    X(p999_ns)                                                                                               \
    X(p9999_ns)                                                                                              \
    X(max_ns)                                                                                                \
    X(max_at_ns)

#endif
