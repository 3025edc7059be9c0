/* summary.h: medians, what runs.csv becomes, and the table people read. */
#include "csv.h"
#include "folder.h"
#include "summary.h"
#include "support.h"

#define UNKNOWN RECORD_UNKNOWN

static void assert_number(uint64_t *values, guint count, uint64_t median, uint64_t min, uint64_t max)
{
    struct summary_number number = summary_of(values, count);
    assert_true(number.median == median);
    assert_true(number.min == min);
    assert_true(number.max == max);
}
#define ASSERT_NUMBER(median, min, max, ...)                                                                 \
    assert_number((uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), median,   \
                  min, max)

static void the_median_is_the_middle_or_the_mean_of_the_middle_two(void **state)
{
    (void)state;
    ASSERT_NUMBER(7, 7, 7, 7);
    ASSERT_NUMBER(5, 1, 9, 9, 1, 5);
    ASSERT_NUMBER(15, 1, 99, 20, 1, 99, 10);
    ASSERT_NUMBER(3, 2, 3, 2, 3); /* 2.5, rounded */
    assert_number(NULL, 0, UNKNOWN, UNKNOWN, UNKNOWN);
    /* More than a double tells apart, and almost more than it can be turned back from. */
    ASSERT_NUMBER(9007199254740993, 9007199254740993, 9007199254740993, 9007199254740993);
    ASSERT_NUMBER(UNKNOWN - 1, UNKNOWN - 1, UNKNOWN - 1, UNKNOWN - 1);
}

