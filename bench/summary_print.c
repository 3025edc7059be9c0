/* summary_print: the table of summary.h, for people. */
#include <string.h>

#include "cycles.h"
#include "summary.h"
#include "summary_claim.h"
#include "summary_heap.h"
#include "summary_latency.h"
#include "units.h"

#define NAME_WIDTH 26 /* makes 99 columns */

static bool is_ok(const struct summary_cell *cell)
{
    return strcmp(cell->texts.status, "ok") == 0;
}

const char *summary_asked_mode(const struct summary_cell *cell)
{
    const char *mode = strstr(cell->texts.cell, "/thp-");
    return mode && !strchr(mode + 1, '/') ? mode : "";
}

bool summary_same_block(const struct summary_cell *a, const struct summary_cell *b)
{
    return strcmp(a->texts.shape, b->texts.shape) == 0 && strcmp(a->texts.workload, b->texts.workload) == 0 &&
           strcmp(a->texts.walk, b->texts.walk) == 0;
}

static guint block_size(const GPtrArray *cells, const struct summary_cell *of)
{
    guint size = 0;
    for (guint i = 0; i < cells->len; i++)
        size += summary_same_block(cells->pdata[i], of);
    return size;
}

/* Blocks of workload, shape and walk, the one with the most cells first; in a block the least held after silence. */
static gint by_block_then_held(gconstpointer a, gconstpointer b, gpointer cells)
{
    const struct summary_cell *first = *(const struct summary_cell *const *)a;
    const struct summary_cell *second = *(const struct summary_cell *const *)b;
    guint size = block_size(cells, first), other_size = block_size(cells, second);
    if (size != other_size)
        return size > other_size ? -1 : 1;
    int order = strcmp(first->texts.shape, second->texts.shape);
    order = order ? order : strcmp(first->texts.workload, second->texts.workload);
    order = order ? order : strcmp(first->texts.walk, second->texts.walk);
    if (order)
        return order;
    uint64_t held = summary_median(first, RECORD_silent_held_bytes);
    uint64_t other = summary_median(second, RECORD_silent_held_bytes);
    if (held != other)
        return held < other ? -1 : 1;
    return strcmp(first->texts.cell, second->texts.cell);
}

/* Bytes over the baseline; "-" when not known. */
static void print_over_baseline(FILE *out, const struct summary_cell *cell, enum record_number number)
{
    uint64_t bytes = summary_median(cell, number), base = summary_median(cell, RECORD_baseline_rss_bytes);
    g_autofree char *text =
        bytes == RECORD_UNKNOWN ? g_strdup("-") : units_format_bytes(bytes - MIN(base, bytes));
    fprintf(out, " %7s", text);
}

static void print_lazy(FILE *out, const struct summary_cell *cell)
{
    uint64_t lazy = summary_median(cell, RECORD_silent_lazy_bytes);
    g_autofree char *text = lazy == RECORD_UNKNOWN || lazy == 0 ? g_strdup("") : units_format_bytes(lazy);
    fprintf(out, " %7s", text);
}

/* Minutes are told in seconds, for the column's sake. */
static char *short_duration(uint64_t ms)
{
    return ms < 60000 ? units_format_duration_ms(ms) : g_strdup_printf("%" G_GUINT64_FORMAT " s", ms / 1000);
}

static void print_t90(FILE *out, const struct summary_cell *cell)
{
    uint64_t t90 = summary_median(cell, RECORD_t90_ms);
    g_autofree char *text = NULL;
    if (t90 != RECORD_UNKNOWN) {
        text = short_duration(t90);
    } else if (strcmp(cell->texts.window_short, "yes") == 0 ||
               summary_median(cell, RECORD_silent_rss_bytes) == RECORD_UNKNOWN) {
        text = g_strdup("-");
    } else {
        g_autofree char *window = short_duration(g_ascii_strtoull(cell->texts.window_ms, NULL, 10));
        text = g_strdup_printf("> %s", window);
    }
    fprintf(out, " %8s", text);
}

static void print_rebuild(FILE *out, const struct summary_cell *cell)
{
    uint64_t ns = summary_median(cell, RECORD_rebuild_ns);
    g_autofree char *text = ns == RECORD_UNKNOWN ? g_strdup("-") : short_duration(ns / 1000000);
    fprintf(out, " %7s\n", text);
}

