/* record.h: how the numbers of a row come from marks and samples. All instants in ms, memory in MB. */
#include "record.h"
#include "support.h"

#define MS UINT64_C(1000000)
#define MB UINT64_C(1000000)

static void add_sample(GArray *samples, uint64_t at_ms, uint64_t rss_mb)
{
    const struct record_sample sample = {at_ms * MS, rss_mb * MB, RECORD_UNKNOWN, CGROUP_MEMORY_UNKNOWN};
    g_array_append_val(samples, sample);
}

/* Pairs of ms and MB, ended by a pair of zeroes. */
static GArray *samples_of(const uint64_t pairs[][2])
{
    GArray *samples = g_array_new(FALSE, FALSE, sizeof(struct record_sample));
    for (; pairs[0][0]; pairs++)
        add_sample(samples, pairs[0][0], pairs[0][1]);
    return samples;
}

/* --- t50, t90: dropped at 1000 ms from 110 MB over a baseline of 10 MB, watched until 2000 ms --- */

static uint64_t time_of(const uint64_t pairs[][2], double fraction)
{
    g_autoptr(GArray) samples = samples_of(pairs);
    return record_return_ms(samples, 1000 * MS, 2000 * MS, 10 * MB, 110 * MB, fraction);
}

static void half_and_nine_tenths_are_counted_from_the_peak_to_the_baseline(void **state)
{
    (void)state;
    const uint64_t falling[][2] = {{1000, 110}, {1100, 61}, {1200, 60}, {1300, 21},
                                   {1400, 20},  {1500, 10}, {0, 0}};
    assert_int_equal(time_of(falling, 0.5), 200); /* 60 MB is half, 61 MB is not */
    assert_int_equal(time_of(falling, 0.9), 400);
}

static void what_has_left_by_the_drops_end_took_0_ms(void **state)
{
    (void)state;
    const uint64_t gone[][2] = {{900, 10}, {1000, 15}, {1100, 15}, {0, 0}};
    assert_int_equal(time_of(gone, 0.5), 0);
    assert_int_equal(time_of(gone, 0.9), 0);
}

static void samples_before_the_drops_end_do_not_count(void **state)
{
    (void)state;
    const uint64_t low_before[][2] = {{500, 12}, {1000, 110}, {1700, 20}, {0, 0}};
    assert_int_equal(time_of(low_before, 0.9), 700);
}

static void what_has_not_left_within_the_window_is_unknown(void **state)
{
    (void)state;
    const uint64_t stays[][2] = {{1000, 110}, {1500, 61}, {2000, 61}, {0, 0}};
    assert_true(time_of(stays, 0.5) == RECORD_UNKNOWN);
    const uint64_t none[][2] = {{0, 0}};
    assert_true(time_of(none, 0.5) == RECORD_UNKNOWN);
}

static void a_sample_at_the_windows_end_counts_and_one_just_behind_does_not(void **state)
{
    (void)state;
    const uint64_t at_end[][2] = {{1000, 110}, {2000, 20}, {0, 0}};
    assert_int_equal(time_of(at_end, 0.9), 1000);
    const uint64_t behind[][2] = {{1000, 110}, {2001, 20}, {2002, 10}, {0, 0}};
    assert_true(time_of(behind, 0.9) == RECORD_UNKNOWN);
}

static void without_a_peak_over_the_baseline_there_is_no_time(void **state)
{
    (void)state;
    const uint64_t flat[][2] = {{1000, 10}, {1100, 10}, {0, 0}};
    g_autoptr(GArray) samples = samples_of(flat);
    assert_true(record_return_ms(samples, 1000 * MS, 2000 * MS, 10 * MB, 10 * MB, 0.5) == RECORD_UNKNOWN);
    assert_true(record_return_ms(samples, 1000 * MS, 2000 * MS, 20 * MB, 10 * MB, 0.5) == RECORD_UNKNOWN);
}

/* --- a whole walk --- */

