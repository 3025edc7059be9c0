#include "verify.h"

#include <string.h>

#define MS UINT64_C(1000000)
#define BYTES "%" G_GUINT64_FORMAT " bytes"

uint64_t verify_statm_slack_bytes(guint cores, uint64_t page_bytes)
{
    return 3 * MAX(UINT64_C(32), UINT64_C(2) * cores) * cores * page_bytes;
}

/* The readings of statm around it, widened by the slack. */
static bool between(const struct record_mark *mark, uint64_t slack)
{
    uint64_t least = MIN(mark->rss_bytes, mark->rss_after_bytes);
    uint64_t most = MAX(mark->rss_bytes, mark->rss_after_bytes);
    return mark->rollup_rss_bytes + slack >= least && mark->rollup_rss_bytes <= most + slack;
}

char *verify_mark(const struct record_mark *mark, const struct record_mark *baseline,
                  const char *expected_phase, uint64_t statm_slack_bytes)
{
    const struct child_mark *told = &mark->mark;
    if (strcmp(told->phase, expected_phase) != 0)
        return g_strdup_printf("mark of %s where %s was expected", told->phase, expected_phase);
    if (told->live_bytes != told->shape_bytes)
        return g_strdup_printf("live bytes %" G_GUINT64_FORMAT " after %s, the shape says %" G_GUINT64_FORMAT,
                               told->live_bytes, told->phase, told->shape_bytes);
    if (told->checksum != told->shape_checksum)
        return g_strdup_printf("checksum after %s is wrong: the map's content has changed", told->phase);
    if (told->scratch_bytes != baseline->mark.scratch_bytes)
        return g_strdup_printf("the process's own pages are " BYTES " after %s, were " BYTES
                               " at the baseline: they would count as the allocator's",
                               told->scratch_bytes, told->phase, baseline->mark.scratch_bytes);
    if (!between(mark, statm_slack_bytes))
        return g_strdup_printf("readings disagree after %s: " BYTES " by smaps_rollup, " BYTES
                               " before and " BYTES " after it by statm",
                               told->phase, mark->rollup_rss_bytes, mark->rss_bytes, mark->rss_after_bytes);
    return NULL;
}

/* --- the walk --- */

/* A phase shorter than a sampling interval may have no sample: what was read at the marks before it
 * (`before_bytes`) and behind it counts as seen, too. But samples alone are held against VmHWM: it is reset a little
 * after the reading at a mark, when an allocator's thread may have given some back. */
static char *verify_phase(const struct record_mark *mark, uint64_t baseline_bytes, uint64_t before_bytes,
                          struct record_sampled sampled, uint64_t interval_ms)
{
    uint64_t gap_ms = sampled.gap_ns / MS, allowed_ms = MAX(VERIFY_GAP_MS, 5 * interval_ms);
    if (gap_ms > allowed_ms)
        return g_strdup_printf("no sample for %" G_GUINT64_FORMAT " ms in %s, %" G_GUINT64_FORMAT
                               " ms are allowed: the machine is too busy, or --jobs too many",
                               gap_ms, mark->mark.phase, allowed_ms);
    uint64_t peak = MAX(mark->peak_bytes, mark->rss_bytes);
    bool above = sampled.peak_bytes > peak + VERIFY_PEAK_SLACK_BYTES;
    uint64_t seen = MAX(sampled.peak_bytes, MAX(before_bytes, mark->rss_bytes));
    uint64_t missed = peak - MIN(peak, seen), over = peak - MIN(peak, baseline_bytes);
    if (above || (missed > over / 2 && missed > VERIFY_PEAK_SLACK_BYTES))
        return g_strdup_printf("peaks of %s disagree: " BYTES " by samples, " BYTES " by VmHWM",
                               mark->mark.phase, sampled.peak_bytes, mark->peak_bytes);
    return NULL;
}

char *verify_walk(const GArray *marks, const GArray *samples, uint64_t interval_ms)
{
    if (interval_ms == 0 || marks->len == 0)
        return NULL;
    uint64_t baseline_bytes = g_array_index(marks, struct record_mark, 0).rss_bytes;
    uint64_t before_bytes = baseline_bytes;
    for (guint i = 0; i < marks->len; i++) {
        const struct record_mark *mark = &g_array_index(marks, struct record_mark, i);
        struct record_sampled sampled = record_sampled_in(&mark->mark, samples);
        char *why = verify_phase(mark, baseline_bytes, before_bytes, sampled, interval_ms);
        if (why)
            return why;
        before_bytes = mark->rss_bytes;
    }
    return NULL;
}