static void print_price(FILE *out, const struct summary *summary, const struct summary_cell *cell)
{
    const struct price_cell *price = summary_price_of(summary, cell);
    g_autofree char *text = price ? price_ratio_text(&price->costs[PRICE_CYCLE].of[PRICE_OF_BASELINE],
                                                     price_is_baseline(summary->price, price))
                                  : g_strdup("-");
    fprintf(out, " %7s\n", text);
}

static void print_heading(FILE *out, const struct summary_cell *cell, bool has_prices)
{
    const struct record *texts = &cell->texts;
    uint64_t live_bytes = summary_median(cell, RECORD_live_bytes);
    g_autofree char *count = units_format_count(g_ascii_strtoull(texts->records, NULL, 10));
    g_autofree char *live = units_format_bytes(live_bytes == RECORD_UNKNOWN ? 0 : live_bytes);
    fprintf(out, "\n%s, %s%s%s: dropped in %s order, %s live\n", texts->workload, texts->shape,
            *texts->walk ? ", walk " : "", texts->walk, texts->order, live);
    fprintf(out, "%s record%s of %s string%s of %s characters\n", count, strcmp(count, "1") == 0 ? "" : "s",
            texts->strings, strcmp(texts->strings, "1") == 0 ? "" : "s", texts->length);
    fprintf(out, "%-*s %-7s %7s %7s %7s %7s %7s %7s %8s %7s\n", NAME_WIDTH, "", "", "peak", "at once",
            "silent", "+ lazy", "ticking", "purged", "t90", has_prices ? "price" : "rebuild");
}

static bool is_not_provable(const struct summary_cell *cell)
{
    return strcmp(cell->texts.setting_proof, "not provable") == 0;
}

char *summary_row_name(const struct summary_cell *cell)
{
    return g_strdup_printf("%s/%s%s%s", cell->texts.allocator, cell->texts.setting, summary_asked_mode(cell),
                           is_not_provable(cell) ? " ?" : "");
}

/* A name too long for its column gets a line of its own. */
static void print_name(FILE *out, const struct summary_cell *cell)
{
    g_autofree char *name = summary_row_name(cell);
    bool fits = strlen(name) <= NAME_WIDTH;
    if (!fits)
        fprintf(out, "%s\n", name);
    fprintf(out, "%-*s %-7s", NAME_WIDTH, fits ? name : "", cell->texts.policy);
}

static void print_cell(FILE *out, const struct summary *summary, const struct summary_cell *cell,
                       bool has_prices)
{
    print_name(out, cell);
    print_over_baseline(out, cell, RECORD_peak_rss_bytes);
    print_over_baseline(out, cell, RECORD_drop_held_bytes);
    print_over_baseline(out, cell, RECORD_silent_held_bytes);
    print_lazy(out, cell);
    print_over_baseline(out, cell, RECORD_ticking_held_bytes);
    print_over_baseline(out, cell, RECORD_purge_held_bytes);
    print_t90(out, cell);
    if (has_prices)
        print_price(out, summary, cell);
    else
        print_rebuild(out, cell);
}

static bool has_price(const struct summary *summary, const struct summary_cell *cell)
{
    const struct price_cell *price = summary_price_of(summary, cell);
    return price && price->costs[PRICE_CYCLE].of[PRICE_OF_BASELINE].rounds > 0;
}

/* `cells`: those of one block. */
static void print_block(FILE *out, const struct summary *summary, const GPtrArray *cells)
{
    bool has_prices = false;
    for (guint i = 0; i < cells->len; i++)
        has_prices = has_prices || has_price(summary, cells->pdata[i]);
    print_heading(out, cells->pdata[0], has_prices);
    for (guint i = 0; i < cells->len; i++)
        print_cell(out, summary, cells->pdata[i], has_prices);
    summary_print_price_note(summary, cells, out);
}

static void print_mark(FILE *out, const GPtrArray *cells)
{
    for (guint i = 0; i < cells->len; i++) {
        const struct summary_cell *cell = cells->pdata[i];
        if (!is_not_provable(cell) || !(is_ok(cell) || summary_killed_at_limit(cell)))
            continue;
        fputs("\n? not provable: nothing tells whether the setting took effect\n", out);
        return;
    }
}

