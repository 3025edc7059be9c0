/* Allocators that are a program's own runtime (`programs` of a descriptor), by a control of known answers:
 * workloads/test/program_collected.c under bench/test/allocators/collected.ini. */
#include "program.h"

#define DATA "--data", TEST_SOURCE_DIR "/bench/test"
#define PROGRAM TEST_BUILD_DIR "/workloads/test/collected"
#define MAP_BYTES (UINT64_C(100000) * 128)
#define CELL(setting) "collected/" setting "/collected/s"

static const char plan_text[] =
    "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 100 ms\nticking = 100 ms\n"
    "walk = build hold drop silent collect rebuild redrop purge\n"
    "[shape s]\nrecords = 100k\nstrings = 1\nlength = 15\norder = hash\n"
    "[cells c]\nallocators = glibc collected\nsettings = *\nworkloads = null collected not_built\nshapes = "
    "s\n"
    "[cost c]\nallocators = glibc collected\nsettings = default\nworkloads = null collected\nshapes = s\n";

/* Runs the cells of `only`; the folder is FOLDER/run. */
static void run_plan(program_outcome *outcome, const char *folder, const char *command, const char *only)
{
    g_autofree char *plan = support_new_file(folder, "plan.ini", plan_text);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    program_run(outcome, command, DATA, "--plan", plan, "--out", run, "--only", only);
}

static struct csv *table_of(const char *folder, const char *name)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    return program_table(run, name);
}

static guint row_of(const struct csv *table, const char *cell, const char *phase)
{
    for (guint row = 0; row < csv_rows(table); row++)
        if (strcmp(program_text(table, row, "cell"), cell) == 0 &&
            (!phase || strcmp(program_text(table, row, "phase"), phase) == 0))
            return row;
    fail_msg("there is no row of %s", cell);
    return 0;
}

/* --- what a probe says --- */

static void check_tells_whose_the_heap_is_and_judges_its_settings(void **state)
{
    (void)state;
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "check", DATA, "collected");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    static const char *const said[] = {
        "  program   " PROGRAM "\n",
        "  version   collected1.2.3\n",
        "  owns      its own heap, built in\n",
        "  purge     heap.Release()\n            in " PROGRAM "\n",
        "  collect   heap.Collect()\n            in " PROGRAM "\n",
        "  foreign: " PROGRAM " does not own its heap, /bin/true does\n",
        "7 settings: 2 in force, 1 NOT in force, 2 not provable, 1 ask for nothing, 1 refuted"};
    for (guint i = 0; i < G_N_ELEMENTS(said); i++)
        support_assert_has(outcome.out, said[i]);
}

/* Nothing of it is free at the drop, nor lazy: only behind the purge does it show. */
static void behaviour_of_what_is_garbage_collected_is_that_behind_the_purge(void **state)
{
    (void)state;
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "check", DATA, "collected");
    support_assert_has(outcome.out, "lazy     lazy (100 % stays, 100 % lazy; without 0, 0)  in force\n");
    support_assert_has(outcome.out, "returns  returns (0 % stays, 0 % lazy; without 0, 0)   not provable\n");
}

static void assert_refuted(const char *folder, const char *keys, const char *reason)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *data = g_build_filename(folder, "data", NULL);
    g_autofree char *text =
        g_strdup_printf("[allocator]\nsummary = x\n%s\n[setting default]\npolicy = default\n", keys);
    support_write(folder, "data/allocators/other.ini", text);
    program_run(&outcome, "check", "--data", data, "other");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.out, reason);
}

static void what_is_not_so_is_refuted(void **state)
{
    assert_refuted(*state, "programs = collected\npurge = heap.Relaese()",
                   "REFUTED: purge call heap.Relaese is not in this program");
    assert_refuted(*state, "programs = collected\ncollect = runtime.GC()",
                   "REFUTED: collect call runtime.GC is not in this program");
    assert_refuted(*state, "collect = runtime.GC()",
                   "REFUTED: collect call runtime.GC is not in this library");
    if (!TEST_SANITIZED) {
        assert_refuted(*state, "programs = null", "REFUTED: the probe died"); /* it tells no owner */
        assert_refuted(*state,
                       "preload = " TEST_BUILD_DIR "/bench/test/libknobs.so\ncollect = malloc_trim(0)",
                       "REFUTED: collect call malloc_trim lies in /");
    }
}

static void no_library_can_take_its_place(void **state)
{
    g_auto(program_outcome) outcome = {0};
    (void)state;
    program_run(&outcome, "check", DATA, "--preload=collected=/proc/self/exe");
    program_assert_code(&outcome, EXIT_USAGE);
    support_assert_has(outcome.err, "collected is built into its programs (collected not_built)");
}

static void its_operations_are_not_timed(void **state)
{
    g_auto(program_outcome) outcome = {0}, others = {0};
    g_autofree char *text = g_strconcat("[plan]\nlatency = yes\n", plan_text + strlen("[plan]\n"), NULL);
    g_autofree char *plan = support_new_file(*state, "plan.ini", text);
    program_run(&outcome, "list", DATA, "--plan", plan);
    program_assert_code(&outcome, EXIT_BAD_DATA);
    support_assert_has(outcome.err,
                       "plan.ini:2: [plan] latency: operations of collected are not timed: it is a "
                       "program with its allocator built in");
    program_run(&others, "list", DATA, "--plan", plan, "--only", "glibc/*");
    program_assert_code(&others, EXIT_PROVEN);
}

/* --- runs --- */

