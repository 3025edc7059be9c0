/* latency.h and what becomes of it: what a line may say, when it is believed, and that its rows stay with their run. */
#include "latency.h"
#include "program.h"

/* --- the line --- */

#define GOOD                                                                                                 \
    "latency phase=drop clock=tsc count=10000 shape_count=10000 p50_ns=20 p99_ns=30 p999_ns=40 p9999_ns=41 " \
    "max_ns=5000 max_at_ns=7"

static void a_line_is_read_with_all_its_fields_in_any_order(void **state)
{
    (void)state;
    static const char *const lines[] = {
        GOOD,
        "latency max_at_ns=7 p9999_ns=41 p99_ns=30 p999_ns=40 p50_ns=20 clock=tsc max_ns=5000 count=10000 "
        "phase=drop shape_count=10000"};
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        struct latency latency;
        assert_true(latency_is_line(lines[i]));
        assert_true(latency_parse(lines[i], &latency, NULL));
        assert_string_equal(latency.phase, "drop");
        assert_string_equal(latency.clock, "tsc");
        assert_int_equal(latency.count, 10000);
        assert_int_equal(latency.shape_count, 10000);
        assert_int_equal(latency.p50_ns, 20);
        assert_int_equal(latency.p99_ns, 30);
        assert_int_equal(latency.p999_ns, 40);
        assert_int_equal(latency.p9999_ns, 41);
        assert_int_equal(latency.max_ns, 5000);
        assert_int_equal(latency.max_at_ns, 7);
    }
}

static void what_too_few_operations_cannot_tell_is_left_out_and_unknown(void **state)
{
    (void)state;
    struct latency latency;
    assert_true(
        latency_parse("latency phase=ticking clock=monotonic count=50 shape_count=50 p50_ns=2 max_ns=3 "
                      "max_at_ns=0",
                      &latency, NULL));
    assert_int_equal(latency.p50_ns, 2);
    assert_int_equal(latency.p99_ns, LATENCY_UNKNOWN);
    assert_int_equal(latency.p9999_ns, LATENCY_UNKNOWN);
    assert_true(latency_parse("latency phase=ticking clock=tsc count=0 shape_count=0", &latency, NULL));
    assert_int_equal(latency.max_ns, LATENCY_UNKNOWN);
}

static void any_other_line_is_refused_and_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *why;
    } bad[] = {
        {"phase=drop ", "", "fields are missing"},
        {"clock=tsc ", "", "fields are missing"},
        {" shape_count=10000", "", "fields are missing"},
        {" p50_ns=20", "", "fields are missing"},
        {" p9999_ns=41", "", "fields are missing"},
        {" max_ns=5000", "", "fields are missing"},
        {"phase=drop", "phase=hold", "unknown \"phase=hold\""},
        {"phase=drop", "phase=drop phase=drop", "a field twice: \"phase=drop\""},
        {"clock=tsc", "clock=sundial", "unknown \"clock=sundial\""},
        {"count=10000", "count=10000 count=10000", "a field twice: \"count=10000\""},
        {"p50_ns=20", "p50_ns=-20", "not a number"},
        {"p50_ns=20", "p50_ns=", "not a number"},
        {"p50_ns=20", "p50_ns=2e1", "not a number"},
        {"max_ns=5000", "max_ns=18446744073709551615", "not a number"},
        {"max_ns=5000", "max_ns=18446744073709551616", "not a number"},
        {"p50_ns=20", "p51_ns=20", "unknown field \"p51_ns=20\""},
        {"p50_ns=20", " p50_ns=20", "unknown field"},
        {"max_at_ns=7", "max_at_ns=7 ", "unknown field"},
        {"p50_ns=20", "p50_ns=31", "not in order"},
        {"max_ns=5000", "max_ns=40", "not in order"},
        {"count=10000 ", "count=9999 ", "more than its operations can tell"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(GStrv) parts = g_strsplit(GOOD, bad[i].from, 2);
        g_autofree char *line = g_strconcat(parts[0], bad[i].to, parts[1], NULL);
        g_autoptr(GError) error = NULL;
        struct latency latency;
        if (latency_parse(line, &latency, &error))
            fail_msg("taken: %s", line);
        support_assert_error(&error, EXIT_BAD_DATA,
                             (const char *const[]){"bad line on latency", bad[i].why, NULL});
    }
}