static void print_not_proven(FILE *out, const GPtrArray *cells)
{
    bool first = true;
    for (guint i = 0; i < cells->len; i++) {
        const struct summary_cell *cell = cells->pdata[i];
        if ((is_ok(cell) && cell->ok == cell->runs) || summary_killed_at_limit(cell))
            continue;
        if (first)
            fputs("\nNot in the table (a row that is not proven is not a result):\n", out);
        first = false;
        if (is_ok(cell))
            fprintf(out, "  %-8s %s: %u of %u runs: %s\n", "partly", cell->texts.cell, cell->runs - cell->ok,
                    cell->runs, cell->failure);
        else
            fprintf(out, "  %-8s %s: %s\n", cell->texts.status, cell->texts.cell, cell->texts.reason);
    }
}

static void print_conditions(FILE *out, const struct summary *summary)
{
    for (guint i = 0; i < summary->conditions->len; i++) {
        const struct summary_condition *condition = summary->conditions->pdata[i];
        fprintf(out, "%s%s in %u", i == 0 ? "\nConditions that move results (results/README.md): " : ", ",
                condition->word, condition->runs);
    }
    if (summary->conditions->len > 0)
        fprintf(out, " of %u run%s\n", summary->ok, summary->ok == 1 ? "" : "s");
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names what scripts/plot has drawn, if it has. */
static void print_figures(const char *run_folder, FILE *out)
{
    g_autofree char *path = g_build_filename(run_folder, "plots", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".svg"))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".svg")));
    g_ptr_array_sort(names, by_text);
    for (guint i = 0; i < names->len; i++)
        fprintf(out, "%s%s", i == 0 ? "\nFigures in plots/ (svg, png): " : ", ", (char *)names->pdata[i]);
    if (names->len > 0)
        fputs("\n", out);
}

static void print_memory(FILE *out, const struct summary *summary, const GPtrArray *sorted)
{
    g_autoptr(GPtrArray) block = g_ptr_array_new();
    fprintf(
        out,
        "What stays after free(): held bytes (RSS less lazy) over the baseline; t90: time until nine tenths\n"
        "of the peak have left RSS in silence; rebuild: wall time of the second build. A dash: not asked "
        "(the\n"
        "walk has no such phase, the allocator no such call, or the silent window is too short for t90)%s.\n",
        summary->price
            ? ",\nor not timed: a price, told below its block, stands in place of rebuild where there is one"
            : "");
    for (guint i = 0; i < sorted->len; i++) {
        struct summary_cell *cell = sorted->pdata[i];
        if (!is_ok(cell))
            continue;
        if (block->len > 0 && !summary_same_block(block->pdata[0], cell)) {
            print_block(out, summary, block);
            g_ptr_array_set_size(block, 0);
        }
        g_ptr_array_add(block, cell);
    }
    if (block->len > 0)
        print_block(out, summary, block);
}

void summary_print(const struct summary *summary, const char *run_folder, FILE *out)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (guint i = 0; i < summary->cells->len; i++)
        g_ptr_array_add(sorted, summary->cells->pdata[i]);
    g_ptr_array_sort_with_data(sorted, by_block_then_held, summary->cells);
    summary_print_unfinished(summary, run_folder, out);
    if (summary->price && summary->price->is_own)
        summary_print_prices(summary, out);
    else
        print_memory(out, summary, sorted);
    summary_claim_print(summary, run_folder, out);
    summary_heap_print(summary, out);
    cycles_print(summary, run_folder, out);
    summary_print_limit(summary, out);
    summary_print_calls(summary, out);
    summary_latency_print(summary, run_folder, out);
    print_mark(out, sorted);
    summary_print_price_foot(summary, run_folder, out);
    print_not_proven(out, sorted);
    print_conditions(out, summary);
    print_figures(run_folder, out);
}

bool summary_make(const char *run_folder, FILE *out, GError **error)
{
    struct summary *summary = summary_read(run_folder, error);
    bool written = summary && summary_write(summary, run_folder, error);
    if (written && out)
        summary_print(summary, run_folder, out);
    summary_free(summary);
    return written;
}
