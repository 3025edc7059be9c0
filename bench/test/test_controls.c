/* Controls: workloads whose memory is known beforehand, run by the program under every installed allocator
 * and setting. What the rows say must be what they did. */
#include <unistd.h>

#include "program.h"

#define RECORDS UINT64_C(100000)
#define RECORD_BYTES 128 /* of the workload `mapped` */
#define FEW_PAGES 16     /* of the stack; a library page called for the first time brings as many around it */

/* VmHWM reads low by what the kernel has not counted yet, some dozen pages a thread. */
#define HWM_SLACK (UINT64_C(1) << 20)

static uint64_t slack_bytes(void)
{
    return FEW_PAGES * (uint64_t)sysconf(_SC_PAGESIZE);
}

#define PLAN(cells)                                                                                          \
    "[plan]\nsummary = controls\nbaseline = glibc/default\nsilent = 100 ms\nticking = 200 ms\n"              \
    "walk = build hold drop silent ticking rebuild redrop\n"                                                 \
    "[shape s]\nrecords = 100k\nstrings = 1\nlength = 15\norder = hash\n" cells

/* Runs the cells of a workload into FOLDER/run. */
static void run_cells(const char *folder, const char *workload)
{
    g_autofree char *text =
        g_strdup_printf(PLAN("[cells c]\nallocators = %s\nsettings = *\nworkloads = %s\nshapes = s\n"),
                        PROGRAM_ALLOCATORS, workload);
    g_autofree char *plan = support_new_file(folder, "plan.ini", text);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "run", "--plan", plan, "--out", run);
    program_assert_code(&outcome, EXIT_PROVEN);
}

static struct csv *table_of(const char *folder, const char *name)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    return program_table(run, name);
}

static void assert_near(const struct csv *csv, guint row, const char *column, uint64_t expected)
{
    uint64_t value = program_number(csv, row, column);
    uint64_t distance = value > expected ? value - expected : expected - value;
    if (distance > slack_bytes())
        fail_msg("%s: %s is %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " was expected",
                 program_text(csv, row, "cell"), column, value, expected);
}

static void memory_mapped_and_unmapped_is_seen_to_the_page_under_every_setting(void **state)
{
    run_cells(*state, "mapped");
    g_autoptr(csv_table) runs = table_of(*state, "runs.csv");
    assert_true(program_count_ok(runs) > 0);
    for (guint row = 0; row < csv_rows(runs); row++) {
        if (strcmp(program_text(runs, row, "status"), "ok") != 0)
            continue;
        uint64_t baseline = program_number(runs, row, "baseline_rss_bytes");
        uint64_t full = baseline + RECORDS * RECORD_BYTES;
        assert_near(runs, row, "peak_rss_bytes", full);
        assert_near(runs, row, "rebuild_peak_rss_bytes", full);
        assert_near(runs, row, "drop_rss_bytes", baseline);
        assert_near(runs, row, "silent_rss_bytes", baseline);
        assert_near(runs, row, "ticking_rss_bytes", baseline);
        assert_int_equal(program_number(runs, row, "drop_lazy_bytes"), 0);
        if (strcmp(program_text(runs, row, "window_short"), "yes") == 0)
            continue; /* not asked */
        assert_int_equal(program_number(runs, row, "t50_ms"), 0);
        assert_int_equal(program_number(runs, row, "t90_ms"), 0);
    }
}

static void every_phase_has_a_peak_of_its_own(void **state)
{
    run_cells(*state, "mapped");
    g_autoptr(csv_table) marks = table_of(*state, "marks.csv");
    uint64_t baseline = 0;
    for (guint row = 0; row < csv_rows(marks); row++) {
        const char *phase = program_text(marks, row, "phase");
        if (strcmp(phase, "baseline") == 0)
            baseline = program_number(marks, row, "rss_bytes");
        uint64_t full = baseline + RECORDS * RECORD_BYTES;
        if (strcmp(phase, "build") == 0 || strcmp(phase, "drop") == 0 || strcmp(phase, "rebuild") == 0)
            assert_true(program_number(marks, row, "peak_bytes") + HWM_SLACK > full);
        if (strcmp(phase, "silent") == 0)
            assert_true(program_number(marks, row, "peak_bytes") < baseline + HWM_SLACK);
    }
    assert_true(baseline > 0);
}

static void a_workload_that_asks_for_nothing_stays_at_its_baseline_at_every_mark(void **state)
{
    run_cells(*state, "null");
    g_autoptr(csv_table) marks = table_of(*state, "marks.csv");
    uint64_t baseline = 0;
    assert_true(csv_rows(marks) > 0);
    for (guint row = 0; row < csv_rows(marks); row++) {
        if (strcmp(program_text(marks, row, "phase"), "baseline") == 0)
            baseline = program_number(marks, row, "rss_bytes");
        assert_near(marks, row, "rss_bytes", baseline);
        assert_true(program_number(marks, row, "peak_bytes") < baseline + HWM_SLACK);
        assert_int_equal(program_number(marks, row, "live_bytes"), 0);
        assert_int_equal(program_number(marks, row, "live_blocks"), 0);
    }
}

/* A chained table stands at its peak when its build ends; one that grows passes it, where VmHWM reads low. */
#define REPEATED "[cells c]\nallocators = %s\nsettings = default\nworkloads = hash_chained\nshapes = s\n"

static void the_same_cell_twice_asks_for_the_same_and_peaks_alike(void **state)
{
    g_autofree char *text = g_strdup_printf(PLAN(REPEATED), PROGRAM_ALLOCATORS);
    g_autofree char *plan = support_new_file(*state, "plan.ini", text);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "run", "--plan", plan, "--out", run, "--repeat", "2");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) summary = program_table(run, "summary.csv");
    assert_true(program_count_ok(summary) > 0);
    for (guint row = 0; row < csv_rows(summary); row++) {
        if (strcmp(program_text(summary, row, "status"), "ok") != 0)
            continue;
        /* Single-threaded and without a clock: within half a percent. Others decay by the clock. */
        uint64_t per_mille = strcmp(program_text(summary, row, "allocator"), "glibc") == 0 ? 5 : 50;
        assert_int_equal(program_number(summary, row, "runs_ok"), 2);
        assert_true(program_number(summary, row, "live_bytes") > RECORDS * 16);
        assert_int_equal(program_number(summary, row, "live_bytes_min"),
                         program_number(summary, row, "live_bytes_max"));
        uint64_t least = program_number(summary, row, "peak_rss_bytes_min");
        uint64_t most = program_number(summary, row, "peak_rss_bytes_max");
        if ((most - least) * 1000 > most * per_mille)
            fail_msg("%s: peaks of %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT,
                     program_text(summary, row, "cell"), least, most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(memory_mapped_and_unmapped_is_seen_to_the_page_under_every_setting),
        SUPPORT_TEST(every_phase_has_a_peak_of_its_own),
        SUPPORT_TEST(a_workload_that_asks_for_nothing_stays_at_its_baseline_at_every_mark),
        SUPPORT_TEST(the_same_cell_twice_asks_for_the_same_and_peaks_alike),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
