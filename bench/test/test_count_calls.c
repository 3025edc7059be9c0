/* `afterfree run --count-calls` on what calls the kernel a known number of times: the workload `mapped`, and the
 * controls. Where calls cannot be counted, it says so and goes on. */
#include <unistd.h>

#include "program.h"
#include "syscalls.h"

#define CONTROLS TEST_BUILD_DIR "/bench/controls/libcontrol-"
#define PLAN                                                                                                 \
    "[plan]\nsummary = calls\nbaseline = perfect/default\nsilent = 1 s\nticking = 100 ms\n"                  \
    "walk = build hold drop silent rebuild redrop purge rebuild redrop\n"                                    \
    "[shape s]\nrecords = 10k\nstrings = 1\nlength = 15\norder = hash\n"
#define CONTROL_CELLS                                                                                        \
    "[cells c]\nallocators = perfect lying delayed\nsettings = default honest 300ms late-purge\n"            \
    "workloads = hash_open\nshapes = s\n"
#define MAPPED_CELLS "[cells m]\nallocators = mapped\nsettings = *\nworkloads = mapped\nshapes = s\n"
#define ANY_CELL "[cells m]\nallocators = mapped\nsettings = default\nworkloads = mapped\nshapes = s\n"

static const char *const phases[] = {"build", "drop", "rebuild", "redrop", "purge", "rebuild_after_purge"};

/* A sanitizer's runtime makes calls of its own, and takes no preload. */
static void skip_unless_countable(void)
{
    g_autoptr(GError) why = NULL;
    bool possible = syscalls_possible(syscalls_tracefs, &why);
    if (!possible)
        print_message("%s\n", why->message);
    if (!possible || TEST_SANITIZED)
        skip();
}

#define RUN(outcome, folder, cells, ...)                                                                     \
    g_autofree char *plan = support_new_file(folder, "plan.ini", PLAN cells);                                \
    g_autofree char *run = g_build_filename(folder, "run", NULL);                                            \
    g_auto(program_outcome) outcome = {0};                                                                   \
    program_run(&outcome, "run", "-q", "--plan", plan, "--out", run, "--data",                               \
                TEST_SOURCE_DIR "/bench/test/controls", "--data", TEST_SOURCE_DIR "/bench/test",             \
                "--preload", "perfect=" CONTROLS "perfect.so", "--preload", "lying=" CONTROLS "lying.so",    \
                "--preload", "delayed=" CONTROLS "delayed.so", __VA_ARGS__);                                 \
    program_assert_code(&outcome, EXIT_PROVEN)

static guint row_of(const struct csv *csv, const char *cell)
{
    for (guint row = 0; row < csv_rows(csv); row++)
        if (strcmp(program_text(csv, row, "cell"), cell) == 0)
            return row;
    fail_msg("no cell %s", cell);
    return 0;
}

/* `expected` has madvise, munmap, mmap, brk of each of `phases`. */
static void assert_calls(const struct csv *runs, const char *cell,
                         const unsigned expected[G_N_ELEMENTS(phases)][SYSCALLS_COUNT])
{
    guint row = row_of(runs, cell);
    for (guint phase = 0; phase < G_N_ELEMENTS(phases); phase++)
        for (guint call = 0; call < SYSCALLS_COUNT; call++) {
            g_autofree char *column = g_strdup_printf("%s_%s_calls", phases[phase], syscalls_names[call]);
            uint64_t found = program_number(runs, row, column);
            if (found != expected[phase][call])
                fail_msg("%s: %s is %" G_GUINT64_FORMAT ", %u was expected", cell, column, found,
                         expected[phase][call]);
        }
}

static void controls_make_the_calls_they_are_known_to_make_and_no_other(void **state)
{
    skip_unless_countable();
    RUN(outcome, *state, CONTROL_CELLS, "--count-calls");
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    assert_calls(runs, "lying/default/hash_open/s", (const unsigned[6][4]){{0}});
    assert_calls(runs, "lying/honest/hash_open/s", (const unsigned[6][4]){[4] = {1}});
    assert_calls(runs, "perfect/default/hash_open/s", (const unsigned[6][4]){[1] = {1}, [3] = {1}});
    /* By its thread, when the purge has long returned, and before it has settled. */
    assert_calls(runs, "delayed/late-purge/hash_open/s", (const unsigned[6][4]){[4] = {1}});
}

/* The thread runs in silence at the latest: which side of the drop's mark is the clock's to say. */
static void what_a_thread_of_the_allocator_calls_in_silence_is_counted(void **state)
{
    skip_unless_countable();
    RUN(outcome, *state, CONTROL_CELLS, "--count-calls", "--only", "delayed/300ms/*");
    g_autoptr(csv_table) marks = program_table(run, "marks.csv");
    uint64_t advised = 0;
    for (guint row = 0; row < csv_rows(marks); row++) {
        const char *phase = program_text(marks, row, "phase");
        if (strcmp(phase, "drop") == 0 || strcmp(phase, "silent") == 0)
            advised += program_number(marks, row, "madvise_calls");
    }
    assert_int_equal(advised, 1);
}

