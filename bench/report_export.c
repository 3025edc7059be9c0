/* report_export: Markdown, CSV and JSON of report.h. */
#include <math.h>
#include <string.h>

#include "csv.h"
#include "mismatch.h"
#include "report.h"

/* --- Markdown --- */

/* A name or value may hold what Markdown takes for a cell's end, a tag or emphasis. */
static char *escaped(const char *text)
{
    g_autoptr(GString) safe = g_string_new(NULL);
    for (; *text; text++) {
        if (strchr("\\|`*_<>[]#", *text))
            g_string_append_c(safe, '\\');
        g_string_append_c(safe, *text);
    }
    return g_strdup(safe->str);
}

static char *limits_text(const struct compare_cell *cell, const struct compare_change *change)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < cell->judgements->len; i++) {
        const struct budget_judgement *judgement = cell->judgements->pdata[i];
        if (judgement->change == change)
            g_string_append_printf(text, "%s%s = %s: %s", text->len > 0 ? "; " : "", judgement->limit->key,
                                   judgement->limit->text, budget_verdict_name(judgement->verdict));
    }
    return g_strdup(text->str);
}

static bool is_over(const struct compare_cell *cell, const struct compare_change *change)
{
    for (guint i = 0; i < cell->judgements->len; i++) {
        const struct budget_judgement *judgement = cell->judgements->pdata[i];
        if (judgement->change == change && judgement->verdict == BUDGET_OVER)
            return true;
    }
    return false;
}

static const char *verdict_name(const struct compare_change *change)
{
    static const char *const names[] = {
        [COMPARE_NONE] = "no difference shown", [COMPARE_LESS] = "less", [COMPARE_MORE] = "more"};
    return names[change->verdict];
}

static void markdown_change(FILE *out, const struct compare_cell *cell, const struct compare_change *change)
{
    g_autofree char *name = escaped(cell->pair->name);
    g_autofree char *a = compare_value_text(change, PAIR_A), *b = compare_value_text(change, PAIR_B);
    g_autofree char *difference = compare_difference_text(change);
    g_autofree char *interval = compare_interval_text(change);
    g_autofree char *limits = limits_text(cell, change);
    g_autofree char *safe_limits = escaped(limits);
    fprintf(out, "| %s | %s | %s | %s | %s | %s | %s%s%s |\n", name, change->figure->title, a, b, difference,
            interval, verdict_name(change), *limits ? "; " : "", safe_limits);
}

static void markdown_table(const struct report *report, FILE *out)
{
    const GPtrArray *cells = report->comparison->cells;
    bool first = true;
    for (guint i = 0; i < cells->len; i++) {
        const struct compare_cell *cell = cells->pdata[i];
        for (guint c = 0; c < cell->changes->len; c++) {
            const struct compare_change *change = cell->changes->pdata[c];
            if (!report->all && change->verdict == COMPARE_NONE && !is_over(cell, change))
                continue;
            if (first)
                fputs("\n| cell | figure | A | B | difference | interval | verdict |\n"
                      "|---|---|--:|--:|--:|---|---|\n",
                      out);
            first = false;
            markdown_change(out, cell, change);
        }
    }
}

static void markdown_list(FILE *out, const char *heading, const char *item, bool *first)
{
    g_autofree char *safe = escaped(item);
    fprintf(out, "%s%s- %s\n", *first ? heading : "", *first ? "\n\n" : "", safe);
    *first = false;
}

static void markdown_missing(const struct report *report, FILE *out)
{
    const struct pair *pair = report->comparison->pair;
    bool first = true;
    for (int side = 0; side < PAIR_SIDES; side++) {
        g_autofree char *text = report_unfinished_text(report, side);
        if (text)
            markdown_list(out, "\nUnfinished:", text, &first);
    }
    first = true;
    for (guint i = 0; i < pair->alone[PAIR_A]->len; i++) {
        g_autofree char *name = pair_missing_text(pair, i);
        markdown_list(out, "\nProven in A, missing in B:", name, &first);
    }
}

void report_markdown(const struct report *report, FILE *out)
{
    const struct comparison *comparison = report->comparison;
    g_autofree char *verdict = report_verdict(report);
    g_autofree char *a = escaped(comparison->pair->sides[PAIR_A].path);
    g_autofree char *b = escaped(comparison->pair->sides[PAIR_B].path);
    g_autofree char *note = escaped(comparison->price_note);
    bool first = true;
    fprintf(out, "**%s**\n\nA: %s; B: %s. Memory is over the baseline: peak RSS, then held bytes. %s\n",
            verdict, a, b, note);
    for (guint i = 0; i < report->mismatches->len; i++) {
        g_autofree char *line = mismatch_line(report->mismatches->pdata[i]);
        markdown_list(out, "\nThe runs differ in:", line, &first);
    }
    markdown_missing(report, out);
    first = true;
    for (guint i = 0; i < comparison->cells->len; i++) {
        const struct compare_cell *cell = comparison->cells->pdata[i];
        g_autofree char *words = compare_words(cell);
        g_autofree char *line = g_strdup_printf("%s: %s", cell->pair->name, words);
        if (cell->broken)
            markdown_list(out, "\nNot proven in B:", line, &first);
    }
    markdown_table(report, out);
    first = true;
    for (guint i = 0; i < comparison->pair->alone[PAIR_B]->len; i++)
        markdown_list(out, "\nOnly in B:", comparison->pair->alone[PAIR_B]->pdata[i], &first);
}

/* --- CSV --- */

/* Whole bytes and ns; ratios with what they are good for. NaN and infinite are no values. */
static void add_number(GString *row, double value, bool whole)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (isfinite(value))
        csv_add_text(row, g_ascii_formatd(text, sizeof text, whole ? "%.0f" : "%.6g", value));
    else
        csv_add_empty(row);
}

