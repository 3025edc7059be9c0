/* admission.h: the new one's peak and the largest regrowth of the others must both fit what is available. */
#include "admission.h"
#include "support.h"

static void both_must_fit_to_the_byte(void **state)
{
    (void)state;
    assert_true(admission_fits(100, 60, 40));
    assert_false(admission_fits(100, 60, 41));
    assert_false(admission_fits(100, 61, 40));
    assert_true(admission_fits(100, 100, 0));
    assert_false(admission_fits(100, 101, 0));
    assert_false(admission_fits(100, 0, 101));
}

static void nothing_needs_nothing(void **state)
{
    (void)state;
    assert_true(admission_fits(0, 0, 0));
    assert_false(admission_fits(0, 1, 0));
    assert_false(admission_fits(0, 0, 1));
}

static void sums_beyond_64_bits_do_not_wrap(void **state)
{
    (void)state;
    assert_false(admission_fits(100, UINT64_MAX, 2));
    assert_false(admission_fits(100, 2, UINT64_MAX));
    assert_false(admission_fits(UINT64_MAX - 1, UINT64_MAX, UINT64_MAX));
    assert_true(admission_fits(UINT64_MAX, UINT64_MAX, 0));
}

static void read_margin(const char *folder, const char *rows, struct admission_margin *margin)
{
    g_autofree char *text =
        g_strconcat("cell,status,peak_rss_bytes,rebuild_peak_rss_bytes,expected_peak_bytes\n", rows, NULL);
    support_write(folder, "runs.csv", text);
    assert_true(admission_read_margin(margin, folder, NULL));
}

static void the_least_margin_is_over_the_larger_peak_of_proven_rows(void **state)
{
    struct admission_margin margin;
    read_margin(*state,
                "a,ok,100,150,300\n"
                "b,ok,200,,250\n"
                "c,failed,200,,10\n"
                "d,ok,,,10\n"
                "e,ok,10,9,100\n",
                &margin);
    assert_string_equal(margin.cell, "b");
    assert_true(margin.least > 1.249 && margin.least < 1.251);
    assert_int_equal(margin.over->len, 0);
    admission_margin_clear(&margin);
}

static void what_took_more_than_expected_is_told(void **state)
{
    struct admission_margin margin;
    read_margin(*state, "a,ok,100,300,200\nb,ok,100,,100\n", &margin);
    assert_string_equal(margin.cell, "a");
    assert_string_equal(margin.over->str, "a took 300 B, 200 B were expected\n");
    admission_margin_clear(&margin);
}

static void without_a_proven_row_there_is_no_margin(void **state)
{
    struct admission_margin margin;
    read_margin(*state, "", &margin);
    assert_null(margin.cell);
    admission_margin_clear(&margin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_must_fit_to_the_byte),
        cmocka_unit_test(nothing_needs_nothing),
        cmocka_unit_test(sums_beyond_64_bits_do_not_wrap),
        SUPPORT_TEST(the_least_margin_is_over_the_larger_peak_of_proven_rows),
        SUPPORT_TEST(what_took_more_than_expected_is_told),
        SUPPORT_TEST(without_a_proven_row_there_is_no_margin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
