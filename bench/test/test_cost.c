/* `afterfree cost` as a user runs it: its rounds, its folder, its report, and how it goes on. */
#include "program.h"

#define SHAPE "[shape s]\nrecords = 2000\nstrings = 1\nlength = 15\norder = hash\n"
#define HEAD "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 100 ms\nticking = 100 ms\nrounds = 3\n"
#define CELLS "[cells c]\nallocators = glibc\nsettings = default\nworkloads = hash_open\nshapes = s\n"
#define COST                                                                                                 \
    "[cost d]\nallocators = glibc\nsettings = default arena-1 trim-128k\nworkloads = hash_open\nshapes = "   \
    "s\n"

#define SHAPE_T "[shape t]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n"
#define CELLS_T "[cells t]\nallocators = glibc\nsettings = default\nworkloads = hash_open\nshapes = t\n"

#define CELL_COUNT 3
#define ROUNDS 3
#define PHASES 5

static char *plan_of(const char *folder, const char *text)
{
    return support_new_file(folder, "plan.ini", text);
}

static void rows_are_rounds_and_each_has_every_cell_once(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--no-table");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_string_equal(outcome.out, "");
    g_autoptr(csv_table) runs = program_table(out, "runs.csv");
    assert_int_equal(program_count_ok(runs), CELL_COUNT * ROUNDS);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint row = 0; row < csv_rows(runs); row++) {
        const char *cell = program_text(runs, row, "cell");
        assert_int_equal(program_number(runs, row, "repeat"), row / CELL_COUNT + 1);
        assert_true(g_hash_table_add(seen, g_strdup_printf("%s %u", cell, row / CELL_COUNT)));
        assert_true(program_number(runs, row, "rebuild_after_purge_ns") > 0);
        assert_string_equal(program_text(runs, row, "silent_rss_bytes"), "");
        assert_int_equal(program_number(runs, row, "samples"), 10); /* the marks, and none between */
    }
}

static void machine_ini_says_which_pass_it_is_and_that_addresses_are_random(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--no-table", "--repeat", "1");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autofree char *machine = support_read(out, "machine.ini");
    support_assert_has(machine, "\npass=cost\n");
    support_assert_has(machine, "\nfixed_addresses=no\n");
    g_autofree char *kept = support_read(out, "plan.ini");
    support_assert_has(kept, "rounds=1\n");
}

static guint count(const char *text, const char *part)
{
    guint found = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        found++;
    return found;
}

static void the_report_has_a_benchmark_a_phase_and_a_repetition_a_round(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autofree char *json = support_read(out, "benchmark.json");
    assert_int_equal(count(json, "\"run_type\": \"iteration\""), CELL_COUNT * ROUNDS * PHASES);
    support_assert_has(json, "\"name\": \"glibc/arena-1/hash_open/s/rebuild_after_purge\"");
    support_assert_has(json, "\"allocator.glibc\": \"");
    support_assert_has(outcome.out, "glibc/trim-128k/hash_open/s/drop_median");
}

/* 2000 records in one phase: the JSON's time times 2000 is the row's. */
static void a_time_is_the_rows_cpu_time_over_its_records(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--no-table", "--repeat", "1",
                "--benchmark_filter=default/.*/build$");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(out, "runs.csv");
    g_autofree char *json = support_read(out, "benchmark.json");
    g_auto(GStrv) parts = g_strsplit(json, "2000,\n      \"real_time\": ", 2);
    assert_int_equal(g_strv_length(parts), 2);
    double told_ns = g_ascii_strtod(parts[1], NULL);
    double cpu_ns =
        (double)(program_number(runs, 0, "build_user_ns") + program_number(runs, 0, "build_sys_ns"));
    assert_true(told_ns > 0 && told_ns * 2000 > 0.999 * cpu_ns && told_ns * 2000 < 1.001 * cpu_ns);
}

static void the_filter_runs_the_cells_it_leaves_and_no_others(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--no-table",
                "--benchmark_filter=arena-1/.*/drop", "--benchmark_repetitions=2");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(out, "runs.csv");
    assert_int_equal(csv_rows(runs), 2);
    for (guint row = 0; row < 2; row++)
        assert_string_equal(program_text(runs, row, "setting"), "arena-1");
    g_autofree char *json = support_read(out, "benchmark.json"); /* of what was run */
    assert_int_equal(count(json, "\"run_type\": \"iteration\""), 2 * PHASES);
}

