/* The program as a user runs it: the smoke plan, its folder, its figures, its exit codes. */
#include "program.h"

/* One run of the smoke plan for all tests; nobody changes it but by what is tested. */
static struct {
    char *folder, *run;
    program_outcome outcome;
} smoke;

/* Under a sanitizer only what needs no preload. */
#define SMOKE_CELLS (TEST_SANITIZED ? "glibc/*" : "*")

static int run_smoke(void **state)
{
    (void)state;
    void *folder;
    if (support_open_folder(&folder) != 0)
        return -1;
    smoke.folder = folder;
    smoke.run = g_build_filename(smoke.folder, "run", NULL);
    program_run(&smoke.outcome, "run", "--plan", "smoke", "--out", smoke.run, "--only", SMOKE_CELLS);
    return 0;
}

static int remove_smoke(void **state)
{
    (void)state;
    void *folder = smoke.folder;
    program_outcome_clear(&smoke.outcome);
    g_free(smoke.run);
    return support_remove_folder(&folder);
}

static void the_smoke_plan_proves_or_skips_every_cell(void **state)
{
    (void)state;
    program_assert_code(&smoke.outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(smoke.run, "runs.csv");
    assert_true(program_count_ok(runs) > 0);
    for (guint row = 0; row < csv_rows(runs); row++)
        if (g_str_has_prefix(program_text(runs, row, "cell"), "glibc/"))
            assert_string_equal(program_text(runs, row, "status"), "ok");
}

static void list_shows_every_cell_and_each_has_a_row(void **state)
{
    (void)state;
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "list", "--plan", "smoke", "--only", SMOKE_CELLS);
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(smoke.run, "runs.csv");
    g_autoptr(csv_table) summary = program_table(smoke.run, "summary.csv");
    assert_int_equal(csv_rows(runs), csv_rows(summary));
    for (guint row = 0; row < csv_rows(runs); row++)
        support_assert_has(outcome.out, program_text(runs, row, "cell"));
    g_autofree char *count = g_strdup_printf("\n%u cells,", csv_rows(runs));
    support_assert_has(outcome.out, count);
}

static void the_same_shape_asks_for_the_same_bytes_under_every_allocator(void **state)
{
    (void)state;
    g_autoptr(csv_table) runs = program_table(smoke.run, "runs.csv");
    g_autoptr(GHashTable) live = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint row = 0; row < csv_rows(runs); row++) {
        if (strcmp(program_text(runs, row, "status"), "ok") != 0)
            continue;
        char *kind =
            g_strconcat(program_text(runs, row, "workload"), "/", program_text(runs, row, "shape"), NULL);
        const char *bytes = program_text(runs, row, "live_bytes"), *others = g_hash_table_lookup(live, kind);
        if (others)
            assert_string_equal(bytes, others);
        g_hash_table_insert(live, kind, (gpointer)(uintptr_t)bytes);
    }
    const char *none = g_hash_table_lookup(live, "null/api-50k");
    const char *some = g_hash_table_lookup(live, "hash_chained/api-50k");
    assert_true(none && some);
    assert_string_equal(none, "0");
    assert_string_not_equal(some, "0");
}

static void every_ok_row_has_its_marks_and_samples(void **state)
{
    (void)state;
    g_autoptr(csv_table) runs = program_table(smoke.run, "runs.csv");
    g_autoptr(csv_table) marks = program_table(smoke.run, "marks.csv");
    guint ok = program_count_ok(runs), baselines = 0, ends = 0;
    for (guint row = 0; row < csv_rows(marks); row++) {
        baselines += strcmp(program_text(marks, row, "phase"), "baseline") == 0;
        ends += strcmp(program_text(marks, row, "phase"), "end") == 0;
    }
    assert_int_equal(baselines, ok);
    assert_int_equal(ends, ok);
    for (guint row = 0; row < csv_rows(runs); row++) {
        if (strcmp(program_text(runs, row, "status"), "ok") != 0)
            continue;
        g_autofree char *samples = support_read(smoke.run, program_text(runs, row, "samples_file"));
        /* Time is counted from the drop's end. Where an allocator's own thread goes on moving RSS, the reading
         * at that mark may be too late to stand there. */
        if (!g_str_has_prefix(program_text(runs, row, "setting"), "background"))
            support_assert_has(samples, "\n0.0,drop,");
        support_assert_has(samples, ",drop,");
    }
}

