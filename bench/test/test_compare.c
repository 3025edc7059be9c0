/* compare.h: what two runs differ in, and when that is said. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "compare.h"
#include "folders.h"

#define CELL "other/default/w/s"
#define BASE "base/default/w/s"
#define MB FOLDERS_MB

static const struct compare_cell *cell_of(const struct comparison *comparison, const char *name)
{
    for (guint i = 0; i < comparison->cells->len; i++) {
        const struct compare_cell *cell = comparison->cells->pdata[i];
        if (strcmp(cell->pair->name, name) == 0)
            return cell;
    }
    fail_msg("%s is not compared", name);
    return NULL;
}

static const struct compare_change *change_of(const struct comparison *comparison, const char *name,
                                              const char *figure)
{
    const struct compare_cell *cell = cell_of(comparison, name);
    for (guint i = 0; i < cell->changes->len; i++) {
        const struct compare_change *change = cell->changes->pdata[i];
        if (strcmp(change->figure->name, figure) == 0)
            return change;
    }
    fail_msg("%s has no %s", name, figure);
    return NULL;
}

/* A and B under construction, and what comes of them. */
struct scene {
    GString *rows[PAIR_SIDES];
    struct pair *pair;
    struct comparison *comparison;
};

static void scene_open(struct scene *scene)
{
    *scene = (struct scene){.rows = {folders_rows(), folders_rows()}};
}

static void scene_runs(struct scene *scene, guint count, const char *cell, const double *silent_mb,
                       const double *price_ms, double spread)
{
    for (int side = 0; side < PAIR_SIDES; side++)
        folders_add_runs(scene->rows[side], count, cell, silent_mb[side] * MB, price_ms[side] * 1e6, spread);
}
#define BOTH(a, b) ((const double[]){a, b})

static const struct comparison *scene_compare_as(struct scene *scene, const char *folder,
                                                 const char *machine_of_b)
{
    g_autofree char *a = folders_write(folder, "a", scene->rows[PAIR_A]);
    g_autofree char *b = folders_write_as(folder, "b", scene->rows[PAIR_B], machine_of_b, NULL);
    scene->pair = folders_pair(a, b);
    scene->comparison = compare_runs(scene->pair);
    return scene->comparison;
}

static const struct comparison *scene_compare(struct scene *scene, const char *folder)
{
    return scene_compare_as(scene, folder, NULL);
}

static void scene_close(struct scene *scene)
{
    compare_free(scene->comparison);
    pair_free(scene->pair);
}

/* --- memory --- */

static void memory_is_over_the_baseline_and_more_of_it_is_worse(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 8, CELL, BOTH(100, 120), BOTH(500, 500), 0.01);
    const struct comparison *comparison = scene_compare(&scene, *state);
    const struct compare_change *silent = change_of(comparison, CELL, "silent");
    assert_true(silent->median[PAIR_A] == 100 * MB && silent->median[PAIR_B] == 120 * MB);
    assert_true(silent->from_runs);
    assert_int_equal(silent->verdict, COMPARE_MORE);
    assert_true(silent->difference.low > 19 * MB && silent->difference.high < 21 * MB);
    assert_int_equal(change_of(comparison, CELL, "peak")->verdict, COMPARE_NONE);
    g_autofree char *words = compare_words(cell_of(comparison, CELL));
    assert_string_equal(words, "more memory: silent");
    assert_int_equal(comparison->worse, 1);
    scene_close(&scene);
}

static void a_difference_of_a_page_or_two_is_none(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 8, CELL, BOTH(1, 1.008192), BOTH(500, 500), 0.01);
    const struct comparison *comparison = scene_compare(&scene, *state);
    assert_int_equal(change_of(comparison, CELL, "silent")->verdict, COMPARE_NONE);
    assert_int_equal(comparison->same, 1);
    scene_close(&scene);
}

