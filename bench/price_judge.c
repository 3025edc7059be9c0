/* price_judge: medians, ratios, intervals and verdicts of price.h. */
#include <math.h>
#include <string.h>

#include "price_rows.h"

const char *const price_figure_names[PRICE_FIGURES] = {
    [PRICE_BUILD] = "build", [PRICE_DROP] = "drop",   [PRICE_REBUILD] = "rebuild",
    [PRICE_PURGE] = "purge", [PRICE_CYCLE] = "cycle", [PRICE_REBUILD_AFTER_PURGE] = "rebuild_after_purge"};

static double median_of(const GArray *values)
{
    return bootstrap_median((const double *)(gpointer)values->data, values->len);
}

static GArray *new_values(void)
{
    return g_array_new(FALSE, FALSE, sizeof(double));
}

static double ns_per_record(const struct price_cell *cell, enum price_figure figure)
{
    g_autoptr(GArray) values = new_values();
    for (guint i = 0; i < cell->rows->len; i++) {
        double ns = ((const struct price_row *)cell->rows->pdata[i])->cpu_ns[figure];
        if (!isnan(ns))
            g_array_append_val(values, ns);
    }
    return values->len > 0 && cell->records > 0 ? median_of(values) / (double)cell->records : NAN;
}

static const struct price_row *row_of_round(const struct price_cell *cell, const char *repeat)
{
    for (guint i = 0; i < cell->rows->len; i++) {
        const struct price_row *row = cell->rows->pdata[i];
        if (strcmp(row->repeat, repeat) == 0)
            return row;
    }
    return NULL;
}

/* A ratio a round. To something that took no time there is none. */
static GArray *paired_ratios(const struct price_cell *cell, const struct price_cell *reference,
                             enum price_figure figure)
{
    GArray *ratios = new_values();
    for (guint i = 0; i < cell->rows->len; i++) {
        const struct price_row *row = cell->rows->pdata[i];
        const struct price_row *other = row_of_round(reference, row->repeat);
        if (!other || isnan(row->cpu_ns[figure]) || !(other->cpu_ns[figure] > 0))
            continue;
        double ratio = row->cpu_ns[figure] / other->cpu_ns[figure];
        g_array_append_val(ratios, ratio);
    }
    return ratios;
}

static void judge_ratio(struct price_ratio *ratio, const GArray *ratios)
{
    ratio->rounds = ratios->len;
    if (ratios->len == 0)
        return;
    ratio->median = median_of(ratios);
    ratio->has_interval = ratios->len >= COMPARE_PRICE_RUNS;
    if (!ratio->has_interval) {
        ratio->why = g_strdup_printf("%u round%s, no interval below %d", ratios->len,
                                     ratios->len == 1 ? "" : "s", COMPARE_PRICE_RUNS);
        return;
    }
    const char *why;
    ratio->interval = bootstrap_interval_of_median(ratios, PRICE_CONFIDENCE);
    ratio->verdict = compare_judge_ratio(&ratio->interval, &why);
    ratio->why = g_strdup(why);
}

bool price_is_baseline(const struct price *price, const struct price_cell *cell)
{
    g_autofree char *name = g_strdup_printf("%s/%s", cell->allocator, cell->setting);
    return g_strcmp0(price->baseline, name) == 0;
}

bool price_is_own_default(const struct price_cell *cell)
{
    return strcmp(cell->setting, "default") == 0;
}

char *price_reference_name(const struct price *price, const struct price_cell *cell,
                           enum price_reference reference)
{
    return reference == PRICE_OF_BASELINE ? g_strdup(price->baseline)
                                          : g_strconcat(cell->allocator, "/default", NULL);
}

const struct price_cell *price_reference_of(const struct price *price, const struct price_cell *cell,
                                            enum price_reference reference)
{
    g_autofree char *name = price_reference_name(price, cell, reference);
    g_auto(GStrv) names = g_strsplit(name ? name : "", "/", 2);
    return names[0] && names[1] ? price_of_shape(price, names[0], names[1], cell->workload, cell->shape)
                                : NULL;
}

void price_judge(const struct price *price, struct price_cell *cell)
{
    const struct price_cell *references[PRICE_REFERENCES];
    for (int i = 0; i < PRICE_REFERENCES; i++)
        references[i] = price_reference_of(price, cell, i);
    cell->rounds = cell->rows->len;
    for (int figure = 0; figure < PRICE_FIGURES; figure++) {
        struct price_cost *cost = &cell->costs[figure];
        cost->cpu_ns_per_record = ns_per_record(cell, figure);
        for (int i = 0; i < PRICE_REFERENCES; i++) {
            if (!references[i] || references[i] == cell)
                continue;
            g_autoptr(GArray) ratios = paired_ratios(cell, references[i], figure);
            judge_ratio(&cost->of[i], ratios);
        }
    }
}