/* --- is it believed? --- */

static void assert_verdict(const struct latency_expected *expected, uint64_t count, uint64_t shape_count,
                           const char *why)
{
    struct latency latency = {.count = count, .shape_count = shape_count, .max_ns = 600, .max_at_ns = 400};
    g_strlcpy(latency.phase, expected->phase, sizeof latency.phase);
    g_autofree char *said = latency_verify(&latency, expected);
    if (!why)
        assert_null(said);
    else
        support_assert_has(said ? said : "(believed)", why);
}

static void it_is_believed_when_shape_and_plan_count_the_same_and_it_fits_its_phase(void **state)
{
    (void)state;
    struct latency_expected whole = {.phase = "drop", .records = 10, .phase_ns = 1000}, partly = whole,
                            ticking = {.phase = "ticking", .window_ms = 5000, .phase_ns = 1000}, late = whole;
    partly.spares = true;
    late.phase_ns = 999;
    assert_verdict(&whole, 10, 10, NULL);
    assert_verdict(&whole, 11, 10, "drop timed 11 operations, the shape says 10");
    assert_verdict(&whole, 9, 9, "drop timed 9 operations, the plan says 10");
    assert_verdict(&partly, 9, 9, NULL); /* who survives only the process knows */
    assert_verdict(&partly, 9, 8, "the shape says 8");
    assert_verdict(&ticking, 50, 50, NULL);
    assert_verdict(&ticking, 49, 49, "ticking timed 49 operations, the plan says 50");
    late.phase_ns = 0;
    assert_verdict(&late, 10, 10, NULL); /* two clocks: a microsecond is nothing */
    struct latency longer = {.phase = "drop", .count = 10, .shape_count = 10, .max_ns = 3000, .max_at_ns = 0};
    g_autofree char *why = latency_verify(&longer, &whole);
    support_assert_has(why ? why : "", "an operation of drop took 3000 ns from 0 ns on, the phase 1000 ns");
}

static void only_phases_with_operations_have_to_tell(void **state)
{
    (void)state;
    const struct latency none = {.phase = ""};
    g_autofree char *hold = latency_verify(&none, &(struct latency_expected){.phase = "hold"});
    g_autofree char *drop = latency_verify(&none, &(struct latency_expected){.phase = "drop"});
    assert_null(hold);
    support_assert_has(drop ? drop : "", "nothing was told of the latency of drop");
}

/* --- a run --- */

#define PLAN                                                                                                 \
    "[plan]\nsummary = x\nbaseline = mine/default\nsilent = 50 ms\nticking = 200 ms\nlatency = %s\n"         \
    "walk = build hold drop ticking\n"                                                                       \
    "[shape s]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\nsurvivors = %s\n"                    \
    "[cells c]\nallocators = mine\nsettings = *\nworkloads = %s\nshapes = s\n"
#define TIMED 3    /* build, drop, ticking */
#define SETTINGS 4 /* of the allocator */

static void run_plan(program_outcome *outcome, const char *folder, const char *latency, const char *survivors,
                     const char *workloads)
{
    support_write(folder, "data/allocators/mine.ini",
                  "[allocator]\nsummary = x\n[setting default]\npolicy = default\n"
                  "[setting uncounted]\npolicy = eager\nenv.FAULT = uncounted\n"
                  "[setting timed]\npolicy = lazy\nenv.FAULT = timed\n"
                  "[setting misnamed]\npolicy = lazy\nenv.FAULT = misnamed\n");
    g_autofree char *text = g_strdup_printf(PLAN, latency, survivors, workloads);
    g_autofree char *plan = support_new_file(folder, "plan.ini", text);
    g_autofree char *data = g_build_filename(folder, "data", NULL),
                    *run = g_build_filename(folder, "run", NULL);
    program_run(outcome, "run", "--plan", plan, "--data", data, "--out", run);
}

static const char *reason_of(const struct csv *runs, const char *setting, const char *status)
{
    for (guint row = 0; row < csv_rows(runs); row++) {
        if (strcmp(program_text(runs, row, "setting"), setting) != 0)
            continue;
        assert_string_equal(program_text(runs, row, "status"), status);
        return program_text(runs, row, "reason");
    }
    fail_msg("there is no row of %s", setting);
    return NULL;
}