static void add_mark(GArray *marks, const char *phase, uint64_t begin_ms, uint64_t end_ms, uint64_t rss_mb,
                     uint64_t peak_mb)
{
    struct record_mark mark = {.mark = {.begin_ns = begin_ms * MS,
                                        .end_ns = end_ms * MS,
                                        .minor_faults = 1,
                                        .user_ns = 2,
                                        .sys_ns = 3,
                                        .live_bytes = strcmp(phase, "hold") == 0 ? 90 * MB : 1,
                                        .live_blocks = strcmp(phase, "hold") == 0 ? 900 : 1},
                               .rss_bytes = rss_mb * MB,
                               .rollup_rss_bytes = rss_mb * MB,
                               .lazy_bytes = strcmp(phase, "silent") == 0 ? 5 * MB : 0,
                               .peak_bytes = peak_mb * MB,
                               .cpu_wait_ns = 10};
    g_strlcpy(mark.mark.phase, phase, sizeof mark.mark.phase);
    g_array_append_val(marks, mark);
}

struct walk {
    GArray *marks, *samples;
    struct record record;
};

/* Peak 110 by VmHWM in build, 20 after silence; the rebuild needs 150. */
static void open_walk(struct walk *walk, const char *window_short, bool purge)
{
    walk->marks = g_array_new(FALSE, FALSE, sizeof(struct record_mark));
    walk->samples = g_array_new(FALSE, FALSE, sizeof(struct record_sample));
    walk->record = (struct record){.window_short = g_strdup(window_short)};
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        walk->record.numbers[i] = RECORD_UNKNOWN;
    add_mark(walk->marks, "baseline", 100, 100, 10, 10);
    add_mark(walk->marks, "build", 200, 300, 100, 110);
    add_mark(walk->marks, "hold", 400, 450, 100, 100);
    add_mark(walk->marks, "drop", 500, 600, 70, 100);
    add_mark(walk->marks, "silent", 600, 1600, 20, 70);
    add_mark(walk->marks, "ticking", 1600, 1900, 15, 20);
    add_mark(walk->marks, "rebuild", 3000, 3100, 140, 150);
    add_mark(walk->marks, "redrop", 3200, 3300, 80, 140);
    if (purge)
        add_mark(walk->marks, "purge", 3400, 3450, 12, 80);
    add_mark(walk->marks, "end", 4000, 4000, 12, 12);
    add_sample(walk->samples, 250, 90);
    add_sample(walk->samples, 600, 70);
    add_sample(walk->samples, 700, 60);
    add_sample(walk->samples, 1000, 20);
    add_sample(walk->samples, 3050, 120);
}

static uint64_t measured(struct walk *walk, enum record_number number)
{
    return walk->record.numbers[number];
}

static void close_walk(struct walk *walk)
{
    g_array_unref(walk->marks);
    g_array_unref(walk->samples);
    record_clear(&walk->record);
}

static void a_row_has_what_each_mark_read(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_baseline_rss_bytes), 10 * MB);
    assert_int_equal(measured(&walk, RECORD_live_bytes), 90 * MB);
    assert_int_equal(measured(&walk, RECORD_live_blocks), 900);
    assert_int_equal(measured(&walk, RECORD_drop_rss_bytes), 70 * MB);
    assert_int_equal(measured(&walk, RECORD_drop_held_bytes), 70 * MB);
    assert_int_equal(measured(&walk, RECORD_silent_rss_bytes), 20 * MB);
    assert_int_equal(measured(&walk, RECORD_silent_lazy_bytes), 5 * MB);
    assert_int_equal(measured(&walk, RECORD_silent_held_bytes), 15 * MB);
    assert_int_equal(measured(&walk, RECORD_ticking_rss_bytes), 15 * MB);
    assert_int_equal(measured(&walk, RECORD_purge_rss_bytes), 12 * MB);
    assert_int_equal(measured(&walk, RECORD_build_ns), 100 * MS);
    assert_int_equal(measured(&walk, RECORD_purge_ns), 50 * MS);
    assert_int_equal(measured(&walk, RECORD_build_minor_faults), 1);
    assert_int_equal(measured(&walk, RECORD_build_user_ns), 2);
    assert_int_equal(measured(&walk, RECORD_build_sys_ns), 3);
    assert_int_equal(measured(&walk, RECORD_t50_ms), 100); /* 60 MB is half way from 110 to 10 */
    assert_int_equal(measured(&walk, RECORD_t90_ms), 400);
    assert_int_equal(measured(&walk, RECORD_phases_ms), 100 + 50 + 100 + 1000 + 300 + 100 + 100 + 50);
    assert_int_equal(measured(&walk, RECORD_cpu_wait_ns), 100);
    assert_int_equal(measured(&walk, RECORD_samples), 5);
    close_walk(&walk);
}

