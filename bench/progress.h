/* progress.h: where a run stands, on stderr: one line that rewrites itself on a terminal, else a plain line
 * per finished run. */
#ifndef AFTERFREE_PROGRESS_H
#define AFTERFREE_PROGRESS_H

#include <glib.h>
#include <stdint.h>

#include "record.h"

struct progress {
    gboolean terminal;
    guint total, done;
    guint set_aside; /* of `done`: took no time */
    uint64_t start_ns, shown_ns;
    uint64_t expected_ms_total, expected_ms_done; /* by plan_expected_busy_ms: gives the time left */
    uint64_t window_ms;                           /* the last run's waits come on top */
};

void progress_start(struct progress *progress, guint total, uint64_t expected_ms, uint64_t window_ms,
                    uint64_t now_ns);
/* What happens now; shown at most four times a second, on terminals only. */
void progress_show(struct progress *progress, const char *busy_cell, const char *phase, guint waiting,
                   uint64_t now_ns);
void progress_finished(struct progress *progress, const struct record *record, uint64_t expected_ms,
                       uint64_t now_ns);
void progress_end(struct progress *progress);

#endif
