#include "record.h"

#include <string.h>

#include "csv.h"
#include "units.h"

const char *const record_number_names[RECORD_NUMBER_COUNT] = {
#define X(name) #name,
    RECORD_NUMBERS(X)
#undef X
};

static char *range_text(struct units_range range)
{
    if (range.low == range.high)
        return g_strdup_printf("%" G_GUINT64_FORMAT, range.low);
    return g_strdup_printf("%" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT, range.low, range.high);
}

void record_init(struct record *record, const struct plan *plan, const struct plan_cell *cell, guint repeat)
{
    const struct plan_shape *shape = cell->shape;
    *record = (struct record){.cell = NULL};
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        record->numbers[i] = RECORD_UNKNOWN;
    record->numbers[RECORD_expected_peak_bytes] = plan_expected_peak_bytes(plan, cell);
    record->cell = g_strdup(cell->name);
    record->allocator = g_strdup(cell->allocator->name);
    record->setting = g_strdup(cell->setting->name);
    record->policy = g_strdup(allocator_policy_name(cell->setting->policy));
    record->role = g_strdup(allocator_role(cell->allocator));
    record->workload = g_strdup(cell->workload);
    record->shape = g_strdup(shape->name);
    record->walk = g_strdup(cell->walk_name);
    record->repeat = g_strdup_printf("%u", repeat);
    record->records = g_strdup_printf("%" G_GUINT64_FORMAT, shape->records);
    record->strings = range_text(shape->strings);
    record->length = range_text(shape->length);
    record->order = g_strdup(shape->order);
    record->removal = g_strdup(shape->removal);
    record->keys = g_strdup(shape->keys);
    record->survivors = g_strdup_printf("%.6g", shape->survivors_ppm / 1e6);
    record->seed = g_strdup_printf("%" G_GUINT64_FORMAT, shape->seed);
    record->window_ms = g_strdup_printf("%" G_GUINT64_FORMAT, plan->silent_ms);
    record->window_short = g_strdup(plan_window_is_short(plan, cell->setting) ? "yes" : "no");
    record->workers = g_strdup_printf("%" G_GUINT64_FORMAT, shape->workers);
    record->limit_bytes = plan->limit_bytes ? g_strdup_printf("%" G_GUINT64_FORMAT, plan->limit_bytes) : NULL;
    record->ticking_ms = g_strdup_printf("%" G_GUINT64_FORMAT, plan->ticking_ms);
    record->thp = cell->thp == THP_AS_IS ? NULL : g_strdup(thp_name(cell->thp));
}

void record_add_number(GString *row, uint64_t number)
{
    if (number == RECORD_UNKNOWN)
        csv_add_empty(row);
    else
        csv_add_u64(row, number);
}

void record_clear(struct record *record)
{
#define X(name) g_clear_pointer(&record->name, g_free);
    RECORD_TEXTS(X)
#undef X
}

/* --- from marks and samples to numbers --- */

uint64_t record_return_ms(const GArray *samples, uint64_t drop_end_ns, uint64_t until_ns,
                          uint64_t baseline_bytes, uint64_t peak_bytes, double fraction)
{
    if (peak_bytes <= baseline_bytes)
        return RECORD_UNKNOWN;
    double target = (double)peak_bytes - fraction * (double)(peak_bytes - baseline_bytes);
    for (guint i = 0; i < samples->len; i++) {
        const struct record_sample *sample = &g_array_index(samples, struct record_sample, i);
        if (sample->monotonic_ns < drop_end_ns || (double)sample->rss_bytes > target)
            continue;
        if (sample->monotonic_ns > until_ns)
            break;
        return (sample->monotonic_ns - drop_end_ns) / 1000000;
    }
    return RECORD_UNKNOWN;
}

struct record_sampled record_sampled_in(const struct child_mark *phase, const GArray *samples)
{
    struct record_sampled sampled = {.peak_bytes = 0};
    uint64_t last = phase->begin_ns;
    for (guint i = 0; i < samples->len; i++) {
        const struct record_sample *sample = &g_array_index(samples, struct record_sample, i);
        if (sample->monotonic_ns < phase->begin_ns || sample->monotonic_ns > phase->end_ns)
            continue;
        sampled.peak_bytes = MAX(sampled.peak_bytes, sample->rss_bytes);
        sampled.gap_ns = MAX(sampled.gap_ns, sample->monotonic_ns - last);
        last = sample->monotonic_ns;
    }
    sampled.gap_ns = MAX(sampled.gap_ns, phase->end_ns - last);
    return sampled;
}

