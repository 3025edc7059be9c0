/* expect.h: known answers are read strictly, and rows compared with them to the number. */
#include "expect.h"
#include "support.h"

#define RUNS                                                                                                 \
    "allocator,setting,status,reason,baseline_rss_bytes,silent_rss_bytes,silent_lazy_bytes,live_blocks,t90_" \
    "ms,"                                                                                                    \
    "sample_gap_ms\n"                                                                                        \
    "good,default,ok,,1000000,1004096,0,7,300,12\n"                                                          \
    "low,default,ok,,1000000,999424,8192,7,,12\n"                                                            \
    "bad,crash,failed,signal 11 (Segmentation fault) in build,,,,,,\n"

/* The verdicts on RUNS by `answers`. */
static GPtrArray *judge(const char *folder, const char *answers)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = support_new_file(folder, "expected.ini", answers);
    g_autofree char *table = support_new_file(folder, "runs.csv", RUNS);
    g_autoptr(csv_table) runs = csv_read(table, &error);
    g_autoptr(expect_file) expect = expect_read(path, &error);
    if (!runs || !expect)
        fail_msg("%s", error->message);
    return expect_judge(expect, runs);
}

static const struct expect_verdict *verdict_of(const GPtrArray *verdicts, const char *name)
{
    for (guint i = 0; i < verdicts->len; i++) {
        const struct expect_verdict *verdict = verdicts->pdata[i];
        if (strcmp(verdict->name, name) == 0)
            return verdict;
    }
    fail_msg("there is no verdict on %s", name);
    return NULL;
}

#define OTHERS "[low/default]\nstatus = ok\n[bad/crash]\nstatus = failed\n"

/* One `key` of good/default, ok: does it hold? */
static bool holds(const char *folder, const char *key)
{
    g_autofree char *text = g_strdup_printf("[good/default]\nstatus = ok\n%s\n" OTHERS, key);
    g_autoptr(GPtrArray) verdicts = judge(folder, text);
    const struct expect_verdict *verdict = verdict_of(verdicts, "good/default");
    assert_int_equal(verdict->figures, 1);
    assert_true(verdict->violations->len <= 1);
    return verdict->violations->len == 0;
}

static void both_ends_of_a_range_are_in_it_and_nothing_beyond(void **state)
{
    assert_true(holds(*state, "live_blocks = 7"));
    assert_true(holds(*state, "live_blocks = 7..9"));
    assert_true(holds(*state, "live_blocks = 5..7"));
    assert_false(holds(*state, "live_blocks = 8..9"));
    assert_false(holds(*state, "live_blocks = 5..6"));
    assert_false(holds(*state, "live_blocks = 70"));
}

static void rss_is_compared_over_the_baseline_and_the_rest_as_it_is(void **state)
{
    assert_true(holds(*state, "silent_rss_bytes = 4096B"));
    assert_false(holds(*state, "silent_rss_bytes = 0B..4095B"));
    assert_false(holds(*state, "silent_rss_bytes = 4097B..16K"));
    assert_true(holds(*state, "baseline_rss_bytes = 1000000B"));
    assert_true(holds(*state, "silent_lazy_bytes = 0B"));
}

static void a_column_of_the_row_widens_a_range_on_both_sides(void **state)
{
    assert_true(holds(*state, "t90_ms = 310..320 +- sample_gap_ms"));
    assert_true(holds(*state, "t90_ms = 312 +- sample_gap_ms"));
    assert_true(holds(*state, "t90_ms = 288 +- sample_gap_ms"));
    assert_false(holds(*state, "t90_ms = 313 +- sample_gap_ms"));
    assert_false(holds(*state, "t90_ms = 287 +- sample_gap_ms"));
}

static void an_empty_field_is_none_and_no_number_not_even_0(void **state)
{
    g_autoptr(GPtrArray) none = judge(
        *state, "[low/default]\nstatus = ok\nt90_ms = none\n[good/default]\nstatus = ok\nt90_ms = none\n");
    assert_int_equal(verdict_of(none, "low/default")->violations->len, 0);
    assert_int_equal(verdict_of(none, "good/default")->violations->len, 1);
    g_autoptr(GPtrArray) zero = judge(*state, "[low/default]\nstatus = ok\nt90_ms = 0\n");
    assert_int_equal(verdict_of(zero, "low/default")->violations->len, 1);
}

static void rss_below_the_baseline_is_seen_as_such(void **state)
{
    g_autoptr(GPtrArray) verdicts = judge(*state, "[low/default]\nstatus = ok\nsilent_rss_bytes = 0B..16K\n");
    const struct expect_verdict *verdict = verdict_of(verdicts, "low/default");
    assert_int_equal(verdict->violations->len, 1);
    support_assert_has(verdict->violations->pdata[0], "silent_rss_bytes -576 B, expected 0 B..");
}