static void a_censored_time_counts_as_later_than_all_others(void **state)
{
    (void)state;
    ASSERT_NUMBER(20, 10, UNKNOWN, UNKNOWN, 10, 20);
    ASSERT_NUMBER(UNKNOWN, 10, UNKNOWN, 10, UNKNOWN, UNKNOWN);
    ASSERT_NUMBER(UNKNOWN, 10, UNKNOWN, UNKNOWN, 10);
    ASSERT_NUMBER(UNKNOWN, 1, UNKNOWN, 1, 2, UNKNOWN, UNKNOWN);
    ASSERT_NUMBER(3, 1, UNKNOWN, 1, 2, 3, UNKNOWN);
    ASSERT_NUMBER(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
}

/* --- from runs.csv to summary.csv --- */

static const char rows[] =
    "cell,allocator,setting,policy,workload,shape,records,order,window_ms,status,reason,live_bytes,"
    "peak_rss_bytes,t50_ms\n"
    "a/x/w/s,a,x,eager,w,s,10,hash,700,failed,signal 11,1,1,1\n"
    "b/x/w/s,b,x,eager,w,s,10,hash,700,invalid,no such library,5,5,5\n"
    "a/x/w/s,a,x,eager,w,s,10,hash,700,ok,,100,300,\n"
    "a/x/w/s,a,x,eager,w,s,10,hash,700,ok,,100,500,20\n"
    "a/x/w/s,a,x,eager,w,s,10,hash,700,ok,,100,400,40\n";

static struct summary *read_summary(const char *folder, const char *text)
{
    support_write(folder, "runs.csv", text);
    g_autoptr(GError) error = NULL;
    struct summary *summary = summary_read(folder, &error);
    if (!summary)
        fail_msg("%s", error->message);
    return summary;
}

static void only_ok_rows_are_in_the_numbers(void **state)
{
    struct summary *summary = read_summary(*state, rows);
    assert_int_equal(summary->cells->len, 2);
    const struct summary_cell *cell = summary->cells->pdata[0];
    assert_string_equal(cell->texts.cell, "a/x/w/s");
    assert_string_equal(cell->texts.status, "ok");
    assert_int_equal(cell->runs, 4);
    assert_int_equal(cell->ok, 3);
    assert_int_equal(cell->numbers[RECORD_live_bytes].median, 100);
    assert_int_equal(cell->numbers[RECORD_live_bytes].min, 100);
    assert_int_equal(cell->numbers[RECORD_peak_rss_bytes].median, 400);
    assert_int_equal(cell->numbers[RECORD_peak_rss_bytes].min, 300);
    assert_int_equal(cell->numbers[RECORD_peak_rss_bytes].max, 500);
    assert_int_equal(cell->numbers[RECORD_t50_ms].median, 40); /* the empty one is the latest */
    assert_true(cell->numbers[RECORD_t50_ms].max == UNKNOWN);
    assert_true(cell->numbers[RECORD_build_ns].median == UNKNOWN); /* no such column */
    summary_free(summary);
}

static void a_cell_without_an_ok_run_keeps_its_reason_and_has_no_numbers(void **state)
{
    struct summary *summary = read_summary(*state, rows);
    const struct summary_cell *cell = summary->cells->pdata[1];
    assert_string_equal(cell->texts.status, "invalid");
    assert_string_equal(cell->texts.reason, "no such library");
    assert_int_equal(cell->ok, 0);
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        assert_true(cell->numbers[i].median == UNKNOWN);
    summary_free(summary);
}

static void summary_csv_has_a_row_a_cell_with_medians_and_bounds(void **state)
{
    struct summary *summary = read_summary(*state, rows);
    assert_true(summary_write(summary, *state, NULL));
    summary_free(summary);
    g_autofree char *path = g_build_filename(*state, "summary.csv", NULL);
    g_autoptr(csv_table) csv = csv_read(path, NULL);
    assert_non_null(csv);
    assert_int_equal(csv_rows(csv), 2);
    assert_string_equal(csv_text(csv, 0, csv_column(csv, "runs")), "4");
    assert_string_equal(csv_text(csv, 0, csv_column(csv, "runs_ok")), "3");
    assert_string_equal(csv_text(csv, 0, csv_column(csv, "peak_rss_bytes")), "400");
    assert_string_equal(csv_text(csv, 0, csv_column(csv, "peak_rss_bytes_min")), "300");
    assert_string_equal(csv_text(csv, 0, csv_column(csv, "peak_rss_bytes_max")), "500");
    assert_string_equal(csv_text(csv, 0, csv_column(csv, "t50_ms_max")), "");
    assert_string_equal(csv_text(csv, 1, csv_column(csv, "status")), "invalid");
    assert_string_equal(csv_text(csv, 1, csv_column(csv, "peak_rss_bytes")), "");
}

static void what_is_no_run_folder_is_refused(void **state)
{
    g_autoptr(GError) error = NULL;
    assert_null(summary_read(*state, &error));
    support_assert_error(&error, EXIT_BAD_DATA,
                         (const char *const[]){*state, "is no run folder (no runs.csv)", NULL});
    support_write(*state, "runs.csv", "colour,taste\nred,sweet\n");
    assert_null(summary_read(*state, &error));
    support_assert_error(&error, EXIT_BAD_DATA, (const char *const[]){"runs.csv", "cell", NULL});
}

/* --- the columns that DESIGN promises to every tool --- */

#define AFTER(instant) instant "_rss_bytes", instant "_lazy_bytes"
#define PHASE(phase) phase "_ns", phase "_minor_faults", phase "_user_ns", phase "_sys_ns"

static void assert_columns(const char *folder, const char *name)
{
    static const char *const promised[] = {"cell",
                                           "allocator",
                                           "setting",
                                           "policy",
                                           "env",
                                           "workload",
                                           "shape",
                                           "order",
                                           "survivors",
                                           "records",
                                           "status",
                                           "reason",
                                           "baseline_rss_bytes",
                                           "live_bytes",
                                           "peak_rss_bytes",
                                           AFTER("drop"),
                                           AFTER("silent"),
                                           AFTER("ticking"),
                                           AFTER("purge"),
                                           "rebuild_peak_rss_bytes",
                                           "t50_ms",
                                           "t90_ms",
                                           "window_ms",
                                           PHASE("build"),
                                           PHASE("drop"),
                                           PHASE("purge"),
                                           PHASE("rebuild"),
                                           PHASE("redrop")};
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(csv_table) csv = csv_read(path, NULL);
    assert_non_null(csv);
    for (unsigned i = 0; i < G_N_ELEMENTS(promised); i++)
        if (csv_column(csv, promised[i]) < 0)
            fail_msg("%s has no column %s", name, promised[i]);
}

static void the_promised_columns_are_in_both_tables(void **state)
{
    g_autofree char *path = g_build_filename(*state, "run", NULL);
    struct folder *folder = folder_create(path, NULL);
    assert_non_null(folder);
    struct summary *summary = summary_read(path, NULL);
    assert_non_null(summary);
    assert_true(summary_write(summary, path, NULL));
    assert_columns(path, "runs.csv");
    assert_columns(path, "summary.csv");
    summary_free(summary);
    folder_close(folder);
}

/* --- the table --- */

static char *printed(const struct summary *summary, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "table", NULL);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    summary_print(summary, folder, out);
    assert_int_equal(fclose(out), 0);
    return support_read(folder, "table");
}

