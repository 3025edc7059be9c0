/* Named walks, their cycles and fresh keys, from the plan to the rows: small twins of the plans five-steps and cycles. */
#include "program.h"

#define PLAN(name) TEST_SOURCE_DIR "/bench/test/plans/" name ".ini"

/* FOLDER/run, every cell of it proven; the caller frees its path. */
static char *run_plan(const char *folder, const char *plan)
{
    g_auto(program_outcome) outcome = {0};
    char *run = g_build_filename(folder, "run", NULL);
    program_run(&outcome, "run", "--no-table", "--plan", plan, "--out", run);
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    assert_int_equal(program_count_ok(runs), csv_rows(runs));
    return run;
}

static guint row_of(const struct csv *csv, const char *cell)
{
    for (guint row = 0; row < csv_rows(csv); row++)
        if (strcmp(program_text(csv, row, "cell"), cell) == 0)
            return row;
    fail_msg("there is no row of %s", cell);
    return 0;
}

/* The cell's live bytes at the mark of a phase; the nth, from 0. */
static uint64_t live_at(const struct csv *marks, const char *cell, const char *phase, guint nth)
{
    for (guint row = 0; row < csv_rows(marks); row++)
        if (strcmp(program_text(marks, row, "cell"), cell) == 0 &&
            strcmp(program_text(marks, row, "phase"), phase) == 0 && nth-- == 0)
            return program_number(marks, row, "live_bytes");
    fail_msg("%s has not so many marks %s", cell, phase);
    return 0;
}

#define STEP(shape, walk) "glibc/default/hash_chained/api-20k" shape "/walk-" walk

static void each_step_leaves_what_it_says(void **state)
{
    if (PROGRAM_UNPROVABLE)
        skip();
    g_autofree char *run = run_plan(*state, PLAN("five-steps"));
    g_autoptr(csv_table) marks = program_table(run, "marks.csv");
    uint64_t all = live_at(marks, STEP("", "drop"), "hold", 0);
    assert_int_equal(live_at(marks, STEP("-kept", "nothing"), "drop", 0), all);
    assert_int_equal(live_at(marks, STEP("-kept", "nothing"), "silent", 0), all);
    assert_int_equal(live_at(marks, STEP("", "keep"), "silent", 0), all);
    assert_int_equal(live_at(marks, STEP("", "drop"), "silent", 0), 0);
    assert_int_equal(live_at(marks, STEP("", "tick"), "ticking", 0), 0);
    assert_int_equal(live_at(marks, STEP("", "purge"), "purge", 0), 0);
    uint64_t table = live_at(marks, STEP("-delete", "delete"), "silent", 0);
    assert_true(table > 0 && table < all / 4);
}

static void a_row_has_its_walk_and_what_that_does_not_reach_is_empty(void **state)
{
    static const struct {
        const char *cell, *walk;
        bool drops, ticks, purges;
    } cells[] = {{STEP("-kept", "nothing"), "nothing", true, false, false},
                 {STEP("", "drop"), "drop", true, false, false},
                 {STEP("", "tick"), "tick", true, true, false},
                 {STEP("", "purge"), "purge", true, false, true},
                 {STEP("", "keep"), "keep", false, false, false}};
    static const char *const tables[] = {"runs.csv", "summary.csv"};
    if (PROGRAM_UNPROVABLE)
        skip();
    g_autofree char *run = run_plan(*state, PLAN("five-steps"));
    for (guint i = 0; i < G_N_ELEMENTS(cells) * G_N_ELEMENTS(tables); i++) {
        g_autoptr(csv_table) table = program_table(run, tables[i / G_N_ELEMENTS(cells)]);
        guint row = row_of(table, cells[i % G_N_ELEMENTS(cells)].cell);
        assert_string_equal(program_text(table, row, "walk"), cells[i % G_N_ELEMENTS(cells)].walk);
        assert_string_equal(program_text(table, row, "keys"), "same");
        assert_int_equal(*program_text(table, row, "drop_rss_bytes") != '\0',
                         cells[i % G_N_ELEMENTS(cells)].drops);
        assert_int_equal(*program_text(table, row, "ticking_rss_bytes") != '\0',
                         cells[i % G_N_ELEMENTS(cells)].ticks);
        assert_int_equal(*program_text(table, row, "purge_rss_bytes") != '\0',
                         cells[i % G_N_ELEMENTS(cells)].purges);
        assert_true(program_number(table, row, "peak_rss_bytes") >=
                    program_number(table, row, "silent_rss_bytes"));
        assert_true(program_number(table, row, "peak_rss_bytes") > program_number(table, row, "live_bytes"));
    }
}

