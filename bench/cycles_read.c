/* cycles_read of cycles.h: from marks.csv to cycles. */
#include <string.h>

#include "cycles.h"

static void run_free(gpointer data)
{
    struct cycles_run *run = data;
    g_free(run->repeat);
    g_free(run->status);
    g_array_unref(run->cycles);
    g_free(run);
}

static void cell_free(gpointer data)
{
    struct cycles_cell *cell = data;
    g_ptr_array_unref(cell->runs);
    g_free(cell->verdict);
    g_free(cell);
}

/* --- from marks to cycles --- */

static bool is_one_of(const char *phase, const char *a, const char *b)
{
    return strcmp(phase, a) == 0 || strcmp(phase, b) == 0;
}

static bool builds(const char *phase)
{
    return is_one_of(phase, "build", "rebuild");
}

static uint64_t number_of(const struct csv *csv, guint row, const char *column)
{
    uint64_t value;
    return csv_u64(csv, row, csv_column(csv, column), &value) ? value : RECORD_UNKNOWN;
}

static uint64_t held_of(const struct csv *marks, guint row)
{
    uint64_t rss = number_of(marks, row, "rollup_rss_bytes"), lazy = number_of(marks, row, "lazy_bytes");
    return rss == RECORD_UNKNOWN || lazy == RECORD_UNKNOWN ? RECORD_UNKNOWN : rss - MIN(lazy, rss);
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a == RECORD_UNKNOWN ? b : b == RECORD_UNKNOWN ? a : MAX(a, b);
}

static struct cycles_cycle *last_cycle(const struct cycles_run *run)
{
    return run->cycles->len > 0 ? &g_array_index(run->cycles, struct cycles_cycle, run->cycles->len - 1)
                                : NULL;
}

static void begin_cycle(struct cycles_run *run)
{
    struct cycles_cycle cycle;
    memset(&cycle, 0xff, sizeof cycle); /* RECORD_UNKNOWN each */
    g_array_append_val(run->cycles, cycle);
}

/* What a runtime has in use is without the room it leaves for garbage, but not without the garbage: the map with the least
 * of it is asked, of a C heap the first. */
static void take_map(struct cycles_run *run, const struct csv *marks, guint row)
{
    uint64_t rss = number_of(marks, row, "rollup_rss_bytes"), live = number_of(marks, row, "live_bytes");
    uint64_t inuse = number_of(marks, row, "heap_inuse_bytes");
    bool is_first = run->cycles->len == 1, is_told = inuse != RECORD_UNKNOWN;
    bool is_read = rss != RECORD_UNKNOWN && run->baseline_rss_bytes != RECORD_UNKNOWN;
    if (live == RECORD_UNKNOWN || live == 0 || !(is_told || (is_first && is_read)))
        return;
    double took = is_told ? (double)inuse : (double)rss - (double)run->baseline_rss_bytes;
    double overhead = MAX(took / (double)live - 1, 0);
    run->overhead = is_first ? overhead : MIN(run->overhead, overhead);
}

static void take_mark(struct cycles_run *run, const struct csv *marks, guint row)
{
    const char *phase = csv_field(marks, row, "phase");
    uint64_t rss = number_of(marks, row, "rollup_rss_bytes");
    if (strcmp(phase, "baseline") == 0)
        run->baseline_rss_bytes = rss;
    if (builds(phase))
        begin_cycle(run);
    struct cycles_cycle *cycle = last_cycle(run);
    if (!cycle)
        return;
    if (builds(phase))
        take_map(run, marks, row);
    cycle->peak_live_bytes = most(cycle->peak_live_bytes, number_of(marks, row, "live_bytes"));
    if (cycle->drop_rss_bytes == RECORD_UNKNOWN)
        cycle->peak_rss_bytes = most(cycle->peak_rss_bytes, most(rss, number_of(marks, row, "peak_bytes")));
    if (is_one_of(phase, "drop", "redrop"))
        cycle->drop_rss_bytes = rss;
    if (strcmp(phase, "silent") == 0 && cycle->silent_rss_bytes == RECORD_UNKNOWN) {
        cycle->silent_rss_bytes = rss;
        cycle->silent_held_bytes = held_of(marks, row);
    }
    if (is_one_of(phase, "silent", "ticking") && cycle->drop_rss_bytes != RECORD_UNKNOWN) {
        cycle->idle_rss_bytes = rss;
        cycle->idle_held_bytes = held_of(marks, row);
        cycle->live_bytes = number_of(marks, row, "live_bytes");
        cycle->live_blocks = number_of(marks, row, "live_blocks");
    }
}

