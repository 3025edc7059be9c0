/* summary_price: the prices of summary.h, as a table of their own, and their floors. */
#include <math.h>
#include <string.h>

#include "summary.h"
#include "summary_price.h"
#include "units.h"

enum { NAME_WIDTH = 26, FLOOR_WIDTH = 40 };

static const struct price_ratio *cycle_of(const struct price_cell *cell, enum price_reference reference)
{
    return &cell->costs[PRICE_CYCLE].of[reference];
}

/* --- the table of prices --- */

static bool same_block(const struct price_cell *a, const struct price_cell *b)
{
    return strcmp(a->workload, b->workload) == 0 && strcmp(a->shape, b->shape) == 0;
}

static double cycle_ns(const struct price_cell *cell)
{
    double ns = cell->costs[PRICE_CYCLE].cpu_ns_per_record;
    return isnan(ns) ? INFINITY : ns;
}

static gint by_block_then_cycle(gconstpointer a, gconstpointer b)
{
    const struct price_cell *first = *(const struct price_cell *const *)a;
    const struct price_cell *second = *(const struct price_cell *const *)b;
    int order = strcmp(first->workload, second->workload);
    order = order ? order : strcmp(first->shape, second->shape);
    if (order)
        return order;
    double ns = cycle_ns(first), other = cycle_ns(second);
    return ns != other ? (ns < other ? -1 : 1) : strcmp(first->cell, second->cell);
}

static void print_ratio(FILE *out, const struct price_ratio *ratio, bool is_reference)
{
    g_autofree char *text = price_ratio_text(ratio, is_reference);
    g_autofree char *interval = price_interval_text(ratio);
    fprintf(out, "  %6s %9s", text, interval);
}

/* `has`: the columns of ratios. */
static void print_cell(FILE *out, const struct price *price, const struct price_cell *cell, const bool *has)
{
    static const enum price_figure figures[] = {PRICE_BUILD, PRICE_DROP, PRICE_REBUILD, PRICE_PURGE,
                                                PRICE_REBUILD_AFTER_PURGE};
    static const int widths[] = {6, 6, 7, 6, 8};
    g_autofree char *name = g_strdup_printf("%s/%s", cell->allocator, cell->setting);
    bool fits = strlen(name) <= NAME_WIDTH;
    if (!fits)
        fprintf(out, "%s\n", name);
    fprintf(out, "%-*s", NAME_WIDTH, fits ? name : "");
    for (guint i = 0; i < G_N_ELEMENTS(figures); i++) {
        g_autofree char *ns = price_ns_text(cell->costs[figures[i]].cpu_ns_per_record);
        fprintf(out, " %*s", widths[i], ns);
    }
    if (has[PRICE_OF_DEFAULT])
        print_ratio(out, cycle_of(cell, PRICE_OF_DEFAULT), price_is_own_default(cell));
    if (has[PRICE_OF_BASELINE])
        print_ratio(out, cycle_of(cell, PRICE_OF_BASELINE), price_is_baseline(price, cell));
    fputs("\n", out);
}

static void print_heading(FILE *out, const struct price_cell *cell, const bool *has)
{
    g_autofree char *count = units_format_count(cell->records);
    fprintf(out, "\n%s, %s: %s record%s\n", cell->workload, cell->shape, count,
            cell->records == 1 ? "" : "s");
    fprintf(out, "%-*s %6s %6s %7s %6s %8s", NAME_WIDTH, "", "build", "drop", "rebuild", "purge", "+rebuild");
    if (has[PRICE_OF_DEFAULT])
        fprintf(out, "  %16s", "over own default");
    if (has[PRICE_OF_BASELINE])
        fprintf(out, "  %16s", "over baseline");
    fputs("\n", out);
}

static bool has_reference(const struct price *price, const GPtrArray *cells, enum price_reference reference)
{
    bool has = false;
    for (guint i = 0; i < cells->len; i++)
        has = has || price_reference_of(price, cells->pdata[i], reference);
    return has;
}

static void print_block(FILE *out, const struct price *price, const GPtrArray *cells)
{
    const bool has[PRICE_REFERENCES] = {[PRICE_OF_DEFAULT] = has_reference(price, cells, PRICE_OF_DEFAULT),
                                        [PRICE_OF_BASELINE] = has_reference(price, cells, PRICE_OF_BASELINE)};
    print_heading(out, cells->pdata[0], has);
    for (guint i = 0; i < cells->len; i++)
        print_cell(out, price, cells->pdata[i], has);
    summary_price_print_untimed(price, cells, PRICE_OF_DEFAULT, out);
}

/* Only of columns that some block has. */
static void add_intro_of_ratios(GString *text, const struct price *price)
{
    bool own = has_reference(price, price->cells, PRICE_OF_DEFAULT);
    bool baseline = has_reference(price, price->cells, PRICE_OF_BASELINE);
    if (!own && !baseline)
        return;
    g_string_append_printf(
        text,
        " Then build, drop and rebuild together, over the same of %s%s%s%s%s in the same round, with "
        "intervals. x: a difference is shown; ~: none is.",
        own ? "the allocator's own default" : "", own && baseline ? " and of " : "",
        baseline ? "the baseline, " : "", baseline ? price->baseline : "", baseline ? "," : "");
}