static void a_status_or_a_reason_that_differs_is_a_violation_that_says_what_was_found(void **state)
{
    g_autoptr(GPtrArray) right = judge(*state, "[bad/crash]\nstatus = failed\nreason = signal 11\n");
    assert_int_equal(verdict_of(right, "bad/crash")->violations->len, 0);
    assert_string_equal(verdict_of(right, "bad/crash")->expected, "failed: signal 11");
    assert_string_equal(verdict_of(right, "bad/crash")->found,
                        "failed: signal 11 (Segmentation fault) in build");
    static const char *const wrong[] = {"[bad/crash]\nstatus = oom\nreason = signal 11\n",
                                        "[bad/crash]\nstatus = failed\nreason = in drop\n",
                                        "[bad/crash]\nstatus = ok\nlive_blocks = 7\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GPtrArray) verdicts = judge(*state, wrong[i]);
        const struct expect_verdict *verdict = verdict_of(verdicts, "bad/crash");
        assert_int_equal(verdict->violations->len, 1);
        assert_int_equal(verdict->figures, 0);
        support_assert_has(verdict->violations->pdata[0], "failed: signal 11 (Segmentation fault) in build");
    }
}

static void a_row_nobody_expects_and_an_answer_without_a_row_are_violations(void **state)
{
    g_autoptr(GPtrArray) verdicts =
        judge(*state, "[good/default]\nstatus = ok\n[gone/default]\nstatus = ok\n");
    assert_int_equal(verdicts->len, 4);
    assert_int_equal(verdict_of(verdicts, "good/default")->violations->len, 0);
    assert_int_equal(verdict_of(verdicts, "low/default")->violations->len, 1);
    assert_int_equal(verdict_of(verdicts, "bad/crash")->violations->len, 1);
    assert_int_equal(verdict_of(verdicts, "gone/default")->violations->len, 1);
    assert_string_equal(verdict_of(verdicts, "gone/default")->found, "no row");
}

static void a_bad_answer_is_an_error_that_names_file_line_group_and_key(void **state)
{
    static const struct {
        const char *text, *parts[4];
    } cases[] = {
        {"[a/b]\nstatus = ok\npeak = 1\n", {":3: [a/b] peak", "unknown key"}},
        {"[a/b]\nstatus = fine\n", {":2: [a/b] status", "fine"}},
        {"[a/b]\nreason = x\n", {":1: [a/b] status", "missing"}},
        {"[a]\nstatus = ok\n", {":1: [a]", "ALLOCATOR/SETTING"}},
        {"[a/b]\nstatus = ok\nt90_ms = soon\n", {":3: [a/b] t90_ms", "soon"}},
        {"[a/b]\nstatus = ok\nt90_ms =\n", {":3: [a/b] t90_ms"}},
        {"[a/b]\nstatus = ok\nt90_ms = 9..\n", {":3: [a/b] t90_ms"}},
        {"[a/b]\nstatus = ok\nt90_ms = 9..8\n", {":3: [a/b] t90_ms", "above"}},
        {"[a/b]\nstatus = ok\nt90_ms = 9 +- luck\n", {":3: [a/b] t90_ms", "luck"}},
        {"[a/b]\nstatus = ok\npeak_rss_bytes = 16\n", {":3: [a/b] peak_rss_bytes", "unit"}},
        {"[a/b]\nstatus = ok\nt90_ms = 1\nt90_ms = 2\n", {":4: [a/b] t90_ms", "line 3"}},
        {"# nothing\n", {"expected.ini", "no [ALLOCATOR/SETTING]"}},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = support_new_file(*state, "expected.ini", cases[i].text);
        struct expect *expect = expect_read(path, &error);
        if (expect)
            fail_msg("was accepted: %s", cases[i].text);
        support_assert_error(&error, EXIT_BAD_DATA, cases[i].parts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(both_ends_of_a_range_are_in_it_and_nothing_beyond),
        SUPPORT_TEST(rss_is_compared_over_the_baseline_and_the_rest_as_it_is),
        SUPPORT_TEST(a_column_of_the_row_widens_a_range_on_both_sides),
        SUPPORT_TEST(an_empty_field_is_none_and_no_number_not_even_0),
        SUPPORT_TEST(rss_below_the_baseline_is_seen_as_such),
        SUPPORT_TEST(a_status_or_a_reason_that_differs_is_a_violation_that_says_what_was_found),
        SUPPORT_TEST(a_row_nobody_expects_and_an_answer_without_a_row_are_violations),
        SUPPORT_TEST(a_bad_answer_is_an_error_that_names_file_line_group_and_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