static void one_run_each_differs_only_beyond_the_known_spread(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 1, CELL, BOTH(100, 104), BOTH(500, 500), 0);
    scene_runs(&scene, 1, "other/twice/w/s", BOTH(100, 200), BOTH(500, 500), 0);
    scene_runs(&scene, 1, "other/gone/w/s", BOTH(100, 0), BOTH(500, 500), 0);
    const struct comparison *comparison = scene_compare(&scene, *state);
    assert_int_equal(change_of(comparison, CELL, "silent")->verdict, COMPARE_NONE);
    assert_string_equal(change_of(comparison, CELL, "silent")->why, "within the known spread");
    const struct compare_change *twice = change_of(comparison, "other/twice/w/s", "silent");
    assert_int_equal(twice->verdict, COMPARE_MORE);
    assert_false(twice->from_runs);
    assert_int_equal(change_of(comparison, "other/gone/w/s", "silent")->verdict, COMPARE_LESS);
    assert_int_equal(comparison->better, 1);
    scene_close(&scene);
}

static void what_goes_back_in_time_has_no_known_spread(void **state)
{
    struct scene scene;
    scene_open(&scene);
    for (int side = 0; side < PAIR_SIDES; side++)
        folders_add(scene.rows[side], &(struct folders_row){.cell = CELL,
                                                            .repeat = 1,
                                                            .policy = "delayed",
                                                            .silent_bytes = (side + 1) * 50 * MB,
                                                            .price_ns = 1e9});
    const struct comparison *comparison = scene_compare(&scene, *state);
    const struct compare_change *silent = change_of(comparison, CELL, "silent");
    assert_int_equal(silent->verdict, COMPARE_NONE);
    assert_false(silent->has_interval);
    assert_string_equal(silent->why, "one run each: no interval");
    scene_close(&scene);
}

/* --- price --- */

static void a_price_from_fewer_than_eight_runs_is_never_a_difference(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 7, CELL, BOTH(100, 100), BOTH(500, 5000), 0.01);
    scene_runs(&scene, 1, "other/once/w/s", BOTH(100, 100), BOTH(500, 5000), 0);
    const struct comparison *comparison = scene_compare(&scene, *state);
    const struct compare_change *price = change_of(comparison, CELL, "price");
    assert_int_equal(price->verdict, COMPARE_NONE);
    assert_false(price->has_interval);
    assert_string_equal(price->why, "7 and 7 runs: no interval below 8");
    assert_string_equal(change_of(comparison, "other/once/w/s", "price")->why, "one run each: no interval");
    assert_int_equal(comparison->worse, 0);
    scene_close(&scene);
}

static void a_price_that_is_higher_in_every_run_is_slower_and_a_lower_one_faster(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 8, CELL, BOTH(100, 100), BOTH(500, 600), 0.01);
    scene_runs(&scene, 8, "other/fast/w/s", BOTH(100, 100), BOTH(500, 400), 0.01);
    const struct comparison *comparison = scene_compare(&scene, *state);
    const struct compare_change *price = change_of(comparison, CELL, "price");
    assert_int_equal(price->verdict, COMPARE_MORE);
    assert_int_equal(price->unit, COMPARE_NS);
    assert_true(price->ratio.low > 1.16 && price->ratio.low < 1.2);
    assert_true(price->ratio.high > 1.2 && price->ratio.high < 1.24);
    assert_int_equal(change_of(comparison, "other/fast/w/s", "price")->verdict, COMPARE_LESS);
    assert_int_equal(comparison->worse, 1);
    assert_int_equal(comparison->better, 1);
    scene_close(&scene);
}

static void a_price_whose_interval_includes_1_or_is_too_wide_is_no_difference(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 8, CELL, BOTH(100, 100), BOTH(500, 505), 0.05);
    scene_runs(&scene, 8, "other/wide/w/s", BOTH(100, 100), BOTH(500, 2500), 0.6);
    const struct comparison *comparison = scene_compare(&scene, *state);
    const struct compare_change *wide = change_of(comparison, "other/wide/w/s", "price");
    assert_string_equal(change_of(comparison, CELL, "price")->why, "the interval includes 1");
    assert_true(wide->ratio.low > 1);
    assert_string_equal(wide->why, "the interval is too wide");
    assert_int_equal(comparison->same, 2);
    scene_close(&scene);
}

