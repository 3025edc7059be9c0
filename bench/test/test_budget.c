/* budget.h: what a budget says, what it cannot mean, and who is over it. */
#include "budget.h"
#include "folders.h"

#define CELL "other/default/w/s"
#define MB FOLDERS_MB
#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(const char *folder, const char *text, const char *const *parts)
{
    g_autofree char *path = support_new_file(folder, "budget.ini", text);
    g_autoptr(GError) error = NULL;
    if (budget_read(path, &error))
        fail_msg("was accepted:\n%s", text);
    support_assert_error(&error, EXIT_BAD_DATA, parts);
}

static void a_budget_that_is_wrong_names_file_line_group_and_key(void **state)
{
    assert_refused(*state, "[limit x]\ncells = *\n", PARTS("budget.ini:1", "[limit x]", "[budget NAME]"));
    assert_refused(*state, "[budget x]\nprice_ratio = 1.1\n",
                   PARTS("budget.ini:1", "[budget x] cells", "missing"));
    assert_refused(*state, "[budget x]\ncells =\nprice_ratio = 1.1\n",
                   PARTS("budget.ini:2", "cells", "missing"));
    assert_refused(*state, "[budget x]\ncells = *\n", PARTS("budget.ini:1", "[budget x]", "no limit"));
    assert_refused(*state, "[budget x]\ncells = *\nsilent = 1M\n",
                   PARTS("budget.ini:3", "[budget x] silent", "unknown key", "silent_more_bytes"));
    assert_refused(*state, "[budget x]\ncells = *\nprice_bytes = 1M\n", PARTS("budget.ini:3", "unknown key"));
    assert_refused(*state, "[budget x]\ncells = *\n\nsilent_bytes = 1\n",
                   PARTS("budget.ini:4", "silent_bytes", "\"1\"", "bytes"));
    assert_refused(*state, "# none\n", PARTS("budget.ini", "[budget NAME]"));
    static const char *const ratios[] = {"", "0", "-1", "1,1", "1.1x", "10%", "inf", "1.1.1", "."};
    for (guint i = 0; i < G_N_ELEMENTS(ratios); i++) {
        g_autofree char *text = g_strdup_printf("[budget x]\ncells = *\nprice_ratio = %s\n", ratios[i]);
        assert_refused(*state, text, PARTS("budget.ini:3", "price_ratio", "no ratio"));
    }
}

static void the_budgets_that_come_along_are_read(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) files = support_glob(TEST_SOURCE_DIR "/bench/budgets", "*.ini");
    assert_true(files->len > 0);
    for (guint i = 0; i < files->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(budget_file) budget = budget_read(files->pdata[i], &error);
        if (!budget)
            fail_msg("%s", error->message);
    }
}

/* --- judging: two folders of one cell, 100 and 120 MB after silence, 500 and 600 ms --- */

struct scene {
    struct pair *pair;
    struct comparison *comparison;
    struct budget *budget;
};

static void scene_open(struct scene *scene, const char *folder, guint runs, const char *cells,
                       const char *limits)
{
    g_autoptr(GError) error = NULL;
    GString *rows[] = {folders_rows(), folders_rows()};
    folders_add_runs(rows[PAIR_A], runs, CELL, 100 * MB, 5e8, 0.01);
    folders_add_runs(rows[PAIR_B], runs, CELL, 120 * MB, 6e8, 0.01);
    g_autofree char *a = folders_write(folder, "a", rows[PAIR_A]);
    g_autofree char *b = folders_write(folder, "b", rows[PAIR_B]);
    g_autofree char *text = g_strdup_printf("[budget x]\ncells = %s\n%s\n", cells, limits);
    g_autofree char *path = support_new_file(folder, "budget.ini", text);
    scene->pair = folders_pair(a, b);
    scene->comparison = compare_runs(scene->pair);
    scene->budget = budget_read(path, &error);
    if (!scene->budget)
        fail_msg("%s", error->message);
}

static void scene_close(struct scene *scene)
{
    compare_free(scene->comparison);
    pair_free(scene->pair);
    budget_free(scene->budget);
}

