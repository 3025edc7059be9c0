/* A run folder from elsewhere: its runs.csv is refused by name, or summed up, each row in one cell, into a
 * table that can be read again and one that can be printed. */
#include "csv.h"
#include "fuzz.h"
#include "summary.h"

static void assert_number(struct summary_number number)
{
    if (number.median == RECORD_UNKNOWN) /* the late half may be censored, and the early one not */
        return;
    g_assert_cmpuint(number.min, <=, number.median);
    g_assert_cmpuint(number.median, <=, number.max);
}

static void assert_sums_up(const struct summary *summary, const char *runs_path)
{
    g_autoptr(csv_table) csv = csv_read(runs_path, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    guint runs = 0;
    for (guint i = 0; i < summary->cells->len; i++) {
        const struct summary_cell *cell = summary->cells->pdata[i];
        runs += cell->runs;
        g_assert_true(g_hash_table_add(seen, cell->texts.cell));
        g_assert_true(cell->ok <= cell->runs && (cell->failure != NULL) == (cell->ok < cell->runs));
        for (int j = 0; j < RECORD_NUMBER_COUNT; j++)
            assert_number(cell->numbers[j]);
    }
    g_assert_cmpuint(runs, ==, csv_rows(csv));
}

static void assert_is_written(const struct summary *summary)
{
    static FILE *nowhere;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(fuzz_folder(), "summary.csv", NULL);
    unlink(path); /* GLib makes sure of a file on the disk that it writes over: slow */
    g_assert_true(summary_write(summary, fuzz_folder(), &error));
    g_autoptr(csv_table) csv = csv_read(path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(csv_rows(csv), ==, summary->cells->len);
    for (guint i = 0; i < summary->cells->len; i++) {
        const struct summary_cell *cell = summary->cells->pdata[i];
        g_assert_cmpstr(csv_text(csv, i, csv_column(csv, "cell")), ==, cell->texts.cell);
    }
    if (!nowhere)
        nowhere = fopen("/dev/null", "we");
    summary_print(summary, fuzz_folder(), nowhere);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *runs = g_build_filename(fuzz_folder(), "runs.csv", NULL);
    g_autoptr(GError) error = NULL;
    unlink(runs); /* a link to the input's file: GLib would write a file by way of another */
    g_assert_true(symlink(fuzz_file(data, size), runs) == 0);
    struct summary *summary = summary_read(fuzz_folder(), &error);
    if (!summary) {
        fuzz_assert_error(error, EXIT_BAD_DATA, runs);
        return 0;
    }
    assert_sums_up(summary, runs);
    assert_is_written(summary);
    summary_free(summary);
    return 0;
}
