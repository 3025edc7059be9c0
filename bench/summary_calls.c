/* summary_print_calls of summary.h: the system calls of each phase, for people. */
#include <string.h>

#include "summary.h"
#include "units.h"

#define NAME_WIDTH 26 /* as in the table above it; with the rest 89 columns */

/* The first of each phase's four columns. */
static const struct {
    const char *heading;
    enum record_number first;
} phases[] = {
    {"build", RECORD_build_madvise_calls},     {"drop", RECORD_drop_madvise_calls},
    {"rebuild", RECORD_rebuild_madvise_calls}, {"redrop", RECORD_redrop_madvise_calls},
    {"purge", RECORD_purge_madvise_calls},     {"again", RECORD_rebuild_after_purge_madvise_calls},
};

static uint64_t calls_of(const struct summary_cell *cell, guint phase, guint call)
{
    return cell->numbers[phases[phase].first + call].median;
}

static bool is_counted(const struct summary_cell *cell)
{
    bool known = false;
    for (guint phase = 0; phase < G_N_ELEMENTS(phases); phase++)
        known = known || calls_of(cell, phase, 0) != RECORD_UNKNOWN;
    return known && strcmp(cell->texts.status, "ok") == 0;
}

static bool is_made(const struct summary_cell *cell, guint call)
{
    for (guint phase = 0; phase < G_N_ELEMENTS(phases); phase++)
        if (calls_of(cell, phase, call) != RECORD_UNKNOWN && calls_of(cell, phase, call) > 0)
            return true;
    return false;
}

static void print_call(FILE *out, const char *name, const struct summary_cell *cell, guint call)
{
    fprintf(out, "%-*s %-7s", NAME_WIDTH, name, syscalls_names[call]);
    for (guint phase = 0; phase < G_N_ELEMENTS(phases); phase++) {
        uint64_t calls = calls_of(cell, phase, call);
        g_autofree char *text = calls == RECORD_UNKNOWN ? g_strdup("-") : units_format_about(calls);
        fprintf(out, " %8s", text);
    }
    fputs("\n", out);
}

/* A line per call that is made at all, the name in the first. */
static void print_cell(FILE *out, const struct summary_cell *cell)
{
    g_autofree char *name = g_strdup_printf("%s/%s", cell->texts.allocator, cell->texts.setting);
    bool named = strlen(name) > NAME_WIDTH;
    guint made = 0;
    if (named)
        fprintf(out, "%s\n", name);
    for (guint call = 0; call < SYSCALLS_COUNT; call++)
        if (is_made(cell, call))
            print_call(out, made++ == 0 && !named ? name : "", cell, call);
    if (made == 0)
        fprintf(out, "%-*s none\n", NAME_WIDTH, named ? "" : name);
}

static void print_block(FILE *out, const GPtrArray *cells, guint first)
{
    const struct record *texts = &((struct summary_cell *)cells->pdata[first])->texts;
    fprintf(out,
            "\nSystem calls in each phase (%s, %s)\n"
            "Of all threads; again: the rebuild behind the purge. To count takes time: no price comes from "
            "here\n",
            texts->workload, texts->shape);
    fprintf(out, "%-*s %-7s", NAME_WIDTH, "", "");
    for (guint phase = 0; phase < G_N_ELEMENTS(phases); phase++)
        fprintf(out, " %8s", phases[phase].heading);
    fputs("\n", out);
    for (guint i = first; i < cells->len; i++) {
        const struct summary_cell *cell = cells->pdata[i];
        if (strcmp(cell->texts.workload, texts->workload) == 0 &&
            strcmp(cell->texts.shape, texts->shape) == 0)
            print_cell(out, cell);
    }
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct summary_cell *first = *(const struct summary_cell *const *)a;
    const struct summary_cell *second = *(const struct summary_cell *const *)b;
    return strcmp(first->texts.cell, second->texts.cell);
}

void summary_print_calls(const struct summary *summary, FILE *out)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new();
    g_autoptr(GHashTable) blocks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < summary->cells->len; i++)
        if (is_counted(summary->cells->pdata[i]))
            g_ptr_array_add(cells, summary->cells->pdata[i]);
    g_ptr_array_sort(cells, by_name);
    for (guint i = 0; i < cells->len; i++) {
        const struct record *texts = &((struct summary_cell *)cells->pdata[i])->texts;
        if (g_hash_table_add(blocks, g_strdup_printf("%s/%s", texts->workload, texts->shape)))
            print_block(out, cells, i);
    }
}