static void what_a_runtime_believes_stands_beside_what_was_read(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    add_mark(walk.marks, "collect", 4100, 4150, 11, 12);
    for (guint i = 0; i < walk.marks->len; i++) {
        struct child_mark *mark = &g_array_index(walk.marks, struct record_mark, i).mark;
        bool tells = strcmp(mark->phase, "silent") != 0;
        mark->heap_inuse_bytes = tells ? 100 + i : CHILD_UNKNOWN;
        mark->heap_idle_bytes = tells ? 200 + i : CHILD_UNKNOWN;
        mark->heap_released_bytes = tells ? 300 + i : CHILD_UNKNOWN;
    }
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_drop_heap_inuse_bytes), 103);
    assert_int_equal(measured(&walk, RECORD_drop_heap_idle_bytes), 203);
    assert_int_equal(measured(&walk, RECORD_drop_heap_released_bytes), 303);
    assert_int_equal(measured(&walk, RECORD_purge_heap_inuse_bytes), 108);
    assert_int_equal(measured(&walk, RECORD_collect_heap_released_bytes), 310);
    assert_true(measured(&walk, RECORD_silent_heap_inuse_bytes) == RECORD_UNKNOWN);
    assert_true(measured(&walk, RECORD_silent_heap_released_bytes) == RECORD_UNKNOWN);
    assert_int_equal(measured(&walk, RECORD_collect_rss_bytes), 11 * MB);
    assert_int_equal(measured(&walk, RECORD_collect_ns), 50 * MS);
    close_walk(&walk);
}

/* The walk of open_walk has its silence right behind the drop; put a purge between the two. */
static void at_once_is_the_last_mark_before_the_silence(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", false);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_at_once_rss_bytes), 70 * MB);
    assert_int_equal(measured(&walk, RECORD_at_once_live_bytes), 1);
    assert_int_equal(measured(&walk, RECORD_at_once_ms), 0);
    struct record_mark purge = g_array_index(walk.marks, struct record_mark, 3);
    g_strlcpy(purge.mark.phase, "purge", sizeof purge.mark.phase);
    purge.mark.end_ns = 650 * MS; /* the drop has ended at 600 */
    purge.settle_ns = 20 * MS;
    purge.rollup_rss_bytes = 40 * MB;
    purge.lazy_bytes = 30 * MB;
    purge.mark.live_bytes = 7;
    g_array_insert_val(walk.marks, 4, purge);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_at_once_rss_bytes), 40 * MB);
    assert_int_equal(measured(&walk, RECORD_at_once_lazy_bytes), 30 * MB);
    assert_int_equal(measured(&walk, RECORD_at_once_held_bytes), 10 * MB);
    assert_int_equal(measured(&walk, RECORD_at_once_live_bytes), 7);
    assert_int_equal(measured(&walk, RECORD_at_once_ms), 70);
    assert_int_equal(measured(&walk, RECORD_drop_rss_bytes), 70 * MB);
    close_walk(&walk);
}

static void without_a_silence_there_is_no_at_once(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    g_array_remove_index(walk.marks, 4);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_true(measured(&walk, RECORD_at_once_rss_bytes) == RECORD_UNKNOWN);
    assert_true(measured(&walk, RECORD_at_once_live_bytes) == RECORD_UNKNOWN);
    close_walk(&walk);
}

static void huge_pages_that_came_in_silence_are_counted_from_the_mark_before_it(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    for (guint i = 0; i < walk.marks->len; i++)
        g_array_index(walk.marks, struct record_mark, i).anon_huge_bytes = i * 2 * MB;
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_hold_anon_huge_bytes), 4 * MB);
    assert_int_equal(measured(&walk, RECORD_drop_anon_huge_bytes), 6 * MB);
    assert_int_equal(measured(&walk, RECORD_silent_anon_huge_bytes), 8 * MB);
    assert_int_equal(measured(&walk, RECORD_silent_huge_rise_bytes), 2 * MB);
    g_array_index(walk.marks, struct record_mark, 4).anon_huge_bytes = 1 * MB;
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_silent_huge_rise_bytes), 0); /* falling is no rise */
    close_walk(&walk);
}