static void a_run_folder_that_was_moved_summarises_to_the_same_bytes(void **state)
{
    (void)state;
    g_autofree char *before = support_read(smoke.run, "summary.csv");
    g_autofree char *moved = g_build_filename(smoke.folder, "moved", NULL);
    g_autofree char *path = g_build_filename(moved, "summary.csv", NULL);
    g_auto(program_outcome) outcome = {0};
    assert_int_equal(g_rename(smoke.run, moved), 0);
    assert_int_equal(g_unlink(path), 0);
    program_run(&outcome, "summary", moved);
    g_autofree char *after = support_read(moved, "summary.csv");
    assert_int_equal(g_rename(moved, smoke.run), 0);
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_string_equal(after, before);
    if (!strstr(smoke.outcome.out, outcome.out))
        fail_msg("the table differs:\n%s\n%s", smoke.outcome.out, outcome.out);
}

static void the_plan_and_the_machine_stand_in_the_folder(void **state)
{
    (void)state;
    g_autoptr(GKeyFile) machine = g_key_file_new();
    g_autofree char *path = g_build_filename(smoke.run, "machine.ini", NULL);
    assert_true(g_key_file_load_from_file(machine, path, G_KEY_FILE_NONE, NULL));
    g_autofree char *command = g_key_file_get_string(machine, "run", "command", NULL);
    support_assert_has(command, "--plan smoke");
    g_autofree char *library = g_key_file_get_string(machine, "allocator glibc", "library", NULL);
    assert_true(library && *library == '/');
    g_autofree char *plan = g_build_filename(smoke.run, "plan.ini", NULL);
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "list", "--plan", plan); /* it is a plan that can be run again */
    program_assert_code(&outcome, EXIT_PROVEN);
}

static void a_run_does_not_go_into_the_folder_of_another(void **state)
{
    (void)state;
    g_autofree char *before = support_read(smoke.run, "runs.csv");
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "run", "--plan", "smoke", "--out", smoke.run, "--only", "glibc/default/null/*");
    program_assert_code(&outcome, EXIT_USAGE);
    g_autofree char *after = support_read(smoke.run, "runs.csv");
    assert_string_equal(after, before);
}

static void what_cannot_be_run_at_all_has_an_exit_code_of_its_own(void **state)
{
    (void)state;
    g_autofree char *run = g_build_filename(smoke.folder, "none", NULL);
    g_autofree char *plan = support_new_file(smoke.folder, "bad.ini", "[plan]\ncolour = red\n");
    const struct {
        const char *option;
        int code;
    } cases[] = {{"--only=glibs/*", EXIT_NO_MATCH},
                 {"--colour", EXIT_USAGE},
                 {"--plan=huge", EXIT_USAGE},
                 {"--plan=/no/such.ini", EXIT_USAGE},
                 {"--data=/no/such", EXIT_USAGE}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(program_outcome) outcome = {0};
        program_run(&outcome, "run", "--out", run, "--plan", "smoke", cases[i].option);
        program_assert_code(&outcome, cases[i].code);
        assert_true(g_str_has_prefix(outcome.err, "afterfree: "));
    }
    g_auto(program_outcome) bad_plan = {0};
    program_run(&bad_plan, "run", "--out", run, "--plan", plan);
    program_assert_code(&bad_plan, EXIT_BAD_DATA);
    support_assert_has(bad_plan.err, "colour");
    assert_false(g_file_test(run, G_FILE_TEST_EXISTS));
    g_auto(program_outcome) no_command = {0};
    program_run(&no_command, "dance");
    program_assert_code(&no_command, EXIT_USAGE);
}

/* Before a test holds anything: skip() does not return. */
static bool can_draw(void)
{
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    g_autoptr(GPtrArray) figures = support_glob(TEST_SOURCE_DIR "/plots", "*.gp");
    return gnuplot && figures->len > 0 && !TEST_SANITIZED;
}

