/* summary.h: prices beside memory, and as a table of their own. */
#include "csv.h"
#include "folders.h"
#include "summary.h"

#define PLAN "[plan]\nbaseline=base/default\n"
#define COST_HEADER                                                                                          \
    "cell,allocator,setting,workload,shape,repeat,records,role,conditions,status,live_bytes,build_user_ns,"  \
    "build_sys_ns,drop_user_ns,drop_sys_ns,rebuild_user_ns,rebuild_sys_ns\n"
#define MEMORY_HEADER                                                                                        \
    "cell,allocator,setting,policy,workload,shape,records,status,window_ms,baseline_rss_bytes,"              \
    "silent_held_bytes,rebuild_ns\n"

/* 8 rounds in which build, drop and rebuild take `ns` each. */
static void add_cost(GString *rows, const char *cell, const char *role, double ns)
{
    g_auto(GStrv) parts = g_strsplit(cell, "/", 4);
    for (guint repeat = 1; repeat <= 8; repeat++) {
        double time = ns * folders_scatter(repeat, 0.01);
        g_string_append_printf(rows, "%s,%s,%s,%s,%s,%u,1000,%s,%s,ok,%s,%.0f,0,%.0f,0,%.0f,0\n", cell,
                               parts[0], parts[1], parts[2], parts[3], repeat, role, repeat < 3 ? "load" : "",
                               strcmp(parts[2], "nothing") == 0 ? "0" : "5", time, time, time);
    }
}

static GString *cost_rows(void)
{
    GString *rows = g_string_new(COST_HEADER);
    add_cost(rows, "base/default/w/small", "", 1e6);
    add_cost(rows, "base/dear/w/small", "", 1.5e6);
    add_cost(rows, "base/same/w/small", "", 1.001e6);
    add_cost(rows, "ground/default/w/small", "floor", 0.4e6);
    add_cost(rows, "base/default/nothing/small", "", 0.1e6);
    return rows;
}

/* `rows` are freed. */
static void write_cost(const char *folder, GString *rows)
{
    support_write(folder, "runs.csv", rows->str);
    support_write(folder, "machine.ini", "[run]\npass = cost\ninterrupted=no\n");
    support_write(folder, "plan.ini", PLAN);
    g_string_free(rows, TRUE);
}

static void write_memory(const char *folder)
{
    support_write(folder, "runs.csv",
                  MEMORY_HEADER
                  "base/default/w/big,base,default,default,w,big,1000000,ok,700,0,1000,9000000000\n"
                  "base/dear/w/big,base,dear,eager,w,big,1000000,ok,700,0,1000,9000000000\n"
                  "base/same/w/big,base,same,never,w,big,1000000,ok,700,0,1000,9000000000\n"
                  "base/new/w/big,base,new,lazy,w,big,1000000,ok,700,0,1000,9000000000\n"
                  "base/dear/w/big/thp-never,base,dear,eager,w,big,1000000,ok,700,0,1000,\n"
                  "base/default/v/big,base,default,default,v,big,1000000,ok,700,0,1000,9000000000\n");
    g_autofree char *cost = g_build_filename(folder, "cost", NULL);
    write_cost(cost, cost_rows());
}

/* Makes summary.csv, and returns the table, which the caller frees. */
static char *table_of(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "table", NULL);
    g_autoptr(GError) error = NULL;
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    bool made = summary_make(folder, out, &error);
    assert_int_equal(fclose(out), 0);
    if (!made)
        fail_msg("%s", error->message);
    return support_read(folder, "table");
}

static struct csv *csv_of(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "summary.csv", NULL);
    struct csv *csv = csv_read(path, NULL);
    assert_non_null(csv);
    return csv;
}

static void a_memory_cell_has_the_price_of_its_setting_and_a_thp_mode_none(void **state)
{
    write_memory(*state);
    g_free(table_of(*state));
    g_autoptr(csv_table) csv = csv_of(*state);
    assert_string_equal(csv_field(csv, 1, "cell"), "base/dear/w/big");
    assert_string_equal(csv_field(csv, 1, "cost_shape"), "small");
    assert_string_equal(csv_field(csv, 1, "cost_rounds"), "8");
    assert_string_equal(csv_field(csv, 1, "cycle_of_baseline"), "1.5000");
    assert_string_equal(csv_field(csv, 1, "cycle_of_baseline_verdict"), "more");
    assert_string_equal(csv_field(csv, 2, "cycle_of_default_verdict"),
                        "no difference shown: the interval includes 1");
    assert_string_equal(csv_field(csv, 3, "cost_shape"), ""); /* new: not timed */
    assert_string_equal(csv_field(csv, 4, "cost_shape"), ""); /* thp-never */
}

/* gnuplot reads what an earlier line left where the last field of a line is empty. */
static void no_line_of_the_summary_ends_with_an_empty_field(void **state)
{
    write_memory(*state);
    g_free(table_of(*state));
    g_autofree char *text = support_read(*state, "summary.csv");
    support_assert_has(text, ",cost_rounds\n");
    support_assert_has_not(text, ",\n");
}

