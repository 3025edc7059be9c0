/* price.h: ratios paired by round, and when a difference is shown. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "folders.h"
#include "price.h"

#define MACHINE "[run]\npass = cost\n"
#define HEADER                                                                                               \
    "cell,allocator,setting,policy,workload,shape,repeat,records,role,conditions,status,live_bytes,"         \
    "build_user_ns,build_sys_ns,drop_user_ns,drop_sys_ns,rebuild_user_ns,rebuild_sys_ns,purge_user_ns,"      \
    "purge_sys_ns,rebuild_after_purge_user_ns,rebuild_after_purge_sys_ns,cpu_wait_ns,phases_ms\n"

/* A row whose build takes `ns`, half of it in the kernel; drop, rebuild and the rebuild behind the purge as much, and
 * purge a tenth. */
static void add_as(GString *rows, const char *cell, guint repeat, double ns, const char *status,
                   const char *conditions)
{
    g_auto(GStrv) parts = g_strsplit(cell, "/", 4);
    g_string_append_printf(rows, "%s,%s,%s,default,%s,%s,%u,%s,,%s,%s,1000", cell, parts[0], parts[1],
                           parts[2], parts[3], repeat, strcmp(parts[3], "large") == 0 ? "100" : "10",
                           conditions, status);
    for (int phase = 0; phase < 5; phase++) {
        double half = phase == 3 ? ns / 20 : ns / 2;
        g_string_append_printf(rows, ",%.0f,%.0f", half, half);
    }
    g_string_append(rows, ",0,1000\n");
}

static void add(GString *rows, const char *cell, guint repeat, double ns)
{
    add_as(rows, cell, repeat, ns, "ok", "");
}

static void add_rounds(GString *rows, guint count, const char *cell, double ns, double spread)
{
    for (guint repeat = 1; repeat <= count; repeat++)
        add(rows, cell, repeat, ns * folders_scatter(repeat, spread));
}

/* The prices of FOLDER, whose timed pass has these rows, which are freed. */
static struct price *read_prices(const char *folder, GString *rows)
{
    g_free(folders_write_as(folder, "cost", rows, MACHINE, NULL));
    g_autoptr(GError) error = NULL;
    struct price *price;
    if (!price_read(folder, &price, &error))
        fail_msg("%s", error->message);
    assert_non_null(price);
    return price;
}

static const struct price_cell *cell_of(const struct price *price, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, "/", 4);
    const struct price_cell *cell = price_of_shape(price, parts[0], parts[1], parts[2], parts[3]);
    if (!cell)
        fail_msg("%s has no price", name);
    return cell;
}

static const struct price_ratio *cycle(const struct price *price, const char *name,
                                       enum price_reference reference)
{
    return &cell_of(price, name)->costs[PRICE_CYCLE].of[reference];
}

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-9 * fabs(expected) + 1e-12))
        fail_msg("%g where %g was expected", value, expected);
}

/* --- where rows come from --- */

static void rows_come_from_the_cost_folder_or_from_a_folder_that_is_one(void **state)
{
    struct price *price;
    assert_true(price_read(*state, &price, NULL));
    assert_null(price);
    support_write(*state, "runs.csv", HEADER "base/default/w/s,base,default,default,w,s,1,10,,,ok,1\n");
    support_write(*state, "machine.ini", "[run]\nruns=1\n");
    assert_true(price_read(*state, &price, NULL));
    assert_null(price); /* an ordinary run */
    support_write(*state, "machine.ini", MACHINE);
    assert_true(price_read(*state, &price, NULL));
    assert_true(price && price->is_own);
    assert_null(price->baseline); /* no plan.ini */
    price_free(price);
    GString *rows = g_string_new(HEADER);
    add(rows, "other/default/w/s", 1, 1000);
    price = read_prices(*state, rows);
    assert_false(price->is_own);
    assert_string_equal(price->baseline, "base/default");
    assert_string_equal(cell_of(price, "other/default/w/s")->setting, "default");
    price_free(price);
}

static void rows_that_are_none_are_refused_by_file(void **state)
{
    g_autoptr(GError) error = NULL;
    struct price *price;
    support_write(*state, "cost/runs.csv", "colour,taste\nred,sweet\n");
    assert_false(price_read(*state, &price, &error));
    support_assert_error(&error, EXIT_BAD_DATA, (const char *const[]){"cost/runs.csv", "cell", NULL});
    support_write(*state, "cost/runs.csv", "cell,status\n\"a\"b,ok\n");
    assert_false(price_read(*state, &price, &error));
    support_assert_error(&error, EXIT_BAD_DATA, (const char *const[]){"cost/runs.csv:2", NULL});
    assert_null(price);
}

