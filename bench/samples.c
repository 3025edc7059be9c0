#include "samples.h"

#include <string.h>

#include "record.h"

/* The process's own time of an instant, ns since the walk began: what it spent parked between phases (waiting
 * for the token) is cut out. False for an instant outside all phases. */
static bool own_time(const GArray *marks, uint64_t at, uint64_t *own, const char **phase)
{
    uint64_t before = 0;
    for (guint i = 0; i < marks->len; i++) {
        const struct record_mark *mark = &g_array_index(marks, struct record_mark, i);
        uint64_t end = mark->mark.end_ns + mark->settle_ns;
        if (at >= mark->mark.begin_ns && at <= end) {
            *own = before + (at - mark->mark.begin_ns);
            *phase = mark->mark.phase;
            return true;
        }
        before += end - mark->mark.begin_ns;
    }
    return false;
}

static uint64_t drop_end_ns(const GArray *marks)
{
    for (guint i = 0; i < marks->len; i++) {
        const struct record_mark *mark = &g_array_index(marks, struct record_mark, i);
        if (strcmp(mark->mark.phase, "drop") == 0)
            return mark->mark.end_ns;
    }
    return g_array_index(marks, struct record_mark, 0).mark.begin_ns;
}

/* Is the sample next to another of the same phase, with the same reading? `phase` as own_time gives it. */
static bool repeats(const GArray *marks, const struct record_sample *sample, const struct record_sample *next,
                    const char *phase)
{
    uint64_t own;
    const char *its_phase;
    return next->rss_bytes == sample->rss_bytes && own_time(marks, next->monotonic_ns, &own, &its_phase) &&
           its_phase == phase;
}

/* Between two equal readings of one phase a third adds nothing to the curve. */
static bool adds_nothing(const GArray *marks, const GArray *samples, guint i, const char *phase)
{
    if (i == 0 || i + 1 == samples->len)
        return false;
    const struct record_sample *sample = &g_array_index(samples, struct record_sample, i);
    return sample->lazy_bytes == RECORD_UNKNOWN && repeats(marks, sample, sample - 1, phase) &&
           repeats(marks, sample, sample + 1, phase);
}

static void append_sample(GString *text, const struct record_sample *sample, uint64_t own, uint64_t zero,
                          const char *phase)
{
    double ms = ((double)own - (double)zero) / 1e6;
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf(text, "%s,%s,%" G_GUINT64_FORMAT ",",
                           g_ascii_formatd(number, sizeof number, "%.1f", ms), phase, sample->rss_bytes);
    if (sample->lazy_bytes != RECORD_UNKNOWN)
        g_string_append_printf(text, "%" G_GUINT64_FORMAT, sample->lazy_bytes);
    g_string_append_c(text, '\n');
}

GString *samples_text(const GArray *marks, const GArray *samples)
{
    GString *text = g_string_new("time_ms,phase,rss_bytes,lazy_bytes\n");
    uint64_t zero = 0, own;
    const char *phase;
    if (marks->len > 0)
        own_time(marks, drop_end_ns(marks), &zero, &phase);
    for (guint i = 0; i < samples->len; i++) {
        const struct record_sample *sample = &g_array_index(samples, struct record_sample, i);
        if (own_time(marks, sample->monotonic_ns, &own, &phase) && !adds_nothing(marks, samples, i, phase))
            append_sample(text, sample, own, zero, phase);
    }
    return text;
}
