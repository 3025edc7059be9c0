/* latency.h: what a process tells of how long the operations of a phase took (driver/protocol.h): the line, and what
 * must hold for it to be believed. */
#ifndef AFTERFREE_LATENCY_H
#define AFTERFREE_LATENCY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "driver/protocol.h"

#define LATENCY_UNKNOWN UINT64_MAX /* left out: there were too few operations */

struct latency {
    char phase[16]; /* "": nothing was told */
    char clock[16]; /* "tsc", "monotonic" */
#define X(name) uint64_t name;
    PROTOCOL_LATENCY_FIELDS(X)
#undef X
};

/* Are the operations of this phase timed, where a plan asks for it? */
bool latency_is_timed(const char *phase);

/* Is this such a line, and no mark? */
bool latency_is_line(const char *line);
/* One line without its LF. Strict: phase, clock and every field once, in any order, and nothing else; percentiles just
 * where there are operations enough, none longer than the next, and none longer than the longest. */
bool latency_parse(const char *line, struct latency *latency, GError **error);

/* What a phase is held against. */
struct latency_expected {
    const char *phase;
    uint64_t records, window_ms, phase_ns;
    bool spares; /* survivors are neither built nor dropped in it: only the process itself knows how many */
};
/* NULL: it holds, or the phase is not timed and nothing was told; else why the run is invalid; the caller frees. */
char *latency_verify(const struct latency *latency, const struct latency_expected *expected);

#endif