static void assert_grows(const struct csv *marks, const char *cell)
{
    uint64_t before = 0;
    for (guint cycle = 0; cycle < 8; cycle++) {
        const char *drop = cycle == 0 ? "drop" : "redrop";
        uint64_t live = live_at(marks, cell, drop, cycle == 0 ? 0 : cycle - 1);
        assert_true(live > before);
        assert_int_equal(live_at(marks, cell, "ticking", cycle), live);
        assert_true(live_at(marks, cell, "hold", cycle) > 5 * live); /* the other records, too */
        before = live;
    }
    assert_int_equal(live_at(marks, cell, "end", 0), 0);
}

static void a_cache_grows_over_all_cycles(void **state)
{
    if (PROGRAM_UNPROVABLE)
        skip();
    g_autofree char *run = run_plan(*state, PLAN("cycles"));
    g_autoptr(csv_table) runs = program_table(run, "runs.csv"), marks = program_table(run, "marks.csv");
    assert_int_equal(csv_rows(marks), 3 * (2 + 8 * 5));
    for (guint row = 0; row < csv_rows(runs); row++)
        assert_string_equal(program_text(runs, row, "keys"), "fresh");
    assert_grows(marks, "glibc/default/hash_chained/job-10k/walk-eight");
    assert_grows(marks, "glibc/default/hash_open/job-10k/walk-eight");
}

static void a_run_goes_on_with_the_walks_that_are_missing(void **state)
{
    if (PROGRAM_UNPROVABLE)
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *run = run_plan(*state, PLAN("cycles"));
    g_autofree char *text = support_read(run, "runs.csv");
    *strrchr(g_strchomp(text), '\n') = '\0'; /* the last row */
    g_autofree char *shorter = g_strconcat(text, "\n", NULL);
    support_write(run, "runs.csv", shorter);
    program_run(&outcome, "run", "--no-table", "--resume", run);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.err, "2 proven rows kept, 1 runs to go");
    g_autoptr(csv_table) after = program_table(run, "runs.csv"), marks = program_table(run, "marks.csv");
    assert_int_equal(program_count_ok(after), 3);
    assert_int_equal(csv_rows(marks), 3 * (2 + 8 * 5));
    g_autofree char *kept = support_read(run, "runs.csv");
    assert_true(g_str_has_prefix(kept, shorter));
}

static void the_list_names_each_walk(void **state)
{
    (void)state;
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "list", "--plan", PLAN("five-steps"), "--only", "*/walk-keep");
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.out, "  glibc/default/hash_chained/api-20k/walk-keep  \n");
    support_assert_has(outcome.out, "  glibc/eager/hash_chained/api-20k/walk-keep    GLIBC_TUNABLES=");
    support_assert_has(outcome.out, "\n2 cells,");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(each_step_leaves_what_it_says),
        SUPPORT_TEST(a_row_has_its_walk_and_what_that_does_not_reach_is_empty),
        SUPPORT_TEST(a_cache_grows_over_all_cycles),
        SUPPORT_TEST(a_run_goes_on_with_the_walks_that_are_missing),
        SUPPORT_TEST(the_list_names_each_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
