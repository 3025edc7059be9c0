/* summary_price: the prices of summary.h, for people. */
#include <math.h>
#include <string.h>

#include "summary.h"
#include "units.h"

enum { WIDTH = 100, NAME_WIDTH = 26, FLOOR_WIDTH = 40 };

/* Breaks lines at blanks; what has none in it may stand out. */
static void print_wrapped(FILE *out, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t column = 0;
    for (char **word = words; *word; word++) {
        size_t length = (size_t)g_utf8_strlen(*word, -1);
        bool breaks = column > 0 && column + 1 + length > WIDTH;
        fprintf(out, "%s%s", column == 0 ? "" : breaks ? "\n" : " ", *word);
        column = column == 0 || breaks ? length : column + 1 + length;
    }
    fputs("\n", out);
}

const struct price_cell *summary_price_of(const struct summary *summary, const struct summary_cell *cell)
{
    const struct record *texts = &cell->texts;
    if (!summary->price || *summary_asked_mode(cell))
        return NULL;
    return price_find(summary->price, texts->allocator, texts->setting, texts->workload, texts->shape);
}

static const struct price_ratio *cycle_of(const struct price_cell *cell, enum price_reference reference)
{
    return &cell->costs[PRICE_CYCLE].of[reference];
}

/* --- beside memory --- */

static gint by_double(gconstpointer a, gconstpointer b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return first < second ? -1 : first > second;
}

/* How far intervals reach from their ratio, as parts of it; of double. */
static void add_reach(GArray *reaches, const struct price_ratio *ratio)
{
    double up = ratio->interval.high / ratio->median - 1, down = 1 - ratio->interval.low / ratio->median;
    double reach = MAX(up, down);
    if (ratio->has_interval && ratio->median > 0)
        g_array_append_val(reaches, reach);
}

static void add_reaches(GString *text, GArray *reaches)
{
    if (reaches->len == 0)
        return;
    g_array_sort(reaches, by_double);
    double middle = bootstrap_median((const double *)(gpointer)reaches->data, reaches->len);
    double widest = g_array_index(reaches, double, reaches->len - 1);
    g_string_append_printf(text, " Intervals reach %.0f %% to a side (median), %.0f %% at the most.",
                           100 * middle, 100 * widest);
}

static void add_rounds(GString *text, guint least, guint most)
{
    if (least < most)
        g_string_append_printf(text, "%u to %u rounds", least, most);
    else
        g_string_append_printf(text, "%u round%s", most, most == 1 ? "" : "s");
}

void summary_print_price_note(const struct summary *summary, const GPtrArray *cells, FILE *out)
{
    g_autoptr(GHashTable) shapes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) names = g_string_new(NULL);
    g_autoptr(GArray) reaches = g_array_new(FALSE, FALSE, sizeof(double));
    guint least = G_MAXUINT, most = 0;
    for (guint i = 0; i < cells->len; i++) {
        const struct price_cell *price = summary_price_of(summary, cells->pdata[i]);
        if (!price || cycle_of(price, PRICE_OF_BASELINE)->rounds == 0)
            continue;
        if (g_hash_table_add(shapes, g_strdup(price->shape)))
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", price->shape);
        least = MIN(least, cycle_of(price, PRICE_OF_BASELINE)->rounds);
        most = MAX(most, cycle_of(price, PRICE_OF_BASELINE)->rounds);
        add_reach(reaches, cycle_of(price, PRICE_OF_BASELINE));
    }
    if (most == 0)
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "price: CPU time of build, drop and rebuild over that of %s, timed at %s, ",
                    summary->price->baseline, names->str);
    add_rounds(text, least, most);
    g_string_append(text, "; ~: no difference shown.");
    add_reaches(text, reaches);
    print_wrapped(out, text->str);
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

static void print_cell(FILE *out, const struct price *price, const struct price_cell *cell)
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
    print_ratio(out, cycle_of(cell, PRICE_OF_DEFAULT), price_is_own_default(cell));
    print_ratio(out, cycle_of(cell, PRICE_OF_BASELINE), price_is_baseline(price, cell));
    fputs("\n", out);
}

static void print_heading(FILE *out, const struct price_cell *cell)
{
    g_autofree char *count = units_format_count(cell->records);
    fprintf(out, "\n%s, %s: %s record%s\n", cell->workload, cell->shape, count,
            cell->records == 1 ? "" : "s");
    fprintf(out, "%-*s %6s %6s %7s %6s %8s  %16s  %16s\n", NAME_WIDTH, "", "build", "drop", "rebuild",
            "purge", "+rebuild", "over own default", "over baseline");
}

static void print_intro(FILE *out, const struct price *price)
{
    g_autoptr(GString) text = g_string_new(NULL), rounds = g_string_new(NULL);
    guint least = G_MAXUINT, most = 0;
    for (guint i = 0; i < price->cells->len; i++) {
        const struct price_cell *cell = price->cells->pdata[i];
        least = MIN(least, cell->rounds);
        most = MAX(most, cell->rounds);
    }
    add_rounds(rounds, least, most);
    g_string_printf(
        text,
        "What giving back costs: CPU time, user and system, in ns per record, the median of %s; "
        "+rebuild: the first behind a purge. Then build, drop and rebuild together, over the same of the "
        "allocator's own default and of the baseline%s%s in the same round, with intervals. x: a "
        "difference is shown; ~: none is. A dash: not measured.",
        rounds->str, price->baseline ? ", " : "",
        price->baseline ? price->baseline : "");
    print_wrapped(out, text->str);
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
        print_wrapped(out, text->str);
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
        print_heading(out, sorted->pdata[first]);
        for (end = first; end < sorted->len && same_block(sorted->pdata[first], sorted->pdata[end]); end++)
            print_cell(out, price, sorted->pdata[end]);
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
    print_wrapped(out, text);
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
        print_wrapped(out, text);
    }
    if (!price->is_own)
        fprintf(out, "\nPrices phase by phase, with intervals: `afterfree summary %s/cost`\n", run_folder);
}