/* Everything takes a third longer in B, as on a machine that has something else to do. */
static void a_slower_machine_is_no_difference_where_the_baseline_was_run(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 8, BASE, BOTH(100, 100), BOTH(400, 532), 0.02);
    scene_runs(&scene, 8, CELL, BOTH(100, 100), BOTH(500, 665), 0.02);
    scene_runs(&scene, 8, "other/default/w/elsewhere", BOTH(100, 100), BOTH(500, 665), 0.02);
    const struct comparison *comparison = scene_compare(&scene, *state);
    const struct compare_change *price = change_of(comparison, CELL, "price");
    assert_int_equal(price->unit, COMPARE_TIMES);
    assert_true(fabs(price->median[PAIR_A] - 1.25) < 0.001);
    assert_int_equal(price->verdict, COMPARE_NONE);
    support_assert_has(comparison->price_note, "which itself took 1.330 times"); /* but it is told */
    const struct compare_change *alone = change_of(comparison, "other/default/w/elsewhere", "price");
    assert_int_equal(alone->unit, COMPARE_NS);
    assert_int_equal(alone->verdict, COMPARE_MORE);
    scene_close(&scene);
}

static void a_baseline_that_has_changed_itself_is_no_measure(void **state)
{
    struct scene scene;
    g_autofree char *machine = folders_machine("version=1\n", "version=2\n");
    scene_open(&scene);
    scene_runs(&scene, 8, BASE, BOTH(100, 100), BOTH(400, 800), 0.01);
    scene_runs(&scene, 8, CELL, BOTH(100, 100), BOTH(500, 500), 0.01);
    const struct comparison *comparison = scene_compare_as(&scene, *state, machine);
    assert_null(comparison->baseline);
    support_assert_has(comparison->price_note, "base/default itself has changed");
    assert_int_equal(change_of(comparison, BASE, "price")->verdict, COMPARE_MORE);
    assert_int_equal(change_of(comparison, CELL, "price")->verdict, COMPARE_NONE);
    scene_close(&scene);
}

static void a_baseline_under_another_environment_is_no_measure(void **state)
{
    struct scene scene;
    scene_open(&scene);
    for (int side = 0; side < PAIR_SIDES; side++)
        folders_add(scene.rows[side],
                    &(struct folders_row){
                        .cell = BASE, .repeat = 1, .price_ns = 1e9, .env = side == PAIR_A ? "X=1" : "X=2"});
    assert_null(scene_compare(&scene, *state)->baseline);
    scene_close(&scene);
}

/* --- cells --- */

static void the_largest_difference_stands_first_and_what_fails_before_all(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 8, "other/little/w/s", BOTH(100, 110), BOTH(500, 500), 0.01);
    scene_runs(&scene, 8, "other/much/w/s", BOTH(100, 20), BOTH(500, 500), 0.01);
    scene_runs(&scene, 8, "other/price/w/s", BOTH(100, 100), BOTH(500, 1000), 0.01);
    folders_add_runs(scene.rows[PAIR_A], 1, "other/crash/w/s", 100 * MB, 5e8, 0);
    folders_add(scene.rows[PAIR_B],
                &(struct folders_row){
                    .cell = "other/crash/w/s", .repeat = 1, .status = "failed", .reason = "signal 11"});
    static const char *const order[] = {"other/crash/w/s", "other/much/w/s", "other/price/w/s",
                                        "other/little/w/s"};
    const struct comparison *comparison = scene_compare(&scene, *state);
    for (guint i = 0; i < G_N_ELEMENTS(order); i++)
        assert_string_equal(((const struct compare_cell *)comparison->cells->pdata[i])->pair->name, order[i]);
    const struct compare_cell *crash = comparison->cells->pdata[0];
    g_autofree char *words = compare_words(crash);
    assert_true(crash->broken && crash->worse);
    assert_string_equal(words, "1 of 1 run not proven in B (failed: signal 11)");
    assert_int_equal(comparison->worse, 3);
    assert_int_equal(comparison->better, 1);
    scene_close(&scene);
}