/* The smoke plan has no [limit], times no operation and names no walk, and this run has no timed pass: a figure that needs one of them has
 * nothing to show, and says so. */
static bool has_nothing_to_show(const char *said, const char *figure)
{
    static const char *const excuses[] = {
        "The plan of this run has no [limit]", "This run has no prices of a timed pass",
        "No operation of this run was timed",  "This run does not compare named walks",
        "No walk of this run has four cycles", "This run has no cell with samples of a cgroup"};
    bool found = false;
    for (guint i = 0; i < G_N_ELEMENTS(excuses); i++) {
        g_autofree char *excuse = g_strdup_printf("plot: %s: %s", figure, excuses[i]);
        found = found || strstr(said, excuse);
    }
    return found;
}

static void every_figure_that_has_something_to_show_is_drawn_from_the_smoke_run(void **state)
{
    (void)state;
    if (!can_draw())
        skip();
    g_autoptr(GPtrArray) figures = support_glob(TEST_SOURCE_DIR "/plots", "*.gp");
    g_auto(program_outcome) outcome = {0};
    program_run_words(&outcome, (const char *const[]){TEST_SOURCE_DIR "/scripts/plot", smoke.run, NULL});
    program_assert_code(&outcome, 0);
    for (guint i = 0; i < figures->len; i++) {
        g_autofree char *base = g_path_get_basename(figures->pdata[i]);
        if (strcmp(base, "style.gp") == 0)
            continue;
        base[strlen(base) - strlen(".gp")] = '\0';
        g_autofree char *svg = g_strdup_printf("plots/%s.svg", base);
        g_autofree char *svg_path = g_build_filename(smoke.run, svg, NULL);
        g_autofree char *png = g_strdup_printf("%s/plots/%s.png", smoke.run, base);
        if (has_nothing_to_show(outcome.err, base)) {
            assert_false(g_file_test(svg_path, G_FILE_TEST_EXISTS));
            assert_false(g_file_test(png, G_FILE_TEST_EXISTS));
            continue;
        }
        g_autofree char *drawn = support_read(smoke.run, svg);
        support_assert_has(drawn, "</svg>");
        assert_true(g_file_test(png, G_FILE_TEST_IS_REGULAR));
    }
}

static void a_figure_with_nothing_to_show_leaves_no_file_and_is_not_listed(void **state)
{
    (void)state;
    if (!can_draw())
        skip();
    const char *const files[] = {"plots/who_survives.svg", "plots/who_survives.png"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(smoke.run, files[i], NULL);
        assert_true(g_file_set_contents(path, "of an earlier run", -1, NULL));
    }
    g_auto(program_outcome) outcome = {0};
    program_run_words(&outcome, (const char *const[]){TEST_SOURCE_DIR "/scripts/plot", smoke.run, NULL});
    program_assert_code(&outcome, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(smoke.run, files[i], NULL);
        assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
    g_auto(program_outcome) summary = {0};
    program_run(&summary, "summary", smoke.run);
    program_assert_code(&summary, 0);
    support_assert_has(summary.out, "rss_over_time");
    assert_null(strstr(summary.out, "who_survives"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smoke_plan_proves_or_skips_every_cell),
        cmocka_unit_test(list_shows_every_cell_and_each_has_a_row),
        cmocka_unit_test(the_same_shape_asks_for_the_same_bytes_under_every_allocator),
        cmocka_unit_test(every_ok_row_has_its_marks_and_samples),
        cmocka_unit_test(a_run_folder_that_was_moved_summarises_to_the_same_bytes),
        cmocka_unit_test(the_plan_and_the_machine_stand_in_the_folder),
        cmocka_unit_test(a_run_does_not_go_into_the_folder_of_another),
        cmocka_unit_test(what_cannot_be_run_at_all_has_an_exit_code_of_its_own),
        cmocka_unit_test(every_figure_that_has_something_to_show_is_drawn_from_the_smoke_run),
        cmocka_unit_test(a_figure_with_nothing_to_show_leaves_no_file_and_is_not_listed),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, run_smoke, remove_smoke);
}
