/* cycles_write and cycles_print of cycles.h. */
#include <math.h>
#include <string.h>

#include "cycles.h"
#include "error.h"
#include "units.h"

#define NAME_WIDTH 26   /* as in the table above it */
#define MACHINE_GB 40.0 /* the article's machine */

double cycles_gb_hours_per_day(const struct cycles_cell *cell)
{
    return cell->unused_bytes / 1e9 * 24;
}

static double of_live(const struct cycles_cell *cell)
{
    return cell->peak_live_bytes > 0 ? cell->unused_bytes / (double)cell->peak_live_bytes : NAN;
}

/* --- writing --- */

static void add_double(GString *row, double value, const char *format)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    csv_add_text(row, isnan(value) ? NULL : g_ascii_formatd(text, sizeof text, format, value));
}

static void add_cycle(GString *text, const struct cycles_cell *cell, const struct cycles_run *run, guint k)
{
    const struct cycles_cycle *cycle = &g_array_index(run->cycles, struct cycles_cycle, k);
    const uint64_t numbers[] = {cycle->peak_live_bytes,  cycle->live_bytes,        cycle->live_blocks,
                                run->baseline_rss_bytes, cycle->peak_rss_bytes,    cycle->drop_rss_bytes,
                                cycle->silent_rss_bytes, cycle->silent_held_bytes, cycle->idle_rss_bytes,
                                cycle->idle_held_bytes};
    g_autoptr(GString) row = g_string_new(NULL);
    csv_add_text(row, cell->cell->texts.cell);
    csv_add_text(row, run->repeat);
    csv_add_u64(row, k + 1);
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        record_add_number(row, numbers[i]);
    csv_add_text(row, run->status); /* the last, for it is never empty: plots/README.md */
    g_string_append_printf(text, "%s\n", row->str);
}

static void add_cell(GString *text, const struct cycles_cell *cell)
{
    const struct record *texts = &cell->cell->texts;
    const char *const columns[] = {texts->cell,     texts->allocator, texts->setting, texts->policy,
                                   texts->workload, texts->shape,     texts->walk};
    bool any = !isnan(cell->unused_bytes);
    const double line[] = {cell->line.slope, cell->line.low, cell->line.high, cell->overhead_bytes};
    g_autoptr(GString) row = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        csv_add_text(row, columns[i]);
    csv_add_u64(row, cell->cell->ok);
    csv_add_u64(row, cell->cycles);
    for (guint i = 0; i < G_N_ELEMENTS(line); i++)
        add_double(row, cell->is_fitted ? line[i] : NAN, "%.0f");
    record_add_number(row, any ? cell->peak_live_bytes : RECORD_UNKNOWN);
    record_add_number(row, any ? cell->live_bytes : RECORD_UNKNOWN);
    add_double(row, cell->unused_bytes, "%.0f");
    add_double(row, of_live(cell), "%.4f");
    add_double(row, cycles_gb_hours_per_day(cell), "%.3f");
    add_double(row, cell->unused_bytes / 1e9 / MACHINE_GB, "%.4f");
    csv_add_text(row, cell->verdict);
    g_string_append_printf(text, "%s\n", row->str);
}

static bool write_table(const char *run_folder, const char *name, const GString *text, GError **error)
{
    g_autofree char *path = g_build_filename(run_folder, name, NULL);
    g_autoptr(GError) why = NULL;
    return g_file_set_contents(path, text->str, (gssize)text->len, &why) ||
           error_refuse(error, EXIT_SYSTEM, "%s", why->message);
}

bool cycles_write(const struct summary *summary, const char *run_folder, GError **error)
{
    g_autoptr(GPtrArray) cells = cycles_read(summary, run_folder, error);
    if (!cells || cells->len == 0)
        return cells != NULL;
    g_autoptr(GString) cycles =
        g_string_new("cell,repeat,cycle,peak_live_bytes,live_bytes,live_blocks,baseline_rss_bytes,"
                     "peak_rss_bytes,drop_rss_bytes,silent_rss_bytes,silent_held_bytes,idle_rss_bytes,"
                     "idle_held_bytes,status\n");
    g_autoptr(GString) rows =
        g_string_new("cell,allocator,setting,policy,workload,shape,walk,runs_ok,cycles,slope_bytes_per_cycle,"
                     "slope_bytes_per_cycle_low,slope_bytes_per_cycle_high,overhead_bytes_per_cycle,"
                     "peak_live_bytes,live_bytes,held_unused_bytes,of_live,gb_hours_per_day,share_of_40_gb,"
                     "verdict\n");
    for (guint i = 0; i < cells->len; i++) {
        const struct cycles_cell *cell = cells->pdata[i];
        for (guint r = 0; r < cell->runs->len; r++) {
            const struct cycles_run *run = cell->runs->pdata[r];
            for (guint k = 0; k < run->cycles->len; k++)
                add_cycle(cycles, cell, run, k);
        }
        add_cell(rows, cell);
    }
    return write_table(run_folder, "cycles.csv", cycles, error) &&
           write_table(run_folder, "cycles_summary.csv", rows, error);
}