static void without_a_timed_pass_the_columns_are_there_and_empty(void **state)
{
    support_write(*state, "runs.csv", MEMORY_HEADER "a/x/w/s,a,x,eager,w,s,1,ok,700,0,1000,9000000000\n");
    g_autofree char *table = table_of(*state);
    g_autoptr(csv_table) csv = csv_of(*state);
    assert_true(csv_column(csv, "cost_shape") > 0);
    assert_int_equal(csv_column(csv, "cycle_of_baseline_verdict"), csv_column(csv, "cost_shape") + 54);
    assert_string_equal(csv_field(csv, 0, "cycle_of_baseline_verdict"), "");
    assert_string_equal(csv_field(csv, 0, "cost_rounds"), "0");
    support_assert_has(table, "rebuild\n");
    support_assert_has(table, " 9 s\n");
    support_assert_has_not(table, "price");
}

static const char *line_of(const char *table, const char *name)
{
    const char *line = strstr(table, name);
    if (!line)
        fail_msg("%s is not in:\n%s", name, table);
    return line;
}

static void assert_line_ends(const char *table, const char *name, const char *end)
{
    g_auto(GStrv) lines = g_strsplit(line_of(table, name), "\n", 2);
    if (!g_str_has_suffix(lines[0], end))
        fail_msg("\"%s\" does not end with \"%s\"", lines[0], end);
}

static void memory_and_price_stand_in_one_line_and_a_block_without_keeps_its_column(void **state)
{
    write_memory(*state);
    g_autofree char *table = table_of(*state);
    assert_line_ends(table, "base/default ", "   1");
    assert_line_ends(table, "base/dear ", " x 1.50");
    assert_line_ends(table, "base/same ", " ~ 1.00");
    assert_line_ends(table, "base/new ", "  -");
    assert_line_ends(table, "base/dear/thp-never ", "  -");
    g_autofree char *unwrapped = g_strdelimit(g_strdup(table), "\n", ' ');
    support_assert_has(
        unwrapped, "price: CPU time of build, drop and rebuild over that of base/default, timed at small, 8 "
                   "rounds; ~: no difference shown. Intervals reach 1 % to a side (median), 1 % at the "
                   "most.");
    const char *other = line_of(table, "\nv, big");
    support_assert_has(other, "rebuild\n");
    support_assert_has(other, " 9 s\n");
    support_assert_has(table, "load in 10 of 40 timed runs, in 2 of 8 rounds");
}

static void a_timed_pass_has_a_table_of_prices_and_the_floors_below_it(void **state)
{
    write_cost(*state, cost_rows());
    g_autofree char *table = table_of(*state);
    support_assert_has_not(table, "What stays");
    const char *dear = line_of(table, "base/dear ");
    support_assert_has(dear, "   1501   1501    1501      -        -  x 1.50 1.49-1.52  x 1.50 1.49-1.52\n");
    assert_true(line_of(table, "base/same ") < dear); /* the cheapest cycle first */
    support_assert_has(table, "~ no difference shown: the interval includes 1 (2)");
    support_assert_has(table, "of base/default (w, small)");
    support_assert_has(table, "\n  ground/default: build 400 of 1000 (40 %), drop 400 of 1000 (40 %)\n");
    support_assert_has(table, "\n  base/default under nothing: build 100 of 1000 (10 %)");
    g_autoptr(csv_table) csv = csv_of(*state);
    assert_string_equal(csv_field(csv, 1, "cost_shape"), "small");
    assert_string_equal(csv_field(csv, 1, "build_of_default_verdict"), "more");
}

/* Rows of two settings alone: their own default, the baseline and its own default were not timed with this workload. */
static GString *rows_without_references(void)
{
    GString *rows = g_string_new(COST_HEADER);
    add_cost(rows, "base/dear/w/small", "", 1.5e6);
    add_cost(rows, "other/x/w/small", "", 1e6);
    return rows;
}

static void a_block_without_what_it_is_compared_to_says_so_and_has_no_such_column(void **state)
{
    write_cost(*state, rows_without_references());
    g_autofree char *table = table_of(*state);
    support_assert_has_not(table, "over own default");
    support_assert_has_not(table, "over baseline");
    support_assert_has_not(table, "of the baseline");
    support_assert_has_not(table, "~: none is");
    assert_line_ends(table, "base/dear ", " 1501      -        -");
    assert_line_ends(table, "other/default,",
                     "other/default, base/default were not timed with w at small, or "
                     "never proven: no price over them.");
}

