/* What is not proven is no result: libraries that are not there, cells that cannot fit. The measured mistake
 * of others: a preload that does not exist costs one line on stderr, and the program runs on glibc. */
#include "program.h"

#define HEAD                                                                                                 \
    "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 100 ms\nticking = 100 ms\nwalk = build drop\n"
#define SHAPE "[shape s]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n"
#define CELLS(allocators)                                                                                    \
    "[cells c]\nallocators = " allocators "\nsettings = *\nworkloads = null\nshapes = s\n"

/* Runs the plan with the descriptors of FOLDER/data besides the house's own; the run is FOLDER/run. */
static void run_plan(program_outcome *outcome, const char *folder, const char *plan_text, const char *option)
{
    g_autofree char *plan = support_new_file(folder, "plan.ini", plan_text);
    g_autofree char *data = g_build_filename(folder, "data", NULL);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    g_autofree char *allocators = g_build_filename(data, "allocators", NULL);
    assert_int_equal(g_mkdir_with_parents(allocators, 0777), 0);
    program_run(outcome, "run", "--plan", plan, "--out", run, "--data", data, option);
}

static struct csv *table_of(const char *folder, const char *name)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    return program_table(run, name);
}

static void write_descriptor(const char *folder, const char *name, const char *preload, const char *package)
{
    g_autofree char *file = g_strdup_printf("data/allocators/%s.ini", name);
    g_autofree char *text =
        g_strdup_printf("[allocator]\nsummary = %s\npreload = %s\n%s%s\n"
                        "[setting default]\npolicy = default\n",
                        name, preload, package ? "package = " : "", package ? package : "");
    support_write(folder, file, text);
}

static guint row_of(const struct csv *runs, const char *cell)
{
    for (guint row = 0; row < csv_rows(runs); row++)
        if (strcmp(program_text(runs, row, "cell"), cell) == 0)
            return row;
    fail_msg("there is no row of %s", cell);
    return 0;
}

/* The row has the status and a reason with `part`, and not one number; in the table it is behind the rows. */
static void assert_unproven(const char *folder, const char *table, const char *cell, const char *status,
                            const char *part)
{
    static const char *const numbers[] = {"baseline_rss_bytes", "live_bytes", "peak_rss_bytes", "build_ns",
                                          "t50_ms"};
    g_autoptr(csv_table) runs = table_of(folder, "runs.csv");
    guint row = row_of(runs, cell);
    assert_string_equal(program_text(runs, row, "status"), status);
    support_assert_has(program_text(runs, row, "reason"), part);
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++)
        assert_string_equal(program_text(runs, row, numbers[i]), "");
    assert_string_equal(program_text(runs, row, "started_utc"), "");
    assert_string_equal(program_text(runs, row, "samples_file"), "");
    g_autoptr(csv_table) marks = table_of(folder, "marks.csv");
    for (guint mark = 0; mark < csv_rows(marks); mark++)
        assert_string_not_equal(program_text(marks, mark, "cell"), cell);
    const char *behind = strstr(table, "Not in the table"), *listed = strstr(table, cell);
    assert_true(behind && listed > behind);
    support_assert_has(listed, part);
}

/* The other cells have run. */
static void assert_glibc_ran(const char *folder)
{
    g_autoptr(csv_table) runs = table_of(folder, "runs.csv");
    assert_string_equal(program_text(runs, row_of(runs, "glibc/default/null/s"), "status"), "ok");
}

static void a_library_of_a_package_that_is_not_installed_is_skipped_and_says_what_to_install(void **state)
{
    g_auto(program_outcome) outcome = {0};
    write_descriptor(*state, "ghost", "libdoesnotexist.so.9", "libghost9");
    run_plan(&outcome, *state, HEAD SHAPE CELLS("ghost glibc"), NULL);
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_unproven(*state, outcome.out, "ghost/default/null/s", "skipped", "libdoesnotexist.so.9");
    support_assert_has(outcome.out, "apt-get install libghost9");
    assert_glibc_ran(*state);
}

static void a_skipped_cell_fails_a_strict_run(void **state)
{
    g_auto(program_outcome) outcome = {0};
    write_descriptor(*state, "ghost", "libdoesnotexist.so.9", "libghost9");
    run_plan(&outcome, *state, HEAD SHAPE CELLS("ghost"), "--strict");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    if (!strstr(outcome.err, "--strict: nothing was run"))
        support_assert_has(outcome.err, "--strict: exit code 1 because of: skipped cells\n");
}