static void a_process_that_miscounts_tells_twice_or_of_another_phase_is_invalid_and_why(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, "yes", "0", "faulty");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    reason_of(runs, "default", "ok");
    support_assert_has(reason_of(runs, "uncounted", "invalid"),
                       "drop timed 1001 operations, the shape says 1000");
    support_assert_has(reason_of(runs, "timed", "invalid"), "a line on latency nobody asked for");
    support_assert_has(reason_of(runs, "misnamed", "invalid"), "latency of drop in build");
    g_autoptr(csv_table) summary = program_table(run, "latency_summary.csv");
    assert_int_equal(csv_rows(summary), TIMED); /* of the good one alone */
}

static void a_line_in_a_run_that_times_nothing_is_nobodys(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, "no", "0", "faulty");
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autofree char *latency = g_build_filename(run, "latency.csv", NULL);
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    support_assert_has(reason_of(runs, "timed", "invalid"), "a line on latency nobody asked for");
    reason_of(runs, "uncounted", "ok"); /* nothing of it is in the workload itself */
    assert_false(g_file_test(latency, G_FILE_TEST_EXISTS));
    support_assert_has_not(outcome.out, "Who pays");
}

static void each_timed_phase_of_a_run_has_a_row_and_the_table_says_who_pays(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, "yes", "10%", "hash_chained hash_open null");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autoptr(csv_table) latency = program_table(run, "latency.csv");
    assert_int_equal(csv_rows(latency), 3 * SETTINGS * TIMED);
    for (guint row = 0; row < csv_rows(latency); row++) {
        const char *phase = program_text(latency, row, "phase");
        uint64_t count = program_number(latency, row, "count");
        if (strcmp(phase, "drop") == 0)
            assert_in_range(count, 850, 950);
        else
            assert_int_equal(count, strcmp(phase, "build") == 0 ? 1000 : 2);
        assert_string_equal(program_text(latency, row, "p9999_ns"), "");
        program_number(latency, row, "p50_ns");
        program_number(latency, row, "max_ns");
    }
    support_assert_has(outcome.out, "Who pays");
    support_assert_has(outcome.out, "The floor is null, s");
    const char *told = strstr(outcome.out, "The floor is ");
    assert_null(strstr(told + 1, "The floor is ")); /* once, not for each setting */
    support_assert_has(outcome.out, "Timing costs ");
}

/* Builds of the walk w, in its order: the first has 1000 operations, the second between these. */
static void assert_second_build(const char *folder, const char *shape_and_walk, uint64_t least, uint64_t most)
{
    g_auto(program_outcome) outcome = {0};
    guint builds = 0;
    run_plan(&outcome, folder, "yes", shape_and_walk, "hash_chained\nwalks = w");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    g_autoptr(csv_table) latency = program_table(run, "latency.csv");
    for (guint row = 0; row < csv_rows(latency); row++) {
        uint64_t count = program_number(latency, row, "count");
        if (!strstr(program_text(latency, row, "phase"), "build"))
            continue;
        assert_in_range(count, builds % 2 == 0 ? 1000 : least, builds % 2 == 0 ? 1000 : most);
        builds++;
    }
    assert_int_equal(builds, 2 * SETTINGS);
}

static void a_second_build_times_all_fresh_keys(void **state)
{
    assert_second_build(*state, "10%\nkeys = fresh\n[walk w]\nphases = build drop\ncycles = 2", 1000, 1000);
}

static void a_second_build_of_the_same_keys_times_those_that_did_not_survive(void **state)
{
    assert_second_build(*state, "10%\n[walk w]\nphases = build drop build drop", 850, 950);
}

static void the_figure_names_every_setting_and_draws_the_machines_floor(void **state)
{
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    bool can_draw = gnuplot && !TEST_SANITIZED;
    g_free(g_steal_pointer(&gnuplot)); /* skip() does not return */
    if (!can_draw)
        skip();
    g_auto(program_outcome) outcome = {0}, plot = {0};
    run_plan(&outcome, *state, "yes", "0", "hash_chained null");
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    program_run_words(&plot, (const char *const[]){TEST_SOURCE_DIR "/scripts/plot", run, NULL});
    program_assert_code(&plot, 0);
    g_autofree char *drawn = support_read(run, "plots/tail_latency.svg");
    support_assert_has(drawn, "mine/default");
    support_assert_has(drawn, "mine/timed");
    support_assert_has(drawn, "worst: ");
    support_assert_has(drawn, "</svg>");
}

