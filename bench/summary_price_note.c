/* summary_price_note: what stands below a block about its prices; see summary_price.h. */
#include "summary_price.h"

#include <string.h>

enum { WIDTH = 100 };

void summary_price_wrap(FILE *out, const char *text)
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

void summary_price_add_rounds(GString *text, guint least, guint most)
{
    if (least < most)
        g_string_append_printf(text, "%u to %u rounds", least, most);
    else
        g_string_append_printf(text, "%u round%s", most, most == 1 ? "" : "s");
}

/* --- what is not there --- */

/* Adds the names of what cells of this shape should be compared to, by `first` and what follows it, each once. Returns
 * how many. */
static guint add_untimed(GString *text, const struct price *price, const GPtrArray *cells, const char *shape,
                         enum price_reference first)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < cells->len; i++)
        for (int reference = first; reference < PRICE_REFERENCES; reference++) {
            const struct price_cell *cell = cells->pdata[i];
            g_autofree char *name = price_reference_name(price, cell, reference);
            if (name && strcmp(cell->shape, shape) == 0 && !price_reference_of(price, cell, reference) &&
                g_hash_table_add(names, g_strdup(name)))
                g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", name);
        }
    return g_hash_table_size(names);
}

void summary_price_print_untimed(const struct price *price, const GPtrArray *cells,
                                 enum price_reference first, FILE *out)
{
    g_autoptr(GHashTable) shapes = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < cells->len; i++) {
        const struct price_cell *cell = cells->pdata[i];
        g_autoptr(GString) text = g_string_new(NULL);
        if (!g_hash_table_add(shapes, (gpointer)(uintptr_t)cell->shape))
            continue;
        guint count = add_untimed(text, price, cells, cell->shape, first);
        g_string_append_printf(text, " %s not timed with %s at %s, or never proven: no price over %s.",
                               count == 1 ? "was" : "were", cell->workload, cell->shape,
                               count == 1 ? "it" : "them");
        if (count > 0)
            summary_price_wrap(out, text->str);
    }
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

/* Of the prices of a block, one a cell that has one. */
static void print_ratios(const struct price *price, const GPtrArray *cells, FILE *out)
{
    g_autoptr(GHashTable) shapes = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GString) names = g_string_new(NULL), text = g_string_new(NULL);
    g_autoptr(GArray) reaches = g_array_new(FALSE, FALSE, sizeof(double));
    guint least = G_MAXUINT, most = 0;
    for (guint i = 0; i < cells->len; i++) {
        const struct price_cell *cell = cells->pdata[i];
        const struct price_ratio *ratio = &cell->costs[PRICE_CYCLE].of[PRICE_OF_BASELINE];
        if (ratio->rounds == 0)
            continue;
        if (g_hash_table_add(shapes, (gpointer)(uintptr_t)cell->shape))
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", cell->shape);
        least = MIN(least, ratio->rounds);
        most = MAX(most, ratio->rounds);
        add_reach(reaches, ratio);
    }
    if (most == 0)
        return;
    g_string_printf(text, "price: CPU time of build, drop and rebuild over that of %s, timed at %s, ",
                    price->baseline, names->str);
    summary_price_add_rounds(text, least, most);
    g_string_append(text, "; ~: no difference shown.");
    add_reaches(text, reaches);
    summary_price_wrap(out, text->str);
}

void summary_print_price_note(const struct summary *summary, const GPtrArray *cells, FILE *out)
{
    g_autoptr(GPtrArray) prices = g_ptr_array_new();
    for (guint i = 0; i < cells->len; i++) {
        const struct price_cell *price = summary_price_of(summary, cells->pdata[i]);
        if (price)
            g_ptr_array_add(prices, (gpointer)(uintptr_t)price);
    }
    if (prices->len == 0)
        return;
    print_ratios(summary->price, prices, out);
    summary_price_print_untimed(summary->price, prices, PRICE_OF_BASELINE, out);
}