static void add_interval(GString *row, bool known, struct bootstrap_interval interval, bool whole)
{
    add_number(row, known ? interval.low : NAN, whole);
    add_number(row, known ? interval.high : NAN, whole);
}

static void csv_change(FILE *out, const struct compare_cell *cell, const struct compare_change *change)
{
    g_autoptr(GString) row = g_string_new(NULL);
    g_autofree char *limits = limits_text(cell, change);
    bool whole = change->unit != COMPARE_TIMES;
    double a = change->median[PAIR_A], b = change->median[PAIR_B];
    csv_add_text(row, cell->pair->name);
    csv_add_text(row, change->figure->name);
    csv_add_text(row, compare_unit_name(change->unit));
    add_number(row, a, whole);
    add_number(row, b, whole);
    add_number(row, b - a, whole);
    add_interval(row, change->has_interval && !change->figure->is_price, change->difference, true);
    add_number(row, bootstrap_ratio(a, b), false);
    add_interval(row, change->has_interval, change->ratio, false);
    csv_add_u64(row, change->values[PAIR_A]->len);
    csv_add_u64(row, change->values[PAIR_B]->len);
    csv_add_text(row, change->from_runs ? "runs" : change->has_interval ? "spread" : "none");
    csv_add_text(row, verdict_name(change));
    csv_add_text(row, change->why);
    csv_add_text(row, limits);
    fprintf(out, "%s\n", row->str);
}

/* A cell that is broken has a row that says so, for it may have no figures. */
static void csv_broken(FILE *out, const struct compare_cell *cell)
{
    g_autoptr(GString) row = g_string_new(NULL);
    csv_add_text(row, cell->pair->name);
    csv_add_text(row, "status");
    for (guint i = 0; i < 9; i++)
        csv_add_empty(row);
    csv_add_u64(row, cell->pair->rows[PAIR_A]->ok->len);
    csv_add_u64(row, cell->pair->rows[PAIR_B]->ok->len);
    csv_add_text(row, "none");
    csv_add_text(row, "not proven");
    csv_add_text(row, cell->pair->rows[PAIR_B]->bad_because);
    csv_add_empty(row);
    fprintf(out, "%s\n", row->str);
}

void report_csv(const struct report *report, FILE *out)
{
    const GPtrArray *cells = report->comparison->cells;
    fputs("cell,figure,unit,a,b,difference,difference_low,difference_high,ratio,ratio_low,ratio_high,runs_a,"
          "runs_b,interval_from,verdict,reason,limits\n",
          out);
    for (guint i = 0; i < cells->len; i++) {
        const struct compare_cell *cell = cells->pdata[i];
        if (cell->broken)
            csv_broken(out, cell);
        for (guint c = 0; c < cell->changes->len; c++)
            csv_change(out, cell, cell->changes->pdata[c]);
    }
}

/* --- JSON --- */

/* A string of RFC 8259. Bytes that are no UTF-8 (names are file names) become U+FFFD. */
static void json_string(FILE *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    fputc('"', out);
    for (const char *at = valid; *at; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if ((unsigned char)*at < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*at);
        else
            fputc(*at, out);
    }
    fputc('"', out);
}

static void json_text(FILE *out, const char *name, const char *text)
{
    fprintf(out, ", \"%s\": ", name);
    json_string(out, text);
}

static char *number_text(double value, enum compare_unit unit)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return g_strdup(g_ascii_formatd(text, sizeof text, unit == COMPARE_TIMES ? "%.6g" : "%.0f", value));
}

/* Half of what lies between the least and the most of B's runs; NULL: there is one run. */
static char *range_text(const struct compare_change *change)
{
    const GArray *values = change->values[PAIR_B];
    double least = g_array_index(values, double, 0), most = least;
    for (guint i = 1; i < values->len; i++) {
        least = MIN(least, g_array_index(values, double, i));
        most = MAX(most, g_array_index(values, double, i));
    }
    g_autofree char *half = number_text((most - least) / 2, change->unit);
    return values->len > 1 ? g_strconcat("± ", half, NULL) : NULL;
}

static void json_change(FILE *out, const struct compare_cell *cell, const struct compare_change *change)
{
    g_autofree char *name = g_strdup_printf("%s %s", cell->pair->name, change->figure->name);
    g_autofree char *value = number_text(change->median[PAIR_B], change->unit);
    g_autofree char *a = compare_value_text(change, PAIR_A);
    g_autofree char *difference = compare_difference_text(change);
    g_autofree char *interval = compare_interval_text(change);
    g_autofree char *extra =
        g_strdup_printf("%s against %s in A (%s): %s", difference, a, interval, verdict_name(change));
    g_autofree char *range = range_text(change);
    fputs("{\"name\": ", out);
    json_string(out, name);
    json_text(out, "unit", compare_unit_name(change->unit));
    fprintf(out, ", \"value\": %s", value);
    if (range)
        json_text(out, "range", range);
    json_text(out, "extra", extra);
    fputc('}', out);
}

void report_json(const struct report *report, FILE *out)
{
    const GPtrArray *cells = report->comparison->cells;
    const char *separator = "[\n  ";
    for (guint i = 0; i < cells->len; i++) {
        const struct compare_cell *cell = cells->pdata[i];
        for (guint c = 0; c < cell->changes->len; c++) {
            fputs(separator, out);
            separator = ",\n  ";
            json_change(out, cell, cell->changes->pdata[c]);
        }
    }
    fputs(*separator == '[' ? "[]\n" : "\n]\n", out);
}
