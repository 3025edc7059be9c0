/* admission.h: may one more process be started without running out of memory? And did the estimates that this
 * rests on hold? */
#ifndef AFTERFREE_ADMISSION_H
#define AFTERFREE_ADMISSION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "thp.h"

/* Asked while no process is busy. The new one grows to `new_peak_bytes` now and may keep all of it; the
 * others may grow again by `regrowth_bytes`. Both must fit what is available now, so that nobody who holds
 * memory ever waits for memory. */
static inline bool admission_fits(uint64_t available_bytes, uint64_t new_peak_bytes, uint64_t regrowth_bytes)
{
    return available_bytes >= new_peak_bytes && available_bytes - new_peak_bytes >= regrowth_bytes;
}

/* The first of `queue` (of struct run_spec *) that may be started now beside `active` (of struct run *); -1: none.
 * Nobody passes a run that waits for its THP mode: else the modes would not take turns. `thp` NULL: none is
 * waited for. */
int admission_next(const GPtrArray *queue, const GPtrArray *active, uint64_t available_bytes,
                   const struct thp *thp);

/* How the ok rows of RUN/runs.csv bear the estimate out: `expected_peak_bytes` over the larger of
 * `peak_rss_bytes` and `rebuild_peak_rss_bytes`. */
struct admission_margin {
    char *cell;    /* of the least ratio; NULL: no row tells */
    double least;  /* 1 or more: the estimate erred on the safe side */
    GString *over; /* a line per row that took more than was expected */
};

bool admission_read_margin(struct admission_margin *margin, const char *run_folder, GError **error);
void admission_margin_clear(struct admission_margin *margin);

#endif