static void the_price_of_a_fault_needs_many_of_them_and_no_huge_page(void **state)
{
    (void)state;
    static const struct {
        uint64_t faults, huge_bytes, price_ns;
    } cases[] = {{20000, 0, 1500}, {19999, 0, RECORD_UNKNOWN}, {20000, 2 << 20, RECORD_UNKNOWN}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct walk walk;
        open_walk(&walk, "no", true);
        struct record_mark *build = &g_array_index(walk.marks, struct record_mark, 1), *hold = build + 1;
        build->mark.minor_faults = cases[i].faults;
        build->mark.sys_ns = cases[i].faults * 1500;
        hold->anon_huge_bytes = cases[i].huge_bytes;
        record_measure(&walk.record, walk.marks, walk.samples);
        assert_true(measured(&walk, RECORD_build_sys_ns_per_fault) == cases[i].price_ns);
        close_walk(&walk);
    }
}

static void lazy_bytes_above_rss_leave_nothing_held(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    g_array_index(walk.marks, struct record_mark, 4).lazy_bytes = 21 * MB; /* read a moment later */
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_silent_held_bytes), 0);
    close_walk(&walk);
}

/* Which reading is the highest differs from case to case; the row has it in each. */
static void the_peak_is_the_most_that_vmhwm_the_marks_or_the_samples_saw(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_peak_rss_bytes), 110 * MB); /* VmHWM */
    assert_int_equal(measured(&walk, RECORD_sampled_peak_rss_bytes), 90 * MB);
    g_array_index(walk.samples, struct record_sample, 0).rss_bytes = 120 * MB;
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_peak_rss_bytes), 120 * MB); /* a sample */
    assert_int_equal(measured(&walk, RECORD_sampled_peak_rss_bytes), 120 * MB);
    g_array_index(walk.marks, struct record_mark, 2).rss_bytes = 130 * MB;
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_peak_rss_bytes), 130 * MB); /* the mark of hold */
    close_walk(&walk);
}

static void the_rebuilds_peak_is_a_column_of_its_own(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_peak_rss_bytes), 110 * MB);
    assert_int_equal(measured(&walk, RECORD_rebuild_peak_rss_bytes), 150 * MB);
    close_walk(&walk);
}

static void a_window_too_short_leaves_the_times_unknown(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "yes", true);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_true(measured(&walk, RECORD_t50_ms) == RECORD_UNKNOWN);
    assert_true(measured(&walk, RECORD_t90_ms) == RECORD_UNKNOWN);
    assert_int_equal(measured(&walk, RECORD_silent_rss_bytes), 20 * MB);
    close_walk(&walk);
}

static void a_walk_without_a_purge_leaves_its_columns_unknown(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", false);
    record_measure(&walk.record, walk.marks, walk.samples);
    for (enum record_number i = RECORD_purge_rss_bytes; i <= RECORD_purge_held_bytes; i++)
        assert_true(measured(&walk, i) == RECORD_UNKNOWN);
    for (enum record_number i = RECORD_purge_ns; i <= RECORD_purge_sys_ns; i++)
        assert_true(measured(&walk, i) == RECORD_UNKNOWN);
    assert_true(measured(&walk, RECORD_purge_settle_ms) == RECORD_UNKNOWN);
    assert_int_equal(measured(&walk, RECORD_rebuild_ns), 100 * MS);
    close_walk(&walk);
}

static void the_sample_gap_is_the_longest_time_without_one_inside_a_phase(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_sample_gap_ms),
                     600); /* of silence; parked 1100 ms do not count */
    g_array_set_size(walk.samples, 0);
    walk.record.numbers[RECORD_sample_gap_ms] = RECORD_UNKNOWN;
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_true(measured(&walk, RECORD_sample_gap_ms) == RECORD_UNKNOWN); /* none were asked for */
    close_walk(&walk);
}