/* A row of runs.csv in which every number is as wide as it gets. */
static void add_wide_row(GString *text, const char *allocator, const char *setting, const char *status)
{
    g_string_append_printf(text,
                           "%s/%s/w/s,%s,%s,delayed,hash_chained,a-shape-with-a-name-of-forty-characters-ok,",
                           allocator, setting, allocator, setting);
    g_string_append(text, "4294967295,1048576..1048576,");
    g_string_append_printf(text, "16777216..16777216,insertion,86400000,no,%s,the reason of %s", status,
                           setting);
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        g_string_append(text, i == RECORD_baseline_rss_bytes ? ",0"
                              : i == RECORD_t90_ms           ? ","
                                                             : ",88812345678901");
    g_string_append_c(text, '\n');
}

static char *wide_rows(void)
{
    GString *text = g_string_new("cell,allocator,setting,policy,workload,shape,records,strings,length,order,"
                                 "window_ms,window_short,status,reason");
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        g_string_append_printf(text, ",%s", record_number_names[i]);
    g_string_append_c(text, '\n');
    add_wide_row(text, "glibc", "default", "ok");
    add_wide_row(text, "jemalloc", "a-setting-with-a-name-of-forty-characters", "ok");
    add_wide_row(text, "an-allocator-with-a-name-of-forty-letters",
                 "a-setting-with-a-name-of-forty-characters", "ok");
    add_wide_row(text, "glibc", "crashes", "failed");
    return g_string_free(text, FALSE);
}

static void the_table_is_at_most_100_columns_wide_with_long_names_too(void **state)
{
    g_autofree char *text = wide_rows();
    struct summary *summary = read_summary(*state, text);
    g_autofree char *table = printed(summary, *state);
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_utf8_strlen(*line, -1) > 100)
            fail_msg("%d columns: %s", (int)g_utf8_strlen(*line, -1), *line);
    support_assert_has(
        table, "an-allocator-with-a-name-of-forty-letters/a-setting-with-a-name-of-forty-characters\n");
    summary_free(summary);
}

static void the_table_lists_what_was_not_proven_with_its_reason_behind_the_rows(void **state)
{
    struct summary *summary = read_summary(*state, rows);
    g_autofree char *table = printed(summary, *state);
    char *behind = strstr(table, "Not in the table");
    assert_non_null(behind);
    support_assert_has(behind, "invalid");
    support_assert_has(behind, "b/x/w/s");
    support_assert_has(behind, "no such library");
    support_assert_has(behind, "a/x/w/s: 1 of 4 runs"); /* partly proven */
    *behind = '\0';
    support_assert_has(table, "a/x ");
    support_assert_has_not(table, "b/x");
    summary_free(summary);
}

static void the_least_held_after_silence_stands_first_and_unknown_is_no_number(void **state)
{
    struct summary *summary = read_summary(
        *state, "cell,allocator,setting,workload,shape,window_ms,status,baseline_rss_bytes,peak_rss_bytes,"
                "silent_rss_bytes,silent_held_bytes\n"
                "a/much/w/s,a,much,w,s,700,ok,1000000,9000000,8000000,8000000\n"
                "a/little/w/s,a,little,w,s,700,ok,1000000,9000000,2000000,2000000\n"
                "a/gone/w/s,a,gone,w,s,700,ok,1000000,9000000,,\n");
    g_autofree char *table = printed(summary, *state);
    const char *little = strstr(table, "a/little"), *much = strstr(table, "a/much");
    const char *gone = strstr(table, "a/gone");
    assert_non_null(little);
    assert_true(little < much && much < gone);
    support_assert_has(little, "1.00 MB"); /* over the baseline */
    support_assert_has(little, "> 700 ms");
    support_assert_has_not(gone, "> 700 ms");
    support_assert_has_not(table, "EB"); /* UINT64_MAX as bytes */
    summary_free(summary);
}

static void the_foot_counts_the_conditions_of_ok_rows_and_a_cell_has_each_once(void **state)
{
    struct summary *summary = read_summary(*state, "cell,allocator,setting,workload,shape,status,conditions\n"
                                                   "a/x/w/s,a,x,w,s,ok,load\n"
                                                   "a/x/w/s,a,x,w,s,ok,load steal\n"
                                                   "a/x/w/s,a,x,w,s,failed,swapped\n"
                                                   "a/y/w/s,a,y,w,s,ok,\n");
    const struct summary_cell *cell = summary->cells->pdata[0], *other = summary->cells->pdata[1];
    g_autofree char *table = printed(summary, *state);
    support_assert_has(table, ": load in 2, steal in 1 of 3 runs\n");
    support_assert_has_not(table, "swapped");
    assert_string_equal(cell->texts.conditions, "load steal");
    assert_string_equal(other->texts.conditions, "");
    summary_free(summary);
}