/* --- figures --- */

static void the_price_of_a_phase_is_its_cpu_time_a_record_and_a_cycle_has_three(void **state)
{
    GString *rows = g_string_new(HEADER);
    add(rows, "base/default/w/s", 1, 2000);
    add(rows, "base/default/w/s", 2, 8000);
    add(rows, "base/default/w/s", 3, 3000);
    struct price *price = read_prices(*state, rows);
    const struct price_cell *cell = cell_of(price, "base/default/w/s");
    assert_near(cell->costs[PRICE_BUILD].cpu_ns_per_record, 300);
    assert_near(cell->costs[PRICE_PURGE].cpu_ns_per_record, 30);
    assert_near(cell->costs[PRICE_REBUILD_AFTER_PURGE].cpu_ns_per_record, 300);
    assert_near(cell->costs[PRICE_CYCLE].cpu_ns_per_record, 900);
    assert_int_equal(cell->rounds, 3);
    price_free(price);
}

static void a_column_that_is_not_there_is_not_measured(void **state)
{
    struct price *price = read_prices(
        *state, g_string_new("cell,allocator,setting,workload,shape,repeat,records,status,build_user_ns,"
                             "build_sys_ns\nbase/default/w/s,base,default,w,s,1,10,ok,10,20\n"));
    const struct price_cell *cell = cell_of(price, "base/default/w/s");
    assert_near(cell->costs[PRICE_BUILD].cpu_ns_per_record, 3);
    assert_true(isnan(cell->costs[PRICE_DROP].cpu_ns_per_record));
    assert_true(isnan(cell->costs[PRICE_CYCLE].cpu_ns_per_record));
    price_free(price);
}

/* Rounds get slower by a factor of ten, and with it everything in them: unpaired, no ratio would show. */
static void a_ratio_is_the_median_of_the_rounds_and_not_a_ratio_of_medians(void **state)
{
    GString *rows = g_string_new(HEADER);
    for (guint repeat = 1; repeat <= 8; repeat++) {
        double slow = exp(repeat / 3.0);
        add(rows, "base/default/w/s", repeat, 1000 * slow);
        add(rows, "other/default/w/s", repeat, 500 * slow);
        add(rows, "other/x/w/s", 9 - repeat, 600 * exp((9 - repeat) / 3.0));
    }
    struct price *price = read_prices(*state, rows);
    const struct price_ratio *own = cycle(price, "other/x/w/s", PRICE_OF_DEFAULT);
    const struct price_ratio *base = cycle(price, "other/x/w/s", PRICE_OF_BASELINE);
    assert_true(fabs(own->median - 1.2) < 0.01 && fabs(base->median - 0.6) < 0.01);
    assert_int_equal(own->rounds, 8);
    assert_int_equal(own->verdict, COMPARE_MORE);
    assert_int_equal(base->verdict, COMPARE_LESS);
    assert_null(own->why);
    price_free(price);
}

static void a_round_counts_where_both_are_proven(void **state)
{
    GString *rows = g_string_new(HEADER);
    add_rounds(rows, 9, "base/default/w/s", 1000, 0);
    add_rounds(rows, 7, "base/x/w/s", 2000, 0);
    add_as(rows, "base/x/w/s", 8, 9e9, "failed", "");
    add(rows, "base/x/w/s", 11, 9e9); /* the default was not run in it */
    struct price *price = read_prices(*state, rows);
    const struct price_ratio *ratio = cycle(price, "base/x/w/s", PRICE_OF_DEFAULT);
    assert_int_equal(ratio->rounds, 7);
    assert_near(ratio->median, 2);
    assert_int_equal(cell_of(price, "base/x/w/s")->rounds, 8);
    price_free(price);
}

static void nothing_is_compared_to_itself_nor_over_workloads_and_shapes(void **state)
{
    GString *rows = g_string_new(HEADER);
    add_rounds(rows, 8, "base/default/w/s", 1000, 0.01);
    add_rounds(rows, 8, "base/x/w/large", 1000, 0.01);
    add_rounds(rows, 8, "base/x/v/s", 1000, 0.01);
    struct price *price = read_prices(*state, rows);
    for (int reference = 0; reference < PRICE_REFERENCES; reference++) {
        assert_int_equal(cycle(price, "base/default/w/s", reference)->rounds, 0);
        assert_int_equal(cycle(price, "base/x/w/large", reference)->rounds, 0);
        assert_int_equal(cycle(price, "base/x/v/s", reference)->rounds, 0);
    }
    price_free(price);
}