/* The folder's report is of all its rows; a look at some of them is the console's. */
static void benchmark_json_has_all_of_it_whatever_the_console_was_asked(void **state)
{
    g_auto(program_outcome) outcome = {0}, look = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--no-table");
    program_assert_code(&outcome, EXIT_PROVEN);
    program_run(&look, "cost", "--resume", out, "-q", "--benchmark_filter=arena-1/.*/drop$",
                "--benchmark_report_aggregates_only=true");
    program_assert_code(&look, EXIT_PROVEN);
    support_assert_has(look.out, "glibc/arena-1/hash_open/s/drop_median");
    support_assert_has_not(look.out, "glibc/arena-1/hash_open/s/build_median");
    g_autofree char *json = support_read(out, "benchmark.json");
    assert_int_equal(count(json, "\"run_type\": \"iteration\""), CELL_COUNT * ROUNDS * PHASES);
}

static void a_console_of_json_is_json_alone(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--repeat", "1",
                "--benchmark_format=json");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_true(g_str_has_prefix(outcome.out, "{"));
    assert_true(g_str_has_suffix(g_strchomp(outcome.out), "}"));
}

/* Each counter against the row it comes from. */
static void the_counters_are_the_rows(void **state)
{
    static const struct {
        const char *counter, *column;
    } expected[] = {{"minor_faults", "rebuild_after_purge_minor_faults"},
                    {"user_ns", "rebuild_after_purge_user_ns"},
                    {"sys_ns", "rebuild_after_purge_sys_ns"},
                    {"wall_ns", "rebuild_after_purge_ns"},
                    {"process_cpu_wait_ns", "cpu_wait_ns"},
                    {"peak_rss_bytes", "peak_rss_bytes"},
                    {"post_free_rss_bytes", "purge_rss_bytes"}};
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--repeat", "1",
                "--benchmark_format=json", "--benchmark_filter=default/.*/rebuild_after_purge$");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(out, "runs.csv");
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *key = g_strdup_printf("\"%s\": ", expected[i].counter);
        g_auto(GStrv) parts = g_strsplit(outcome.out, key, 2);
        if (g_strv_length(parts) != 2)
            fail_msg("there is no %s in %s", expected[i].counter, outcome.out);
        double told = g_ascii_strtod(parts[1], NULL),
               is = (double)program_number(runs, 0, expected[i].column);
        if (told != is)
            fail_msg("%s is %g, %s is %g", expected[i].counter, told, expected[i].column, is);
    }
    if (!TEST_SANITIZED) /* whose malloc gives nothing back */
        assert_true(program_number(runs, 0, "purge_rss_bytes") < program_number(runs, 0, "drop_rss_bytes"));
}

/* Of the cell's own row in calls/, and the report says whose they are. */
static void counted_calls_are_the_cells_own(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL),
                    *calls = g_build_filename(out, "calls", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--repeat", "1",
                "--benchmark_format=json", "--benchmark_filter=/build$");
    program_assert_code(&outcome, EXIT_PROVEN);
    if (!g_file_test(calls, G_FILE_TEST_EXISTS)) {
        support_assert_has(outcome.err, "system calls are not counted");
        return;
    }
    support_assert_has(outcome.out, "\"calls\": \"madvise_calls");
    g_autoptr(csv_table) counted = program_table(calls, "runs.csv");
    for (guint row = 0; row < csv_rows(counted); row++) {
        g_autofree char *name = g_strdup_printf("\"name\": \"%s/build\"", program_text(counted, row, "cell"));
        g_auto(GStrv) parts = g_strsplit(outcome.out, name, 2);
        g_auto(GStrv) after = g_strsplit(parts[1], "\"brk_calls\": ", 2);
        assert_true(g_ascii_strtod(after[1], NULL) ==
                    (double)program_number(counted, row, "build_brk_calls"));
    }
}

static void a_list_of_names_runs_nothing(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "--benchmark_list_tests");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_int_equal(count(outcome.out, "\n"), CELL_COUNT * PHASES);
    support_assert_has(outcome.out, "glibc/default/hash_open/s/purge\n");
    assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
}

static void a_flag_that_is_none_is_refused_before_anything_runs(void **state)
{
    static const char *const flags[] = {"--benchmark_colour=red", "--benchmark_repetitions=many",
                                        "--benchmark_repetitions=1001"};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_auto(program_outcome) outcome = {0};
        program_run(&outcome, "cost", "--plan", plan, "--out", out, flags[i]);
        program_assert_code(&outcome, EXIT_USAGE);
        g_auto(GStrv) parts = g_strsplit(flags[i], "=", 2);
        support_assert_has(outcome.err, parts[0]);
        assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
    }
}

