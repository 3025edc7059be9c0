/* `afterfree compare` as a user and a CI job run it: exit codes, the committed run, and runs of its own. */
#include "folders.h"
#include "program.h"

#define MB FOLDERS_MB
#define CELL "other/default/w/s"
#define REFERENCE TEST_SOURCE_DIR "/results/reference/default"

static char *folder_with(const char *folder, const char *name, guint runs, double silent_mb, double price_ms,
                         const char *machine)
{
    GString *rows = folders_rows();
    folders_add_runs(rows, runs, CELL, silent_mb * MB, price_ms * 1e6, 0.01);
    return folders_write_as(folder, name, rows, machine, NULL);
}

static void the_committed_run_does_not_differ_from_itself(void **state)
{
    static const char *const formats[] = {"table", "markdown", "csv", "json"};
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_auto(program_outcome) outcome = {0};
        program_run(&outcome, "compare", REFERENCE, REFERENCE, "--format", formats[i]);
        program_assert_code(&outcome, EXIT_PROVEN);
        assert_string_equal(outcome.err, "");
        support_assert_has(outcome.out, "no difference shown");
    }
    g_auto(program_outcome) table = {0};
    program_run(&table, "compare", REFERENCE, REFERENCE);
    support_assert_has(table.out, "\nNo difference shown. 38 cells compared: 0 worse, 0 better, 38 with");
}

static void without_a_budget_worse_is_1_and_better_is_0(void **state)
{
    g_autofree char *a = folder_with(*state, "a", 8, 100, 500, NULL);
    g_autofree char *b = folder_with(*state, "b", 8, 120, 500, NULL);
    g_autofree char *slow = folder_with(*state, "slow", 8, 100, 600, NULL);
    const struct {
        const char *a, *b, *words;
        int code;
    } cases[] = {{a, b, "\nB is worse. ", EXIT_NOT_PROVEN},
                 {b, a, "\nB is better. ", EXIT_PROVEN},
                 {a, a, "\nNo difference shown. ", EXIT_PROVEN},
                 {a, slow, "slower: price", EXIT_NOT_PROVEN},
                 {slow, a, "faster: price", EXIT_PROVEN}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(program_outcome) outcome = {0};
        program_run(&outcome, "compare", cases[i].a, cases[i].b);
        program_assert_code(&outcome, cases[i].code);
        support_assert_has(outcome.out, cases[i].words);
    }
}

static void with_a_budget_the_budget_decides(void **state)
{
    g_autofree char *a = folder_with(*state, "a", 7, 100, 500, NULL);
    g_autofree char *b = folder_with(*state, "b", 7, 120, 500, NULL);
    g_autofree char *wide =
        support_new_file(*state, "wide.ini", "[budget x]\ncells = *\nsilent_more_bytes=32M\n");
    g_autofree char *tight =
        support_new_file(*state, "tight.ini", "[budget x]\ncells = *\nsilent_more_bytes=8M\n");
    g_autofree char *price =
        support_new_file(*state, "price.ini", "[budget x]\ncells = *\nprice_ratio=1.1\n");
    g_autofree char *typo =
        support_new_file(*state, "typo.ini", "[budget x]\ncells = others/*\nprice_ratio=1.1\n");
    const struct {
        const char *budget, *option, *words;
        int code;
    } cases[] = {{wide, "--strict", "\nB is not shown to be over the budget. ", EXIT_PROVEN},
                 {tight, NULL, "OVER BUDGET: [budget x] silent_more_bytes = 8M", EXIT_NOT_PROVEN},
                 {price, NULL, "exceeded, 1 cannot", EXIT_PROVEN},
                 {price, "--strict", "exceeded, 1 cannot", EXIT_NOT_PROVEN},
                 {typo, NULL, "typo.ini:2: [budget x] cells", EXIT_BAD_DATA}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(program_outcome) outcome = {0};
        program_run(&outcome, "compare", a, b, "--budget", cases[i].budget, cases[i].option);
        program_assert_code(&outcome, cases[i].code);
        support_assert_has(cases[i].code == EXIT_BAD_DATA ? outcome.err : outcome.out, cases[i].words);
    }
}