static void a_calm_run_and_one_from_before_there_were_conditions_have_no_such_foot(void **state)
{
    struct summary *summary = read_summary(*state, rows);
    g_autofree char *table = printed(summary, *state);
    support_assert_has_not(table, "onditions");
    summary_free(summary);
}

static void the_mode_a_cell_asked_for_is_part_of_its_name_in_the_table(void **state)
{
    struct summary *summary =
        read_summary(*state, "cell,allocator,setting,workload,shape,status,thp\n"
                             "a/x/w/s/thp-never,a,x,w,s,ok,never\na/x/w/s,a,x,w,s,ok,madvise\n");
    g_autofree char *table = printed(summary, *state);
    support_assert_has(table, "\na/x/thp-never ");
    support_assert_has(table, "\na/x ");
    summary_free(summary);
}

static void assert_begins(const char *folder, const char *machine, const char *first)
{
    support_write(folder, "machine.ini", machine);
    struct summary *summary = read_summary(folder, rows); /* five */
    g_autofree char *table = printed(summary, folder);
    if (!g_str_has_prefix(table, first))
        fail_msg("\"%s\" is not in front of:\n%s", first, table);
    summary_free(summary);
}

static void a_run_that_is_not_whole_says_so_first(void **state)
{
    assert_begins(*state, "[run]\nruns=6\nwall_ms=1\ninterrupted=yes\n",
                  "NOT THE WHOLE RUN: 5 of 6 runs are here.");
    assert_begins(*state, "[run]\nruns=6\n", "NOT THE WHOLE RUN: 5 of 6 runs");
    assert_begins(*state, "[run]\ncommand=x\n",
                  "NOT THE WHOLE RUN: 5 runs"); /* of an older version, killed */
    assert_begins(*state, "[run]\nwall_ms=1\ninterrupted=yes\n", "NOT THE WHOLE RUN: 5 runs");
    assert_begins(*state, "[run]\nwall_ms=1\ninterrupted=no\n[resumed 1]\ncommand=x\n", "NOT THE WHOLE RUN");
}

static void a_whole_run_does_not(void **state)
{
    static const char first[] = "What stays after free()";
    assert_begins(*state, "[run]\nruns=5\nwall_ms=1\ninterrupted=no\n", first);
    assert_begins(*state, "[run]\nruns=5\n[resumed 1]\nwall_ms=1\ninterrupted=no\n", first);
    assert_begins(*state, "[run]\nwall_ms=1\ninterrupted=no\n", first);
    assert_begins(*state, "[run]\nwall_ms=1\ninterrupted=yes\n[resumed 1]\nwall_ms=1\ninterrupted=no\n",
                  first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_is_the_middle_or_the_mean_of_the_middle_two),
        cmocka_unit_test(a_censored_time_counts_as_later_than_all_others),
        SUPPORT_TEST(only_ok_rows_are_in_the_numbers),
        SUPPORT_TEST(a_cell_without_an_ok_run_keeps_its_reason_and_has_no_numbers),
        SUPPORT_TEST(summary_csv_has_a_row_a_cell_with_medians_and_bounds),
        SUPPORT_TEST(what_is_no_run_folder_is_refused),
        SUPPORT_TEST(a_run_that_is_not_whole_says_so_first),
        SUPPORT_TEST(a_whole_run_does_not),
        SUPPORT_TEST(the_promised_columns_are_in_both_tables),
        SUPPORT_TEST(the_table_is_at_most_100_columns_wide_with_long_names_too),
        SUPPORT_TEST(the_table_lists_what_was_not_proven_with_its_reason_behind_the_rows),
        SUPPORT_TEST(the_foot_counts_the_conditions_of_ok_rows_and_a_cell_has_each_once),
        SUPPORT_TEST(a_calm_run_and_one_from_before_there_were_conditions_have_no_such_foot),
        SUPPORT_TEST(the_mode_a_cell_asked_for_is_part_of_its_name_in_the_table),
        SUPPORT_TEST(the_least_held_after_silence_stands_first_and_unknown_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
