/* summary_print_limit of summary.h: the cells that ran under a limit, for people. */
#include <string.h>

#include "summary.h"
#include "units.h"

#define NAME_WIDTH 26 /* as in the table above it */

bool summary_killed_at_limit(const struct summary_cell *cell)
{
    return strcmp(cell->texts.status, "oom") == 0 && *cell->texts.limit_bytes;
}

static bool has_answer(const struct summary_cell *cell)
{
    return *cell->texts.limit_bytes &&
           (strcmp(cell->texts.status, "ok") == 0 || summary_killed_at_limit(cell));
}

/* Who left the neighbour most comes first; who was killed before it came, last, the one that kept least first. */
static gint by_what_was_left(gconstpointer a, gconstpointer b)
{
    const struct summary_cell *first = *(const struct summary_cell *const *)a;
    const struct summary_cell *second = *(const struct summary_cell *const *)b;
    bool killed = summary_killed_at_limit(first), other_killed = summary_killed_at_limit(second);
    uint64_t got = summary_median(first, RECORD_neighbour_got_bytes);
    uint64_t other_got = summary_median(second, RECORD_neighbour_got_bytes);
    uint64_t held = summary_median(first, RECORD_silent_held_bytes);
    uint64_t other_held = summary_median(second, RECORD_silent_held_bytes);
    if (killed != other_killed)
        return killed ? 1 : -1;
    if (got != other_got)
        return got > other_got ? -1 : 1;
    if (held != other_held)
        return held < other_held ? -1 : 1;
    return strcmp(first->texts.cell, second->texts.cell);
}

static char *amount(const struct summary_cell *cell, enum record_number number, uint64_t base)
{
    uint64_t bytes = summary_median(cell, number);
    return bytes == RECORD_UNKNOWN ? g_strdup("-") : units_format_bytes(bytes - MIN(base, bytes));
}

static char *pressure_of(const struct summary_cell *cell)
{
    g_autofree char *got = amount(cell, RECORD_neighbour_got_bytes, 0);
    if (!*cell->texts.pressure_victim)
        return g_strdup("-");
    if (strcmp(cell->texts.pressure_victim, "none") == 0)
        return g_strdup_printf("%s, all of it", got);
    return g_strdup_printf("%s, then the %s was killed", got, cell->texts.pressure_victim);
}

/* Of all its runs, for the medians are those of the survivors. */
static char *fate_of(const struct summary_cell *cell)
{
    if (summary_killed_at_limit(cell))
        return g_strdup_printf("killed in %s", cell->texts.ended_in);
    return cell->oom > 0 ? g_strdup_printf("killed in %u of %u", cell->oom, cell->runs) : g_strdup("lived");
}

static void print_cell(FILE *out, const struct summary_cell *cell)
{
    uint64_t base = summary_median(cell, RECORD_baseline_rss_bytes);
    g_autofree char *name =
        g_strdup_printf("%s/%s%s", cell->texts.allocator, cell->texts.setting,
                        strcmp(cell->texts.setting_proof, "not provable") == 0 ? " ?" : "");
    g_autofree char *peak = amount(cell, RECORD_peak_rss_bytes, base);
    g_autofree char *held = amount(cell, RECORD_silent_held_bytes, base);
    g_autofree char *pressure = pressure_of(cell);
    g_autofree char *fate = fate_of(cell);
    if (strlen(name) > NAME_WIDTH)
        fprintf(out, "%s\n", name);
    fprintf(out, "%-*s %7s %7s  %-17s %s\n", NAME_WIDTH, strlen(name) > NAME_WIDTH ? "" : name, peak, held,
            fate, pressure);
}

static void print_block(FILE *out, const GPtrArray *cells, guint first)
{
    const struct record *texts = &((struct summary_cell *)cells->pdata[first])->texts;
    g_autofree char *limit = units_format_limit(g_ascii_strtoull(texts->limit_bytes, NULL, 10));
    fprintf(out, "\nAt a limit of %s (%s, %s): over the baseline, and who was killed by the kernel\n", limit,
            texts->workload, texts->shape);
    fprintf(out, "%-*s %7s %7s  %-17s %s\n", NAME_WIDTH, "", "peak", "silent", "then", "a neighbour got");
    for (guint i = first; i < cells->len; i++) {
        const struct summary_cell *cell = cells->pdata[i];
        if (strcmp(cell->texts.workload, texts->workload) == 0 &&
            strcmp(cell->texts.shape, texts->shape) == 0)
            print_cell(out, cell);
    }
}

void summary_print_limit(const struct summary *summary, FILE *out)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new();
    g_autoptr(GHashTable) blocks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < summary->cells->len; i++)
        if (has_answer(summary->cells->pdata[i]))
            g_ptr_array_add(cells, summary->cells->pdata[i]);
    g_ptr_array_sort(cells, by_what_was_left);
    for (guint i = 0; i < cells->len; i++) {
        const struct record *texts = &((struct summary_cell *)cells->pdata[i])->texts;
        if (g_hash_table_add(blocks, g_strdup_printf("%s/%s", texts->workload, texts->shape)))
            print_block(out, cells, i);
    }
}
