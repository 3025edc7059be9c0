/* compare_words: verdicts and figures of compare.h for people. */
#include <math.h>

#include "compare.h"
#include "units.h"

static void add_words(GString *text, const char *word, const struct compare_cell *cell, bool is_price,
                      enum compare_verdict verdict)
{
    bool first = true;
    for (guint i = 0; i < cell->changes->len; i++) {
        const struct compare_change *change = cell->changes->pdata[i];
        if (change->verdict != verdict || change->figure->is_price != is_price)
            continue;
        if (first)
            g_string_append_printf(text, "%s%s: %s", text->len > 0 ? "; " : "", word, change->figure->title);
        else
            g_string_append_printf(text, ", %s", change->figure->title);
        first = false;
    }
}

char *compare_words(const struct compare_cell *cell)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (cell->broken) {
        g_autofree char *unproven = compare_unproven_text(cell, PAIR_B);
        g_string_append(text, unproven);
    }
    add_words(text, "more memory", cell, false, COMPARE_MORE);
    add_words(text, "slower", cell, true, COMPARE_MORE);
    add_words(text, "less memory", cell, false, COMPARE_LESS);
    add_words(text, "faster", cell, true, COMPARE_LESS);
    return g_strdup(text->len > 0 ? text->str : "no difference shown");
}

const char *compare_unit_name(enum compare_unit unit)
{
    static const char *const names[] = {
        [COMPARE_BYTES] = "bytes", [COMPARE_NS] = "ns", [COMPARE_TIMES] = "times"};
    return names[unit];
}

char *compare_unproven_text(const struct compare_cell *cell, int side)
{
    const struct pair_rows *rows = cell->pair->rows[side];
    guint bad = rows->failed + rows->invalid, runs = bad + rows->skipped + rows->ok->len;
    if (bad == 0)
        return NULL;
    return g_strdup_printf("%u of %u run%s not proven in %c (%s)", bad, runs, runs == 1 ? "" : "s",
                           "AB"[side], rows -> bad_because);
}

/* --- figures --- */

static char *decimals(double value, const char *format, const char *unit)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE]; /* printf would write the decimal comma of the user's locale */
    return g_strconcat(g_ascii_formatd(number, sizeof number, format, value), unit, NULL);
}

static char *ratio_text(double ratio)
{
    return isinf(ratio) ? g_strdup("inf") : decimals(ratio, ratio < 99.95 ? "%.3f" : "%.0f", "");
}

static char *cpu_text(double ns)
{
    return ns < 1e9 ? decimals(ns / 1e6, "%.1f", " ms") : decimals(ns / 1e9, "%.2f", " s");
}

static char *signed_bytes(double bytes)
{
    g_autofree char *text = units_format_bytes((uint64_t)(fabs(bytes) + 0.5));
    return g_strconcat(bytes < 0 ? "-" : "+", text, NULL);
}

char *compare_value_text(const struct compare_change *change, int side)
{
    double value = change->median[side];
    return change->unit == COMPARE_BYTES ? units_format_bytes((uint64_t)(value + 0.5))
           : change->unit == COMPARE_NS  ? cpu_text(value)
                                         : ratio_text(value);
}

char *compare_difference_text(const struct compare_change *change)
{
    double a = change->median[PAIR_A], b = change->median[PAIR_B];
    if (!change->figure->is_price)
        return signed_bytes(b - a);
    g_autofree char *ratio = ratio_text(bootstrap_ratio(a, b));
    return g_strconcat("x ", ratio, NULL);
}

char *compare_interval_text(const struct compare_change *change)
{
    bool is_price = change->figure->is_price;
    struct bootstrap_interval interval = is_price ? change->ratio : change->difference;
    if (!change->has_interval)
        return g_strdup(change->why);
    g_autofree char *low = is_price ? ratio_text(interval.low) : signed_bytes(interval.low);
    g_autofree char *high = is_price ? ratio_text(interval.high) : signed_bytes(interval.high);
    return g_strdup_printf("%s to %s%s", low, high, change->from_runs ? "" : ", known spread");
}
