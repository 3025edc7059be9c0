/* summary.h: cells under a limit. Who was killed at it, exactly told, is an answer and not a row that is missing. */
#include "program.h"
#include "summary.h"

#define HEADER                                                                                               \
    "cell,allocator,setting,policy,workload,shape,repeat,limit_bytes,ended_in,pressure_victim,status,"       \
    "reason,"                                                                                                \
    "baseline_rss_bytes,peak_rss_bytes,silent_rss_bytes,silent_held_bytes,neighbour_got_bytes\n"
#define ROW(setting, repeat, limit, rest)                                                                    \
    "a/" setting "/w/s,a," setting ",default,w,s," repeat "," limit "," rest "\n"

static const char rows[] = HEADER ROW("kept", "1", "2000000000",
                                      "pressure,process,ok,,1000000,901000000,801000000,801000000,700000000")
    ROW("given", "1", "2000000000", "end,neighbour,ok,,1000000,901000000,2000000,2000000,1900000000")
        ROW("dead", "1", "2000000000", "rebuild,,oom,killed there,1000000,951000000,801000000,791000000,")
            ROW("dead", "2", "2000000000", "rebuild,,oom,killed there,1000000,951000000,801000000,771000000,")
                ROW("mixed", "1", "2000000000", "rebuild,,oom,killed there,1000000,5000000,5000000,5000000,")
                    ROW("mixed", "2", "2000000000",
                        "end,neighbour,ok,,1000000,901000000,3000000,3000000,1800000000")
                        ROW("presumed", "1", "", "build,,oom,signal 9,1000000,5000000,,,");

static struct summary *read_rows(const char *folder, const char *text)
{
    g_autoptr(GError) error = NULL;
    support_write(folder, "runs.csv", text);
    struct summary *summary = summary_read(folder, &error);
    if (!summary)
        fail_msg("%s", error->message);
    return summary;
}

static const struct summary_cell *cell_of(const struct summary *summary, const char *setting)
{
    for (guint i = 0; i < summary->cells->len; i++) {
        const struct summary_cell *cell = summary->cells->pdata[i];
        if (strcmp(cell->texts.setting, setting) == 0)
            return cell;
    }
    fail_msg("no cell %s", setting);
    return NULL;
}

static void a_cell_killed_at_its_limit_has_its_numbers_up_to_the_kill(void **state)
{
    struct summary *summary = read_rows(*state, rows);
    const struct summary_cell *dead = cell_of(summary, "dead");
    assert_true(summary_killed_at_limit(dead));
    assert_string_equal(dead->texts.status, "oom");
    assert_int_equal(dead->ok, 0);
    assert_int_equal(dead->numbers[RECORD_silent_held_bytes].median, 781000000);
    assert_int_equal(dead->numbers[RECORD_peak_rss_bytes].median, 951000000);
    assert_true(dead->numbers[RECORD_neighbour_got_bytes].median == RECORD_UNKNOWN);
    summary_free(summary);
}

static void where_a_run_is_ok_only_ok_runs_count(void **state)
{
    struct summary *summary = read_rows(*state, rows);
    const struct summary_cell *mixed = cell_of(summary, "mixed");
    assert_false(summary_killed_at_limit(mixed));
    assert_int_equal(mixed->numbers[RECORD_peak_rss_bytes].median, 901000000);
    assert_int_equal(mixed->numbers[RECORD_peak_rss_bytes].min, 901000000);
    summary_free(summary);
}

static void how_many_were_killed_at_the_limit_is_a_column_of_the_summary(void **state)
{
    g_autoptr(GError) error = NULL;
    struct summary *summary = read_rows(*state, rows);
    assert_true(summary_write(summary, *state, &error));
    summary_free(summary);
    g_autoptr(csv_table) csv = program_table(*state, "summary.csv");
    static const struct {
        const char *setting;
        guint runs, killed;
    } cells[] = {{"kept", 1, 0}, {"given", 1, 0}, {"dead", 2, 2}, {"mixed", 2, 1}, {"presumed", 1, 0}};
    assert_int_equal(csv_rows(csv), G_N_ELEMENTS(cells));
    for (guint row = 0; row < csv_rows(csv); row++) {
        assert_string_equal(program_text(csv, row, "setting"), cells[row].setting);
        assert_int_equal(program_number(csv, row, "runs"), cells[row].runs);
        assert_int_equal(program_number(csv, row, "runs_oom"), cells[row].killed);
    }
}

static void an_oom_without_a_limit_is_no_answer(void **state)
{
    struct summary *summary = read_rows(*state, rows);
    const struct summary_cell *presumed = cell_of(summary, "presumed");
    assert_false(summary_killed_at_limit(presumed));
    assert_true(presumed->numbers[RECORD_peak_rss_bytes].median == RECORD_UNKNOWN);
    summary_free(summary);
}

static char *print(const struct summary *summary, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "table", NULL);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    summary_print(summary, folder, out);
    fclose(out);
    return support_read(folder, "table");
}