static void a_cell_that_fails_is_over_any_budget(void **state)
{
    GString *rows = folders_rows();
    folders_add(rows, &(struct folders_row){.cell = CELL, .repeat = 1, .status = "oom", .reason = "killed"});
    g_autofree char *a = folder_with(*state, "a", 1, 100, 500, NULL);
    g_autofree char *b = folders_write(*state, "b", rows);
    g_autofree char *budget = support_new_file(*state, "b.ini", "[budget x]\ncells = *\nsilent_bytes=1G\n");
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "compare", a, b, "--budget", budget);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.out, "oom: killed");
}

static void a_cell_that_never_ran_in_b_is_worse_and_no_other_condition(void **state)
{
    static const char *const statuses[] = {"invalid", "failed", "oom", "timeout"};
    g_autofree char *a = folder_with(*state, "a", 1, 100, 500, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        GString *rows = folders_rows();
        folders_add(rows, &(struct folders_row){.cell = CELL, .status = statuses[i], .thp = ""});
        g_autofree char *b = folders_write(*state, "b", rows);
        g_auto(program_outcome) outcome = {0};
        program_run(&outcome, "compare", a, b);
        program_assert_code(&outcome, EXIT_NOT_PROVEN);
        support_assert_has(outcome.out, "\nB is worse. 1 cell compared: 1 worse,");
    }
}

/* A: three cells; B: the first of them. */
static void write_unfinished(const char *folder, const char *ended, char **a, char **b)
{
    static const char *const cells[] = {CELL, "other/second/w/s", "other/third/w/s"};
    GString *all = folders_rows(), *one = folders_rows();
    g_autofree char *machine = folders_machine("interrupted=no\n", ended);
    for (guint i = 0; i < G_N_ELEMENTS(cells); i++)
        folders_add_runs(all, 8, cells[i], 100 * MB, 5e8, 0.01);
    folders_add_runs(one, 8, CELL, 100 * MB, 5e8, 0.01);
    *a = folders_write(folder, "a", all);
    *b = folders_write_as(folder, "b", one, machine, NULL);
}

static void an_unfinished_b_is_1_and_says_what_is_missing(void **state)
{
    static const struct {
        const char *machine, *words;
    } cases[] = {{"interrupted=yes\n", "\nB was interrupted (machine.ini)"},
                 {"", "\nB never finished (machine.ini)"},
                 {"interrupted=no\n[resumed 1]\ninterrupted=no\n[resumed 2]\ncommand=x\n",
                  "\nB never finished (machine.ini)"},
                 {"interrupted=no\n", NULL},
                 {"interrupted=yes\n[resumed 1]\ninterrupted=no\n", NULL}};
    g_autofree char *budget = support_new_file(*state, "b.ini", "[budget x]\ncells = *\nsilent_bytes=1G\n");
    g_autofree char *of_the_missing =
        support_new_file(*state, "m.ini", "[budget x]\ncells = other/third/*\nsilent_bytes=1G\n");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *a = NULL, *b = NULL;
        g_auto(program_outcome) plain = {0}, held = {0}, gone = {0}, csv = {0};
        write_unfinished(*state, cases[i].machine, &a, &b);
        program_run(&plain, "compare", a, b);
        program_assert_code(&plain, EXIT_NOT_PROVEN);
        support_assert_has(plain.out,
                           "\nProven in A, missing in B:\n  other/second/w/s\n  other/third/w/s\n");
        support_assert_has(plain.out, "\nB is incomplete. 1 cell compared:");
        if (cases[i].words)
            support_assert_has(plain.out, cases[i].words);
        else
            support_assert_has_not(plain.out, "machine.ini");
        program_run(&held, "compare", a, b, "--budget", budget, "--format", "markdown");
        program_assert_code(&held, EXIT_NOT_PROVEN);
        support_assert_has(held.out, "**B is incomplete. ");
        support_assert_has(held.out, " 2 cells proven in A are missing in B.");
        support_assert_has(held.out, "- other/third/w/s\n");
        if (cases[i].words)
            support_assert_has(held.out, "(machine.ini)");
        program_run(&gone, "compare", a, b, "--budget", of_the_missing);
        program_assert_code(&gone, EXIT_NOT_PROVEN);
        program_run(&csv, "compare", a, b, "--despite", "all", "--format", "csv");
        program_assert_code(&csv, EXIT_NOT_PROVEN);
        support_assert_has(csv.err, "missing in B:\n  other/second/w/s\n");
    }
}