/* --- reading --- */

static char *key_of(const struct csv *csv, guint row)
{
    return g_strdup_printf("%s\n%s", csv_field(csv, row, "cell"), csv_field(csv, row, "repeat"));
}

static struct cycles_run *new_run(const struct csv *runs, guint row)
{
    struct cycles_run *run = g_new0(struct cycles_run, 1);
    run->repeat = g_strdup(csv_field(runs, row, "repeat"));
    run->status = g_strdup(csv_field(runs, row, "status"));
    run->baseline_rss_bytes = RECORD_UNKNOWN;
    run->cycles = g_array_new(FALSE, FALSE, sizeof(struct cycles_cycle));
    return run;
}

/* All cells of the summary, of struct cycles_cell *, with their runs. */
static GPtrArray *read_cells(const struct summary *summary, const struct csv *runs, const struct csv *marks)
{
    GPtrArray *cells = g_ptr_array_new();
    g_autoptr(GHashTable) by_cell = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) by_run = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < summary->cells->len; i++) {
        struct cycles_cell *cell = g_new0(struct cycles_cell, 1);
        cell->cell = summary->cells->pdata[i];
        cell->runs = g_ptr_array_new_with_free_func(run_free);
        g_ptr_array_add(cells, cell);
        g_hash_table_insert(by_cell, cell->cell->texts.cell, cell);
    }
    for (guint row = 0; row < csv_rows(runs); row++) {
        struct cycles_cell *cell = g_hash_table_lookup(by_cell, csv_field(runs, row, "cell"));
        struct cycles_run *run = new_run(runs, row);
        g_ptr_array_add(cell->runs, run);
        g_hash_table_insert(by_run, key_of(runs, row), run);
    }
    for (guint row = 0; row < csv_rows(marks); row++) {
        g_autofree char *key = key_of(marks, row);
        struct cycles_run *run = g_hash_table_lookup(by_run, key);
        if (run)
            take_mark(run, marks, row);
    }
    return cells;
}

static guint most_cycles(const struct cycles_cell *cell)
{
    guint most = 0;
    for (guint i = 0; i < cell->runs->len; i++)
        most = MAX(most, cycles_complete(cell->runs->pdata[i]));
    return most;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct cycles_cell *first = *(const struct cycles_cell *const *)a;
    const struct cycles_cell *second = *(const struct cycles_cell *const *)b;
    return strcmp(first->cell->texts.cell, second->cell->texts.cell);
}

/* Where one walk has cycles, all that come round at all are told, a few large ones beside many small ones. A process that was
 * killed early has walked few: others of its walk tell what it would have. */
static GPtrArray *keep_cycled(GPtrArray *cells)
{
    GPtrArray *kept = g_ptr_array_new_with_free_func(cell_free);
    g_autoptr(GHashTable) walks = g_hash_table_new(g_str_hash, g_str_equal);
    guint most = 0;
    for (guint i = 0; i < cells->len; i++) {
        const struct cycles_cell *cell = cells->pdata[i];
        most = MAX(most, most_cycles(cell));
        if (most_cycles(cell) > 1)
            g_hash_table_add(walks, cell->cell->texts.walk);
    }
    for (guint i = 0; i < cells->len; i++) {
        struct cycles_cell *cell = cells->pdata[i];
        if (most < CYCLES_LEAST || !g_hash_table_contains(walks, cell->cell->texts.walk)) {
            cell_free(cell);
            continue;
        }
        cycles_judge(cell);
        g_ptr_array_add(kept, cell);
    }
    g_ptr_array_sort(kept, by_name);
    return kept;
}

static struct csv *open_table(const char *run_folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(run_folder, name, NULL);
    return csv_read(path, error);
}

GPtrArray *cycles_read(const struct summary *summary, const char *run_folder, GError **error)
{
    g_autofree char *path = g_build_filename(run_folder, "marks.csv", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return g_ptr_array_new_with_free_func(cell_free);
    g_autoptr(csv_table) marks = open_table(run_folder, "marks.csv", error);
    g_autoptr(csv_table) runs = marks ? open_table(run_folder, "runs.csv", error) : NULL;
    if (!runs)
        return NULL;
    g_autoptr(GPtrArray) cells = read_cells(summary, runs, marks);
    return keep_cycled(cells);
}
