/* report.h: a comparison as table, Markdown, CSV and JSON. */
#include "csv.h"
#include "folders.h"
#include "mismatch.h"
#include "report.h"

#define MB FOLDERS_MB
#define LONG "a-name-that-is-as-long-as-names-may-get-1"
#define LONG_CELL LONG "/" LONG "/w/s"

/* What the tests look at: a cell that differs, two that do not, a broken one, one on each side alone, a name
 * with what each format must escape. */
static struct {
    void *folder;
    struct pair *pair;
    GPtrArray *mismatches;
    struct comparison *comparison;
    struct budget *budget;
} scene;

#define ODD_CELL "o|d\\d\x01\t\xff/\"x\"/w/s"

/* The cell's name goes through CSV itself here. */
static void add_odd(GString *rows, double silent_bytes)
{
    GString *row = folders_rows();
    g_string_truncate(row, 0);
    folders_add(row, &(struct folders_row){.cell = "ODD/ODD/w/s", .repeat = 1, .silent_bytes = silent_bytes});
    g_string_replace(row, "ODD/ODD/w/s", "\"o|d\\d\x01\t\xff/\"\"x\"\"/w/s\"", 1);
    g_string_append(rows, row->str);
    g_string_free(row, TRUE);
}

static int open_scene(void **state)
{
    (void)state;
    GString *a = folders_rows(), *b = folders_rows();
    if (support_open_folder(&scene.folder) != 0)
        return -1;
    folders_add_runs(a, 8, "base/default/w/s", 100 * MB, 1e9, 0.01);
    folders_add_runs(b, 8, "base/default/w/s", 100 * MB, 1e9, 0.01);
    folders_add_runs(a, 8, LONG_CELL, 100 * MB, 1e9, 0.01);
    folders_add_runs(b, 8, LONG_CELL, 120 * MB, 12e8, 0.01);
    folders_add_runs(a, 1, "other/once/w/s", 100 * MB, 1e9, 0);
    folders_add_runs(b, 1, "other/once/w/s", 100 * MB, 1e9, 0);
    folders_add_runs(a, 1, "other/crash/w/s", 100 * MB, 1e9, 0);
    folders_add(b,
                &(struct folders_row){.cell = "other/crash/w/s", .status = "failed", .reason = "signal 11"});
    folders_add_runs(a, 1, "other/gone/w/s", 100 * MB, 1e9, 0);
    folders_add_runs(b, 1, "other/new/w/s", 100 * MB, 1e9, 0);
    add_odd(a, MB);
    add_odd(b, 200 * MB);
    g_autofree char *machine =
        folders_machine("kernel=6.1", "kernel=6.18 with a name that goes on and on and "
                                      "on and on and on and on and on and on and on");
    g_autofree char *first = folders_write(scene.folder, "a", a);
    g_autofree char *second = folders_write_as(scene.folder, "b", b, machine, NULL);
    g_autofree char *budget = support_new_file(
        scene.folder, "budget.ini",
        "[budget x]\ncells = *\nsilent_more_bytes = 8M\nprice_ratio = 1.10\npeak_ratio = 1.5\n");
    scene.pair = folders_pair(first, second);
    scene.mismatches = mismatch_find(scene.pair);
    scene.comparison = compare_runs(scene.pair);
    scene.budget = budget_read(budget, NULL);
    return scene.budget && budget_judge(scene.budget, scene.comparison, NULL) ? 0 : -1;
}

static int close_scene(void **state)
{
    (void)state;
    budget_free(scene.budget);
    compare_free(scene.comparison);
    g_ptr_array_unref(scene.mismatches);
    pair_free(scene.pair);
    return support_remove_folder(&scene.folder);
}

static char *written(const char *format, bool all, bool budget)
{
    g_autoptr(compare_result) plain = compare_runs(scene.pair); /* without judgements */
    const struct report report = {.comparison = budget ? scene.comparison : plain,
                                  .mismatches = scene.mismatches,
                                  .budget = budget ? scene.budget : NULL,
                                  .all = all};
    g_autofree char *path = g_build_filename(scene.folder, "report", NULL);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    report_find(format)(&report, out);
    assert_int_equal(fclose(out), 0);
    return support_read(scene.folder, "report");
}

/* --- the table --- */

static void the_table_is_at_most_100_columns_wide_but_for_a_name(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        g_autofree char *table = written("table", all, true);
        g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
        for (char **line = lines; *line; line++)
            if (g_utf8_strlen(*line, -1) > 100 && strchr(*line, ' '))
                fail_msg("%d columns: %s", (int)g_utf8_strlen(*line, -1), *line);
    }
}

