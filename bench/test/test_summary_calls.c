/* summary.h: the table of system calls, where they were counted. */
#include "summary.h"
#include "support.h"

#define HEADER                                                                                               \
    "cell,allocator,setting,workload,shape,repeat,status,reason,build_madvise_calls,build_munmap_calls,"     \
    "build_mmap_calls,build_brk_calls,drop_madvise_calls,drop_munmap_calls,drop_mmap_calls,drop_brk_calls\n"
#define ROW(setting, repeat, status, calls)                                                                  \
    "a/" setting "/w/s,a," setting ",w,s," repeat "," status ",," calls "\n"

/* The printed table of a folder with these rows; the caller frees. */
static char *table_of(const char *folder, const char *rows)
{
    g_autofree char *path = g_build_filename(folder, "table", NULL);
    g_autoptr(GError) error = NULL;
    support_write(folder, "runs.csv", rows);
    struct summary *summary = summary_read(folder, &error);
    if (!summary)
        fail_msg("%s", error->message);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    summary_print(summary, folder, out);
    fclose(out);
    summary_free(summary);
    return support_read(folder, "table");
}

static void each_call_that_is_made_has_a_line_of_its_medians_by_phase(void **state)
{
    g_autofree char *table = table_of(*state, HEADER ROW("some", "1", "ok", "0,0,999,12345,2000000,0,0,7")
                                                  ROW("some", "2", "ok", "0,0,999,12345,4000000,0,0,7")
                                                      ROW("quiet", "1", "ok", "0,0,0,0,0,0,0,0"));
    const char *at = strstr(table, "System calls in each phase (w, s)");
    assert_non_null(at);
    static const char *const lines[] = {
        "                                      build     drop  rebuild   redrop    purge    again\n",
        "a/quiet                    none\n",
        "a/some                     madvise        0    3.00M        -        -        -        -\n",
        "                           mmap         999        0        -        -        -        -\n",
        "                           brk        12.3k        7        -        -        -        -\n",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        support_assert_has(at, lines[i]);
        at = strstr(at, lines[i]);
    }
    support_assert_has_not(table, "munmap ");
}

static void what_was_not_counted_or_is_not_proven_is_not_in_it(void **state)
{
    g_autofree char *partly = table_of(*state, HEADER ROW("counted", "1", "ok", "1,1,1,1,1,1,1,1")
                                                   ROW("empty", "1", "ok", ",,,,,,,")
                                                       ROW("broken", "1", "failed", "2,2,2,2,2,2,2,2"));
    const char *at = strstr(partly, "System calls in each phase");
    assert_non_null(at);
    g_autofree char *part = g_strndup(at, (gsize)(strstr(at, "Not in the table") - at));
    support_assert_has(part, "a/counted");
    support_assert_has_not(part, "a/empty");
    support_assert_has_not(part, "a/broken");
    g_autofree char *none = table_of(*state, HEADER ROW("empty", "1", "ok", ",,,,,,,"));
    support_assert_has_not(none, "System calls");
}

static void a_name_too_long_for_its_column_has_a_line_of_its_own(void **state)
{
#define LONG "a-setting-whose-name-does-not-fit"
    g_autofree char *table = table_of(*state, HEADER ROW(LONG, "1", "ok", "5,0,0,0,0,0,0,0"));
    support_assert_has(strstr(table, "System calls"),
                       "a/" LONG "\n                           madvise        5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(each_call_that_is_made_has_a_line_of_its_medians_by_phase),
        SUPPORT_TEST(what_was_not_counted_or_is_not_proven_is_not_in_it),
        SUPPORT_TEST(a_name_too_long_for_its_column_has_a_line_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
