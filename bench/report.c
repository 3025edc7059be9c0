#include "report.h"

#include <string.h>

#include "mismatch.h"

#define WIDTH 100

static const struct {
    const char *name;
    report_writer *write;
    bool has_notes;
} formats[] = {{"table", report_table, true},
               {"markdown", report_markdown, true},
               {"csv", report_csv, false},
               {"json", report_json, false}};

report_writer *report_find(const char *format)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        if (strcmp(formats[i].name, format) == 0)
            return formats[i].write;
    return NULL;
}

bool report_has_notes(report_writer *writer)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        if (formats[i].write == writer)
            return formats[i].has_notes;
    return false;
}

/* --- the whole --- */

static guint count_broken(const struct comparison *comparison)
{
    guint broken = 0;
    for (guint i = 0; i < comparison->cells->len; i++)
        broken += ((const struct compare_cell *)comparison->cells->pdata[i])->broken;
    return broken;
}

bool report_is_incomplete(const struct report *report)
{
    return report->comparison->pair->alone[PAIR_A]->len > 0 && !report->despite_missing;
}

char *report_unfinished_text(const struct report *report, int side)
{
    const char *how = pair_unfinished(&report->comparison->pair->sides[side]);
    return how ? g_strdup_printf("%c %s (machine.ini); afterfree run --resume goes on with it", "AB"[side],
                                 how)
               : NULL;
}

static const char *plural(guint count)
{
    return count == 1 ? "" : "s";
}

static const char *conclusion(const struct report *report, guint broken)
{
    const struct comparison *comparison = report->comparison;
    if (report->budget)
        return report->budget->judged[BUDGET_OVER] > 0 ? "B is over the budget."
               : broken > 0                            ? "B is not proven."
               : report_is_incomplete(report)          ? "B is incomplete."
                                                       : "B is not shown to be over the budget.";
    return comparison->worse > 0          ? "B is worse."
           : report_is_incomplete(report) ? "B is incomplete."
           : comparison->better > 0       ? "B is better."
                                          : "No difference shown.";
}

char *report_verdict(const struct report *report)
{
    const struct comparison *comparison = report->comparison;
    guint broken = count_broken(comparison), missing = comparison->pair->alone[PAIR_A]->len;
    g_autoptr(GString) text = g_string_new(conclusion(report, broken));
    g_string_append_printf(text, " %u cell%s compared: %u worse, %u better, %u with no difference shown.",
                           comparison->cells->len, plural(comparison->cells->len), comparison->worse,
                           comparison->better, comparison->same);
    if (broken > 0)
        g_string_append_printf(text, " In %u of them runs are not proven in B.", broken);
    if (missing > 0)
        g_string_append_printf(text, " %u cell%s proven in A %s missing in B.", missing, plural(missing),
                               missing == 1 ? "is" : "are");
    if (report->budget) {
        const guint *judged = report->budget->judged;
        g_string_append_printf(text, " Limits of the budget: %u kept, %u exceeded, %u cannot be judged.",
                               judged[BUDGET_WITHIN], judged[BUDGET_OVER], judged[BUDGET_NOT_JUDGED]);
    }
    return g_strdup(text->str);
}

/* --- the table --- */

/* Words of `text` in lines of at most WIDTH; a word that is longer is not cut. */
static void print_wrapped(FILE *out, int indent, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    glong column = 0;
    for (char **word = words; *word; word++) {
        glong length = g_utf8_strlen(*word, -1);
        bool fits = column == 0 || column + 1 + length <= WIDTH;
        if (!fits)
            fputs("\n", out);
        int blanks = column > 0 && fits ? 1 : indent;
        fprintf(out, "%*s%s", blanks, "", *word);
        column = (fits ? column : 0) + blanks + length;
    }
    fputs("\n", out);
}

