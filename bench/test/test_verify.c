/* verify.h: readings that contradict each other refute a run; what the kernel is known to blur does not. All
 * instants in ms, memory in MB. */
#include "support.h"
#include "verify.h"

#define MS UINT64_C(1000000)
#define MB UINT64_C(1000000)
#define SLACK UINT64_C(4096)

static struct record_mark mark_of(const char *phase, uint64_t begin_ms, uint64_t end_ms, uint64_t rss_mb,
                                  uint64_t peak_mb)
{
    struct record_mark mark = {.rss_bytes = rss_mb * MB,
                               .rss_after_bytes = rss_mb * MB,
                               .rollup_rss_bytes = rss_mb * MB,
                               .peak_bytes = peak_mb * MB};
    g_strlcpy(mark.mark.phase, phase, sizeof mark.mark.phase);
    mark.mark.begin_ns = begin_ms * MS;
    mark.mark.end_ns = end_ms * MS;
    return mark;
}

static void assert_refuted(const struct record_mark *mark, const struct record_mark *baseline,
                           const char *const parts[2])
{
    g_autofree char *why = verify_mark(mark, baseline, "hold", SLACK);
    if (!why)
        fail_msg("nothing is refuted where \"%s\" was expected", parts[0]);
    support_assert_has(why, parts[0]);
    support_assert_has(why, parts[1]);
}

static void a_mark_whose_readings_agree_is_proven(void **state)
{
    (void)state;
    struct record_mark mark = mark_of("hold", 0, 1, 100, 100);
    assert_null(verify_mark(&mark, &mark, "hold", SLACK));
}

static void a_mark_that_says_otherwise_than_the_shape_is_refuted(void **state)
{
    (void)state;
    const struct record_mark good = mark_of("hold", 0, 1, 100, 100);
    struct record_mark mark = mark_of("drop", 0, 1, 100, 100);
    assert_refuted(&mark, &good, (const char *const[]){"mark of drop", "hold was expected"});
    mark = good;
    mark.mark.live_bytes = 17;
    assert_refuted(&mark, &good, (const char *const[]){"live bytes 17 after hold", "the shape says 0"});
    mark = good;
    mark.mark.shape_checksum = 1;
    assert_refuted(&mark, &good, (const char *const[]){"checksum after hold", "content has changed"});
    mark = good;
    mark.mark.scratch_bytes = 8192;
    assert_refuted(&mark, &good, (const char *const[]){"own pages are 8192 bytes", "were 0"});
}

static void statm_and_smaps_rollup_must_agree_within_the_kernels_slack(void **state)
{
    (void)state;
    struct record_mark mark = mark_of("hold", 0, 1, 100, 100);
    mark.rollup_rss_bytes = 100 * MB + SLACK;
    assert_null(verify_mark(&mark, &mark, "hold", SLACK));
    mark.rollup_rss_bytes = 100 * MB + SLACK + 1;
    assert_refuted(&mark, &mark, (const char *const[]){"readings disagree after hold", "100000000"});
    mark.rollup_rss_bytes = 100 * MB - SLACK - 1;
    assert_refuted(&mark, &mark, (const char *const[]){"readings disagree after hold", "99995903"});
}

static void what_moves_while_it_is_read_is_bracketed(void **state)
{
    (void)state;
    struct record_mark mark = mark_of("hold", 0, 1, 100, 100);
    mark.rss_after_bytes = 60 * MB; /* an allocator's thread gave back while the rollup was read */
    for (uint64_t mb = 60; mb <= 100; mb += 20) {
        mark.rollup_rss_bytes = mb * MB;
        assert_null(verify_mark(&mark, &mark, "hold", SLACK));
    }
    mark.rollup_rss_bytes = 59 * MB;
    assert_refuted(&mark, &mark, (const char *const[]){"readings disagree", "60000000"});
}

static void the_slack_grows_with_the_cores(void **state)
{
    (void)state;
    assert_int_equal(verify_statm_slack_bytes(2, 4096), 3 * 32 * 2 * 4096);
    assert_int_equal(verify_statm_slack_bytes(64, 4096), 3 * 128 * 64 * 4096);
}

/* --- the walk: a build from 0 to 1000 ms that grows from 10 to 110 MB --- */

struct walk {
    GArray *marks, *samples;
};

static struct walk open_walk(uint64_t every_ms, uint64_t peak_mb)
{
    const struct record_mark marks[] = {mark_of("baseline", 0, 0, 10, 10),
                                        mark_of("build", 0, 1000, 110, peak_mb)};
    struct walk walk = {g_array_new(FALSE, FALSE, sizeof(struct record_mark)),
                        g_array_new(FALSE, FALSE, sizeof(struct record_sample))};
    g_array_append_vals(walk.marks, marks, G_N_ELEMENTS(marks));
    for (uint64_t ms = 0; ms <= 1000; ms += every_ms) {
        const struct record_sample sample = {ms * MS, (10 + ms / 10) * MB, RECORD_UNKNOWN,
                                             CGROUP_MEMORY_UNKNOWN};
        g_array_append_val(walk.samples, sample);
    }
    return walk;
}

/* What the walk is refuted with; NULL: proven. Closes it. */
static char *judge(struct walk walk, uint64_t interval_ms)
{
    char *why = verify_walk(walk.marks, walk.samples, interval_ms);
    g_array_unref(walk.marks);
    g_array_unref(walk.samples);
    return why;
}

