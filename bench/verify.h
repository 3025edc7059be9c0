/* verify.h: what a run's own marks and samples must agree on before its row may be believed.
 *
 * Each function returns NULL when all holds, else why the run is `invalid` (the caller frees). They look at
 * readings only, so that tests need no process. */
#ifndef AFTERFREE_VERIFY_H
#define AFTERFREE_VERIFY_H

#include <glib.h>
#include <stdint.h>

#include "record.h"

/* A sample may be missing for as long inside a phase: t50, t90 and the sampled peak say less then than their
 * columns claim. Seen here: 92 ms at ten million records. At low rates, five sampling intervals. */
#define VERIFY_GAP_MS UINT64_C(500)

/* VmHWM may read low by what the kernel has not counted yet; samples above it by more contradict it. */
#define VERIFY_PEAK_SLACK_BYTES (UINT64_C(1) << 20)

/* A mark, just read: its phase is `expected_phase`, live bytes, checksum and own pages are what they must
 * be, and the two sources of RSS agree. statm was read before and after smaps_rollup, which must lie between
 * them: one value where nothing moves, a bracket where the allocator has a thread of its own. Kernels that
 * count RSS per CPU may be off by 3 × max(32, 2 × cores) × cores pages. `baseline`: the first mark (of this
 * one itself: equal). */
char *verify_mark(const struct record_mark *mark, const struct record_mark *baseline,
                  const char *expected_phase, uint64_t statm_slack_bytes);
uint64_t verify_statm_slack_bytes(guint cores, uint64_t page_bytes);

/* The whole walk, its samples sorted by time: no gap is longer than allowed, and the peak by samples agrees
 * with VmHWM: not above it, and not below by more than half the peak, for a spike shorter than a sampling
 * interval is no larger in any map's walk. `interval_ms`: between samples; 0: taken at marks only, so there
 * is nothing to agree. */
char *verify_walk(const GArray *marks, const GArray *samples, uint64_t interval_ms);

#endif