static void cells_of_one_run_only_are_listed_and_not_compared(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 1, CELL, BOTH(100, 100), BOTH(500, 500), 0);
    folders_add_runs(scene.rows[PAIR_A], 1, "a/only/w/s", MB, 1e9, 0);
    folders_add_runs(scene.rows[PAIR_B], 1, "b/only/w/s", MB, 1e9, 0);
    folders_add_runs(scene.rows[PAIR_A], 1, "b/skipped/w/s", MB, 1e9, 0);
    folders_add(scene.rows[PAIR_B],
                &(struct folders_row){.cell = "b/skipped/w/s", .repeat = 1, .status = "skipped"});
    folders_add(scene.rows[PAIR_A], &(struct folders_row){.cell = "b/new/w/s", .status = "failed"});
    folders_add_runs(scene.rows[PAIR_B], 1, "b/new/w/s", MB, 1e9, 0);
    const struct comparison *comparison = scene_compare(&scene, *state);
    assert_int_equal(comparison->cells->len, 1);
    assert_int_equal(scene.pair->alone[PAIR_A]->len, 2);
    assert_string_equal(scene.pair->alone[PAIR_A]->pdata[0], "a/only/w/s");
    assert_string_equal(scene.pair->alone[PAIR_A]->pdata[1], "b/skipped/w/s");
    assert_int_equal(scene.pair->alone[PAIR_B]->len, 2);
    scene_close(&scene);
}

static void only_ok_rows_are_compared(void **state)
{
    struct scene scene;
    scene_open(&scene);
    scene_runs(&scene, 8, CELL, BOTH(100, 100), BOTH(500, 500), 0.01);
    for (int side = 0; side < PAIR_SIDES; side++)
        folders_add(scene.rows[side], &(struct folders_row){.cell = CELL,
                                                            .repeat = 9,
                                                            .silent_bytes = side == PAIR_B ? 900 * MB : 0,
                                                            .status = "invalid"});
    const struct comparison *comparison = scene_compare(&scene, *state);
    assert_int_equal(change_of(comparison, CELL, "silent")->values[PAIR_B]->len, 8);
    assert_int_equal(comparison->same, 1);
    scene_close(&scene);
}

static void one_run_that_is_not_proven_breaks_a_cell_unless_a_had_such_a_run(void **state)
{
    struct scene scene;
    scene_open(&scene);
    const struct folders_row invalid = {.cell = CELL, .repeat = 9, .status = "invalid"};
    const struct folders_row known = {.cell = "other/known/w/s", .repeat = 9, .status = "invalid"};
    const struct folders_row timeout = {.cell = "other/crash/w/s", .repeat = 9, .status = "timeout"};
    scene_runs(&scene, 8, invalid.cell, BOTH(100, 100), BOTH(500, 500), 0.01);
    scene_runs(&scene, 8, known.cell, BOTH(100, 100), BOTH(500, 500), 0.01);
    scene_runs(&scene, 8, timeout.cell, BOTH(100, 100), BOTH(500, 500), 0.01);
    folders_add(scene.rows[PAIR_B], &invalid);
    folders_add(scene.rows[PAIR_A], &known);
    folders_add(scene.rows[PAIR_B], &known);
    folders_add(scene.rows[PAIR_B], &timeout);
    const struct comparison *comparison = scene_compare(&scene, *state);
    assert_true(cell_of(comparison, CELL)->broken);
    g_autofree char *told = compare_unproven_text(cell_of(comparison, CELL), PAIR_B);
    assert_string_equal(told, "1 of 9 runs not proven in B (invalid)");
    assert_null(compare_unproven_text(cell_of(comparison, CELL), PAIR_A));
    assert_false(cell_of(comparison, known.cell)->broken);
    assert_true(cell_of(comparison, timeout.cell)->broken);
    assert_int_equal(comparison->worse, 2);
    scene_close(&scene);
}

/* --- the same twice --- */

