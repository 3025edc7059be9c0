/* price_words: the columns of price.h in summary.csv, and its figures for people. */
#include <math.h>

#include "price_rows.h"

/* Whatever the user's locale: printf would write its decimal comma. */
static char *decimals(double value, const char *format)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    return g_strdup(g_ascii_formatd(number, sizeof number, format, value));
}

/* --- columns --- */

static const char *const reference_names[PRICE_REFERENCES] = {
    [PRICE_OF_DEFAULT] = "default", [PRICE_OF_BASELINE] = "baseline"};

void price_add_header(GString *header)
{
    g_string_append(header, ",cost_shape");
    for (int figure = 0; figure < PRICE_FIGURES; figure++) {
        const char *name = price_figure_names[figure];
        g_string_append_printf(header, ",%s_cpu_ns_per_record", name);
        for (int i = 0; i < PRICE_REFERENCES; i++) {
            const char *of = reference_names[i];
            g_string_append_printf(header, ",%s_of_%s,%s_of_%s_low,%s_of_%s_high,%s_of_%s_verdict", name, of,
                                   name, of, name, of, name, of);
        }
    }
    /* At the end, for it is never empty: gnuplot reads what an earlier line left where a last field is. */
    g_string_append(header, ",cost_rounds");
}

static void add_number(GString *row, bool is_known, double value)
{
    g_autofree char *text = is_known ? decimals(value, "%.4f") : NULL;
    csv_add_text(row, text);
}

static void add_ratio(GString *row, const struct price_ratio *ratio)
{
    add_number(row, ratio->rounds > 0, ratio->median);
    add_number(row, ratio->has_interval, ratio->interval.low);
    add_number(row, ratio->has_interval, ratio->interval.high);
    g_autofree char *none = ratio->why ? g_strdup_printf("no difference shown: %s", ratio->why) : NULL;
    csv_add_text(row, ratio->verdict == COMPARE_MORE   ? "more"
                      : ratio->verdict == COMPARE_LESS ? "less"
                                                       : none);
}

void price_add_columns(GString *row, const struct price_cell *cell)
{
    static const struct price_cell none;
    const struct price_cell *from = cell ? cell : &none;
    csv_add_text(row, from->shape);
    for (int figure = 0; figure < PRICE_FIGURES; figure++) {
        const struct price_cost *cost = &from->costs[figure];
        add_number(row, cell && !isnan(cost->cpu_ns_per_record), cost->cpu_ns_per_record);
        for (int i = 0; i < PRICE_REFERENCES; i++)
            add_ratio(row, &cost->of[i]);
    }
    csv_add_u64(row, from->rounds);
}

/* --- for people --- */

/* Five characters at the most, up to ten thousand times as much. */
static char *ratio_number(double ratio)
{
    return ratio < 1e5 ? decimals(ratio, ratio < 9.995   ? "%.2f"
                                         : ratio < 99.95 ? "%.1f"
                                                         : "%.0f")
                       : decimals(ratio, "%.0e");
}

char *price_ratio_text(const struct price_ratio *ratio, bool is_reference)
{
    if (ratio->rounds == 0)
        return g_strdup(is_reference ? "1" : "-");
    g_autofree char *number = ratio_number(ratio->median);
    return g_strdup_printf("%s %s", ratio->verdict == COMPARE_NONE ? "~" : "x", number);
}

char *price_interval_text(const struct price_ratio *ratio)
{
    if (!ratio->has_interval)
        return g_strdup("");
    g_autofree char *low = ratio_number(ratio->interval.low), *high = ratio_number(ratio->interval.high);
    return g_strdup_printf("%s-%s", low, high);
}

char *price_ns_text(double ns)
{
    return isnan(ns) ? g_strdup("-") : decimals(ns, ns < 99.95 ? "%.1f" : ns < 1e6 ? "%.0f" : "%.0e");
}

char *price_disturbance_text(const struct price *price)
{
    if (price->disturbances->len == 0)
        return NULL;
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < price->disturbances->len; i++) {
        const struct price_disturbance *one =
            &g_array_index(price->disturbances, struct price_disturbance, i);
        g_string_append_printf(text, "%s%s in %u", i > 0 ? ", " : "", one->word, one->runs);
    }
    g_string_append_printf(text, " of %u timed runs, in %u of %u rounds", price->runs,
                           price->disturbed_rounds, price->rounds);
    return g_string_free(text, FALSE);
}
