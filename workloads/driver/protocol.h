/* protocol.h: the contract between the orchestrator (outside) and a process under test (inside).
 * One of the two headers both sides include; the other is
 * call_text.h, the language of CALL below. A program in any language can speak it: it is text.
 *
 * Started as       argv[0] = the cell's name, argv[1..] = key=value (see below), a clean environment
 * Writes to fd 3   one line per mark, at the end of each phase (and "baseline" first):
 *                      drop begin_ns=123 end_ns=456 minor_faults=7 …\n       at most PROTOCOL_LINE_MAX bytes
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
 *   seed=N
 *   workers=N            threads that cycles go round (default 1: the main thread, and no other): (re)build,
 *                        hold and (re)drop number i are worker i modulo N's, as a new request is a new
 *                        worker's. Ticks go round all of them, a purge is the main thread's; who has nothing
 *                        to do sleeps. They are started before the baseline
 *   walk=PHASE[:MS],…    phases below in order; silent and ticking need their window in ms
 *   purge=CALL           the allocator's explicit purge, see call_text.h; needed if the walk has "purge"
 *
 * As "NAME probe KEY=CALL…" a workload tells which allocator it runs on instead, in lines on fd 3, and exits:
 *   malloc=OBJECT free=OBJECT …    the file that owns each function of PROTOCOL_OWNED, a line each; ? where none
 *   libc=OBJECT                    the C library; in a sanitized build sanitizer=OBJECT, whose malloc it is
 *   purge.FUNCTION=OBJECT          for purge=CALL: where each function of it lies; it is not run
 *   KEY=VALUE                      for any other KEY=CALL (version, debug, read.NAME): what the call reads back
 *   missing.KEY=SYMBOL             the call's function or data symbol is not in this process
 *   failed.KEY=CALL                the call reported an error */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#define PROTOCOL_MARK_FD 3
#define PROTOCOL_GO_FD 4
#define PROTOCOL_LINE_MAX 1024
#define PROTOCOL_WALK_MAX 64 /* phases */

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
    PROTOCOL_EXIT_MISSING = 67, /* the purge call is not in this process */
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

#endif