/* --- verdicts --- */

static void assert_none(const struct price *price, const char *cell, const char *why)
{
    const struct price_ratio *ratio = cycle(price, cell, PRICE_OF_BASELINE);
    assert_int_equal(ratio->verdict, COMPARE_NONE);
    assert_string_equal(ratio->why, why);
}

static void no_difference_is_shown_by_few_rounds_a_wide_interval_or_one_with_1_in_it(void **state)
{
    GString *rows = g_string_new(HEADER);
    add_rounds(rows, 8, "base/default/w/s", 1000, 0);
    add_rounds(rows, 7, "few/x/w/s", 5000, 0);
    add_rounds(rows, 1, "one/x/w/s", 5000, 0);
    add_rounds(rows, 8, "wide/x/w/s", 5000, 0.5);
    add_rounds(rows, 8, "same/x/w/s", 1010, 0.03);
    add_rounds(rows, 8, "least/x/w/s", 1008, 0); /* every time, and less than counts */
    add_rounds(rows, 8, "dear/x/w/s", 1100, 0.03);
    struct price *price = read_prices(*state, rows);
    assert_none(price, "few/x/w/s", "7 rounds, no interval below 8");
    assert_none(price, "one/x/w/s", "1 round, no interval below 8");
    assert_false(cycle(price, "few/x/w/s", PRICE_OF_BASELINE)->has_interval);
    assert_none(price, "wide/x/w/s", "the interval is too wide");
    assert_none(price, "same/x/w/s", "the interval includes 1");
    assert_none(price, "least/x/w/s", "the interval includes 1");
    assert_int_equal(cycle(price, "dear/x/w/s", PRICE_OF_BASELINE)->verdict, COMPARE_MORE);
    price_free(price);
}

/* The widened interval of these ratios at a confidence, and its verdict. */
static enum compare_verdict verdict_at(const double ratios[8], double confidence,
                                       struct bootstrap_interval *interval)
{
    const char *why;
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    g_array_append_vals(values, ratios, 8);
    *interval = bootstrap_interval_of_median(values, confidence);
    return compare_judge_ratio(interval, &why);
}

/* A cell other/x/w/s over base/default/w/s, with these ratios round by round. */
static struct price *read_ratios(const char *folder, const double ratios[8])
{
    GString *rows = g_string_new(HEADER);
    for (guint i = 0; i < 8; i++) {
        add(rows, "base/default/w/s", i + 1, 1e6);
        add(rows, "other/x/w/s", i + 1, 1e6 * ratios[i]);
    }
    return read_prices(folder, rows);
}

/* Of eight rounds one is cheaper: the 99 % interval has it half in, the 95 % one does not. */
static void an_interval_is_one_of_99_percent(void **state)
{
    static const double ratios[8] = {1.06, 1.06, 1.06, 0.95, 1.06, 1.06, 1.06, 1.06};
    struct bootstrap_interval at_95, at_99;
    assert_int_equal(verdict_at(ratios, 0.95, &at_95), COMPARE_MORE);
    assert_int_equal(verdict_at(ratios, 0.99, &at_99), COMPARE_NONE);
    struct price *price = read_ratios(*state, ratios);
    const struct price_ratio *ratio = cycle(price, "other/x/w/s", PRICE_OF_BASELINE);
    assert_near(ratio->interval.low, at_99.low);
    assert_near(ratio->interval.high, at_99.high);
    assert_none(price, "other/x/w/s", "the interval includes 1");
    price_free(price);
}

/* Half of the rounds at either end of the interval, which is widened by 1 % at both. */
static void an_interval_1_6_wide_is_too_wide_and_one_1_4_wide_is_not(void **state)
{
    const double too_high = 2 * 1.6 / 1.01 / 1.01, high = 2 * 1.4 / 1.01 / 1.01;
    const double too_wide[8] = {2, too_high, 2, too_high, 2, too_high, 2, too_high};
    const double wide[8] = {2, high, 2, high, 2, high, 2, high};
    struct price *price = read_ratios(*state, too_wide);
    const struct bootstrap_interval *interval = &cycle(price, "other/x/w/s", PRICE_OF_BASELINE)->interval;
    assert_true(fabs(interval->high / interval->low - 1.6) < 0.001);
    assert_none(price, "other/x/w/s", "the interval is too wide");
    price_free(price);
    price = read_ratios(*state, wide);
    interval = &cycle(price, "other/x/w/s", PRICE_OF_BASELINE)->interval;
    assert_true(fabs(interval->high / interval->low - 1.4) < 0.001);
    assert_int_equal(cycle(price, "other/x/w/s", PRICE_OF_BASELINE)->verdict, COMPARE_MORE);
    price_free(price);
}