static void the_figure_is_drawn_where_no_wait_for_a_cpu_is_known(void **state)
{
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    bool can_draw = gnuplot && !TEST_SANITIZED;
    g_free(g_steal_pointer(&gnuplot)); /* skip() does not return */
    if (!can_draw)
        skip();
    g_auto(program_outcome) outcome = {0}, plot = {0};
    run_plan(&outcome, *state, "yes", "0\nworkers = 2", "hash_chained null");
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autoptr(csv_table) summary = program_table(run, "latency_summary.csv");
    for (guint row = 0; row < csv_rows(summary); row++)
        assert_string_equal(program_text(summary, row, "max_wait_ns"), "");
    program_run_words(&plot, (const char *const[]){TEST_SOURCE_DIR "/scripts/plot", run, NULL});
    program_assert_code(&plot, 0);
    support_assert_has_not(plot.err, "tail_latency");
    g_autofree char *drawn = support_read(run, "plots/tail_latency.svg");
    support_assert_has(drawn, "mine/default");
    support_assert_has_not(drawn, "rgb(136,136,136)"); /* none is said to have waited */
}

/* Replaces the first `from` by `to` in a file of the run. */
static void edit(const char *folder, const char *name, const char *from, const char *to)
{
    g_autofree char *text = support_read(folder, name);
    support_assert_has(text, from);
    g_auto(GStrv) parts = g_strsplit(text, from, 2);
    g_autofree char *edited = g_strconcat(parts[0], to, parts[1], NULL);
    support_write(folder, name, edited);
}

static void a_row_without_all_its_latency_is_run_again_and_rows_of_nobody_go(void **state)
{
    g_auto(program_outcome) outcome = {0}, again = {0};
    run_plan(&outcome, *state, "yes", "0", "hash_chained null");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    edit(*state, "run/latency.csv", "mine/default/null/s,1,drop", "mine/default/nil/s,1,drop");
    g_autofree char *rows = support_read(*state, "run/runs.csv");
    g_auto(GStrv) around = g_strsplit(rows, "mine/timed/hash_chained/s,", 2);
    g_auto(GStrv) of_row = g_strsplit(around[1], ",end,,ok,", 2);
    g_autofree char *edited =
        g_strconcat(around[0], "mine/timed/hash_chained/s,", of_row[0], ",end,,no,", of_row[1], NULL);
    support_write(*state, "run/runs.csv", edited);
    program_run(&again, "run", "--resume", run);
    support_assert_has(again.err, "2 runs to go");
    g_autoptr(csv_table) runs = program_table(run, "runs.csv"), latency = program_table(run, "latency.csv");
    assert_int_equal(program_count_ok(runs), 2 * SETTINGS);
    assert_int_equal(csv_rows(latency), 2 * SETTINGS * TIMED);
    g_autofree char *text = support_read(*state, "run/latency.csv");
    support_assert_has_not(text, "/nil/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_with_all_its_fields_in_any_order),
        cmocka_unit_test(what_too_few_operations_cannot_tell_is_left_out_and_unknown),
        cmocka_unit_test(any_other_line_is_refused_and_says_why),
        cmocka_unit_test(it_is_believed_when_shape_and_plan_count_the_same_and_it_fits_its_phase),
        cmocka_unit_test(only_phases_with_operations_have_to_tell),
        SUPPORT_TEST(a_process_that_miscounts_tells_twice_or_of_another_phase_is_invalid_and_why),
        SUPPORT_TEST(a_line_in_a_run_that_times_nothing_is_nobodys),
        SUPPORT_TEST(each_timed_phase_of_a_run_has_a_row_and_the_table_says_who_pays),
        SUPPORT_TEST(a_second_build_times_all_fresh_keys),
        SUPPORT_TEST(a_second_build_of_the_same_keys_times_those_that_did_not_survive),
        SUPPORT_TEST(the_figure_names_every_setting_and_draws_the_machines_floor),
        SUPPORT_TEST(the_figure_is_drawn_where_no_wait_for_a_cpu_is_known),
        SUPPORT_TEST(a_row_without_all_its_latency_is_run_again_and_rows_of_nobody_go),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