static void add_random_runs(GString *rows, gsl_rng *rng, const char *cell)
{
    for (guint repeat = 1; repeat <= COMPARE_PRICE_RUNS; repeat++)
        folders_add(rows, &(struct folders_row){.cell = cell,
                                                .repeat = repeat,
                                                .silent_bytes = 100 * MB + 2 * MB * gsl_rng_uniform(rng),
                                                .price_ns = 1e9 * exp(gsl_ran_gaussian(rng, 0.05))});
}

/* Six cells of nine figures each: at 95 % a figure, most of these trials would differ in something. */
static void the_same_twice_shows_no_difference_in_19_of_20_trials(void **state)
{
    static const char *const cells[] = {BASE,          CELL,          "other/1/w/s",
                                        "other/2/w/s", "other/3/w/s", "other/4/w/s"};
    guint differs = 0;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 11);
    for (int trial = 0; trial < 20; trial++) {
        struct scene scene;
        scene_open(&scene);
        for (int side = 0; side < PAIR_SIDES; side++)
            for (guint i = 0; i < G_N_ELEMENTS(cells); i++)
                add_random_runs(scene.rows[side], rng, cells[i]);
        const struct comparison *comparison = scene_compare(&scene, *state);
        differs += comparison->same < G_N_ELEMENTS(cells);
        scene_close(&scene);
    }
    gsl_rng_free(rng);
    assert_in_range(differs, 0, 1);
}

/* --- folders --- */

static void what_is_no_run_folder_is_refused(void **state)
{
    static const char *const files[] = {"machine.ini", "plan.ini", "runs.csv"};
    g_autoptr(GError) error = NULL;
    GString *rows = folders_rows();
    folders_add_runs(rows, 1, CELL, MB, 1e9, 0);
    g_autofree char *good = folders_write(*state, "good", rows);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        rows = folders_rows();
        folders_add_runs(rows, 1, CELL, MB, 1e9, 0);
        g_autofree char *bad = folders_write(*state, "bad", rows);
        g_autofree char *file = g_build_filename(bad, files[i], NULL);
        assert_int_equal(g_remove(file), 0);
        assert_null(pair_read(good, bad, &error));
        support_assert_error(&error, EXIT_BAD_DATA, (const char *const[]){files[i], NULL});
    }
    rows = folders_rows();
    folders_add_runs(rows, 1, "other/another/w/s", MB, 1e9, 0);
    g_autofree char *apart = folders_write(*state, "apart", rows);
    assert_null(pair_read(good, apart, &error));
    support_assert_error(&error, EXIT_NO_MATCH, (const char *const[]){good, apart, NULL});
    support_write(good, "runs.csv", "colour,taste\nred,sweet\n");
    assert_null(pair_read(good, apart, &error));
    support_assert_error(&error, EXIT_BAD_DATA, (const char *const[]){"cell and status", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(memory_is_over_the_baseline_and_more_of_it_is_worse),
        SUPPORT_TEST(a_difference_of_a_page_or_two_is_none),
        SUPPORT_TEST(one_run_each_differs_only_beyond_the_known_spread),
        SUPPORT_TEST(what_goes_back_in_time_has_no_known_spread),
        SUPPORT_TEST(a_price_from_fewer_than_eight_runs_is_never_a_difference),
        SUPPORT_TEST(a_price_that_is_higher_in_every_run_is_slower_and_a_lower_one_faster),
        SUPPORT_TEST(a_price_whose_interval_includes_1_or_is_too_wide_is_no_difference),
        SUPPORT_TEST(a_slower_machine_is_no_difference_where_the_baseline_was_run),
        SUPPORT_TEST(a_baseline_that_has_changed_itself_is_no_measure),
        SUPPORT_TEST(a_baseline_under_another_environment_is_no_measure),
        SUPPORT_TEST(the_largest_difference_stands_first_and_what_fails_before_all),
        SUPPORT_TEST(cells_of_one_run_only_are_listed_and_not_compared),
        SUPPORT_TEST(only_ok_rows_are_compared),
        SUPPORT_TEST(one_run_that_is_not_proven_breaks_a_cell_unless_a_had_such_a_run),
        SUPPORT_TEST(the_same_twice_shows_no_difference_in_19_of_20_trials),
        SUPPORT_TEST(what_is_no_run_folder_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
