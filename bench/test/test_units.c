#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "units.h"

static const uint64_t UNTOUCHED = 4711;

static void assert_refused(bool accepted, GError **error, const char *text)
{
    if (accepted)
        fail_msg("\"%s\" was accepted", text);
    assert_non_null(*error);
    assert_int_equal((*error)->domain, AFTERFREE_ERROR);
    assert_int_equal((*error)->code, EXIT_BAD_DATA);
    assert_non_null(strstr((*error)->message, text));
    g_clear_error(error);
}

typedef bool (*parser)(const char *text, uint64_t *value, GError **error);

static void assert_parses(parser parse, const char *text, uint64_t expected)
{
    GError *error = NULL;
    uint64_t value = UNTOUCHED;
    if (!parse(text, &value, &error))
        fail_msg("\"%s\": %s", text, error->message);
    assert_int_equal(value, expected);
}

static void assert_refuses(parser parse, const char *text)
{
    GError *error = NULL;
    uint64_t value = UNTOUCHED;
    assert_refused(parse(text, &value, &error), &error, text);
    assert_int_equal(value, UNTOUCHED);
}

static void counts_are_of_1000(void **state)
{
    (void)state;
    assert_parses(units_parse_count, "0", 0);
    assert_parses(units_parse_count, "1000", 1000);
    assert_parses(units_parse_count, "250k", 250000);
    assert_parses(units_parse_count, "10M", 10000000);
    assert_parses(units_parse_count, "2G", 2000000000);
    assert_parses(units_parse_count, " 10 M\t", 10000000);
}

static void a_decimal_count_is_exact(void **state)
{
    (void)state;
    assert_parses(units_parse_count, "1.5M", 1500000);
    assert_parses(units_parse_count, "0.001k", 1);
    assert_parses(units_parse_count, "1.0", 1);
    assert_refuses(units_parse_count, "1.5");
    assert_refuses(units_parse_count, "0.0001k");
}

static void bytes_are_of_1024(void **state)
{
    (void)state;
    assert_parses(units_parse_bytes, "4096B", 4096);
    assert_parses(units_parse_bytes, "64K", 65536);
    assert_parses(units_parse_bytes, "2.5G", UINT64_C(5) << 29);
    assert_parses(units_parse_bytes, "1T", UINT64_C(1) << 40);
}

static void bytes_without_a_unit_are_refused(void **state)
{
    (void)state;
    assert_refuses(units_parse_bytes, "4096");
    assert_refuses(units_parse_bytes, "0");
}

static void a_part_of_a_byte_is_refused(void **state)
{
    (void)state;
    assert_refuses(units_parse_bytes, "0.3K");
    assert_refuses(units_parse_bytes, "1.5B");
}

static void durations_are_in_ms(void **state)
{
    (void)state;
    assert_parses(units_parse_duration_ms, "500 ms", 500);
    assert_parses(units_parse_duration_ms, "12 s", 12000);
    assert_parses(units_parse_duration_ms, "12s", 12000);
    assert_parses(units_parse_duration_ms, "1.5 s", 1500);
    assert_parses(units_parse_duration_ms, "2 min", 120000);
    assert_parses(units_parse_duration_ms, "1 h", 3600000);
    assert_parses(units_parse_duration_ms, "0 s", 0);
}

static void durations_in_ns_are_told_in_six_characters(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } told[] = {{0, "0 ns"},
                {999, "999 ns"},
                {1000, "1.0 us"},
                {9949, "9.9 us"},
                {9950, "10 us"},
                {999499, "999 us"},
                {999500, "1.0 ms"},
                {628000000, "628 ms"},
                {9900000000, "9.9 s"},
                {999000000000, "999 s"},
                {1000000000000, "16 min 40 s"}};
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autofree char *text = units_format_duration_ns(told[i].ns);
        assert_string_equal(text, told[i].text);
    }
}

static void a_duration_without_a_unit_is_refused(void **state)
{
    (void)state;
    assert_refuses(units_parse_duration_ms, "500");
    assert_refuses(units_parse_duration_ms, "0");
}

