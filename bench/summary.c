#include "summary.h"

#include <gsl/gsl_statistics_double.h>
#include <string.h>

#include "csv.h"
#include "cycles.h"
#include "error.h"
#include "summary_claim.h"
#include "summary_latency.h"

static int by_value(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

struct summary_number summary_of(uint64_t *values, guint count)
{
    if (count == 0)
        return (struct summary_number){RECORD_UNKNOWN, RECORD_UNKNOWN, RECORD_UNKNOWN};
    qsort(values, count, sizeof *values, by_value);
    struct summary_number number = {.min = values[0], .max = values[count - 1], .median = RECORD_UNKNOWN};
    if (values[count / 2] == RECORD_UNKNOWN)
        return number;
    g_autofree double *sorted = g_new(double, count);
    for (guint i = 0; i < count; i++)
        sorted[i] = (double)values[i];
    double median = gsl_stats_median_from_sorted_data(sorted, 1, count) + 0.5;
    /* Beyond 2^53 a double is not exact: neither past the ends then, nor past what a uint64_t holds. */
    number.median = median < (double)number.max ? MAX((uint64_t)median, number.min) : number.max;
    return number;
}

static void cell_free(gpointer data)
{
    struct summary_cell *cell = data;
    record_clear(&cell->texts);
    g_free(cell->failure);
    g_free(cell);
}

static void condition_free(gpointer data)
{
    struct summary_condition *condition = data;
    g_free(condition->word);
    g_free(condition);
}

void summary_free(struct summary *summary)
{
    if (!summary)
        return;
    g_ptr_array_unref(summary->cells);
    g_ptr_array_unref(summary->conditions);
    price_free(summary->price);
    g_free(summary);
}

/* --- reading --- */

static bool is_ok(const struct csv *csv, guint row)
{
    return strcmp(csv_field(csv, row, "status"), "ok") == 0;
}

/* Killed at its limit: an answer, and what was read until then was proven mark by mark. */
static bool is_answer(const struct csv *csv, guint row)
{
    return strcmp(csv_field(csv, row, "status"), "oom") == 0 && *csv_field(csv, row, "limit_bytes");
}

static struct summary_cell *new_cell(const struct csv *csv, guint row)
{
    struct summary_cell *cell = g_new0(struct summary_cell, 1);
#define X(name) cell->texts.name = g_strdup(csv_field(csv, row, #name));
    RECORD_TEXTS(X)
#undef X
    return cell;
}

static void take_row_texts(struct summary_cell *cell, const struct csv *csv, guint row)
{
    cell->runs++;
    cell->oom += is_answer(csv, row);
    if (!is_ok(csv, row)) {
        if (!cell->failure)
            cell->failure =
                g_strdup_printf("%s, %s", csv_field(csv, row, "status"), csv_field(csv, row, "reason"));
        return;
    }
    if (cell->ok++ == 0) { /* the texts of the first good run stand for the cell */
        record_clear(&cell->texts);
        struct summary_cell *fresh = new_cell(csv, row);
        cell->texts = fresh->texts;
        g_free(fresh);
    }
}

static void count_condition(struct summary *summary, const char *word)
{
    struct summary_condition *condition = NULL;
    for (guint i = 0; i < summary->conditions->len && !condition; i++) {
        struct summary_condition *other = summary->conditions->pdata[i];
        if (strcmp(other->word, word) == 0)
            condition = other;
    }
    if (!condition) {
        condition = g_new0(struct summary_condition, 1);
        condition->word = g_strdup(word);
        g_ptr_array_add(summary->conditions, condition);
    }
    condition->runs++;
}

/* Of an ok row: counted over all rows, and each word once in its cell's text. */
static void take_conditions(struct summary *summary, struct summary_cell *cell, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    summary->ok++;
    for (char **word = words; *word; word++) {
        if (!**word)
            continue;
        count_condition(summary, *word);
        g_auto(GStrv) known = g_strsplit(cell->texts.conditions, " ", -1);
        if (g_strv_contains((const char *const *)known, *word))
            continue;
        char *both = g_strconcat(cell->texts.conditions, *cell->texts.conditions ? " " : "", *word, NULL);
        g_free(cell->texts.conditions);
        cell->texts.conditions = both;
    }
}

static void take_numbers(struct summary_cell *cell, const struct csv *csv)
{
    g_autofree uint64_t *values = g_new(uint64_t, csv_rows(csv));
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++) {
        guint count = 0;
        bool any_known = false;
        int column = csv_column(csv, record_number_names[i]);
        for (guint row = 0; row < csv_rows(csv); row++) {
            bool counts = cell->ok > 0 ? is_ok(csv, row) : is_answer(csv, row);
            if (!counts || strcmp(csv_field(csv, row, "cell"), cell->texts.cell) != 0)
                continue;
            bool known = csv_u64(csv, row, column, &values[count]);
            if (!known)
                values[count] = RECORD_UNKNOWN;
            any_known = any_known || known;
            count++;
        }
        cell->numbers[i] = summary_of(values, any_known ? count : 0);
    }
}