static void what_is_set_aside_is_told_at_once_and_a_quiet_run_tells_nothing(void **state)
{
    g_auto(program_outcome) outcome = {0}, quiet = {0};
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    write_descriptor(*state, "ghost", "/no/such/libghost.so.9", NULL);
    run_plan(&outcome, *state, HEAD SHAPE CELLS("ghost glibc"), "--only=*/default/*");
    support_assert_has(outcome.err, "\n[1/2] invalid  ghost/default/null/s: ");
    support_assert_has(outcome.err, "\n[2/2] ok       glibc/default/null/s: ");
    assert_int_equal(support_remove(run), 0);
    run_plan(&quiet, *state, HEAD SHAPE CELLS("ghost"), "--quiet");
    support_assert_has_not(quiet.err, "ghost/default/null/s");
}

static void a_library_that_is_not_there_and_of_no_package_is_invalid(void **state)
{
    g_auto(program_outcome) outcome = {0};
    write_descriptor(*state, "ghost", "/no/such/libghost.so.9", NULL);
    run_plan(&outcome, *state, HEAD SHAPE CELLS("ghost glibc"), NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    assert_unproven(*state, outcome.out, "ghost/default/null/s", "invalid", "/no/such/libghost.so.9");
    assert_glibc_ran(*state);
}

static void a_library_that_does_not_own_malloc_is_invalid(void **state)
{
    if (TEST_SANITIZED)
        skip(); /* nothing can be preloaded before the sanitizer's runtime */
    g_auto(program_outcome) outcome = {0};
    write_descriptor(*state, "mute", "libm.so.6", "libc6");
    run_plan(&outcome, *state, HEAD SHAPE CELLS("mute glibc"), NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    assert_unproven(*state, outcome.out, "mute/default/null/s", "invalid", "libm.so.6 does not own malloc");
    assert_glibc_ran(*state);
}

static void a_purge_call_that_the_library_lacks_is_invalid(void **state)
{
    g_auto(program_outcome) outcome = {0};
    support_write(*state, "data/allocators/plain.ini",
                  "[allocator]\nsummary = x\npurge = no_such_call(0)\n"
                  "[setting default]\npolicy = default\n");
    run_plan(&outcome, *state, HEAD SHAPE CELLS("plain glibc"), NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    assert_unproven(*state, outcome.out, "plain/default/null/s", "invalid", "no_such_call");
    assert_glibc_ran(*state);
}

static void a_preload_on_the_command_line_that_is_not_there_is_a_usage_error(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, HEAD SHAPE CELLS("glibc"), "--preload=glibc=/no/such/file");
    program_assert_code(&outcome, EXIT_USAGE);
    support_assert_has(outcome.err, "/no/such/file");
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    assert_false(g_file_test(run, G_FILE_TEST_EXISTS));
}

static void a_preload_for_an_allocator_without_a_descriptor_is_a_usage_error(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, HEAD SHAPE CELLS("glibc"), "--preload=ghost=/proc/self/exe");
    program_assert_code(&outcome, EXIT_USAGE);
    support_assert_has(outcome.err, "ghost");
}

#define HUGE "[shape huge]\nrecords = 4000000000\nstrings = 1\nlength = 15\norder = hash\n"
#define HUGER "[shape huger]\nrecords = 4000000000\nstrings = 1048576\nlength = 16777216\norder = hash\n"
#define NEVER_FIT                                                                                            \
    "[cells n]\nallocators = glibc\nsettings = default\nworkloads = hash_chained\nshapes = huge huger\n"

static void a_cell_that_can_never_fit_is_skipped_before_anything_is_started(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, HEAD SHAPE HUGE HUGER NEVER_FIT CELLS("glibc") "", "--only=glibc/default/*");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_unproven(*state, outcome.out, "glibc/default/hash_chained/huge", "skipped", "available");
    assert_unproven(*state, outcome.out, "glibc/default/hash_chained/huger", "skipped", "available");
    assert_glibc_ran(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_library_of_a_package_that_is_not_installed_is_skipped_and_says_what_to_install),
        SUPPORT_TEST(a_skipped_cell_fails_a_strict_run),
        SUPPORT_TEST(what_is_set_aside_is_told_at_once_and_a_quiet_run_tells_nothing),
        SUPPORT_TEST(a_library_that_is_not_there_and_of_no_package_is_invalid),
        SUPPORT_TEST(a_library_that_does_not_own_malloc_is_invalid),
        SUPPORT_TEST(a_purge_call_that_the_library_lacks_is_invalid),
        SUPPORT_TEST(a_preload_on_the_command_line_that_is_not_there_is_a_usage_error),
        SUPPORT_TEST(a_preload_for_an_allocator_without_a_descriptor_is_a_usage_error),
        SUPPORT_TEST(a_cell_that_can_never_fit_is_skipped_before_anything_is_started),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