static void into_a_run_it_takes_its_plan_and_selection_and_again_goes_on(void **state)
{
    g_auto(program_outcome) run = {0}, cost = {0}, again = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE CELLS COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL),
                    *timed = g_build_filename(out, "cost", NULL);
    program_run(&run, "run", "--plan", plan, "--out", out, "-q", "--only", "glibc/default/*");
    program_assert_code(&run, EXIT_PROVEN);
    program_run(&cost, "cost", "--into", out, "-q");
    program_assert_code(&cost, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(timed, "runs.csv");
    assert_int_equal(program_count_ok(runs), ROUNDS);
    g_autofree char *before = support_read(timed, "runs.csv");
    program_run(&again, "cost", "--into", out, "-q");
    program_assert_code(&again, EXIT_PROVEN);
    g_autofree char *after = support_read(timed, "runs.csv");
    assert_string_equal(before, after);
}

/* Of several globs those that are meant for the other pass do not cost this one its cells. */
static void a_glob_that_selects_no_timed_cell_costs_the_others_nothing(void **state)
{
    g_auto(program_outcome) run = {0}, cost = {0}, again = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE SHAPE_T CELLS CELLS_T COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL),
                    *timed = g_build_filename(out, "cost", NULL);
    program_run(&run, "run", "--plan", plan, "--out", out, "-q", "--only", "*/t", "--only", "*/default/*/s");
    program_assert_code(&run, EXIT_PROVEN);
    program_run(&cost, "cost", "--into", out, "-q", "--no-table");
    program_assert_code(&cost, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(timed, "runs.csv");
    assert_int_equal(program_count_ok(runs), ROUNDS);
    program_run(&again, "cost", "--resume", timed, "-q", "--no-table");
    program_assert_code(&again, EXIT_PROVEN);
}

/* Nothing to time is no error, a filter that leaves nothing is one. */
static void a_mistyped_filter_is_an_error_also_into_a_run(void **state)
{
    g_auto(program_outcome) run = {0}, cost = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE CELLS COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&run, "run", "--plan", plan, "--out", out, "-q", "--no-table");
    program_assert_code(&run, EXIT_PROVEN);
    program_run(&cost, "cost", "--into", out, "-q", "--benchmark_filter=typo");
    program_assert_code(&cost, EXIT_NO_MATCH);
}

/* The last row goes, as if it had been killed there: that one alone is earned again. */
static void a_pass_that_was_cut_short_goes_on(void **state)
{
    g_auto(program_outcome) first = {0}, second = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE COST);
    g_autofree char *out = g_build_filename(*state, "out", NULL),
                    *path = g_build_filename(out, "runs.csv", NULL);
    program_run(&first, "cost", "--plan", plan, "--out", out, "-q", "--no-table");
    program_assert_code(&first, EXIT_PROVEN);
    g_autofree char *whole = support_read(out, "runs.csv");
    g_auto(GStrv) lines = g_strsplit(whole, "\n", -1);
    *lines[CELL_COUNT * ROUNDS] = '\0';
    g_clear_pointer(&lines[CELL_COUNT * ROUNDS + 1], g_free);
    g_autofree char *shorter = g_strjoinv("\n", lines);
    assert_true(g_file_set_contents(path, shorter, -1, NULL));
    program_run(&second, "cost", "--resume", out, "-q", "--no-table");
    program_assert_code(&second, EXIT_PROVEN);
    g_autofree char *after = support_read(out, "runs.csv");
    assert_true(g_str_has_prefix(after, shorter));
    g_autoptr(csv_table) runs = program_table(out, "runs.csv");
    assert_int_equal(program_count_ok(runs), CELL_COUNT * ROUNDS);
}

static void each_pass_goes_on_with_its_own_command(void **state)
{
    g_auto(program_outcome) run = {0}, cost = {0}, wrong = {0}, wrong_too = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE CELLS COST);
    g_autofree char *memory = g_build_filename(*state, "memory", NULL);
    g_autofree char *timed = g_build_filename(*state, "timed", NULL);
    program_run(&run, "run", "--plan", plan, "--out", memory, "-q", "--no-table");
    program_run(&cost, "cost", "--plan", plan, "--out", timed, "-q", "--no-table");
    program_assert_code(&run, EXIT_PROVEN);
    program_assert_code(&cost, EXIT_PROVEN);
    program_run(&wrong, "run", "--resume", timed);
    program_assert_code(&wrong, EXIT_USAGE);
    support_assert_has(wrong.err, "afterfree cost --resume");
    program_run(&wrong_too, "cost", "--resume", memory);
    program_assert_code(&wrong_too, EXIT_USAGE);
    support_assert_has(wrong_too.err, "afterfree run --resume");
}