void report_notes(const struct report *report, FILE *out)
{
    for (guint i = 0; i < report->mismatches->len; i++) {
        g_autofree char *line = mismatch_line(report->mismatches->pdata[i]);
        print_wrapped(out, 0, line);
    }
    for (int side = 0; side < PAIR_SIDES; side++) {
        g_autofree char *text = report_unfinished_text(report, side);
        if (text)
            print_wrapped(out, 0, text);
    }
    const struct pair *pair = report->comparison->pair;
    if (pair->alone[PAIR_A]->len > 0)
        fputs("Proven in A, missing in B:\n", out);
    for (guint i = 0; i < pair->alone[PAIR_A]->len; i++) {
        g_autofree char *name = pair_missing_text(pair, i);
        fprintf(out, "  %s\n", name);
    }
}

static void print_new(const struct report *report, FILE *out)
{
    const GPtrArray *names = report->comparison->pair->alone[PAIR_B];
    if (names->len > 0)
        fputs("\nOnly in B (not run, skipped or not proven in A):\n", out);
    for (guint i = 0; i < names->len; i++)
        fprintf(out, "  %s\n", (char *)names->pdata[i]);
}

static void print_change(FILE *out, const struct compare_change *change)
{
    g_autofree char *a = compare_value_text(change, PAIR_A), *b = compare_value_text(change, PAIR_B);
    g_autofree char *difference = compare_difference_text(change);
    g_autofree char *interval = compare_interval_text(change);
    fprintf(out, "    %-11s %8s -> %8s  %10s  (%s)%s%s\n", change->figure->title, a, b, difference, interval,
            change->verdict == COMPARE_NONE ? "" : "  ",
            change->verdict == COMPARE_NONE   ? ""
            : change->verdict == COMPARE_MORE ? "more"
                                              : "less");
}

static bool is_over(const struct compare_cell *cell, const struct compare_change *change)
{
    for (guint i = 0; i < cell->judgements->len; i++) {
        const struct budget_judgement *judgement = cell->judgements->pdata[i];
        if (judgement->verdict == BUDGET_OVER && (!change || judgement->change == change))
            return true;
    }
    return false;
}

static bool has_remarks(const struct compare_cell *cell)
{
    return cell->worse || cell->better || is_over(cell, NULL);
}

static void print_over(FILE *out, const struct compare_cell *cell)
{
    for (guint i = 0; i < cell->judgements->len; i++) {
        const struct budget_judgement *judgement = cell->judgements->pdata[i];
        if (judgement->verdict != BUDGET_OVER)
            continue;
        g_autofree char *line = g_strdup_printf("OVER BUDGET: [%s] %s = %s", judgement->limit->group,
                                                judgement->limit->key, judgement->limit->text);
        print_wrapped(out, 4, line);
    }
}

static void print_cells_not_judged(FILE *out, const GPtrArray *cells, const struct budget_limit *limit)
{
    for (guint i = 0; i < cells->len; i++) {
        const struct compare_cell *cell = cells->pdata[i];
        for (guint j = 0; j < cell->judgements->len; j++) {
            const struct budget_judgement *judgement = cell->judgements->pdata[j];
            if (judgement->limit == limit && judgement->verdict == BUDGET_NOT_JUDGED)
                fprintf(out, "    %s\n", cell->pair->name);
        }
    }
}

/* Limit by limit: a price without enough runs cannot be judged in any cell. */
static void print_not_judged(FILE *out, const struct report *report)
{
    bool first = true;
    for (guint i = 0; report->budget && i < report->budget->limits->len; i++) {
        const struct budget_limit *limit = report->budget->limits->pdata[i];
        guint cells = budget_count(report->comparison, limit, BUDGET_NOT_JUDGED);
        if (cells == 0)
            continue;
        if (first)
            fprintf(out,
                    "\nLimits that cannot be judged (too few runs, or an interval that reaches over the\n"
                    "limit%s):\n",
                    report->all ? "" : "; --all names the cells");
        g_autofree char *line = g_strdup_printf("[%s] %s = %s: %u cell%s", limit->group, limit->key,
                                                limit->text, cells, plural(cells));
        print_wrapped(out, 2, line);
        if (report->all)
            print_cells_not_judged(out, report->comparison->cells, limit);
        first = false;
    }
}

