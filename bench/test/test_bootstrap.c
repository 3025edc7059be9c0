/* bootstrap.h: medians, ratios, and intervals that hold as often as they say. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "bootstrap.h"
#include "support.h"

static GArray *values_of(const double *values, guint count)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(double));
    return g_array_append_vals(array, values, count);
}
#define VALUES(...)                                                                                          \
    values_of((const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static void the_median_leaves_the_values_as_they_are(void **state)
{
    (void)state;
    const double values[] = {9, 1, 4, 2};
    assert_true(bootstrap_median(values, 4) == 3);
    assert_true(bootstrap_median(values, 3) == 4);
    assert_true(values[0] == 9 && values[1] == 1);
}

static void a_ratio_to_nothing_is_infinite_and_nothing_to_nothing_is_one(void **state)
{
    (void)state;
    assert_true(bootstrap_ratio(2, 3) == 1.5);
    assert_true(bootstrap_ratio(0, 0) == 1);
    assert_true(isinf(bootstrap_ratio(0, 3)));
    assert_true(bootstrap_difference(5, 3) == -2);
}

static void runs_that_are_all_alike_have_an_interval_of_no_width(void **state)
{
    (void)state;
    g_autoptr(GArray) a = VALUES(100, 100, 100, 100), b = VALUES(150, 150, 150);
    struct bootstrap_interval ratio = bootstrap_interval_of(a, b, bootstrap_ratio, 0.95);
    struct bootstrap_interval difference = bootstrap_interval_of(a, b, bootstrap_difference, 0.95);
    assert_true(ratio.low == 1.5 && ratio.high == 1.5);
    assert_true(difference.low == 50 && difference.high == 50);
}

static void the_same_numbers_give_the_same_interval_and_more_confidence_a_wider_one(void **state)
{
    (void)state;
    g_autoptr(GArray) a = VALUES(10, 11, 9, 12, 10.5, 9.5, 11.5, 10.2);
    g_autoptr(GArray) b = VALUES(12, 13, 11, 14, 12.5, 11.5, 13.5, 12.2);
    struct bootstrap_interval first = bootstrap_interval_of(a, b, bootstrap_ratio, 0.95);
    struct bootstrap_interval again = bootstrap_interval_of(a, b, bootstrap_ratio, 0.95);
    struct bootstrap_interval wide = bootstrap_interval_of(a, b, bootstrap_ratio, 0.999);
    assert_true(first.low == again.low && first.high == again.high);
    assert_true(first.low < 12.35 / 10.35 && 12.35 / 10.35 < first.high);
    assert_true(wide.low < first.low && first.high < wide.high);
    assert_true(wide.low >= 11.0 / 12 && wide.high <= 14.0 / 9);
}

static void an_interval_of_a_ratio_to_nothing_is_infinite_and_never_no_number(void **state)
{
    (void)state;
    g_autoptr(GArray) a = VALUES(0, 0, 0, 1), b = VALUES(1, 2, 3, 4);
    struct bootstrap_interval ratio = bootstrap_interval_of(a, b, bootstrap_ratio, 0.99);
    assert_false(isnan(ratio.low));
    assert_true(isinf(ratio.high));
}

static void the_interval_of_one_median_lies_around_it_and_within_the_values(void **state)
{
    (void)state;
    g_autoptr(GArray) values = VALUES(1.2, 0.9, 1.1, 0.8, 1.0, 1.3, 0.7, 1.4), alike = VALUES(2, 2, 2);
    struct bootstrap_interval interval = bootstrap_interval_of_median(values, 0.95);
    struct bootstrap_interval wide = bootstrap_interval_of_median(values, 0.99);
    struct bootstrap_interval none = bootstrap_interval_of_median(alike, 0.99);
    assert_true(interval.low < 1.05 && 1.05 < interval.high);
    assert_true(wide.low < interval.low && interval.high < wide.high);
    assert_true(wide.low >= 0.7 && wide.high <= 1.4);
    assert_true(none.low == 2 && none.high == 2);
}

/* Two samples of one distribution, 300 times: at 95 % about 15 intervals may miss 1. Percentile intervals of a
 * median are a little wide for so few values, never narrow. */
static void of_pairs_that_are_alike_no_more_than_one_in_twenty_differ(void **state)
{
    (void)state;
    guint missed = 0;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 7);
    for (int trial = 0; trial < 300; trial++) {
        GArray *sides[2];
        for (int side = 0; side < 2; side++) {
            sides[side] = g_array_new(FALSE, FALSE, sizeof(double));
            for (int i = 0; i < 8; i++) {
                double value = 100 * exp(0.05 * gsl_ran_gaussian(rng, 1));
                g_array_append_val(sides[side], value);
            }
        }
        struct bootstrap_interval ratio = bootstrap_interval_of(sides[0], sides[1], bootstrap_ratio, 0.95);
        missed += ratio.low > 1 || ratio.high < 1;
        g_array_unref(sides[0]);
        g_array_unref(sides[1]);
    }
    gsl_rng_free(rng);
    assert_in_range(missed, 1, 15); /* 0: the interval says nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_leaves_the_values_as_they_are),
        cmocka_unit_test(a_ratio_to_nothing_is_infinite_and_nothing_to_nothing_is_one),
        cmocka_unit_test(runs_that_are_all_alike_have_an_interval_of_no_width),
        cmocka_unit_test(the_same_numbers_give_the_same_interval_and_more_confidence_a_wider_one),
        cmocka_unit_test(an_interval_of_a_ratio_to_nothing_is_infinite_and_never_no_number),
        cmocka_unit_test(the_interval_of_one_median_lies_around_it_and_within_the_values),
        cmocka_unit_test(of_pairs_that_are_alike_no_more_than_one_in_twenty_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
