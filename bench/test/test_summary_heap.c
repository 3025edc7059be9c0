/* summary_heap.h: the heap as its own runtime has it, beside what the kernel has. */
#include "summary_heap.h"
#include "support.h"

#define HEADER                                                                                               \
    "cell,allocator,setting,workload,shape,walk,repeat,status,reason,baseline_rss_bytes,drop_rss_bytes,"     \
    "drop_lazy_bytes,silent_rss_bytes,silent_lazy_bytes,purge_rss_bytes,purge_lazy_bytes,"                   \
    "drop_heap_inuse_bytes,drop_heap_idle_bytes,drop_heap_released_bytes,silent_heap_inuse_bytes,"           \
    "silent_heap_idle_bytes,silent_heap_released_bytes,purge_heap_inuse_bytes,purge_heap_idle_bytes,"        \
    "purge_heap_released_bytes\n"
#define ROW(setting, shape, walk, repeat, status, numbers)                                                   \
    "a/" setting "/w/" shape "/" walk ",a," setting ",w," shape "," walk "," repeat "," status ",,"          \
    "1000000," numbers "\n"
#define TOLD "9000000,0,8000000,7000000,,,8100000,200000,100000,400000,7900000,7500000,,,"
#define PURGED "9000000,0,2000000,0,3000000,0,8100000,200000,100000,0,8300000,8300000,0,8300000,8200000"

/* The part of the printed table of a folder with these rows; the caller frees. */
static char *part_of(const char *folder, const char *rows)
{
    g_autofree char *path = g_build_filename(folder, "part", NULL);
    g_autoptr(GError) error = NULL;
    support_write(folder, "runs.csv", rows);
    struct summary *summary = summary_read(folder, &error);
    if (!summary)
        fail_msg("%s", error->message);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    summary_heap_print(summary, out);
    fclose(out);
    summary_free(summary);
    return support_read(folder, "part");
}

static void each_instant_that_was_told_has_a_line_a_block_for_each_shape(void **state)
{
    g_autofree char *part = part_of(
        *state, HEADER ROW("free", "y", "drop", "1", "ok", TOLD) ROW("free", "x", "purge", "1", "ok", PURGED)
                    ROW("a-setting-that-does-not-fit", "x", "drop", "1", "ok", TOLD));
    static const char *const lines[] = {
        "                           behind    in use     idle released      RSS     lazy\n",
        "w, x:\na/a-setting-that-does-not-fit drop\n",
        "                           drop     8.10 MB   200 kB   100 kB  8.00 MB      0 B\n",
        "                           silent    400 kB  7.90 MB  7.50 MB  7.00 MB  7.00 MB\n",
        "a/free purge               drop     8.10 MB   200 kB   100 kB  8.00 MB      0 B\n",
        "                           purge        0 B  8.30 MB  8.20 MB  2.00 MB      0 B\n",
        "                           silent       0 B  8.30 MB  8.30 MB  1.00 MB      0 B\n",
        "w, y:\na/free drop                drop     8.10 MB",
    };
    const char *at = part;
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        support_assert_has(at, lines[i]);
        at = strstr(at, lines[i]) + 1;
    }
    support_assert_has_not(part, "collect");
    g_auto(GStrv) all = g_strsplit(part, "\n", -1);
    for (char **line = all; *line; line++)
        assert_in_range(strlen(*line), 0, 100);
}

static void the_numbers_are_medians_of_the_proven_runs(void **state)
{
    g_autofree char *part = part_of(
        *state, HEADER ROW("s", "x", "drop", "1", "ok", TOLD)
                    ROW("s", "x", "drop", "2", "ok",
                        "9000000,0,8000000,7000000,,,8300000,200000,100000,400000,7900000,7500000,,,")
                        ROW("s", "x", "drop", "3", "failed", "9000000,0,8000000,7000000,,,1,1,1,1,1,1,,,"));
    support_assert_has(part, "a/s drop                   drop     8.20 MB   200 kB   100 kB");
}

static void where_no_proven_cell_has_such_a_runtime_nothing_is_printed(void **state)
{
    g_autofree char *part =
        part_of(*state, HEADER ROW("s", "x", "drop", "1", "ok", "9000000,0,8000000,7000000,,,,,,,,,,,")
                            ROW("t", "x", "drop", "1", "failed", TOLD));
    assert_string_equal(part, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(each_instant_that_was_told_has_a_line_a_block_for_each_shape),
        SUPPORT_TEST(the_numbers_are_medians_of_the_proven_runs),
        SUPPORT_TEST(where_no_proven_cell_has_such_a_runtime_nothing_is_printed),
    };
    return cmocka_run_group_tests_name("summary_heap", tests, NULL, NULL);
}