/* --- the printed part --- */

static char *signed_bytes(double bytes)
{
    g_autofree char *text = units_format_bytes((uint64_t)MIN(fabs(bytes) + 0.5, 1e18));
    return g_strconcat(bytes <= -0.5 ? "-" : "", text, NULL);
}

static void print_cell(FILE *out, const struct cycles_cell *cell)
{
    const struct record *texts = &cell->cell->texts;
    g_autofree char *name = g_strdup_printf("%s/%s%s", texts->allocator, texts->setting,
                                            strcmp(texts->setting_proof, "not provable") == 0 ? " ?" : "");
    bool fits = strlen(name) <= NAME_WIDTH;
    if (!fits)
        fprintf(out, "%s\n", name);
    fprintf(out, "%-*s", NAME_WIDTH, fits ? name : "");
    if (isnan(cell->unused_bytes)) {
        fprintf(out, " %s\n", cell->verdict);
        return;
    }
    g_autofree char *unused = signed_bytes(cell->unused_bytes);
    g_autofree char *slope = cell->is_fitted ? signed_bytes(cell->line.slope) : g_strdup("-");
    g_autofree char *low = cell->is_fitted ? signed_bytes(cell->line.low) : g_strdup("-");
    g_autofree char *high = cell->is_fitted ? signed_bytes(cell->line.high) : g_strdup("-");
    fprintf(out, " %7s %4.0f %% %8.2f %5.1f %% %8s %8s %8s %s\n", unused, 100 * of_live(cell),
            cycles_gb_hours_per_day(cell), 100 * cell->unused_bytes / 1e9 / MACHINE_GB, slope, low, high,
            cell->verdict);
}

static bool same_block(const struct cycles_cell *a, const struct cycles_cell *b)
{
    const struct record *first = &a->cell->texts, *second = &b->cell->texts;
    return strcmp(first->workload, second->workload) == 0 && strcmp(first->shape, second->shape) == 0 &&
           strcmp(a->cell->texts.walk, b->cell->texts.walk) == 0;
}

static void print_heading(FILE *out, const GPtrArray *cells, guint first)
{
    const struct cycles_cell *of = cells->pdata[first];
    uint64_t peak_live = 0, live = 0;
    guint cycles = 0;
    for (guint i = first; i < cells->len; i++) {
        const struct cycles_cell *cell = cells->pdata[i];
        if (!same_block(cell, of) || isnan(cell->unused_bytes))
            continue;
        cycles = MAX(cycles, cell->cycles);
        peak_live = MAX(peak_live, cell->peak_live_bytes);
        live = MAX(live, cell->live_bytes);
    }
    g_autofree char *most = units_format_bytes(peak_live), *cache = units_format_bytes(live);
    fprintf(
        out,
        "\n%u cycles of build, drop, idle (%s, %s%s%s): %s live at most, %s last\n"
        "unused: held while idle, over the baseline, less what lives, mean of the last half; live: as part "
        "of\n"
        "the most that lived; what a day of it comes to; of a machine of 40 GB; does it rise by the cycle?\n",
        cycles, of->cell->texts.workload, of->cell->texts.shape, *of->cell->texts.walk ? ", walk " : "",
        of->cell->texts.walk, most, cache);
    fprintf(out, "%-*s %7s %6s %8s %7s %8s %8s %8s\n", NAME_WIDTH, "", "unused", "live", "GB h/day",
            "of 40 GB", "a cycle", "from", "to");
}

void cycles_print(const struct summary *summary, const char *run_folder, FILE *out)
{
    g_autoptr(GPtrArray) cells = cycles_read(summary, run_folder, NULL);
    for (guint i = 0; cells && i < cells->len; i++) {
        bool is_first = true;
        for (guint j = 0; j < i; j++)
            is_first = is_first && !same_block(cells->pdata[i], cells->pdata[j]);
        if (!is_first)
            continue;
        print_heading(out, cells, i);
        for (guint j = i; j < cells->len; j++)
            if (same_block(cells->pdata[i], cells->pdata[j]))
                print_cell(out, cells->pdata[j]);
    }
}