/* Noise as it was measured, with spikes; the seed is fixed, so this is no game of chance. */
static double noisy(gsl_rng *rng, double ns)
{
    double noise = exp(0.025 / M_SQRT2 * gsl_ran_gaussian(rng, 1));
    return ns * noise * (gsl_rng_uniform(rng) < 0.05 ? 1 + 0.5 * gsl_rng_uniform(rng) : 1);
}

static void add_noisy(GString *rows, const char *name, guint repeat, double ns)
{
    g_string_append_printf(rows, "%s/w/s,%s,x,w,s,%u,10,ok,%.0f,0\n", name, name, repeat, ns);
}

static enum compare_verdict build_verdict(const struct price *price, const char *name)
{
    return price_find(price, name, "x", "w", "s")->costs[PRICE_BUILD].of[PRICE_OF_BASELINE].verdict;
}

static void of_20_settings_all_alike_no_more_than_one_differs_and_of_20_dearer_ones_most_do(void **state)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    guint worst = 0, found = 0;
    for (guint trial = 1; trial <= 10; trial++) {
        GString *rows = g_string_new("cell,allocator,setting,workload,shape,repeat,records,status,"
                                     "build_user_ns,build_sys_ns\n");
        guint differ = 0;
        gsl_rng_set(rng, trial);
        for (guint repeat = 1; repeat <= 8; repeat++) {
            g_string_append_printf(rows, "base/default/w/s,base,default,w,s,%u,10,ok,%.0f,0\n", repeat,
                                   noisy(rng, 1e9));
            for (int i = 0; i < 20; i++) {
                g_autofree char *same = g_strdup_printf("same-%d", i), *dear = g_strdup_printf("dear-%d", i);
                add_noisy(rows, same, repeat, noisy(rng, 1e9));
                add_noisy(rows, dear, repeat, noisy(rng, 1.1e9));
            }
        }
        struct price *price = read_prices(*state, rows);
        for (int i = 0; i < 20; i++) {
            g_autofree char *same = g_strdup_printf("same-%d", i), *dear = g_strdup_printf("dear-%d", i);
            differ += build_verdict(price, same) != COMPARE_NONE;
            found += build_verdict(price, dear) == COMPARE_MORE;
        }
        worst = MAX(worst, differ);
        price_free(price);
    }
    gsl_rng_free(rng);
    assert_in_range(worst, 0, 1);
    assert_in_range(found, 120, 200);
}

/* --- disturbed rounds, and which cell a price is of --- */

static void disturbed_rounds_are_counted_and_stay_in(void **state)
{
    GString *rows = g_string_new(HEADER);
    add(rows, "base/default/w/s", 1, 1000);
    add_as(rows, "base/x/w/s", 1, 1000, "ok", "thp-always load");
    add_as(rows, "base/default/w/s", 2, 1000, "ok", "load steal");
    add_as(rows, "base/x/w/s", 2, 1000, "failed", "slow-faults");
    add_as(rows, "base/x/w/s", 3, 1000, "ok", "swap-on");
    g_string_append(rows, "base/y/w/s,base,y,default,w,s,2,10,,,ok,1000,1,1,1,1,1,1,1,1,1,1,60000000,1000\n");
    struct price *price = read_prices(*state, rows);
    g_autofree char *text = price_disturbance_text(price);
    assert_string_equal(text, "load in 2, steal in 1, cpu-wait in 1 of 5 timed runs, in 2 of 3 rounds");
    assert_int_equal(cycle(price, "base/x/w/s", PRICE_OF_DEFAULT)->rounds, 1);
    price_free(price);
}

static void rounds_of_two_shapes_are_different_rounds(void **state)
{
    GString *rows = g_string_new(HEADER);
    for (guint repeat = 1; repeat <= 3; repeat++) {
        add_as(rows, "base/default/w/s", repeat, 1000, "ok", repeat == 1 ? "load" : "");
        add_as(rows, "base/default/v/s", repeat, 1000, "ok", repeat == 1 ? "load" : "");
        add_as(rows, "base/default/w/large", repeat, 1000, "ok", repeat < 3 ? "load" : "");
    }
    struct price *price = read_prices(*state, rows);
    g_autofree char *text = price_disturbance_text(price);
    assert_string_equal(text, "load in 4 of 9 timed runs, in 3 of 6 rounds");
    price_free(price);
}

