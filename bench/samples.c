#include "samples.h"

#include "record.h"

/* The phases of a walk, and the columns of its samples. */
struct curve {
    GArray *phases; /* of struct record_mark */
    bool has_cgroup;
};

/* The process's own time of an instant, ns since the walk began: what it spent parked between phases (waiting
 * for the token) is cut out; and which phase it is. False for an instant outside all phases. */
static bool own_time(const struct curve *curve, uint64_t at, uint64_t *own, guint *step)
{
    uint64_t before = 0;
    for (guint i = 0; i < curve->phases->len; i++) {
        const struct record_mark *mark = &g_array_index(curve->phases, struct record_mark, i);
        uint64_t end = mark->mark.end_ns + mark->settle_ns;
        if (at >= mark->mark.begin_ns && at <= end) {
            *own = before + (at - mark->mark.begin_ns);
            *step = i;
            return true;
        }
        before += end - mark->mark.begin_ns;
    }
    return false;
}

static uint64_t zero_ns(const struct curve *curve)
{
    const struct record_mark *drop = record_mark_behind(curve->phases, NULL, "drop");
    return drop ? drop->mark.end_ns : g_array_index(curve->phases, struct record_mark, 0).mark.begin_ns;
}

/* Is the sample next to another of the same phase, with the same reading? */
static bool repeats(const struct curve *curve, const struct record_sample *sample,
                    const struct record_sample *next, guint step)
{
    uint64_t own;
    guint its_step;
    return next->rss_bytes == sample->rss_bytes && own_time(curve, next->monotonic_ns, &own, &its_step) &&
           its_step == step;
}

/* Between two equal readings of one phase a third adds nothing to the curve. */
static bool adds_nothing(const struct curve *curve, const GArray *samples, guint i, guint step)
{
    if (i == 0 || i + 1 == samples->len)
        return false;
    const struct record_sample *sample = &g_array_index(samples, struct record_sample, i);
    return sample->lazy_bytes == RECORD_UNKNOWN && sample->cgroup.usage_bytes == RECORD_UNKNOWN &&
           repeats(curve, sample, sample - 1, step) && repeats(curve, sample, sample + 1, step);
}

static void append_known(GString *text, uint64_t bytes)
{
    if (bytes != RECORD_UNKNOWN)
        g_string_append_printf(text, "%" G_GUINT64_FORMAT, bytes);
    g_string_append_c(text, ',');
}

static void append_sample(GString *text, const struct curve *curve, const struct record_sample *sample,
                          double own_ms, guint step)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_printf(text, "%s,%s,", g_ascii_formatd(number, sizeof number, "%.1f", own_ms),
                           g_array_index(curve->phases, struct record_mark, step).mark.phase);
    append_known(text, sample->rss_bytes);
    append_known(text, sample->lazy_bytes);
    if (curve->has_cgroup) {
        append_known(text, sample->cgroup.usage_bytes);
        append_known(text, sample->cgroup.working_bytes);
    }
    g_string_append_printf(text, "%u\n", step);
}

static void open_curve(struct curve *curve, const GArray *marks, const struct child_mark *unfinished,
                       bool has_cgroup)
{
    const struct record_mark last = {.mark = *unfinished};
    *curve = (struct curve){.phases = g_array_new(FALSE, FALSE, sizeof(struct record_mark)),
                            .has_cgroup = has_cgroup};
    g_array_append_vals(curve->phases, marks->data, marks->len);
    if (*unfinished->phase)
        g_array_append_val(curve->phases, last);
}

GString *samples_text(const GArray *marks, const struct child_mark *unfinished, const GArray *samples,
                      bool has_cgroup)
{
    struct curve curve;
    uint64_t zero = 0, own;
    guint step;
    open_curve(&curve, marks, unfinished, has_cgroup);
    GString *text = g_string_new("time_ms,phase,rss_bytes,lazy_bytes,");
    g_string_append(text, has_cgroup ? "cgroup_usage_bytes,cgroup_working_bytes,step\n" : "step\n");
    if (curve.phases->len > 0)
        own_time(&curve, zero_ns(&curve), &zero, &step);
    for (guint i = 0; i < samples->len; i++) {
        const struct record_sample *sample = &g_array_index(samples, struct record_sample, i);
        if (own_time(&curve, sample->monotonic_ns, &own, &step) && !adds_nothing(&curve, samples, i, step))
            append_sample(text, &curve, sample, ((double)own - (double)zero) / 1e6, step);
    }
    g_array_unref(curve.phases);
    return text;
}