static void a_plan_without_timed_cells_is_no_error_where_it_comes_along(void **state)
{
    g_auto(program_outcome) run = {0}, into = {0}, alone = {0};
    g_autofree char *plan = plan_of(*state, HEAD SHAPE CELLS);
    g_autofree char *out = g_build_filename(*state, "out", NULL),
                    *timed = g_build_filename(out, "cost", NULL);
    program_run(&run, "run", "--plan", plan, "--out", out, "-q", "--no-table");
    program_assert_code(&run, EXIT_PROVEN);
    program_run(&into, "cost", "--into", out);
    program_assert_code(&into, EXIT_PROVEN);
    support_assert_has(into.err, "nothing to time: ");
    support_assert_has(into.err, "[cost NAME]");
    assert_false(g_file_test(timed, G_FILE_TEST_EXISTS));
    program_run(&alone, "cost", "--plan", plan, "--out", timed);
    program_assert_code(&alone, EXIT_NO_MATCH);
}

#define FAULTS                                                                                               \
    "[plan]\nsummary = x\nbaseline = faulty/default\nsilent = 100 ms\nticking = 100 ms\nrounds = 2\n" SHAPE  \
    "[cost c]\nallocators = faulty\nsettings = default exit miscount\nworkloads = faulty\nshapes = s\n"

static void a_cell_that_fails_has_an_error_in_the_report_and_costs_no_other(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = plan_of(*state, FAULTS);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--no-table", "--data",
                TEST_SOURCE_DIR "/bench/test");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    g_autoptr(csv_table) runs = program_table(out, "runs.csv");
    assert_int_equal(csv_rows(runs), 6);
    g_autofree char *json = support_read(out, "benchmark.json");
    support_assert_has(json, "\"error_message\": \"failed: exit code 3 in drop");
    support_assert_has(json, "\"error_message\": \"invalid: live bytes");
    support_assert_has(json, "\"name\": \"faulty/default/faulty/s/build_median\"");
    /* The command that repeats it has no setarch: addresses were random. */
    support_assert_has(outcome.err, "repeat it with: env -i 'FAULT=exit' '/");
}

static void options_that_do_not_go_together_are_refused(void **state)
{
    static const char *const cases[][5] = {{"--into", "x", "--plan", "smoke", NULL},
                                           {"--into", "x", "--resume", "y", NULL},
                                           {"--resume", "x", "--repeat", "3", NULL},
                                           {"--into", "x", "--out", "y", NULL},
                                           {"--repeat", "9", "--benchmark_repetitions=3", NULL, NULL}};
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(program_outcome) outcome = {0};
        program_run(&outcome, "cost", cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
        program_assert_code(&outcome, EXIT_USAGE);
        support_assert_has(outcome.err, cases[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(rows_are_rounds_and_each_has_every_cell_once),
        SUPPORT_TEST(machine_ini_says_which_pass_it_is_and_that_addresses_are_random),
        SUPPORT_TEST(the_report_has_a_benchmark_a_phase_and_a_repetition_a_round),
        SUPPORT_TEST(a_time_is_the_rows_cpu_time_over_its_records),
        SUPPORT_TEST(the_filter_runs_the_cells_it_leaves_and_no_others),
        SUPPORT_TEST(benchmark_json_has_all_of_it_whatever_the_console_was_asked),
        SUPPORT_TEST(a_console_of_json_is_json_alone),
        SUPPORT_TEST(the_counters_are_the_rows),
        SUPPORT_TEST(counted_calls_are_the_cells_own),
        SUPPORT_TEST(a_list_of_names_runs_nothing),
        SUPPORT_TEST(a_flag_that_is_none_is_refused_before_anything_runs),
        SUPPORT_TEST(into_a_run_it_takes_its_plan_and_selection_and_again_goes_on),
        SUPPORT_TEST(a_glob_that_selects_no_timed_cell_costs_the_others_nothing),
        SUPPORT_TEST(a_mistyped_filter_is_an_error_also_into_a_run),
        SUPPORT_TEST(a_pass_that_was_cut_short_goes_on),
        SUPPORT_TEST(each_pass_goes_on_with_its_own_command),
        SUPPORT_TEST(a_plan_without_timed_cells_is_no_error_where_it_comes_along),
        SUPPORT_TEST(a_cell_that_fails_has_an_error_in_the_report_and_costs_no_other),
        SUPPORT_TEST(options_that_do_not_go_together_are_refused),
    };
    return PROGRAM_UNPROVABLE ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