static void print_intro(FILE *out, const struct price *price)
{
    g_autoptr(GString) text = g_string_new("What giving back costs: CPU time, user and system, in ns per "
                                           "record, the median of ");
    guint least = G_MAXUINT, most = 0;
    for (guint i = 0; i < price->cells->len; i++) {
        const struct price_cell *cell = price->cells->pdata[i];
        least = MIN(least, cell->rounds);
        most = MAX(most, cell->rounds);
    }
    summary_price_add_rounds(text, least, most);
    g_string_append(text, "; +rebuild: the first behind a purge.");
    add_intro_of_ratios(text, price);
    g_string_append(text, " A dash: not measured.");
    summary_price_wrap(out, text->str);
}

/* Each reason, and how often it holds in the two columns of ratios. */
static void print_reasons(FILE *out, const GPtrArray *cells)
{
    g_autoptr(GPtrArray) reasons = g_ptr_array_new();
    g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < cells->len; i++)
        for (int reference = 0; reference < PRICE_REFERENCES; reference++) {
            char *why = cycle_of(cells->pdata[i], reference)->why;
            if (!why)
                continue;
            guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, why));
            if (count == 0)
                g_ptr_array_add(reasons, why);
            g_hash_table_insert(counts, why, GUINT_TO_POINTER(count + 1));
        }
    g_autoptr(GString) text = g_string_new("~ no difference shown:");
    for (guint i = 0; i < reasons->len; i++)
        g_string_append_printf(text, "%s %s (%u)", i > 0 ? "," : "", (char *)reasons->pdata[i],
                               GPOINTER_TO_UINT(g_hash_table_lookup(counts, reasons->pdata[i])));
    if (reasons->len > 0)
        summary_price_wrap(out, text->str);
}

void summary_print_prices(const struct summary *summary, FILE *out)
{
    const struct price *price = summary->price;
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (guint i = 0; i < price->cells->len; i++)
        g_ptr_array_add(sorted, price->cells->pdata[i]);
    g_ptr_array_sort(sorted, by_block_then_cycle);
    print_intro(out, price);
    for (guint first = 0, end; first < sorted->len; first = end) {
        g_autoptr(GPtrArray) block = g_ptr_array_new();
        for (end = first; end < sorted->len && same_block(sorted->pdata[first], sorted->pdata[end]); end++)
            g_ptr_array_add(block, sorted->pdata[end]);
        print_block(out, price, block);
    }
    print_reasons(out, sorted);
}

/* --- the floor --- */

static void print_part(FILE *out, const char *before, const struct price_cell *floor,
                       const struct price_cell *whole, enum price_figure figure)
{
    double part_ns = floor->costs[figure].cpu_ns_per_record, ns = whole->costs[figure].cpu_ns_per_record;
    g_autofree char *part_text = price_ns_text(part_ns), *text = price_ns_text(ns);
    fprintf(out, "%s %s of %s", before, part_text, text);
    if (!isnan(part_ns) && ns > 0)
        fprintf(out, " (%.0f %%)", 100 * part_ns / ns);
}

/* A workload that asks for nothing is the floor of all others; an allocator that is one, of the same workload. */
static bool is_floor_of(const struct price_cell *floor, const struct price_cell *cell)
{
    bool same_workload = strcmp(floor->workload, cell->workload) == 0;
    return strcmp(floor->shape, cell->shape) == 0 &&
           (floor->asks_nothing ? !same_workload : floor->is_floor && same_workload);
}

static void print_floor(FILE *out, const struct price_cell *floor, const struct price_cell *cell)
{
    g_autofree char *name =
        g_strdup_printf("  %s/%s%s%s:", floor->allocator, floor->setting,
                        floor->asks_nothing ? " under " : "", floor->asks_nothing ? floor->workload : "");
    fprintf(out, "%s%s", name, strlen(name) > FLOOR_WIDTH ? "\n   " : "");
    print_part(out, " build", floor, cell, PRICE_BUILD);
    print_part(out, ", drop", floor, cell, PRICE_DROP);
    fputs("\n", out);
}

static void print_floor_heading(FILE *out, const struct price *price, const struct price_cell *cell)
{
    g_autofree char *text = g_strdup_printf(
        "The harness's own part of %s (%s, %s), in CPU ns per record, by its floors:", price->baseline,
        cell->workload, cell->shape);
    fputs("\n", out);
    summary_price_wrap(out, text);
}

/* Of one cell of the baseline. */
static void print_floors(FILE *out, const struct price *price, const struct price_cell *cell)
{
    bool first = true;
    for (guint i = 0; i < price->cells->len; i++) {
        const struct price_cell *floor = price->cells->pdata[i];
        if (!is_floor_of(floor, cell))
            continue;
        if (first)
            print_floor_heading(out, price, cell);
        first = false;
        print_floor(out, floor, cell);
    }
}

void summary_print_price_foot(const struct summary *summary, const char *run_folder, FILE *out)
{
    const struct price *price = summary->price;
    if (!price)
        return;
    for (guint i = 0; i < price->cells->len; i++) {
        const struct price_cell *cell = price->cells->pdata[i];
        if (price_is_baseline(price, cell) && !cell->asks_nothing)
            print_floors(out, price, cell);
    }
    g_autofree char *disturbed = price_disturbance_text(price);
    g_autofree char *text = g_strdup_printf("Disturbed while timed (told, not dropped): %s", disturbed);
    if (disturbed) {
        fputs("\n", out);
        summary_price_wrap(out, text);
    }
    if (!price->is_own)
        fprintf(out, "\nPrices phase by phase, with intervals: `afterfree summary %s/cost`\n", run_folder);
}