/* It has no purge: so no rebuild behind one. */
static void a_workload_that_maps_its_memory_itself_is_counted_call_by_call(void **state)
{
    skip_unless_countable();
    RUN(outcome, *state, MAPPED_CELLS, "--count-calls");
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    static const struct {
        const char *cell;
        unsigned calls[4][3]; /* build, drop, rebuild, redrop: madvise, munmap, mmap */
    } known[] = {{"mapped/default/mapped/s", {{0, 0, 1}, {0, 1, 0}, {0, 0, 1}, {0, 1, 0}}},
                 {"mapped/lazy/mapped/s", {{0, 0, 1}, {1, 0, 0}, {0, 0, 0}, {1, 0, 0}}},
                 {"mapped/dirty/mapped/s", {{0, 0, 1}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}}},
                 {"mapped/leaked/mapped/s", {{0, 0, 1}, {0, 0, 0}, {0, 0, 1}, {0, 0, 0}}}};
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        guint row = row_of(runs, known[i].cell);
        for (guint phase = 0; phase < 4; phase++)
            for (guint call = 0; call < 3; call++) {
                g_autofree char *column = g_strdup_printf("%s_%s_calls", phases[phase], syscalls_names[call]);
                assert_int_equal(program_number(runs, row, column), known[i].calls[phase][call]);
            }
        assert_string_equal(program_text(runs, row, "purge_madvise_calls"), "");
        assert_string_equal(program_text(runs, row, "rebuild_after_purge_mmap_calls"), "");
    }
}

static void assert_nothing_counted(const char *run, const char *printed)
{
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    g_autoptr(csv_table) marks = program_table(run, "marks.csv");
    assert_string_equal(program_text(runs, 0, "status"), "ok");
    assert_string_equal(program_text(runs, 0, "build_mmap_calls"), "");
    assert_string_equal(program_text(marks, 0, "mmap_calls"), "");
    support_assert_has_not(printed, "System calls in each phase");
}

static void without_the_option_nothing_is_counted_and_nothing_printed_of_it(void **state)
{
    RUN(outcome, *state, ANY_CELL, "--sample-hz=100");
    assert_nothing_counted(run, outcome.out);
}

static void a_run_that_is_gone_on_with_is_still_counted(void **state)
{
    skip_unless_countable();
    RUN(outcome, *state, ANY_CELL, "--count-calls");
    g_autofree char *before = support_read(run, "runs.csv");
    support_write(run, "runs.csv", "");
    g_autofree char *header = g_strndup(before, strcspn(before, "\n") + 1);
    support_write(run, "runs.csv", header);
    g_auto(program_outcome) resumed = {0};
    program_run(&resumed, "run", "-q", "--resume", run);
    program_assert_code(&resumed, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    assert_int_equal(program_number(runs, 0, "build_mmap_calls"), 1);
    support_assert_has(resumed.out, "System calls in each phase");
}

static void the_counted_pass_of_a_timed_run_has_the_calls_and_the_timed_rows_have_none(void **state)
{
    skip_unless_countable();
    g_autofree char *plan = support_new_file(
        *state, "plan.ini",
        "[plan]\nsummary = x\nbaseline = mapped/default\nsilent = 1 s\nticking = 100 ms\nrounds = 2\n"
        "[shape s]\nrecords = 10k\nstrings = 1\nlength = 15\norder = hash\n"
        "[cost m]\nallocators = mapped\nsettings = default\nworkloads = mapped\nshapes = s\n");
    g_autofree char *cost = g_build_filename(*state, "cost", NULL);
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "cost", "-q", "--plan", plan, "--out", cost, "--data",
                TEST_SOURCE_DIR "/bench/test");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) timed = program_table(cost, "runs.csv");
    g_autoptr(csv_table) counted = program_table(cost, "calls/runs.csv");
    assert_int_equal(csv_rows(timed), 2);
    assert_string_equal(program_text(timed, 0, "build_mmap_calls"), "");
    assert_int_equal(csv_rows(counted), 1);
    assert_int_equal(program_number(counted, 0, "build_mmap_calls"), 1);
    assert_int_equal(program_number(counted, 0, "drop_munmap_calls"), 1);
}

/* --- where it is not to be had --- */

static void become_nobody(gpointer nothing)
{
    (void)nothing;
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        _exit(126);
}

/* Runs the program as somebody without rights. */
static void run_as_nobody(program_outcome *outcome, const char *const *words)
{
    g_autoptr(GError) error = NULL;
    int status;
    if (!g_spawn_sync(NULL, (char **)(uintptr_t)words, NULL, G_SPAWN_DEFAULT, become_nobody, NULL,
                      &outcome->out, &outcome->err, &status, &error))
        fail_msg("%s", error->message);
    outcome->code = program_exit_code(status);
}

static void who_may_not_count_is_told_why_and_gets_his_run_without(void **state)
{
    g_autofree char *plan = support_new_file(*state, "plan.ini", PLAN ANY_CELL);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_auto(program_outcome) outcome = {0};
    assert_int_equal(g_chmod(*state, 0777), 0);
    const char *const words[] = {
        TEST_BUILD_DIR "/bench/afterfree", "run",           "-q", "--plan", plan, "--out", run, "--data",
        TEST_SOURCE_DIR "/bench/test",     "--count-calls", NULL};
    run_as_nobody(&outcome, words);
    if (strstr(outcome.out, "System calls in each phase"))
        skip(); /* here everybody may */
    program_assert_code(&outcome, EXIT_PROVEN);
    const char *told = strstr(outcome.err, "system calls cannot be counted: ");
    assert_non_null(told);
    assert_null(strstr(told + 1, "system calls cannot be counted: "));
    assert_nothing_counted(run, outcome.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(controls_make_the_calls_they_are_known_to_make_and_no_other),
        SUPPORT_TEST(what_a_thread_of_the_allocator_calls_in_silence_is_counted),
        SUPPORT_TEST(a_workload_that_maps_its_memory_itself_is_counted_call_by_call),
        SUPPORT_TEST(without_the_option_nothing_is_counted_and_nothing_printed_of_it),
        SUPPORT_TEST(a_run_that_is_gone_on_with_is_still_counted),
        SUPPORT_TEST(the_counted_pass_of_a_timed_run_has_the_calls_and_the_timed_rows_have_none),
        SUPPORT_TEST(who_may_not_count_is_told_why_and_gets_his_run_without),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