static void a_run_that_died_in_build_has_what_came_before(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    g_array_set_size(walk.marks, 1);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_baseline_rss_bytes), 10 * MB);
    assert_true(measured(&walk, RECORD_peak_rss_bytes) == RECORD_UNKNOWN);
    assert_true(measured(&walk, RECORD_live_bytes) == RECORD_UNKNOWN);
    assert_true(measured(&walk, RECORD_t50_ms) == RECORD_UNKNOWN);
    close_walk(&walk);
}

/* Whom the kernel has killed has no mark of the phase it was in, and no VmHWM that could still be read. */
static void who_was_killed_in_its_first_build_has_the_peak_that_samples_saw(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    walk.record.status = g_strdup("oom");
    walk.record.numbers[RECORD_cgroup_peak_bytes] = 200 * MB;
    g_array_set_size(walk.marks, 1);
    g_array_set_size(walk.samples, 1);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_peak_rss_bytes), 90 * MB);
    assert_int_equal(measured(&walk, RECORD_sampled_peak_rss_bytes), 90 * MB);
    close_walk(&walk);
}

static void without_a_sample_of_the_build_it_has_the_peak_of_its_cgroup(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    walk.record.status = g_strdup("oom");
    walk.record.numbers[RECORD_cgroup_peak_bytes] = 200 * MB;
    g_array_set_size(walk.marks, 1);
    g_array_set_size(walk.samples, 0);
    add_sample(walk.samples, 100, 10); /* the mark's own */
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_peak_rss_bytes), 200 * MB);
    assert_true(measured(&walk, RECORD_sampled_peak_rss_bytes) == RECORD_UNKNOWN);
    close_walk(&walk);
}

static void set_calls_of(struct walk *walk, guint nth, uint64_t calls)
{
    struct record_mark *mark = &g_array_index(walk->marks, struct record_mark, nth);
    for (guint call = 0; call < SYSCALLS_COUNT; call++)
        mark->calls[call] = calls + call;
}

/* Each mark has another number, so that a row tells which one it took. */
static void calls_are_those_of_each_phase_and_of_the_first_rebuild_behind_the_purge(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    for (guint i = 0; i < 2; i++)
        add_mark(walk.marks, "rebuild", 4100, 4200, 100, 110);
    for (guint i = 0; i < walk.marks->len; i++)
        set_calls_of(&walk, i, i * 100);
    record_measure(&walk.record, walk.marks, walk.samples);
    const uint64_t *numbers = walk.record.numbers;
    for (guint call = 0; call < SYSCALLS_COUNT; call++) {
        assert_int_equal(numbers[RECORD_build_madvise_calls + call], 100 + call);
        assert_int_equal(numbers[RECORD_drop_madvise_calls + call], 300 + call);
        assert_int_equal(numbers[RECORD_rebuild_madvise_calls + call], 600 + call);
        assert_int_equal(numbers[RECORD_redrop_madvise_calls + call], 700 + call);
        assert_int_equal(numbers[RECORD_purge_madvise_calls + call], 800 + call);
        assert_int_equal(numbers[RECORD_rebuild_after_purge_madvise_calls + call], 1000 + call);
    }
    close_walk(&walk);
}

/* No two rebuilds of the walk take the same. */
static void the_times_of_the_rebuild_behind_the_purge_are_those_of_the_first_one_there(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    add_mark(walk.marks, "rebuild", 4100, 4170, 100, 110);
    add_mark(walk.marks, "rebuild", 4200, 4230, 100, 110);
    for (guint i = 0; i < walk.marks->len; i++) {
        struct child_mark *mark = &g_array_index(walk.marks, struct record_mark, i).mark;
        mark->minor_faults = i;
        mark->user_ns = 100 + i;
        mark->sys_ns = 200 + i;
    }
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_rebuild_ns), 100 * MS);
    assert_int_equal(measured(&walk, RECORD_rebuild_minor_faults), 6);
    assert_int_equal(measured(&walk, RECORD_rebuild_after_purge_ns), 70 * MS);
    assert_int_equal(measured(&walk, RECORD_rebuild_after_purge_minor_faults), 10);
    assert_int_equal(measured(&walk, RECORD_rebuild_after_purge_user_ns), 110);
    assert_int_equal(measured(&walk, RECORD_rebuild_after_purge_sys_ns), 210);
    close_walk(&walk);
}