static void an_unknown_unit_is_refused(void **state)
{
    (void)state;
    assert_refuses(units_parse_duration_ms, "5 sec");
    assert_refuses(units_parse_duration_ms, "5 M");
    assert_refuses(units_parse_count, "10m");
    assert_refuses(units_parse_count, "10K");
    assert_refuses(units_parse_bytes, "10k");
    assert_refuses(units_parse_bytes, "10MB");
}

static void what_is_no_plain_number_is_refused(void **state)
{
    static const char *const TEXTS[] = {"",    " ",     "k",   "abc", "-1",   "+1",
                                        "1e3", ".5",    "1.",  "1.k", "0x10", "1 000",
                                        "1,5", "10M 5", "nan", "inf", "1..2", "1_000"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        assert_refuses(units_parse_count, TEXTS[i]);
        assert_refuses(units_parse_duration_ms, TEXTS[i]);
    }
}

static void an_overflow_is_refused(void **state)
{
    (void)state;
    assert_parses(units_parse_count, "18446744073709551615", UINT64_MAX);
    assert_refuses(units_parse_count, "18446744073709551616");
    assert_refuses(units_parse_count, "18446744073709551615k");
    assert_refuses(units_parse_bytes, "16777216T");
    assert_refuses(units_parse_duration_ms, "99999999999999999999 ms");
}

static void a_fraction_is_a_decimal_or_a_percentage(void **state)
{
    double fraction = -1;
    (void)state;
    assert_true(units_parse_fraction("0.25", &fraction, NULL) && fraction == 0.25);
    assert_true(units_parse_fraction("10%", &fraction, NULL) && fraction == 0.1);
    assert_true(units_parse_fraction(" 2.5 % ", &fraction, NULL) && fraction == 0.025);
    assert_true(units_parse_fraction("0", &fraction, NULL) && fraction == 0);
    assert_true(units_parse_fraction("1", &fraction, NULL) && fraction == 1);
    assert_true(units_parse_fraction("100%", &fraction, NULL) && fraction == 1);
}

static void a_fraction_above_one_is_refused(void **state)
{
    static const char *const TEXTS[] = {"1.01", "101%", "10", "-0.1", "0.5k", "10%%", "", "%", "1e-3"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        GError *error = NULL;
        double fraction = -1;
        assert_refused(units_parse_fraction(TEXTS[i], &fraction, &error), &error, TEXTS[i]);
        assert_true(fraction == -1);
    }
}

static void a_single_number_is_a_range_of_one(void **state)
{
    struct units_range range;
    (void)state;
    assert_true(units_parse_range("15", &range, NULL) && range.low == 15 && range.high == 15);
    assert_true(units_parse_range("15..30", &range, NULL) && range.low == 15 && range.high == 30);
    assert_true(units_parse_range("1k .. 2k", &range, NULL) && range.low == 1000 && range.high == 2000);
}

static void a_range_that_is_reversed_or_open_is_refused(void **state)
{
    static const char *const TEXTS[] = {"30..15",  "15..",    "..15", "..",  "",
                                        "15...30", "1..2..3", "1-2",  "a..b"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        GError *error = NULL;
        struct units_range range;
        assert_refused(units_parse_range(TEXTS[i], &range, &error), &error, TEXTS[i]);
    }
}

static void a_boolean_is_yes_or_no_only(void **state)
{
    static const char *const TEXTS[] = {"true", "1", "Yes", "on", "", "no no"};
    bool value = false;
    (void)state;
    assert_true(units_parse_boolean(" yes ", &value, NULL) && value);
    assert_true(units_parse_boolean("no", &value, NULL) && !value);
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        GError *error = NULL;
        assert_refused(units_parse_boolean(TEXTS[i], &value, &error), &error, TEXTS[i]);
    }
}

static void assert_reads(char *text, const char *expected)
{
    assert_string_equal(text, expected);
    g_free(text);
}

static void bytes_are_written_with_three_digits(void **state)
{
    (void)state;
    assert_reads(units_format_limit(UINT64_C(64) << 20), "64 MiB");
    assert_reads(units_format_limit(UINT64_C(1536) << 20), "1536 MiB");
    assert_reads(units_format_limit(UINT64_C(2) << 30), "2 GiB");
    assert_reads(units_format_limit(2000000000), "2.00 GB");
    assert_reads(units_format_limit(4097), "4.10 kB");
    assert_reads(units_format_bytes(0), "0 B");
    assert_reads(units_format_bytes(999), "999 B");
    assert_reads(units_format_bytes(1000), "1.00 kB");
    assert_reads(units_format_bytes(12400000), "12.4 MB");
    assert_reads(units_format_bytes(950000000), "950 MB");
    assert_reads(units_format_bytes(1830000000), "1.83 GB");
    assert_reads(units_format_bytes(UINT64_MAX), "18.4 EB");
}