static void the_table_tells_conditions_differences_limits_and_the_verdict(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "kernel: 6.1 in A, 6.18 with",
        LONG_CELL "\n  more memory: silent; slower: price",
        "  silent        100 MB ->   120 MB    +20.0 MB  (",
        "  price          1.000 ->    1.200     x 1.200  (",
        "OVER BUDGET: [budget x] silent_more_bytes = 8M",
        "OVER BUDGET: [budget x] price_ratio = 1.10",
        "\n  [budget x] silent_more_bytes = 8M: 1 cell\n",
        "\n  [budget x] price_ratio = 1.10: 3 cells\n",
        "limit; --all names the cells):\n",
        "1 of 1 run not proven in B (failed: signal 11)",
        "\nProven in A, missing in B:\n  other/gone/w/s\n",
        ("Only in B (not run, skipped or not proven in A):\n"
         "  other/new/w/s\n"),
        "\nB is over the budget. 5 cells compared: 3 worse, 0 better, 2 with no"};
    g_autofree char *table = written("table", false, true);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        support_assert_has(table, parts[i]);
    support_assert_has_not(table, "OVER BUDGET: [budget x] peak_ratio");
    assert_true(strstr(table, "Proven in A, missing") < strstr(table, LONG_CELL));
    g_autofree char *all = written("table", true, true);
    support_assert_has(all, "price_ratio = 1.10: 3 cells\n    other/crash/w/s\n");
    support_assert_has(all, "    other/once/w/s\n");
    support_assert_has_not(all, "--all");
    g_autofree char *plain = written("table", false, false);
    support_assert_has(plain, "No difference shown (price: one run each: no interval):\n  other/once/w/s\n");
    support_assert_has(plain, "No difference shown:\n  base/default/w/s\n");
    support_assert_has_not(plain, "BUDGET");
    support_assert_has(plain, "\nB is worse. ");
}

/* --- Markdown --- */

static void a_name_cannot_break_the_markdown_table(void **state)
{
    (void)state;
    g_autofree char *text = written("markdown", true, true);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint rows = 0;
    for (char **line = lines; *line; line++) {
        guint bars = 0;
        if (**line != '|')
            continue;
        for (const char *at = *line; *at; at++)
            bars += *at == '|' && (at == *line || at[-1] != '\\');
        if (bars != 8)
            fail_msg("%u columns: %s", bars - 1, *line);
        rows++;
    }
    assert_true(rows > 2);
    support_assert_has(text, "o\\|d\\\\d");
    support_assert_has(text, "- other/crash/w/s: 1 of 1 run not proven in B");
    support_assert_has(text, "- kernel: 6.1 in A");
    support_assert_has(text, "Proven in A, missing in B:\n\n- other/gone/w/s\n");
    support_assert_has(text, "price\\_ratio = 1.10: over");
}

/* --- CSV --- */

