/* progress.h: what is told of a finished run. */
#include <unistd.h>

#include "progress.h"
#include "support.h"

/* What progress_finished says of the record on a stderr that is no terminal; the caller frees. */
static char *said(const char *folder, const struct record *record)
{
    g_autofree char *path = support_new_file(folder, "said", "");
    struct progress progress;
    int before = dup(STDERR_FILENO);
    assert_true(before >= 0);
    assert_non_null(freopen(path, "w", stderr));
    progress_start(&progress, 7, 0, 0, 0);
    progress.done = progress.set_aside = 2;
    progress_finished(&progress, record, 0, 0);
    fflush(stderr);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    return support_read(folder, "said");
}

static struct record row(const char *status)
{
    struct record record = {
        .cell = g_strdup("a/b/w/s"), .status = g_strdup(status), .reason = g_strdup("why")};
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        record.numbers[i] = RECORD_UNKNOWN;
    record.numbers[RECORD_baseline_rss_bytes] = 1000000;
    record.numbers[RECORD_peak_rss_bytes] = 51000000;
    return record;
}

static void an_ok_run_is_told_by_the_tables_figures_held_and_over_the_baseline(void **state)
{
    struct record record = row("ok");
    record.numbers[RECORD_silent_rss_bytes] = 41000000;
    record.numbers[RECORD_silent_held_bytes] = 21000000;
    g_autofree char *text = said(*state, &record);
    assert_string_equal(
        text, "[3/7] ok       a/b/w/s: over the baseline peak 50.0 MB, held after silence 20.0 MB\n");
    record_clear(&record);
}

static void a_walk_without_silence_says_nothing_of_it(void **state)
{
    struct record record = row("ok");
    g_autofree char *text = said(*state, &record);
    assert_string_equal(text, "[3/7] ok       a/b/w/s: over the baseline peak 50.0 MB\n");
    record_clear(&record);
}

static void a_run_that_is_not_ok_is_told_with_its_reason(void **state)
{
    struct record record = row("invalid");
    g_autofree char *text = said(*state, &record);
    assert_string_equal(text, "[3/7] invalid  a/b/w/s: why\n");
    record_clear(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(an_ok_run_is_told_by_the_tables_figures_held_and_over_the_baseline),
        SUPPORT_TEST(a_walk_without_silence_says_nothing_of_it),
        SUPPORT_TEST(a_run_that_is_not_ok_is_told_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