static void what_is_missing_may_be_overlooked_by_name(void **state)
{
    g_autofree char *a = NULL, *b = NULL;
    g_autofree char *budget = support_new_file(*state, "b.ini", "[budget x]\ncells = *\nsilent_bytes=1G\n");
    g_auto(program_outcome) plain = {0}, held = {0};
    write_unfinished(*state, "interrupted=yes\n", &a, &b);
    program_run(&plain, "compare", a, b, "--despite", "missing");
    program_assert_code(&plain, EXIT_PROVEN);
    support_assert_has(plain.out, "\nNo difference shown. 1 cell compared:");
    support_assert_has(plain.out, "missing in B:\n  other/second/w/s\n");
    program_run(&held, "compare", a, b, "--despite", "missing", "--budget", budget, "--strict", "--format",
                "markdown");
    program_assert_code(&held, EXIT_PROVEN);
    support_assert_has(held.out, "Limits of the budget: 1 kept, 0 exceeded, 0 cannot be judged.");
}

static void a_cell_that_is_skipped_in_b_is_missing_and_says_why(void **state)
{
    GString *rows = folders_rows(), *other = folders_rows();
    folders_add_runs(rows, 1, CELL, MB, 1e9, 0);
    folders_add_runs(rows, 1, "other/gone/w/s", MB, 1e9, 0);
    folders_add_runs(other, 1, CELL, MB, 1e9, 0);
    folders_add(other,
                &(struct folders_row){
                    .cell = "other/gone/w/s", .status = "skipped", .reason = "not installed", .thp = ""});
    g_autofree char *a = folders_write(*state, "a", rows), *b = folders_write(*state, "b", other);
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "compare", a, b);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.out, "\n  other/gone/w/s (skipped: not installed)\n");
}

static void other_conditions_are_refused_unless_one_is_told_to_overlook_them(void **state)
{
    g_autofree char *machine = folders_machine("kernel=6.1\n", "kernel=6.18\n");
    g_autofree char *a = folder_with(*state, "a", 1, 100, 500, NULL);
    g_autofree char *b = folder_with(*state, "b", 1, 100, 500, machine);
    g_auto(program_outcome) refused = {0}, despite = {0}, csv = {0};
    program_run(&refused, "compare", a, b);
    program_assert_code(&refused, EXIT_CONDITIONS);
    support_assert_has(refused.err, "kernel: 6.1 in A, 6.18 in B");
    assert_string_equal(refused.out, "");
    program_run(&despite, "compare", a, b, "--despite", "kernel");
    program_assert_code(&despite, EXIT_PROVEN);
    support_assert_has(despite.out, "kernel: 6.1 in A, 6.18 in B");
    program_run(&csv, "compare", a, b, "--despite", "all", "--format", "csv");
    support_assert_has(csv.err, "kernel: 6.1 in A, 6.18 in B");
    assert_true(g_str_has_prefix(csv.out, "cell,figure,"));
}