static void a_price_is_of_the_same_shape_or_of_the_one_with_the_most_records(void **state)
{
    GString *rows = g_string_new(HEADER);
    add(rows, "base/default/w/s", 1, 1000);
    add(rows, "base/default/w/large", 1, 1000);
    add(rows, "base/default/w/t", 1, 1000);
    struct price *price = read_prices(*state, rows);
    assert_string_equal(price_find(price, "base", "default", "w", "s")->shape, "s");
    assert_string_equal(price_find(price, "base", "default", "w", "never-timed")->shape, "large");
    assert_null(price_find(price, "base", "x", "w", "s"));
    assert_null(price_find(price, "base", "default", "v", "s"));
    price_free(price);
}

/* --- columns --- */

static void columns_are_as_many_as_their_names_and_decimals_have_points(void **state)
{
    GString *rows = g_string_new(HEADER);
    add_rounds(rows, 8, "base/default/w/s", 1000, 0);
    add_rounds(rows, 8, "base/x/w/s", 1500, 0);
    struct price *price = read_prices(*state, rows);
    g_autoptr(GString) text = g_string_new("cell"), row = g_string_new(NULL);
    price_add_header(text);
    csv_add_text(row, "base/x/w/s");
    price_add_columns(row, cell_of(price, "base/x/w/s"));
    g_string_append_printf(text, "\n%s\n", row->str);
    g_string_assign(row, "");
    csv_add_text(row, "none");
    price_add_columns(row, NULL);
    g_string_append_printf(text, "%s\n", row->str);
    g_autofree char *path = support_new_file(*state, "table.csv", text->str);
    g_autoptr(csv_table) csv = csv_read(path, NULL);
    assert_non_null(csv);
    assert_string_equal(csv_field(csv, 0, "cost_shape"), "s");
    assert_string_equal(csv_field(csv, 0, "cost_rounds"), "8");
    assert_string_equal(csv_field(csv, 0, "build_cpu_ns_per_record"), "150.0000");
    assert_string_equal(csv_field(csv, 0, "rebuild_after_purge_of_default"), "1.5000");
    assert_string_equal(csv_field(csv, 0, "cycle_of_baseline_low"), "1.4851");
    assert_string_equal(csv_field(csv, 0, "cycle_of_baseline_high"), "1.5150");
    assert_string_equal(csv_field(csv, 0, "cycle_of_baseline_verdict"), "more");
    int last = csv_column(csv, "cycle_of_baseline_verdict");
    assert_int_equal(last, 1 + 6 * 9);
    for (int column = 1; column <= last; column++)
        assert_string_equal(csv_text(csv, 1, column), "");
    assert_string_equal(csv_field(csv, 1, "cost_rounds"), "0");
    g_auto(GStrv) fields = g_strsplit(row->str, ",", -1);
    assert_int_equal(g_strv_length(fields), last + 2);
    price_free(price);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(rows_come_from_the_cost_folder_or_from_a_folder_that_is_one),
        SUPPORT_TEST(rows_that_are_none_are_refused_by_file),
        SUPPORT_TEST(the_price_of_a_phase_is_its_cpu_time_a_record_and_a_cycle_has_three),
        SUPPORT_TEST(a_column_that_is_not_there_is_not_measured),
        SUPPORT_TEST(a_ratio_is_the_median_of_the_rounds_and_not_a_ratio_of_medians),
        SUPPORT_TEST(a_round_counts_where_both_are_proven),
        SUPPORT_TEST(nothing_is_compared_to_itself_nor_over_workloads_and_shapes),
        SUPPORT_TEST(no_difference_is_shown_by_few_rounds_a_wide_interval_or_one_with_1_in_it),
        SUPPORT_TEST(an_interval_is_one_of_99_percent),
        SUPPORT_TEST(an_interval_1_6_wide_is_too_wide_and_one_1_4_wide_is_not),
        SUPPORT_TEST(of_20_settings_all_alike_no_more_than_one_differs_and_of_20_dearer_ones_most_do),
        SUPPORT_TEST(disturbed_rounds_are_counted_and_stay_in),
        SUPPORT_TEST(rounds_of_two_shapes_are_different_rounds),
        SUPPORT_TEST(a_price_is_of_the_same_shape_or_of_the_one_with_the_most_records),
        SUPPORT_TEST(columns_are_as_many_as_their_names_and_decimals_have_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
