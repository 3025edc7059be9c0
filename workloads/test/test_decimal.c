#include "driver/decimal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_written(double number, const char *expected)
{
    char text[DECIMAL_MAX];
    decimal_write(text, number);
    assert_string_equal(text, expected);
}

static void a_number_has_nine_digits_and_no_trailing_zeroes(void **state)
{
    (void)state;
    assert_written(0, "0");
    assert_written(-0.0, "0");
    assert_written(1, "1");
    assert_written(-1, "-1");
    assert_written(10, "10");
    assert_written(0.5, "0.5");
    assert_written(12.25, "12.25");
    assert_written(0.1, "0.1");
    assert_written(1.0 / 3, "0.333333333");
    assert_written(2.0 / 3, "0.666666667");
    assert_written(0.000001, "0.000001");
    assert_written(131072, "131072");
    assert_written(123456789, "123456789");
    assert_written(1234567890, "1234567890"); /* nine digits and a zero */
    assert_written(999999999.9, "1000000000");
    assert_written(1e14, "100000000000000");
}

static void beyond_fifteen_places_there_is_an_exponent(void **state)
{
    (void)state;
    assert_written(1e15, "1e+15");
    assert_written(-1.5e300, "-15e+299");
    assert_written(1e-15, "0.000000000000001");
    assert_written(1e-16, "1e-16");
    assert_written(5e-324, "494065646e-332"); /* the smallest there is */
}

static void what_is_no_number_says_so(void **state)
{
    (void)state;
    assert_written(NAN, "nan");
    assert_written(INFINITY, "inf");
    assert_written(-INFINITY, "-inf");
}

static void what_is_written_reads_back_to_nine_digits(void **state)
{
    (void)state;
    char text[DECIMAL_MAX];
    uint64_t bits = 1;
    for (int i = 0; i < 100000; i++) {
        double number;
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&number, &bits, sizeof number);
        if (!isnormal(number))
            continue;
        decimal_write(text, number);
        if (strlen(text) >= DECIMAL_MAX || fabs(strtod(text, NULL) / number - 1) > 6e-9)
            fail_msg("%.17g is written as %s", number, text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_has_nine_digits_and_no_trailing_zeroes),
        cmocka_unit_test(beyond_fifteen_places_there_is_an_exponent),
        cmocka_unit_test(what_is_no_number_says_so),
        cmocka_unit_test(what_is_written_reads_back_to_nine_digits),
    };
    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