static void what_cannot_be_compared_has_an_exit_code_of_its_own(void **state)
{
    g_autofree char *a = folder_with(*state, "a", 1, 100, 500, NULL);
    g_autofree char *nowhere = g_build_filename(*state, "nowhere", NULL);
    GString *rows = folders_rows();
    folders_add_runs(rows, 1, "another/default/w/s", MB, 1e9, 0);
    g_autofree char *apart = folders_write(*state, "apart", rows);
    const struct {
        const char *b, *option, *value;
        int code;
    } cases[] = {{NULL, NULL, NULL, EXIT_USAGE},         {a, "--format", "yaml", EXIT_USAGE},
                 {a, "--despite", "colour", EXIT_USAGE}, {a, "--budget", nowhere, EXIT_BAD_DATA},
                 {nowhere, NULL, NULL, EXIT_BAD_DATA},   {apart, NULL, NULL, EXIT_NO_MATCH}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(program_outcome) outcome = {0};
        program_run(&outcome, "compare", a, cases[i].b, cases[i].option, cases[i].value);
        program_assert_code(&outcome, cases[i].code);
        assert_true(g_str_has_prefix(outcome.err, "afterfree: "));
        assert_string_equal(outcome.out, "");
    }
}

/* --- runs of its own --- */

static char *run_tiny(const char *folder, const char *name)
{
    g_autofree char *plan = support_new_file(
        folder, "tiny.ini",
        "[plan]\nsummary = x\nbaseline = glibc/default\nrepeat = 8\nsilent = 20 ms\nticking = 120 ms\n"
        "[shape s]\nrecords = 2000\nstrings = 1\nlength = 15\norder = hash\n"
        "[cells c]\nallocators = glibc\nsettings = default eager\nworkloads = hash_chained null\nshapes = "
        "s\n");
    char *run = g_build_filename(folder, name, NULL);
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "run", "-q", "--no-table", "--plan", plan, "--out", run);
    program_assert_code(&outcome, EXIT_PROVEN);
    return run;
}

/* Time of such short runs says nothing and may differ: what is asked is that all of it goes through, and that
 * memory, exact to the page, is the same. */
static void two_runs_of_one_plan_hold_the_same_memory(void **state)
{
    if (PROGRAM_UNPROVABLE)
        skip();
    g_autofree char *a = run_tiny(*state, "one"), *b = run_tiny(*state, "two");
    g_autofree char *budget = support_new_file(
        *state, "b.ini", "[budget x]\ncells = *\npeak_more_bytes = 0B\nsilent_more_bytes = 0B\n");
    g_auto(program_outcome) outcome = {0}, csv = {0};
    program_run(&outcome, "compare", a, b, "--budget", budget);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.out, "glibc/default in the same round");
    support_assert_has(outcome.out, "4 cells compared");
    program_run(&csv, "compare", a, b, "--format", "csv");
    g_autofree char *path = support_new_file(*state, "c.csv", csv.out);
    g_autoptr(csv_table) table = csv_read(path, NULL);
    assert_non_null(table);
    guint memory = 0;
    for (guint row = 0; row < csv_rows(table); row++) {
        assert_string_equal(program_text(table, row, "runs_a"), "8");
        if (strcmp(program_text(table, row, "unit"), "bytes") != 0)
            continue;
        assert_string_equal(program_text(table, row, "verdict"), "no difference shown");
        memory++;
    }
    assert_int_equal(memory, 4 * 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_committed_run_does_not_differ_from_itself),
        SUPPORT_TEST(without_a_budget_worse_is_1_and_better_is_0),
        SUPPORT_TEST(with_a_budget_the_budget_decides),
        SUPPORT_TEST(a_cell_that_fails_is_over_any_budget),
        SUPPORT_TEST(a_cell_that_never_ran_in_b_is_worse_and_no_other_condition),
        SUPPORT_TEST(an_unfinished_b_is_1_and_says_what_is_missing),
        SUPPORT_TEST(what_is_missing_may_be_overlooked_by_name),
        SUPPORT_TEST(a_cell_that_is_skipped_in_b_is_missing_and_says_why),
        SUPPORT_TEST(other_conditions_are_refused_unless_one_is_told_to_overlook_them),
        SUPPORT_TEST(what_cannot_be_compared_has_an_exit_code_of_its_own),
        SUPPORT_TEST(two_runs_of_one_plan_hold_the_same_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