static bool is_shown(const struct compare_cell *cell, const struct compare_change *change)
{
    return change->verdict != COMPARE_NONE || is_over(cell, change);
}

static void print_cell(FILE *out, const struct compare_cell *cell, bool all)
{
    g_autofree char *words = compare_words(cell);
    fprintf(out, "\n%s\n", cell->pair->name);
    print_wrapped(out, 2, words);
    for (guint i = 0; i < cell->changes->len; i++)
        if (all || is_shown(cell, cell->changes->pdata[i]))
            print_change(out, cell->changes->pdata[i]);
    print_over(out, cell);
}

/* Why nothing could be said of a cell's price; "": it could. */
static const char *price_doubt(const struct compare_cell *cell)
{
    for (guint i = 0; i < cell->changes->len; i++) {
        const struct compare_change *change = cell->changes->pdata[i];
        if (change->figure->is_price)
            return change->has_interval && !change->too_wide ? "" : change->why;
    }
    return "not measured in both";
}

/* A list for each reason why prices say nothing, and one for those that do. */
static void print_same(FILE *out, const GPtrArray *cells)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < cells->len; i++) {
        const char *doubt = price_doubt(cells->pdata[i]);
        if (has_remarks(cells->pdata[i]) || !g_hash_table_add(told, (gpointer)(uintptr_t)doubt))
            continue;
        fprintf(out, "\nNo difference shown%s%s%s:\n", *doubt ? " (price: " : "", doubt, *doubt ? ")" : "");
        for (guint other = i; other < cells->len; other++) {
            const struct compare_cell *cell = cells->pdata[other];
            if (!has_remarks(cell) && strcmp(price_doubt(cell), doubt) == 0)
                fprintf(out, "  %s\n", cell->pair->name);
        }
    }
}

/* Of cells that are compared all the same. */
static void print_unproven(FILE *out, const GPtrArray *cells)
{
    bool first = true;
    for (guint i = 0; i < cells->len; i++)
        for (int side = 0; side < PAIR_SIDES; side++) {
            const struct compare_cell *cell = cells->pdata[i];
            g_autofree char *text = compare_unproven_text(cell, side);
            if (!text || (cell->broken && side == PAIR_B))
                continue;
            fprintf(out, "%s  %s\n", first ? "\nNot compared, for what is not proven is no result:\n" : "",
                    cell->pair->name);
            print_wrapped(out, 6, text);
            first = false;
        }
}

static void print_heading(const struct report *report, FILE *out)
{
    const struct comparison *comparison = report->comparison;
    fprintf(out, "A  %s\nB  %s\n", comparison->pair->sides[PAIR_A].path,
            comparison->pair->sides[PAIR_B].path);
    report_notes(report, out);
    fputs("\n", out);
    g_autofree char *text = g_strdup_printf(
        "Medians of the runs. Memory is over the baseline: peak RSS, then held bytes. %s In brackets: the "
        "interval of the difference; all of them together hold in 95 of 100 comparisons.",
        comparison->price_note);
    print_wrapped(out, 0, text);
}

void report_table(const struct report *report, FILE *out)
{
    const GPtrArray *cells = report->comparison->cells;
    print_heading(report, out);
    for (guint i = 0; i < cells->len; i++)
        if (report->all || has_remarks(cells->pdata[i]))
            print_cell(out, cells->pdata[i], report->all);
    if (!report->all)
        print_same(out, cells);
    print_unproven(out, cells);
    print_new(report, out);
    print_not_judged(out, report);
    g_autofree char *verdict = report_verdict(report);
    fputs("\n", out);
    print_wrapped(out, 0, verdict);
}