static void a_walk_without_a_rebuild_behind_its_purge_has_no_times_of_one(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    record_measure(&walk.record, walk.marks, walk.samples);
    for (enum record_number i = RECORD_rebuild_after_purge_ns; i <= RECORD_rebuild_after_purge_sys_ns; i++)
        assert_true(measured(&walk, i) == RECORD_UNKNOWN);
    assert_int_equal(measured(&walk, RECORD_rebuild_ns), 100 * MS);
    close_walk(&walk);
}

static void a_walk_without_a_rebuild_behind_its_purge_has_no_calls_of_one(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_true(walk.record.numbers[RECORD_rebuild_after_purge_mmap_calls] == RECORD_UNKNOWN);
    assert_int_equal(walk.record.numbers[RECORD_rebuild_mmap_calls], 0);
    close_walk(&walk);
}

/* build hold silent: the map stays. */
static void a_walk_that_does_not_drop_has_its_peak_and_nothing_of_a_drop(void **state)
{
    (void)state;
    struct walk walk;
    open_walk(&walk, "no", true);
    g_array_remove_range(walk.marks, 5, walk.marks->len - 6); /* up to the end */
    g_array_remove_index(walk.marks, 3);
    record_measure(&walk.record, walk.marks, walk.samples);
    assert_int_equal(measured(&walk, RECORD_peak_rss_bytes), 110 * MB);
    assert_int_equal(measured(&walk, RECORD_silent_rss_bytes), 20 * MB);
    assert_true(measured(&walk, RECORD_drop_rss_bytes) == RECORD_UNKNOWN);
    assert_true(measured(&walk, RECORD_t90_ms) == RECORD_UNKNOWN);
    close_walk(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_that_does_not_drop_has_its_peak_and_nothing_of_a_drop),
        cmocka_unit_test(half_and_nine_tenths_are_counted_from_the_peak_to_the_baseline),
        cmocka_unit_test(what_has_left_by_the_drops_end_took_0_ms),
        cmocka_unit_test(samples_before_the_drops_end_do_not_count),
        cmocka_unit_test(what_has_not_left_within_the_window_is_unknown),
        cmocka_unit_test(a_sample_at_the_windows_end_counts_and_one_just_behind_does_not),
        cmocka_unit_test(without_a_peak_over_the_baseline_there_is_no_time),
        cmocka_unit_test(a_row_has_what_each_mark_read),
        cmocka_unit_test(what_a_runtime_believes_stands_beside_what_was_read),
        cmocka_unit_test(at_once_is_the_last_mark_before_the_silence),
        cmocka_unit_test(without_a_silence_there_is_no_at_once),
        cmocka_unit_test(huge_pages_that_came_in_silence_are_counted_from_the_mark_before_it),
        cmocka_unit_test(the_price_of_a_fault_needs_many_of_them_and_no_huge_page),
        cmocka_unit_test(lazy_bytes_above_rss_leave_nothing_held),
        cmocka_unit_test(the_peak_is_the_most_that_vmhwm_the_marks_or_the_samples_saw),
        cmocka_unit_test(the_rebuilds_peak_is_a_column_of_its_own),
        cmocka_unit_test(a_window_too_short_leaves_the_times_unknown),
        cmocka_unit_test(a_walk_without_a_purge_leaves_its_columns_unknown),
        cmocka_unit_test(the_sample_gap_is_the_longest_time_without_one_inside_a_phase),
        cmocka_unit_test(a_run_that_died_in_build_has_what_came_before),
        cmocka_unit_test(who_was_killed_in_its_first_build_has_the_peak_that_samples_saw),
        cmocka_unit_test(without_a_sample_of_the_build_it_has_the_peak_of_its_cgroup),
        cmocka_unit_test(calls_are_those_of_each_phase_and_of_the_first_rebuild_behind_the_purge),
        cmocka_unit_test(the_times_of_the_rebuild_behind_the_purge_are_those_of_the_first_one_there),
        cmocka_unit_test(a_walk_without_a_rebuild_behind_its_purge_has_no_times_of_one),
        cmocka_unit_test(a_walk_without_a_rebuild_behind_its_purge_has_no_calls_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