static struct summary_cell *find_cell(const struct summary *summary, const char *name)
{
    for (guint i = 0; i < summary->cells->len; i++) {
        struct summary_cell *cell = summary->cells->pdata[i];
        if (strcmp(cell->texts.cell, name) == 0)
            return cell;
    }
    return NULL;
}

struct summary *summary_read(const char *run_folder, GError **error)
{
    g_autofree char *path = g_build_filename(run_folder, "runs.csv", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s is no run folder (no runs.csv)", run_folder);
        return NULL;
    }
    struct csv *csv = csv_read(path, error);
    if (!csv)
        return NULL;
    if (csv_column(csv, "cell") < 0 || csv_column(csv, "status") < 0) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s: no columns cell and status: not a run's rows",
                    path);
        csv_free(csv);
        return NULL;
    }
    struct price *price;
    if (!price_read(run_folder, &price, error)) {
        csv_free(csv);
        return NULL;
    }
    struct summary *summary = g_new0(struct summary, 1);
    summary->price = price;
    summary->cells = g_ptr_array_new_with_free_func(cell_free);
    summary->conditions = g_ptr_array_new_with_free_func(condition_free);
    for (guint row = 0; row < csv_rows(csv); row++) {
        struct summary_cell *cell = find_cell(summary, csv_field(csv, row, "cell"));
        if (!cell) {
            cell = new_cell(csv, row);
            g_ptr_array_add(summary->cells, cell);
        }
        take_row_texts(cell, csv, row);
        if (is_ok(csv, row))
            take_conditions(summary, cell, csv_field(csv, row, "conditions"));
    }
    for (guint i = 0; i < summary->cells->len; i++)
        take_numbers(summary->cells->pdata[i], csv);
    csv_free(csv);
    return summary;
}

/* --- writing --- */

static void add_cell(GString *text, const struct summary *summary, const struct summary_cell *cell)
{
    g_autoptr(GString) row = g_string_new(NULL);
#define X(name) csv_add_text(row, cell->texts.name);
    RECORD_TEXTS(X)
#undef X
    csv_add_u64(row, cell->runs);
    csv_add_u64(row, cell->ok);
    csv_add_u64(row, cell->oom);
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++) {
        record_add_number(row, cell->numbers[i].median);
        record_add_number(row, cell->numbers[i].min);
        record_add_number(row, cell->numbers[i].max);
    }
    price_add_columns(row, summary_price_of(summary, cell));
    g_string_append_printf(text, "%s\n", row->str);
}

bool summary_write(const struct summary *summary, const char *run_folder, GError **error)
{
    static const char header[] =
#define X(name) #name ","
        RECORD_TEXTS(X)
#undef X
            "runs,runs_ok,runs_oom"
#define X(name) "," #name "," #name "_min," #name "_max"
        RECORD_NUMBERS(X)
#undef X
        ;
    g_autoptr(GString) text = g_string_new(header);
    price_add_header(text);
    g_string_append_c(text, '\n');
    for (guint i = 0; i < summary->cells->len; i++)
        add_cell(text, summary, summary->cells->pdata[i]);
    g_autofree char *path = g_build_filename(run_folder, "summary.csv", NULL);
    g_autoptr(GError) why = NULL;
    if (g_file_set_contents(path, text->str, (gssize)text->len, &why))
        return summary_latency_write(summary, run_folder, error) &&
               summary_claim_write(summary, run_folder, error) && cycles_write(summary, run_folder, error);
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "%s", why->message);
    return false;
}