static void a_block_with_one_of_two_references_has_its_column_and_says_what_the_other_would_be(void **state)
{
    GString *rows = rows_without_references();
    add_cost(rows, "other/default/w/small", "", 1e6);
    add_cost(rows, "base/default/w/big", "", 1e6);
    write_cost(*state, rows);
    g_autofree char *table = table_of(*state);
    const char *small = line_of(table, "\nw, small");
    support_assert_has(small, "over own default\n");
    support_assert_has_not(small, "over baseline");
    support_assert_has(small,
                       "\nbase/default was not timed with w at small, or never proven: no price over it.\n");
    g_auto(GStrv) blocks = g_strsplit(line_of(table, "\nw, big"), "\nw, small", 2);
    support_assert_has(blocks[0], "over own default     over baseline\n");
    support_assert_has_not(blocks[0], "not timed");
}

static void a_memory_block_whose_baseline_was_not_timed_says_so_and_keeps_its_rebuild(void **state)
{
    write_memory(*state);
    g_autofree char *cost = g_build_filename(*state, "cost", NULL);
    write_cost(cost, rows_without_references());
    g_autofree char *table = table_of(*state);
    assert_line_ends(table, "base/dear ", " 9 s");
    assert_line_ends(table, "base/default was",
                     "base/default was not timed with w at small, or never proven: no price over it.");
    support_assert_has_not(table, "price: CPU time");
    support_assert_has_not(line_of(table, "\nv, big"), "was not timed with v");
}

static void a_figure_of_several_shapes_is_the_median_of_its_own_rounds(void **state)
{
    GString *rows = cost_rows();
    add_cost(rows, "base/default/w/big", "", 1e6);
    write_cost(*state, rows);
    g_autofree char *table = table_of(*state);
    g_strdelimit(table, "\n", ' ');
    support_assert_has(table, "the median of 8 rounds;");
    support_assert_has(table, "load in 12 of 48 timed runs, in 4 of 16 rounds");
}

static guint count_of(const char *text, const char *part)
{
    guint count = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

static void a_floor_is_of_the_baselines_workload_and_shape_or_asks_for_nothing_at_that_shape(void **state)
{
    GString *rows = cost_rows();
    add_cost(rows, "ground/default/v/small", "floor", 0.3e6);
    add_cost(rows, "ground/default/w/big", "floor", 0.3e6);
    add_cost(rows, "base/default/nothing/big", "", 0.2e6);
    write_cost(*state, rows);
    g_autofree char *table = table_of(*state);
    assert_int_equal(count_of(table, "The harness's own part of "), 1);
    assert_int_equal(count_of(table, "\n  ground/default: build "), 1);
    assert_int_equal(count_of(table, "\n  base/default under nothing: build "), 1);
    support_assert_has(table, "\n  ground/default: build 400 of 1000");
    support_assert_has(table, "\n  base/default under nothing: build 100 of 1000");
}

static void assert_at_most_100_columns(const char *table)
{
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_utf8_strlen(*line, -1) > 100)
            fail_msg("%d columns: %s", (int)g_utf8_strlen(*line, -1), *line);
}

static void both_tables_are_at_most_100_columns_wide_with_long_names_too(void **state)
{
#define FORTY "a-name-of-exactly-forty-characters-12345"
    GString *rows = g_string_new(COST_HEADER);
    add_cost(rows, "base/default/" FORTY "/" FORTY, "", 100e6);
    add_cost(rows, FORTY "/" FORTY "/" FORTY "/" FORTY, "", 123456e6);
    add_cost(rows, "ground/" FORTY "/" FORTY "/" FORTY, "floor", 99e6);
    write_cost(*state, rows);
    g_autofree char *table = table_of(*state);
    assert_at_most_100_columns(table);
    support_write(*state, "plan.ini", "[plan]\nbaseline=" FORTY "/" FORTY "\n");
    g_autofree char *other = table_of(*state);
    assert_at_most_100_columns(other);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    write_memory(run);
    g_autofree char *memory = table_of(run);
    g_auto(GStrv) parts = g_strsplit(memory, "\nPrices phase by phase", 2); /* has the folder's path */
    assert_at_most_100_columns(parts[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_memory_cell_has_the_price_of_its_setting_and_a_thp_mode_none),
        SUPPORT_TEST(no_line_of_the_summary_ends_with_an_empty_field),
        SUPPORT_TEST(without_a_timed_pass_the_columns_are_there_and_empty),
        SUPPORT_TEST(memory_and_price_stand_in_one_line_and_a_block_without_keeps_its_column),
        SUPPORT_TEST(a_timed_pass_has_a_table_of_prices_and_the_floors_below_it),
        SUPPORT_TEST(a_block_without_what_it_is_compared_to_says_so_and_has_no_such_column),
        SUPPORT_TEST(a_block_with_one_of_two_references_has_its_column_and_says_what_the_other_would_be),
        SUPPORT_TEST(a_memory_block_whose_baseline_was_not_timed_says_so_and_keeps_its_rebuild),
        SUPPORT_TEST(a_figure_of_several_shapes_is_the_median_of_its_own_rounds),
        SUPPORT_TEST(a_floor_is_of_the_baselines_workload_and_shape_or_asks_for_nothing_at_that_shape),
        SUPPORT_TEST(both_tables_are_at_most_100_columns_wide_with_long_names_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
