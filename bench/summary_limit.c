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

/* Who left the neighbour most comes first; who was killed before it came, last, the one that had answered most, then
 * the one that kept least first. */
static gint by_what_was_left(gconstpointer a, gconstpointer b)
{
    const struct summary_cell *first = *(const struct summary_cell *const *)a;
    const struct summary_cell *second = *(const struct summary_cell *const *)b;
    static const struct {
        enum record_number number;
        bool most_first;
    } by[] = {{RECORD_neighbour_got_bytes, true}, {RECORD_requests, true}, {RECORD_silent_held_bytes, false}};
    bool killed = summary_killed_at_limit(first);
    if (killed != summary_killed_at_limit(second))
        return killed ? 1 : -1;
    for (guint i = 0; i < G_N_ELEMENTS(by); i++) {
        uint64_t one = summary_median(first, by[i].number), other = summary_median(second, by[i].number);
        if (one != other)
            return (one > other) == by[i].most_first ? -1 : 1;
    }
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

/* Where the runs did not end in the same request: from which to which. */
static char *killed_in(const struct summary_cell *cell)
{
    const struct summary_number *request = &cell->numbers[RECORD_killed_in_request];
    if (request->median == RECORD_UNKNOWN)
        return g_strdup_printf("killed in %s", cell->texts.ended_in);
    if (request->min == request->max)
        return g_strdup_printf("killed in request %" G_GUINT64_FORMAT, request->min);
    return g_strdup_printf("killed in request %" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT, request->min,
                           request->max);
}

/* Of all its runs, for the medians are those of the survivors. */
static char *fate_of(const struct summary_cell *cell)
{
    if (summary_killed_at_limit(cell))
        return killed_in(cell);
    return cell->oom > 0 ? g_strdup_printf("killed in %u of %u", cell->oom, cell->runs) : g_strdup("lived");
}

/* What a block tells besides. */
struct columns {
    bool neighbour, requests;
};

static void print_requests(FILE *out, const struct summary_cell *cell)
{
    uint64_t base = summary_median(cell, RECORD_cgroup_baseline_working_bytes);
    uint64_t answered = summary_median(cell, RECORD_requests);
    g_autofree char *working = amount(cell, RECORD_cgroup_silent_working_bytes, base);
    g_autofree char *requests =
        answered == RECORD_UNKNOWN ? g_strdup("-") : g_strdup_printf("%" G_GUINT64_FORMAT, answered);
    fprintf(out, " %7s %8s", working, requests);
}

static void print_cell(FILE *out, const struct summary_cell *cell, const struct columns *columns)
{
    uint64_t base = summary_median(cell, RECORD_baseline_rss_bytes);
    g_autofree char *name = summary_row_name(cell);
    g_autofree char *peak = amount(cell, RECORD_peak_rss_bytes, base);
    g_autofree char *held = amount(cell, RECORD_silent_held_bytes, base);
    g_autofree char *fate = fate_of(cell);
    g_autofree char *pressure = columns->neighbour ? pressure_of(cell) : NULL;
    bool fits = strlen(name) <= NAME_WIDTH;
    if (!fits)
        fprintf(out, "%s\n", name);
    fprintf(out, "%-*s %7s %7s", NAME_WIDTH, fits ? name : "", peak, held);
    if (columns->requests)
        print_requests(out, cell);
    if (pressure)
        fprintf(out, "  %-17s %s\n", fate, pressure);
    else
        fprintf(out, "  %s\n", fate);
}

static void print_heading(FILE *out, const struct record *texts, const struct columns *columns)
{
    g_autofree char *limit = units_format_limit(g_ascii_strtoull(texts->limit_bytes, NULL, 10));
    fprintf(out, "\nAt a limit of %s (%s, %s%s%s): who was killed by the kernel\n", limit, texts->workload,
            texts->shape, *texts->walk ? ", walk " : "", texts->walk);
    fprintf(out, "%-*s %7s %7s%s  %s\n", NAME_WIDTH, "over the baseline", "peak", "silent",
            columns->requests ? " working answered" : "",
            columns->neighbour ? "then              a neighbour got" : "then");
}

/* `cells`: those of one block. */
static void print_block(FILE *out, const GPtrArray *cells)
{
    struct columns columns = {.neighbour = false};
    for (guint i = 0; i < cells->len; i++) {
        const struct summary_cell *cell = cells->pdata[i];
        columns.neighbour = columns.neighbour || *cell->texts.pressure_victim;
        columns.requests = columns.requests || summary_median(cell, RECORD_requests) != RECORD_UNKNOWN;
    }
    columns.requests = columns.requests && !columns.neighbour; /* 100 columns do not hold both */
    print_heading(out, &((const struct summary_cell *)cells->pdata[0])->texts, &columns);
    for (guint i = 0; i < cells->len; i++)
        print_cell(out, cells->pdata[i], &columns);
}

void summary_print_limit(const struct summary *summary, FILE *out)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new();
    for (guint i = 0; i < summary->cells->len; i++)
        if (has_answer(summary->cells->pdata[i]))
            g_ptr_array_add(cells, summary->cells->pdata[i]);
    g_ptr_array_sort(cells, by_what_was_left);
    while (cells->len > 0) {
        g_autoptr(GPtrArray) block = g_ptr_array_new();
        const struct summary_cell *first = cells->pdata[0];
        for (guint i = 0; i < cells->len;)
            if (summary_same_block(cells->pdata[i], first))
                g_ptr_array_add(block, g_ptr_array_remove_index(cells, i));
            else
                i++;
        print_block(out, block);
    }
}
