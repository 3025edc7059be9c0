#include "summary_heap.h"

#include <string.h>

#include "units.h"

#define NAME_WIDTH 26 /* as in the table above it; with the rest 79 columns */

/* The first of each instant's columns: in use, idle, released; RSS, lazy. */
static const struct {
    const char *name;
    enum record_number heap, rss;
} instants[] = {
    {"drop", RECORD_drop_heap_inuse_bytes, RECORD_drop_rss_bytes},
    {"collect", RECORD_collect_heap_inuse_bytes, RECORD_collect_rss_bytes},
    {"purge", RECORD_purge_heap_inuse_bytes, RECORD_purge_rss_bytes},
    {"silent", RECORD_silent_heap_inuse_bytes, RECORD_silent_rss_bytes},
};

static bool is_told(const struct summary_cell *cell, guint instant)
{
    return summary_median(cell, instants[instant].heap) != RECORD_UNKNOWN;
}

static bool tells(const struct summary_cell *cell)
{
    bool any = false;
    for (guint i = 0; i < G_N_ELEMENTS(instants); i++)
        any = any || is_told(cell, i);
    return any && strcmp(cell->texts.status, "ok") == 0;
}

static void print_bytes(FILE *out, uint64_t bytes, uint64_t base)
{
    g_autofree char *text =
        bytes == RECORD_UNKNOWN ? g_strdup("-") : units_format_bytes(bytes - MIN(base, bytes));
    fprintf(out, " %8s", text);
}

static void print_instant(FILE *out, const char *name, const struct summary_cell *cell, guint instant)
{
    enum record_number heap = instants[instant].heap, rss = instants[instant].rss;
    uint64_t base = summary_median(cell, RECORD_baseline_rss_bytes);
    fprintf(out, "%-*s %-7s", NAME_WIDTH, name, instants[instant].name);
    for (guint i = 0; i < 3; i++)
        print_bytes(out, summary_median(cell, heap + i), 0);
    print_bytes(out, summary_median(cell, rss), base == RECORD_UNKNOWN ? 0 : base);
    print_bytes(out, summary_median(cell, rss + 1), 0);
    fputs("\n", out);
}

/* The name in its first line; one too long for its column has a line of its own. */
static void print_cell(FILE *out, const struct summary_cell *cell)
{
    const struct record *texts = &cell->texts;
    g_autofree char *row_name = summary_row_name(cell);
    g_autofree char *name = g_strconcat(row_name, *texts->walk ? " " : "", texts->walk, NULL);
    bool named = strlen(name) > NAME_WIDTH;
    if (named)
        fprintf(out, "%s\n", name);
    for (guint i = 0; i < G_N_ELEMENTS(instants); i++)
        if (is_told(cell, i)) {
            print_instant(out, named ? "" : name, cell, i);
            named = true;
        }
}

static void print_heading(FILE *out)
{
    fputs("\nWhat a runtime believes of its heap, and what the kernel has. in use: where there are objects, "
          "dead\n"
          "ones nobody has looked for, too; idle: where there are none; released: of that, given back. RSS "
          "over\n"
          "the baseline; lazy: of that, the kernel takes it when it needs it\n",
          out);
    fprintf(out, "%-*s %-7s %8s %8s %8s %8s %8s\n", NAME_WIDTH, "", "behind", "in use", "idle", "released",
            "RSS", "lazy");
}

/* By workload and shape, and in these by name. */
static gint by_block_and_name(gconstpointer a, gconstpointer b)
{
    const struct record *first = &(*(const struct summary_cell *const *)a)->texts;
    const struct record *second = &(*(const struct summary_cell *const *)b)->texts;
    int order = strcmp(first->workload, second->workload);
    order = order ? order : strcmp(first->shape, second->shape);
    return order ? order : strcmp(first->cell, second->cell);
}

void summary_heap_print(const struct summary *summary, FILE *out)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new();
    for (guint i = 0; i < summary->cells->len; i++)
        if (tells(summary->cells->pdata[i]))
            g_ptr_array_add(cells, summary->cells->pdata[i]);
    g_ptr_array_sort(cells, by_block_and_name);
    const struct record *block = NULL;
    for (guint i = 0; i < cells->len; i++) {
        const struct summary_cell *cell = cells->pdata[i];
        if (i == 0)
            print_heading(out);
        if (!block || strcmp(block->workload, cell->texts.workload) != 0 ||
            strcmp(block->shape, cell->texts.shape) != 0)
            fprintf(out, "%s, %s:\n", cell->texts.workload, cell->texts.shape);
        block = &cell->texts;
        print_cell(out, cell);
    }
}