const struct record_mark *record_mark_behind(const GArray *marks, const char *before, const char *phase)
{
    bool behind = !before;
    for (guint i = 0; i < marks->len; i++) {
        const struct record_mark *mark = &g_array_index(marks, struct record_mark, i);
        if (behind && strcmp(mark->mark.phase, phase) == 0)
            return mark;
        behind = behind || strcmp(mark->mark.phase, before) == 0;
    }
    return NULL;
}

static const struct record_mark *find_mark(const GArray *marks, const char *phase)
{
    return record_mark_behind(marks, NULL, phase);
}

/* Columns of a group stand side by side: the group's first one is enough to reach them. */
static void set_memory(struct record *record, const struct record_mark *mark, enum record_number rss)
{
    if (!mark)
        return;
    record->numbers[rss] = mark->rollup_rss_bytes;
    record->numbers[rss + 1] = mark->lazy_bytes;
    record->numbers[rss + 2] = mark->rollup_rss_bytes - MIN(mark->lazy_bytes, mark->rollup_rss_bytes);
}

/* Behind the drop and all that the walk has done about it: at the last mark before the first silence. */
static void set_at_once(struct record *record, const GArray *marks)
{
    const struct record_mark *silent = find_mark(marks, "silent"), *drop = find_mark(marks, "drop");
    if (!silent || silent == &g_array_index(marks, struct record_mark, 0))
        return;
    if (drop && drop < silent)
        record->numbers[RECORD_at_once_ms] =
            (silent[-1].mark.end_ns + silent[-1].settle_ns - drop->mark.end_ns) / 1000000;
    set_memory(record, silent - 1, RECORD_at_once_rss_bytes);
    record->numbers[RECORD_at_once_live_bytes] = silent[-1].mark.live_bytes;
}

static void set_phase(struct record *record, const struct record_mark *mark, enum record_number ns)
{
    if (!mark)
        return;
    record->numbers[ns] = mark->mark.end_ns - mark->mark.begin_ns;
    record->numbers[ns + 1] = mark->mark.minor_faults;
    record->numbers[ns + 2] = mark->mark.user_ns;
    record->numbers[ns + 3] = mark->mark.sys_ns;
}

static void set_heap(struct record *record, const struct record_mark *mark, enum record_number inuse)
{
    uint64_t *number = &record->numbers[inuse];
#define X(name) *number++ = mark->mark.name;
    if (mark) {
        PROTOCOL_HEAP_FIELDS(X)
    }
#undef X
}

/* The most over some phases, by VmHWM (resets at each mark), the mark itself and the samples between. */
struct peak {
    uint64_t bytes, sampled_bytes;
};

static struct peak peak_over(const GArray *marks, const GArray *samples, const char *const *phases)
{
    struct peak peak = {0};
    for (const char *const *phase = phases; *phase; phase++) {
        const struct record_mark *mark = find_mark(marks, *phase);
        if (!mark)
            continue;
        peak.bytes = MAX(peak.bytes, MAX(mark->peak_bytes, mark->rss_bytes));
        peak.sampled_bytes = MAX(peak.sampled_bytes, record_sampled_in(&mark->mark, samples).peak_bytes);
    }
    peak.bytes = MAX(peak.bytes, peak.sampled_bytes);
    return peak;
}

/* Killed by the kernel in its first cycle, inside a phase that has no mark and no VmHWM to be read: what was sampled
 * since the last mark; without a sample, what its cgroup was charged at the most. `marked_bytes`: the peak by the
 * marks there are. */
static void set_peaks_of_killed(struct record *record, const GArray *marks, const GArray *samples,
                                uint64_t marked_bytes)
{
    uint64_t *numbers = record->numbers, sampled_bytes = 0;
    uint64_t begin_ns = marks->len > 0 ? g_array_index(marks, struct record_mark, 0).mark.end_ns : 0;
    uint64_t last_ns =
        marks->len > 0 ? g_array_index(marks, struct record_mark, marks->len - 1).mark.end_ns : 0;
    bool is_sampled = false;
    for (guint i = 0; i < samples->len; i++) {
        const struct record_sample *sample = &g_array_index(samples, struct record_sample, i);
        if (sample->monotonic_ns > begin_ns)
            sampled_bytes = MAX(sampled_bytes, sample->rss_bytes);
        is_sampled = is_sampled || sample->monotonic_ns > last_ns;
    }
    if (is_sampled)
        numbers[RECORD_sampled_peak_rss_bytes] = sampled_bytes;
    numbers[RECORD_peak_rss_bytes] =
        is_sampled ? MAX(marked_bytes, sampled_bytes) : numbers[RECORD_cgroup_peak_bytes];
}