static void a_walk_sampled_closely_is_proven(void **state)
{
    (void)state;
    assert_null(judge(open_walk(10, 110), 10));
}

static void a_gap_longer_than_allowed_refutes_the_walk(void **state)
{
    (void)state;
    assert_null(judge(open_walk(500, 110), 10));
    struct walk walk = open_walk(500, 110);
    g_array_remove_index(walk.samples, 1);
    g_autofree char *why = judge(walk, 10);
    assert_non_null(why);
    support_assert_has(why, "no sample for 1000 ms in build");
}

static void the_end_of_a_phase_counts_as_a_gap_too(void **state)
{
    (void)state;
    struct walk walk = open_walk(100, 110);
    g_array_set_size(walk.samples, 5); /* the last at 400 ms */
    g_autofree char *why = judge(walk, 10);
    assert_non_null(why);
    support_assert_has(why, "no sample for 600 ms in build");
}

static void at_a_low_rate_five_intervals_are_allowed(void **state)
{
    (void)state;
    assert_null(judge(open_walk(1000, 110), 200));
}

static void a_walk_that_is_read_at_marks_only_has_no_gaps(void **state)
{
    (void)state;
    assert_null(judge(open_walk(1000, 110), 0));
}

static void samples_above_the_kernels_own_peak_refute_the_walk(void **state)
{
    (void)state;
    assert_null(judge(open_walk(10, 109), 10)); /* VmHWM may read low */
    struct walk walk = open_walk(10, 105);
    g_array_index(walk.marks, struct record_mark, 1).rss_bytes = 100 * MB;
    g_autofree char *why = judge(walk, 10);
    assert_non_null(why);
    support_assert_has(why, "peaks of build disagree: 110000000 bytes by samples, 105000000 bytes by VmHWM");
}

static void a_short_spike_may_be_missed_but_not_most_of_the_peak(void **state)
{
    (void)state;
    assert_null(judge(open_walk(10, 200), 10)); /* 90 of 190 MB over the baseline */
    g_autofree char *why = judge(open_walk(10, 220), 10);
    assert_non_null(why);
    support_assert_has(why, "peaks of build disagree");
}

/* A drop of little memory is over before the first sample: the mark before it is a reading as well. */
static void the_mark_before_a_phase_counts_as_its_first_reading(void **state)
{
    (void)state;
    struct walk walk = open_walk(10, 110);
    const struct record_mark drop = mark_of("drop", 1000, 1001, 10, 110);
    const struct record_sample after = {1001 * MS, 10 * MB, RECORD_UNKNOWN, CGROUP_MEMORY_UNKNOWN};
    g_array_append_val(walk.marks, drop);
    g_array_set_size(walk.samples, 100); /* none at 1000 ms */
    g_array_append_val(walk.samples, after);
    assert_null(judge(walk, 10));
}

/* An allocator's thread goes on behind the phase, so its mark's reading is stamped later: no sample is left. */
static void the_mark_behind_a_phase_counts_as_its_last_reading(void **state)
{
    (void)state;
    struct walk walk = open_walk(10, 110);
    g_array_set_size(walk.samples, 40); /* the last has 49 MB */
    assert_null(judge(walk, 200));
}

/* Between the reading at the mark and the reset of VmHWM an allocator's thread gave back 20 MB. */
static void what_was_read_before_vmhwm_was_reset_is_not_held_against_it(void **state)
{
    (void)state;
    struct walk walk = open_walk(10, 110);
    const struct record_mark silent = mark_of("silent", 1000, 1010, 80, 90);
    const struct record_sample samples[] = {{1001 * MS, 90 * MB, RECORD_UNKNOWN, CGROUP_MEMORY_UNKNOWN},
                                            {1010 * MS, 80 * MB, RECORD_UNKNOWN, CGROUP_MEMORY_UNKNOWN}};
    g_array_set_size(walk.samples, 100); /* none at 1000 ms: the mark of the build has 110 MB */
    g_array_append_vals(walk.samples, samples, G_N_ELEMENTS(samples));
    g_array_append_val(walk.marks, silent);
    assert_null(judge(walk, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_whose_readings_agree_is_proven),
        cmocka_unit_test(a_mark_that_says_otherwise_than_the_shape_is_refuted),
        cmocka_unit_test(statm_and_smaps_rollup_must_agree_within_the_kernels_slack),
        cmocka_unit_test(what_moves_while_it_is_read_is_bracketed),
        cmocka_unit_test(the_slack_grows_with_the_cores),
        cmocka_unit_test(a_walk_sampled_closely_is_proven),
        cmocka_unit_test(a_gap_longer_than_allowed_refutes_the_walk),
        cmocka_unit_test(the_end_of_a_phase_counts_as_a_gap_too),
        cmocka_unit_test(at_a_low_rate_five_intervals_are_allowed),
        cmocka_unit_test(a_walk_that_is_read_at_marks_only_has_no_gaps),
        cmocka_unit_test(samples_above_the_kernels_own_peak_refute_the_walk),
        cmocka_unit_test(a_short_spike_may_be_missed_but_not_most_of_the_peak),
        cmocka_unit_test(the_mark_before_a_phase_counts_as_its_first_reading),
        cmocka_unit_test(the_mark_behind_a_phase_counts_as_its_last_reading),
        cmocka_unit_test(what_was_read_before_vmhwm_was_reset_is_not_held_against_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