static void assert_verdict(const char *folder, guint runs, const char *limit, enum budget_verdict verdict)
{
    struct scene scene;
    scene_open(&scene, folder, runs, "other/*", limit);
    assert_true(budget_judge(scene.budget, scene.comparison, NULL));
    const struct compare_cell *cell = scene.comparison->cells->pdata[0];
    assert_int_equal(cell->judgements->len, 1);
    const struct budget_judgement *judgement = cell->judgements->pdata[0];
    if (judgement->verdict != verdict)
        fail_msg("%s with %u runs: %s, not %s", limit, runs, budget_verdict_name(judgement->verdict),
                 budget_verdict_name(verdict));
    assert_int_equal(scene.budget->judged[verdict], 1);
    scene_close(&scene);
}

static void so_many_bytes_are_judged_by_b_alone(void **state)
{
    assert_verdict(*state, 1, "silent_bytes = 110M", BUDGET_OVER);
    assert_verdict(*state, 1, "silent_bytes = 115M", BUDGET_WITHIN); /* of 1024: 120.6 MB */
    assert_verdict(*state, 8, "silent_bytes = 120000000B", BUDGET_WITHIN);
    assert_verdict(*state, 8, "silent_bytes = 119999999B", BUDGET_OVER);
    assert_verdict(*state, 1, "ticking_bytes = 1G", BUDGET_NOT_JUDGED); /* no such column */
}

static void so_many_bytes_more_are_exceeded_when_the_whole_interval_is_above(void **state)
{
    assert_verdict(*state, 8, "silent_more_bytes = 18M", BUDGET_OVER);             /* 18.9 MB */
    assert_verdict(*state, 8, "silent_more_bytes = 19800000B", BUDGET_NOT_JUDGED); /* inside the interval */
    assert_verdict(*state, 8, "silent_more_bytes = 20M", BUDGET_WITHIN);
    assert_verdict(*state, 1, "silent_more_bytes = 12M", BUDGET_OVER);
    assert_verdict(*state, 1, "silent_more_bytes = 18M",
                   BUDGET_NOT_JUDGED); /* within the spread of one run */
    assert_verdict(*state, 1, "peak_more_bytes = 0B", BUDGET_WITHIN);
}

static void so_much_slower_is_judged_from_eight_runs_on(void **state)
{
    assert_verdict(*state, 8, "price_ratio = 1.10", BUDGET_OVER);
    assert_verdict(*state, 8, "price_ratio = 1.199", BUDGET_NOT_JUDGED);
    assert_verdict(*state, 8, "price_ratio = 1.25", BUDGET_WITHIN);
    assert_verdict(*state, 7, "price_ratio = 1.10", BUDGET_NOT_JUDGED);
    assert_verdict(*state, 7, "price_ratio = 1.25", BUDGET_NOT_JUDGED);
    assert_verdict(*state, 8, "silent_ratio = 1.1", BUDGET_OVER);
    assert_verdict(*state, 8, "silent_ratio = 1.3", BUDGET_WITHIN);
}

static void a_glob_that_matches_no_cell_is_an_error(void **state)
{
    struct scene scene;
    g_autoptr(GError) error = NULL;
    scene_open(&scene, *state, 1, "other/* another/*", "silent_bytes = 1G");
    assert_false(budget_judge(scene.budget, scene.comparison, &error));
    support_assert_error(&error, EXIT_BAD_DATA, PARTS("budget.ini:2", "[budget x] cells", "another/*"));
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_budget_that_is_wrong_names_file_line_group_and_key),
        SUPPORT_TEST(the_budgets_that_come_along_are_read),
        SUPPORT_TEST(so_many_bytes_are_judged_by_b_alone),
        SUPPORT_TEST(so_many_bytes_more_are_exceeded_when_the_whole_interval_is_above),
        SUPPORT_TEST(so_much_slower_is_judged_from_eight_runs_on),
        SUPPORT_TEST(a_glob_that_matches_no_cell_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