static void csv_has_a_row_for_each_cell_and_figure_and_reads_back(void **state)
{
    (void)state;
    g_free(written("csv", false, true));
    g_autofree char *path = g_build_filename(scene.folder, "report", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(csv_table) csv = csv_read(path, &error);
    if (!csv)
        fail_msg("%s", error->message);
    guint silent = 0, broken = 0, odd = 0;
    for (guint row = 0; row < csv_rows(csv); row++) {
        const char *cell = csv_text(csv, row, csv_column(csv, "cell"));
        const char *figure = csv_text(csv, row, csv_column(csv, "figure"));
        odd += strcmp(cell, ODD_CELL) == 0;
        broken += strcmp(figure, "status") == 0;
        if (broken == 1 && strcmp(figure, "status") == 0)
            assert_string_equal(csv_text(csv, row, csv_column(csv, "reason")), "failed: signal 11");
        if (strcmp(cell, LONG_CELL) != 0 || strcmp(figure, "silent") != 0)
            continue;
        silent++;
        assert_string_equal(csv_text(csv, row, csv_column(csv, "unit")), "bytes");
        assert_string_equal(csv_text(csv, row, csv_column(csv, "a")), "100000000");
        assert_string_equal(csv_text(csv, row, csv_column(csv, "difference")), "20000000");
        assert_string_equal(csv_text(csv, row, csv_column(csv, "ratio")), "1.2");
        assert_string_equal(csv_text(csv, row, csv_column(csv, "runs_b")), "8");
        assert_string_equal(csv_text(csv, row, csv_column(csv, "interval_from")), "runs");
        assert_string_equal(csv_text(csv, row, csv_column(csv, "verdict")), "more");
        assert_string_equal(csv_text(csv, row, csv_column(csv, "limits")), "silent_more_bytes = 8M: over");
    }
    assert_int_equal(silent, 1);
    assert_int_equal(broken, 1);
    assert_true(odd > 0);
}

/* --- JSON: a strict reader of RFC 8259, which says where it stumbles --- */

struct json {
    const char *at;
    guint entries; /* objects in the outer array */
    bool odd_seen; /* the cell's name came back as it was, but for what is no UTF-8 */
};

static void json_blanks(struct json *json)
{
    json->at += strspn(json->at, " \t\r\n");
}

static void json_take(struct json *json, char expected)
{
    json_blanks(json);
    if (*json->at != expected)
        fail_msg("'%c' expected at: %.60s", expected, json->at);
    json->at++;
    json_blanks(json);
}

static char *json_string(struct json *json)
{
    g_autoptr(GString) text = g_string_new(NULL);
    json_blanks(json);
    if (*json->at++ != '"')
        fail_msg("no string at: %.60s", json->at - 1);
    for (; *json->at != '"'; json->at++) {
        if ((unsigned char)*json->at < 0x20)
            fail_msg("a bare control character at: %.60s", json->at);
        if (*json->at != '\\') {
            g_string_append_c(text, *json->at);
        } else if (*++json->at == 'u') {
            unsigned code;
            assert_int_equal(sscanf(json->at + 1, "%4x", &code), 1);
            g_string_append_unichar(text, code);
            json->at += 4;
        } else if (strchr("\"\\/", *json->at)) {
            g_string_append_c(text, *json->at);
        } else {
            fail_msg("an unknown escape at: %.60s", json->at - 1);
        }
    }
    json->at++;
    return g_strdup(text->str);
}

static void json_number(struct json *json)
{
    const char *at = json->at;
    at += *at == '-';
    assert_true(g_ascii_isdigit(*at));
    assert_false(*at == '0' && g_ascii_isdigit(at[1]));
    char *end;
    g_ascii_strtod(at, &end);
    assert_true(end > at);
    json->at = end;
}

static void json_entry(struct json *json)
{
    static const char *const names[] = {"name", "unit", "value", "range", "extra", NULL};
    guint seen = 0;
    json_take(json, '{');
    do {
        g_autofree char *key = json_string(json);
        assert_true(g_strv_contains(names, key));
        seen |= 1u << (strchr("nuvre", key[0]) - "nuvre");
        json_take(json, ':');
        if (strcmp(key, "value") == 0) {
            json_number(json);
        } else {
            g_autofree char *value = json_string(json);
            assert_true(g_utf8_validate(value, -1, NULL));
            json->odd_seen |= strcmp(value, "o|d\\d\x01\t\xef\xbf\xbd/\"x\"/w/s silent") == 0;
        }
        json_blanks(json);
    } while (*json->at == ',' && json->at++);
    json_take(json, '}');
    assert_int_equal(seen | 8, 31); /* all but range, which needs several runs */
    json->entries++;
}

static void json_is_an_array_of_what_github_action_benchmark_reads(void **state)
{
    (void)state;
    g_autofree char *text = written("json", false, true);
    struct json json = {.at = text};
    json_take(&json, '[');
    do
        json_entry(&json);
    while (*json.at == ',' && json.at++);
    json_take(&json, ']');
    assert_string_equal(json.at, "");
    assert_true(g_utf8_validate(text, -1, NULL));
    assert_true(json.odd_seen);
    guint changes = 0;
    for (guint i = 0; i < scene.comparison->cells->len; i++)
        changes += ((const struct compare_cell *)scene.comparison->cells->pdata[i])->changes->len;
    assert_int_equal(json.entries, changes);
    support_assert_has(text,
                       "{\"name\": \"" LONG_CELL " silent\", \"unit\": \"bytes\", \"value\": 120000000, "
                       "\"range\": \"± 0\", \"extra\": \"+20.0 MB against 100 MB in A");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_at_most_100_columns_wide_but_for_a_name),
        cmocka_unit_test(the_table_tells_conditions_differences_limits_and_the_verdict),
        cmocka_unit_test(a_name_cannot_break_the_markdown_table),
        cmocka_unit_test(csv_has_a_row_for_each_cell_and_figure_and_reads_back),
        cmocka_unit_test(json_is_an_array_of_what_github_action_benchmark_reads),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
