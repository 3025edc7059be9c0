/* The printed part of summary_latency.h. */
#include <string.h>

#include "summary_latency.h"
#include "units.h"

#define NAME_WIDTH 26 /* as the table's above it */

static const struct {
    enum summary_latency_number number;
    const char *title;
} columns[] = {{SUMMARY_LATENCY_p50_ns, "p50"},
               {SUMMARY_LATENCY_p99_ns, "p99"},
               {SUMMARY_LATENCY_p999_ns, "p99.9"},
               {SUMMARY_LATENCY_p9999_ns, "p99.99"},
               {SUMMARY_LATENCY_max_ns, "max"}};

static uint64_t longest_of(const struct summary_latency_cell *cell)
{
    return cell->longest ? summary_latency_median(cell->longest, SUMMARY_LATENCY_max_ns) : 0;
}

static bool same_block(const struct summary_latency_cell *a, const struct summary_latency_cell *b)
{
    return strcmp(a->cell->texts.shape, b->cell->texts.shape) == 0 &&
           strcmp(a->cell->texts.workload, b->cell->texts.workload) == 0;
}

/* Block by block, the floor's last; in each the longest stall first. */
static gint by_block_then_longest(gconstpointer a, gconstpointer b)
{
    const struct summary_latency_cell *first = *(const struct summary_latency_cell *const *)a;
    const struct summary_latency_cell *second = *(const struct summary_latency_cell *const *)b;
    if (first->is_floor != second->is_floor)
        return first->is_floor ? 1 : -1;
    int order = strcmp(first->cell->texts.shape, second->cell->texts.shape);
    order = order ? order : strcmp(first->cell->texts.workload, second->cell->texts.workload);
    if (order)
        return order;
    uint64_t longest = longest_of(first), other = longest_of(second);
    return longest != other ? (longest > other ? -1 : 1)
                            : strcmp(first->cell->texts.cell, second->cell->texts.cell);
}

static void print_duration(FILE *out, uint64_t ns, int width)
{
    g_autofree char *text = ns == RECORD_UNKNOWN ? g_strdup("-") : units_format_duration_ns(ns);
    fprintf(out, " %*s", width, text);
}

static void print_name(FILE *out, const struct summary_latency_cell *cell)
{
    g_autofree char *name = g_strdup_printf("%s/%s", cell->cell->texts.allocator, cell->cell->texts.setting);
    bool fits = strlen(name) <= NAME_WIDTH;
    if (!fits)
        fprintf(out, "%s\n", name);
    fprintf(out, "%-*s", NAME_WIDTH, fits ? name : "");
}

static void print_percentiles(FILE *out, const struct summary_latency_cell *cell)
{
    static const char *const phases[] = {"build", "drop"};
    print_name(out, cell);
    for (guint p = 0; p < G_N_ELEMENTS(phases); p++)
        for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
            print_duration(
                out, summary_latency_median(summary_latency_find(cell, phases[p]), columns[i].number), 6);
    fputs("\n", out);
}

static void print_stall(FILE *out, const struct summary_latency_cell *cell)
{
    const struct summary_latency_phase *longest = cell->longest;
    print_name(out, cell);
    print_duration(out, summary_latency_median(summary_latency_find(cell, "ticking"), SUMMARY_LATENCY_max_ns),
                   9);
    print_duration(out, longest_of(cell), 10);
    if (longest) {
        print_duration(out, longest->numbers[SUMMARY_LATENCY_max_ns].min, 9);
        fputs(" to", out);
        print_duration(out, longest->numbers[SUMMARY_LATENCY_max_ns].max, 6);
        fprintf(out, "  %-8s", longest->phase);
        print_duration(out, longest->max_at_ns, 7);
        print_duration(out, longest->max_wait_ns, 8);
    }
    fputs("\n", out);
}