static void rounding_up_moves_to_the_next_digit_or_unit(void **state)
{
    (void)state;
    assert_reads(units_format_bytes(9994000), "9.99 MB");
    assert_reads(units_format_bytes(9996000), "10.0 MB");
    assert_reads(units_format_bytes(99960000), "100 MB");
    assert_reads(units_format_bytes(999600000), "1.00 GB");
    assert_reads(units_format_duration_ms(59949), "59.9 s");
    assert_reads(units_format_duration_ms(59950), "1 min");
    assert_reads(units_format_duration_ms(3599500), "1 h");
}

static void durations_are_written_in_the_unit_that_fits(void **state)
{
    (void)state;
    assert_reads(units_format_duration_ms(0), "0 ms");
    assert_reads(units_format_duration_ms(40), "40 ms");
    assert_reads(units_format_duration_ms(12000), "12 s");
    assert_reads(units_format_duration_ms(12345), "12.3 s");
    assert_reads(units_format_duration_ms(250000), "4 min 10 s");
    assert_reads(units_format_duration_ms(240000), "4 min");
    assert_reads(units_format_duration_ms(4500000), "1 h 15 min");
}

static void counts_are_written_exactly_and_read_back(void **state)
{
    static const uint64_t COUNTS[] = {0, 1, 999, 1000, 250000, 1234567, 1500000, 10000000, UINT64_MAX};
    (void)state;
    assert_reads(units_format_count(10000000), "10M");
    assert_reads(units_format_count(250000), "250k");
    assert_reads(units_format_count(1234567), "1234567");
    assert_reads(units_format_count(0), "0");
    for (size_t i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
        g_autofree char *text = units_format_count(COUNTS[i]);
        assert_parses(units_parse_count, text, COUNTS[i]);
    }
}

static void a_count_for_a_table_has_three_digits(void **state)
{
    (void)state;
    assert_reads(units_format_about(0), "0");
    assert_reads(units_format_about(999), "999");
    assert_reads(units_format_about(1000), "1.00k");
    assert_reads(units_format_about(9994), "9.99k");
    assert_reads(units_format_about(9996), "10.0k");
    assert_reads(units_format_about(1234567), "1.23M");
    assert_reads(units_format_about(999499), "999k");
    assert_reads(units_format_about(999500), "1.00M");
    assert_reads(units_format_about(UINT64_MAX), "18.4E");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_of_1000),
        cmocka_unit_test(a_decimal_count_is_exact),
        cmocka_unit_test(bytes_are_of_1024),
        cmocka_unit_test(bytes_without_a_unit_are_refused),
        cmocka_unit_test(a_part_of_a_byte_is_refused),
        cmocka_unit_test(durations_are_in_ms),
        cmocka_unit_test(durations_in_ns_are_told_in_six_characters),
        cmocka_unit_test(a_duration_without_a_unit_is_refused),
        cmocka_unit_test(an_unknown_unit_is_refused),
        cmocka_unit_test(what_is_no_plain_number_is_refused),
        cmocka_unit_test(an_overflow_is_refused),
        cmocka_unit_test(a_fraction_is_a_decimal_or_a_percentage),
        cmocka_unit_test(a_fraction_above_one_is_refused),
        cmocka_unit_test(a_single_number_is_a_range_of_one),
        cmocka_unit_test(a_range_that_is_reversed_or_open_is_refused),
        cmocka_unit_test(a_boolean_is_yes_or_no_only),
        cmocka_unit_test(bytes_are_written_with_three_digits),
        cmocka_unit_test(rounding_up_moves_to_the_next_digit_or_unit),
        cmocka_unit_test(durations_are_written_in_the_unit_that_fits),
        cmocka_unit_test(counts_are_written_exactly_and_read_back),
        cmocka_unit_test(a_count_for_a_table_has_three_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