static void the_table_tells_who_lived_and_what_a_neighbour_got_the_most_first(void **state)
{
    struct summary *summary = read_rows(*state, rows);
    g_autofree char *table = print(summary, *state);
    summary_free(summary);
    const char *at = strstr(table, "At a limit of 2.00 GB (w, s)");
    assert_non_null(at);
    static const char *const lines[] = {
        "a/given                     900 MB 1.00 MB  lived             1.90 GB, then the neighbour was "
        "killed",
        "a/mixed                     900 MB 2.00 MB  killed in 1 of 2  1.80 GB, then the neighbour was "
        "killed",
        "a/kept                      900 MB  800 MB  lived             700 MB, then the process was killed",
        "a/dead                      950 MB  780 MB  killed in rebuild -",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        const char *line = strstr(at, lines[i]);
        if (!line)
            fail_msg("\"%s\" is not behind:\n%s\nin\n%s", lines[i], at, table);
        at = line;
    }
    const char *missing = strstr(table, "Not in the table");
    assert_non_null(missing);
    support_assert_has(missing, "oom      a/presumed/w/s: signal 9");
    support_assert_has(missing, "partly   a/mixed/w/s: 1 of 2 runs");
    support_assert_has_not(missing, "a/dead");
}

static void a_run_without_a_limit_has_no_such_table(void **state)
{
    struct summary *summary =
        read_rows(*state, "cell,allocator,setting,status,reason,peak_rss_bytes\na/b/w/s,a,b,ok,,5\n");
    g_autofree char *table = print(summary, *state);
    summary_free(summary);
    support_assert_has_not(table, "At a limit");
}

#define SERVICE(walk, repeat, rest)                                                                          \
    "a/b/w/s/walk-" walk ",a,b,default,w,s," walk "," repeat ",2000000000," rest "\n"

static const char requests[] =
    "cell,allocator,setting,policy,workload,shape,walk,repeat,limit_bytes,ended_in,status,reason,"
    "baseline_rss_bytes,peak_rss_bytes,silent_held_bytes,cgroup_baseline_working_bytes,"
    "cgroup_silent_working_bytes,requests,killed_in_request\n" SERVICE(
        "leave", "1", "hold,oom,killed there,1000000,901000000,801000000,2000000,702000000,1,2")
        SERVICE("leave", "2", "rebuild,oom,killed there,1000000,901000000,801000000,2000000,702000000,1,2")
            SERVICE("release", "1", "end,ok,,1000000,901000000,3000000,2000000,4000000,3,");

static void two_walks_of_a_service_are_two_blocks_that_tell_in_which_request_it_was_killed(void **state)
{
    struct summary *summary = read_rows(*state, requests);
    g_autofree char *table = print(summary, *state);
    summary_free(summary);
    static const char left[] =
        "At a limit of 2.00 GB (w, s, walk leave): who was killed by the kernel\n"
        "over the baseline             peak  silent working answered  then\n"
        "a/b                         900 MB  800 MB  700 MB        1  killed in request 2\n";
    static const char released[] =
        "At a limit of 2.00 GB (w, s, walk release): who was killed by the kernel\n"
        "over the baseline             peak  silent working answered  then\n"
        "a/b                         900 MB 2.00 MB 2.00 MB        3  lived\n";
    support_assert_has(table, left);
    support_assert_has(table, released);
    support_assert_has_not(table, "a neighbour got");
    support_assert_has_not(table, "Not in the table");
}

static void runs_killed_in_different_requests_are_told_from_the_first_to_the_last(void **state)
{
    struct summary *summary = read_rows(
        *state, "cell,allocator,setting,workload,shape,repeat,limit_bytes,ended_in,status,killed_in_request\n"
                "a/b/w/s,a,b,w,s,1,2000000000,build,oom,1\na/b/w/s,a,b,w,s,2,2000000000,hold,oom,4\n"
                "a/c/w/s,a,c,w,s,1,2000000000,silent,oom,\n");
    g_autofree char *table = print(summary, *state);
    summary_free(summary);
    support_assert_has(table, "  killed in request 1..4\n");
    support_assert_has(table, "  killed in silent\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_cell_killed_at_its_limit_has_its_numbers_up_to_the_kill),
        SUPPORT_TEST(where_a_run_is_ok_only_ok_runs_count),
        SUPPORT_TEST(how_many_were_killed_at_the_limit_is_a_column_of_the_summary),
        SUPPORT_TEST(an_oom_without_a_limit_is_no_answer),
        SUPPORT_TEST(the_table_tells_who_lived_and_what_a_neighbour_got_the_most_first),
        SUPPORT_TEST(a_run_without_a_limit_has_no_such_table),
        SUPPORT_TEST(two_walks_of_a_service_are_two_blocks_that_tell_in_which_request_it_was_killed),
        SUPPORT_TEST(runs_killed_in_different_requests_are_told_from_the_first_to_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
