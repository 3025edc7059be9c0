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
        print_duration(out, longest->max_at_ns, 9);
        print_duration(out, longest->max_wait_ns, 9);
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
    fprintf(out, "\n%-*s %9s %10s %19s  %-8s %19s\n", NAME_WIDTH, "", "worst", "longest", "over the", "in",
            "of the longest one:");
    fprintf(out, "%-*s %9s %10s %19s  %-8s %9s %9s\n", NAME_WIDTH, "", "tick", "stall", "runs", "phase",
            "it began", "CPU wait");
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

/* Of all null cells of one workload and shape. */
struct floor {
    uint64_t longest_ns;
    const char *phase; /* of that one */
    double least_clock_ns, most_clock_ns;
    uint64_t least_insert_ns, most_insert_ns; /* medians of p50 */
    const char *clock;                        /* NULL: not known what it takes */
};

static void add_longest(struct floor *told, const struct summary_latency_cell *cell)
{
    for (guint i = 0; i < cell->phases->len; i++) {
        const struct summary_latency_phase *phase = cell->phases->pdata[i];
        uint64_t longest_ns = phase->numbers[SUMMARY_LATENCY_max_ns].max;
        if (longest_ns == RECORD_UNKNOWN || (told->phase && longest_ns <= told->longest_ns))
            continue;
        told->longest_ns = longest_ns;
        told->phase = phase->phase;
    }
}

static void add_clock(struct floor *told, const struct summary_latency_cell *cell)
{
    const struct summary_latency_phase *drop = summary_latency_find(cell, "drop");
    const struct summary_number *numbers = cell->cell->numbers;
    uint64_t user_ns = numbers[RECORD_drop_user_ns].median, sys_ns = numbers[RECORD_drop_sys_ns].median;
    uint64_t insert_ns = summary_latency_median(summary_latency_find(cell, "build"), SUMMARY_LATENCY_p50_ns);
    if (!drop || drop->count == 0 || user_ns == RECORD_UNKNOWN || sys_ns == RECORD_UNKNOWN ||
        insert_ns == RECORD_UNKNOWN)
        return;
    double clock_ns = (double)(user_ns + sys_ns) / (double)drop->count;
    bool first = !told->clock;
    told->least_clock_ns = first ? clock_ns : MIN(told->least_clock_ns, clock_ns);
    told->most_clock_ns = first ? clock_ns : MAX(told->most_clock_ns, clock_ns);
    told->least_insert_ns = first ? insert_ns : MIN(told->least_insert_ns, insert_ns);
    told->most_insert_ns = first ? insert_ns : MAX(told->most_insert_ns, insert_ns);
    told->clock = drop->clock;
}

/* "LEAST to MOST", or the one both are; the caller frees. */
static char *range_words(const char *least, const char *most)
{
    return strcmp(least, most) == 0 ? g_strdup(least) : g_strdup_printf("%s to %s", least, most);
}

static void print_clock(FILE *out, const struct floor *told)
{
    g_autofree char *least = g_strdup_printf("%.1f", told->least_clock_ns);
    g_autofree char *most = g_strdup_printf("%.1f", told->most_clock_ns);
    g_autofree char *least_insert = units_format_duration_ns(told->least_insert_ns);
    g_autofree char *most_insert = units_format_duration_ns(told->most_insert_ns);
    g_autofree char *clock = range_words(least, most), *insert = range_words(least_insert, most_insert);
    fprintf(out,
            "Timing costs %s ns of CPU an operation (clock: %s), counted in all of them: its drop,\n"
            "which does nothing when it is not timed. Its insert, a record drawn and copied: p50 %s.\n",
            clock, told->clock, insert);
}

/* What asks no allocator for anything has the machine's stalls and the clock's price, and no others. */
static void print_floor(FILE *out, const GPtrArray *cells, guint begin, guint end)
{
    const struct record *texts = &((const struct summary_latency_cell *)cells->pdata[begin])->cell->texts;
    struct floor told = {.phase = NULL};
    for (guint i = begin; i < end; i++) {
        add_longest(&told, cells->pdata[i]);
        add_clock(&told, cells->pdata[i]);
    }
    if (!told.phase)
        return;
    g_autofree char *longest = units_format_duration_ns(told.longest_ns);
    fprintf(out,
            "\nThe floor is %s, %s, which asks the allocator for nothing: its longest stall,\n"
            "%s in %s, is the machine's. One not much longer, or with as much CPU wait, need not be the\n"
            "allocator's; its phases are short, so it meets fewer of the machine's stalls than the others "
            "do.\n",
            texts->workload, texts->shape, longest, told.phase);
    if (told.clock)
        print_clock(out, &told);
}

static bool is_floor(const GPtrArray *cells, guint at)
{
    return ((const struct summary_latency_cell *)cells->pdata[at])->is_floor;
}

static guint end_of_block(const GPtrArray *cells, guint begin)
{
    guint end = begin + 1;
    while (end < cells->len && same_block(cells->pdata[begin], cells->pdata[end]))
        end++;
    return end;
}

void summary_latency_print(const struct summary *summary, const char *run_folder, FILE *out)
{
    struct summary_latency *latency = summary_latency_read(summary, run_folder, NULL);
    if (latency && latency->cells->len > 0) {
        GPtrArray *cells = latency->cells;
        g_ptr_array_sort(cells, by_block_then_longest);
        fputs(
            "\nWho pays: the time of one operation, medians over the runs. An insert that doubles the table "
            "pays\n"
            "for that; a tick is a map of 100 records built and dropped. CPU wait is that of the longest "
            "one's\n"
            "whole phase. The times of this run are no prices, for each operation was timed.\n",
            out);
        for (guint begin = 0, end; begin < cells->len; begin = end) {
            end = end_of_block(cells, begin);
            print_block(out, cells, begin, end);
        }
        for (guint begin = 0, end; begin < cells->len; begin = end) {
            end = end_of_block(cells, begin);
            if (is_floor(cells, begin))
                print_floor(out, cells, begin, end);
        }
    }
    summary_latency_free(latency);
}