static void print_heading(FILE *out, const struct summary_latency_cell *cell)
{
    g_autofree char *both = g_strdup_printf("%s, %s", cell->cell->texts.workload, cell->cell->texts.shape);
    fprintf(out, "\n%-*s %-34s %s\n%-*s", NAME_WIDTH, both, "one insert (build)", "one delete (drop)",
            NAME_WIDTH, "");
    for (guint p = 0; p < 2; p++)
        for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
            fprintf(out, " %6s", columns[i].title);
    fputs("\n", out);
}

static void print_stall_heading(FILE *out)
{
    fprintf(out, "\n%-*s %9s %10s %19s  %-8s %7s %8s\n", NAME_WIDTH, "", "worst", "longest", "over the", "in",
            "it", "CPU wait");
    fprintf(out, "%-*s %9s %10s %19s  %-8s %7s %8s\n", NAME_WIDTH, "", "tick", "stall", "runs", "phase",
            "began", "in phase");
}

static void print_block(FILE *out, const GPtrArray *cells, guint begin, guint end)
{
    print_heading(out, cells->pdata[begin]);
    for (guint i = begin; i < end; i++)
        print_percentiles(out, cells->pdata[i]);
    print_stall_heading(out);
    for (guint i = begin; i < end; i++)
        print_stall(out, cells->pdata[i]);
}

/* What asks no allocator for anything has the machine's stalls and the clock's price, and no others. */
static void print_floor(FILE *out, const struct summary_latency_cell *cell)
{
    const struct summary_latency_phase *drop = summary_latency_find(cell, "drop");
    const struct summary_number *numbers = cell->cell->numbers;
    uint64_t user_ns = numbers[RECORD_drop_user_ns].median, sys_ns = numbers[RECORD_drop_sys_ns].median;
    if (!cell->longest)
        return;
    g_autofree char *longest = units_format_duration_ns(cell->longest->numbers[SUMMARY_LATENCY_max_ns].max);
    fprintf(
        out,
        "\nThe floor is %s, %s, which asks the allocator for nothing: its longest stall, %s in %s, is the\n"
        "machine's. One not much longer, or with as much CPU wait, need not be the allocator's; its phases "
        "are\n"
        "short, so it meets fewer of the machine's stalls than the others do.\n",
        cell->cell->texts.workload, cell->cell->texts.shape, longest, cell->longest->phase);
    if (!drop || drop->count == 0 || user_ns == RECORD_UNKNOWN || sys_ns == RECORD_UNKNOWN)
        return;
    g_autofree char *draw = units_format_duration_ns(
        summary_latency_median(summary_latency_find(cell, "build"), SUMMARY_LATENCY_p50_ns));
    fprintf(
        out,
        "Timing costs %.1f ns of CPU an operation (clock: %s), counted in all of them: its drop, which does "
        "nothing\n"
        "when it is not timed. With a record drawn and copied, its insert, p50 %s.\n",
        (double)(user_ns + sys_ns) / (double)drop->count, drop->clock, draw);
}

void summary_latency_print(const struct summary *summary, const char *run_folder, FILE *out)
{
    struct summary_latency *latency = summary_latency_read(summary, run_folder, NULL);
    if (latency && latency->cells->len > 0) {
        GPtrArray *cells = latency->cells;
        g_ptr_array_sort(cells, by_block_then_longest);
        fputs("\nWho pays: the time of one operation, medians over the runs. An insert that doubles the "
              "table pays for\n"
              "that; a tick is a map of 100 records built and dropped. The times of this run are no prices, "
              "for each\n"
              "operation was timed.\n",
              out);
        for (guint begin = 0, end; begin < cells->len; begin = end) {
            for (end = begin + 1; end < cells->len && same_block(cells->pdata[begin], cells->pdata[end]);)
                end++;
            print_block(out, cells, begin, end);
        }
        for (guint i = 0; i < cells->len; i++)
            if (((const struct summary_latency_cell *)cells->pdata[i])->is_floor)
                print_floor(out, cells->pdata[i]);
    }
    summary_latency_free(latency);
}