static void a_run_stands_on_what_its_runtime_tells_beside_what_the_kernel_has(void **state)
{
    static const struct {
        const char *column;
        uint64_t bytes;
    } told[] = {{"drop_heap_inuse_bytes", MAP_BYTES},   {"drop_heap_idle_bytes", 0},
                {"silent_heap_released_bytes", 0},      {"collect_heap_inuse_bytes", 0},
                {"collect_heap_idle_bytes", MAP_BYTES}, {"collect_heap_released_bytes", 0},
                {"purge_heap_idle_bytes", MAP_BYTES},   {"purge_heap_released_bytes", MAP_BYTES},
                {"purge_heap_inuse_bytes", 0},          {"live_bytes", MAP_BYTES}};
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, "run", "*/default/*");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = table_of(*state, "runs.csv"), marks = table_of(*state, "marks.csv");
    guint row = row_of(runs, CELL("default"), NULL), other = row_of(runs, "glibc/default/null/s", NULL);
    assert_string_equal(program_text(runs, row, "status"), "ok");
    assert_string_equal(program_text(runs, row, "library"), PROGRAM);
    assert_string_equal(program_text(runs, row, "version"), "collected1.2.3");
    assert_string_equal(program_text(runs, row, "cpu_wait_ns"), "");
    for (guint i = 0; i < G_N_ELEMENTS(told); i++)
        assert_int_equal(program_number(runs, row, told[i].column), told[i].bytes);
    uint64_t collected = program_number(runs, row, "collect_rss_bytes");
    assert_true(collected > MAP_BYTES && program_number(runs, row, "purge_rss_bytes") < MAP_BYTES);
    assert_true(*program_text(runs, row, "collect_ns"));
    guint mark = row_of(marks, CELL("default"), "collect");
    assert_int_equal(program_number(marks, mark, "heap_idle_bytes"), MAP_BYTES);
    assert_int_equal(program_number(marks, mark, "rollup_rss_bytes"), collected);
    /* The C library has no such call, and no such phase; nor does the program tell. */
    assert_string_equal(program_text(runs, other, "status"), "ok");
    assert_string_equal(program_text(runs, other, "collect_rss_bytes"), "");
    assert_string_equal(program_text(runs, other, "drop_heap_inuse_bytes"), "");
    for (mark = 0; mark < csv_rows(marks); mark++) {
        if (strcmp(program_text(marks, mark, "cell"), "glibc/default/null/s") != 0)
            continue;
        assert_string_not_equal(program_text(marks, mark, "phase"), "collect");
        assert_string_equal(program_text(marks, mark, "heap_released_bytes"), "");
    }
}

static void a_program_that_is_not_built_is_skipped_and_says_what_to_install(void **state)
{
    g_auto(program_outcome) outcome = {0}, list = {0}, check = {0};
    g_autofree char *data = g_build_filename(*state, "data", NULL);
    g_autofree char *plan = g_build_filename(*state, "plan.ini", NULL);
    run_plan(&outcome, *state, "run", "*/default/*");
    g_autoptr(csv_table) runs = table_of(*state, "runs.csv");
    guint row = row_of(runs, "collected/default/not_built/s", NULL);
    assert_string_equal(program_text(runs, row, "status"), "skipped");
    assert_string_equal(program_text(runs, row, "reason"),
                        "workload not_built is not built: apt-get install its-compiler, then build again");
    assert_string_equal(program_text(runs, row, "library"), "");
    program_run(&list, "list", DATA, "--plan", plan);
    program_assert_code(&list, EXIT_PROVEN);
    /* The first of its programs is the one that is asked. */
    support_write(*state, "data/allocators/other.ini",
                  "[allocator]\nsummary = x\nprograms = not_built collected\npackage = its-compiler\n"
                  "[setting default]\npolicy = default\n");
    program_run(&check, "check", "--data", data, "other");
    program_assert_code(&check, EXIT_PROVEN);
    support_assert_has(
        check.out,
        "not here: workload not_built is not built: apt-get install its-compiler, then build again\n");
    support_assert_has(check.out, "1 allocator, 1 not installed, 0 refuted");
}

static void a_runtime_that_tells_of_a_part_of_its_heap_is_invalid(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, "run", CELL("part"));
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    g_autoptr(csv_table) runs = table_of(*state, "runs.csv");
    assert_string_equal(program_text(runs, 0, "status"), "invalid");
    support_assert_has(program_text(runs, 0, "reason"), "fields are missing");
}

static void a_run_goes_on_with_its_rows(void **state)
{
    g_auto(program_outcome) first = {0}, second = {0};
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    run_plan(&first, *state, "run", "collected/default/*");
    program_run(&second, "run", "--resume", run);
    program_assert_code(&second, EXIT_PROVEN);
    support_assert_has(second.err, "1 proven rows kept, 1 runs to go"); /* what was skipped */
}

static void it_has_a_price_like_others(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = support_new_file(*state, "plan.ini", plan_text);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    program_run(&outcome, "cost", DATA, "--plan", plan, "--out", run, "--repeat=1", "--only=collected/*");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = table_of(*state, "runs.csv");
    assert_int_equal(csv_rows(runs), 1);
    assert_string_equal(program_text(runs, 0, "status"), "ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(check_tells_whose_the_heap_is_and_judges_its_settings),
        SUPPORT_TEST(behaviour_of_what_is_garbage_collected_is_that_behind_the_purge),
        SUPPORT_TEST(what_is_not_so_is_refuted),
        SUPPORT_TEST(its_operations_are_not_timed),
        SUPPORT_TEST(no_library_can_take_its_place),
        SUPPORT_TEST(a_run_stands_on_what_its_runtime_tells_beside_what_the_kernel_has),
        SUPPORT_TEST(a_program_that_is_not_built_is_skipped_and_says_what_to_install),
        SUPPORT_TEST(a_runtime_that_tells_of_a_part_of_its_heap_is_invalid),
        SUPPORT_TEST(a_run_goes_on_with_its_rows),
        SUPPORT_TEST(it_has_a_price_like_others),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