static void set_peaks(struct record *record, const GArray *marks, const GArray *samples)
{
    static const char *const first[] = {"build", "hold", "drop", NULL};
    static const char *const second[] = {"rebuild", "redrop", NULL};
    struct peak peak = peak_over(marks, samples, first);
    bool is_killed = g_strcmp0(record->status, "oom") == 0;
    if (find_mark(marks, "drop") || (find_mark(marks, "end") && !is_killed)) { /* a walk need not drop */
        record->numbers[RECORD_peak_rss_bytes] = peak.bytes;
        record->numbers[RECORD_sampled_peak_rss_bytes] = peak.sampled_bytes;
    } else if (is_killed)
        set_peaks_of_killed(record, marks, samples, peak.bytes);
    if (find_mark(marks, "redrop"))
        record->numbers[RECORD_rebuild_peak_rss_bytes] = peak_over(marks, samples, second).bytes;
}

static void set_return_times(struct record *record, const GArray *marks, const GArray *samples)
{
    const struct record_mark *drop = find_mark(marks, "drop");
    const struct record_mark *silent = find_mark(marks, "silent");
    if (!drop || !silent || strcmp(record->window_short, "yes") == 0)
        return;
    uint64_t *numbers = record->numbers;
    uint64_t from = drop->mark.end_ns, until = silent->mark.end_ns;
    uint64_t base = numbers[RECORD_baseline_rss_bytes], peak = numbers[RECORD_peak_rss_bytes];
    numbers[RECORD_t50_ms] = record_return_ms(samples, from, until, base, peak, 0.5);
    numbers[RECORD_t90_ms] = record_return_ms(samples, from, until, base, peak, 0.9);
}

/* Parked at a mark there is nothing to miss. */
static uint64_t longest_gap_ms(const GArray *marks, const GArray *samples)
{
    uint64_t longest = 0;
    for (guint i = 0; i < marks->len; i++) {
        const struct record_mark *mark = &g_array_index(marks, struct record_mark, i);
        longest = MAX(longest, record_sampled_in(&mark->mark, samples).gap_ns);
    }
    return longest / 1000000;
}

/* Huge pages that came in silence, when the process slept, are the kernel's work alone. */
static void set_huge_pages(struct record *record, const GArray *marks)
{
    static const struct {
        const char *phase;
        enum record_number number;
    } at[] = {{"hold", RECORD_hold_anon_huge_bytes},
              {"drop", RECORD_drop_anon_huge_bytes},
              {"silent", RECORD_silent_anon_huge_bytes}};
    for (guint i = 0; i < G_N_ELEMENTS(at); i++) {
        const struct record_mark *mark = find_mark(marks, at[i].phase);
        if (mark)
            record->numbers[at[i].number] = mark->anon_huge_bytes;
    }
    const struct record_mark *silent = find_mark(marks, "silent");
    if (!silent || silent == &g_array_index(marks, struct record_mark, 0))
        return;
    uint64_t before = silent[-1].anon_huge_bytes;
    record->numbers[RECORD_silent_huge_rise_bytes] =
        silent->anon_huge_bytes - MIN(before, silent->anon_huge_bytes);
}

/* System time is sampled in ticks of up to 4 ms: too few faults say nothing. A huge page's fault clears 512
 * times as much, and so does not compare. */
static void set_fault_cost(struct record *record)
{
    const uint64_t enough_faults = 20000;
    uint64_t *numbers = record->numbers, faults = numbers[RECORD_build_minor_faults];
    if (faults != RECORD_UNKNOWN && faults >= enough_faults && numbers[RECORD_hold_anon_huge_bytes] == 0)
        numbers[RECORD_build_sys_ns_per_fault] = numbers[RECORD_build_sys_ns] / faults;
}

static void set_cgroup(struct record *record, const GArray *marks)
{
    static const struct {
        const char *phase;
        enum record_number usage, working; /* usage RECORD_NUMBER_COUNT: no column */
    } at[] = {{"baseline", RECORD_NUMBER_COUNT, RECORD_cgroup_baseline_working_bytes},
              {"drop", RECORD_cgroup_drop_bytes, RECORD_cgroup_drop_working_bytes},
              {"silent", RECORD_cgroup_silent_bytes, RECORD_cgroup_silent_working_bytes},
              {"redrop", RECORD_cgroup_redrop_bytes, RECORD_cgroup_redrop_working_bytes},
              {"purge", RECORD_NUMBER_COUNT, RECORD_cgroup_purge_working_bytes}};
    for (guint i = 0; i < G_N_ELEMENTS(at); i++) {
        const struct record_mark *mark = find_mark(marks, at[i].phase);
        if (mark)
            record->numbers[at[i].working] = mark->cgroup.working_bytes;
        if (mark && at[i].usage != RECORD_NUMBER_COUNT)
            record->numbers[at[i].usage] = mark->cgroup.usage_bytes;
    }
}

static void set_totals(struct record *record, const GArray *marks, const GArray *samples)
{
    uint64_t phases_ns = 0, cpu_wait_ns = 0;
    for (guint i = 0; i < marks->len; i++) {
        const struct record_mark *mark = &g_array_index(marks, struct record_mark, i);
        phases_ns += mark->mark.end_ns - mark->mark.begin_ns;
        cpu_wait_ns = mark->cpu_wait_ns == RECORD_UNKNOWN || cpu_wait_ns == RECORD_UNKNOWN
                          ? RECORD_UNKNOWN
                          : cpu_wait_ns + mark->cpu_wait_ns;
    }
    record->numbers[RECORD_phases_ms] = phases_ns / 1000000;
    record->numbers[RECORD_cpu_wait_ns] = cpu_wait_ns;
    record->numbers[RECORD_samples] = samples->len;
    if (samples->len > 0)
        record->numbers[RECORD_sample_gap_ms] = longest_gap_ms(marks, samples);
}

void record_measure(struct record *record, const GArray *marks, const GArray *samples)
{
    static const struct {
        const char *phase;
        enum record_number first; /* of the group of columns */
    } after[] = {{"drop", RECORD_drop_rss_bytes},       {"silent", RECORD_silent_rss_bytes},
                 {"ticking", RECORD_ticking_rss_bytes}, {"redrop", RECORD_redrop_rss_bytes},
                 {"collect", RECORD_collect_rss_bytes}, {"purge", RECORD_purge_rss_bytes}},
      timed[] = {{"build", RECORD_build_ns},     {"hold", RECORD_hold_ns},       {"drop", RECORD_drop_ns},
                 {"ticking", RECORD_ticking_ns}, {"rebuild", RECORD_rebuild_ns}, {"redrop", RECORD_redrop_ns},
                 {"collect", RECORD_collect_ns}, {"purge", RECORD_purge_ns}},
      told[] = {{"drop", RECORD_drop_heap_inuse_bytes},
                {"collect", RECORD_collect_heap_inuse_bytes},
                {"purge", RECORD_purge_heap_inuse_bytes},
                {"silent", RECORD_silent_heap_inuse_bytes}};
    const struct record_mark *baseline = find_mark(marks, "baseline"), *hold = find_mark(marks, "hold");
    if (baseline)
        record->numbers[RECORD_baseline_rss_bytes] = baseline->rollup_rss_bytes;
    if (hold) {
        record->numbers[RECORD_live_bytes] = hold->mark.live_bytes;
        record->numbers[RECORD_live_blocks] = hold->mark.live_blocks;
    }
    set_peaks(record, marks, samples);
    for (guint i = 0; i < G_N_ELEMENTS(after); i++)
        set_memory(record, find_mark(marks, after[i].phase), after[i].first);
    set_at_once(record, marks);
    for (guint i = 0; i < G_N_ELEMENTS(timed); i++)
        set_phase(record, find_mark(marks, timed[i].phase), timed[i].first);
    set_phase(record, record_mark_behind(marks, "purge", "rebuild"), RECORD_rebuild_after_purge_ns);
    set_cgroup(record, marks);
    for (guint i = 0; i < G_N_ELEMENTS(told); i++)
        set_heap(record, find_mark(marks, told[i].phase), told[i].first);
    set_return_times(record, marks, samples);
    set_huge_pages(record, marks);
    set_fault_cost(record);
    record_measure_calls(record, marks);
    set_totals(record, marks, samples);
}
