#include "summary_latency.h"

#include <string.h>

#include "csv.h"
#include "error.h"

static const char *const number_names[] = {
#define X(name) #name,
    SUMMARY_LATENCY_NUMBERS(X)
#undef X
};

static void phase_free(gpointer data)
{
    struct summary_latency_phase *phase = data;
    g_free(phase->phase);
    g_free(phase->clock);
    g_free(phase->max_repeat);
    g_free(phase);
}

static void cell_free(gpointer data)
{
    struct summary_latency_cell *cell = data;
    g_ptr_array_unref(cell->phases);
    g_free(cell);
}

void summary_latency_free(struct summary_latency *latency)
{
    if (!latency)
        return;
    g_ptr_array_unref(latency->cells);
    g_free(latency);
}

const struct summary_latency_phase *summary_latency_find(const struct summary_latency_cell *cell,
                                                         const char *phase)
{
    for (guint i = 0; i < cell->phases->len; i++) {
        const struct summary_latency_phase *found = cell->phases->pdata[i];
        if (strcmp(found->phase, phase) == 0)
            return found;
    }
    return NULL;
}

uint64_t summary_latency_median(const struct summary_latency_phase *phase, enum summary_latency_number number)
{
    return phase ? phase->numbers[number].median : RECORD_UNKNOWN;
}

/* --- reading --- */

struct tables {
    struct csv *runs, *marks, *latency;
    GHashTable *ok; /* CELL\nREPEAT of runs that are */
};

static void tables_clear(struct tables *tables)
{
    csv_free(tables->runs);
    csv_free(tables->marks);
    csv_free(tables->latency);
    g_clear_pointer(&tables->ok, g_hash_table_unref);
}

static char *key_of(const struct csv *csv, guint row)
{
    return g_strdup_printf("%s\n%s", csv_field(csv, row, "cell"), csv_field(csv, row, "repeat"));
}

static struct csv *open_table(const char *run_folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(run_folder, name, NULL);
    return csv_read(path, error);
}

static bool open_tables(struct tables *tables, const char *run_folder, GError **error)
{
    *tables = (struct tables){.ok = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    if (!(tables->latency = open_table(run_folder, "latency.csv", error)) ||
        !(tables->runs = open_table(run_folder, "runs.csv", error)) ||
        !(tables->marks = open_table(run_folder, "marks.csv", error)))
        return false;
    for (guint row = 0; row < csv_rows(tables->runs); row++)
        if (strcmp(csv_field(tables->runs, row, "status"), "ok") == 0)
            g_hash_table_add(tables->ok, key_of(tables->runs, row));
    return true;
}

static uint64_t number_of(const struct csv *csv, guint row, const char *column)
{
    uint64_t value;
    return csv_u64(csv, row, csv_column(csv, column), &value) ? value : RECORD_UNKNOWN;
}

static bool is_of(const struct tables *tables, guint row, const char *cell, const char *phase)
{
    g_autofree char *key = key_of(tables->latency, row);
    return strcmp(csv_field(tables->latency, row, "cell"), cell) == 0 &&
           g_hash_table_contains(tables->ok, key) &&
           (!phase || strcmp(csv_field(tables->latency, row, "phase"), phase) == 0);
}

static bool same_field(const struct csv *csv, guint row, const struct csv *of, guint of_row,
                       const char *column)
{
    return strcmp(csv_field(csv, row, column), csv_field(of, of_row, column)) == 0;
}

/* The same phase of the same process: it may come more than once in the walk. */
static bool same_phase(const struct csv *csv, guint row, const struct csv *of, guint of_row)
{
    return same_field(csv, row, of, of_row, "cell") && same_field(csv, row, of, of_row, "repeat") &&
           same_field(csv, row, of, of_row, "phase");
}

/* schedstat's. The n-th row of a process's phase is that of its n-th mark: both files are in the order of the walk. */
static uint64_t wait_of(const struct tables *tables, guint row)
{
    const struct csv *latency = tables->latency, *marks = tables->marks;
    guint before = 0;
    for (guint earlier = 0; earlier < row; earlier++)
        before += same_phase(latency, earlier, latency, row);
    for (guint mark = 0; mark < csv_rows(marks); mark++)
        if (same_phase(marks, mark, latency, row) && before-- == 0)
            return number_of(marks, mark, "cpu_wait_ns");
    return RECORD_UNKNOWN;
}

static void take_numbers(struct summary_latency_phase *phase, const struct tables *tables, const char *cell)
{
    g_autofree uint64_t *values = g_new(uint64_t, csv_rows(tables->latency));
    for (int i = 0; i < SUMMARY_LATENCY_NUMBER_COUNT; i++) {
        guint count = 0;
        for (guint row = 0; row < csv_rows(tables->latency); row++) {
            uint64_t value = number_of(tables->latency, row, number_names[i]);
            if (value != RECORD_UNKNOWN && is_of(tables, row, cell, phase->phase))
                values[count++] = value;
        }
        phase->numbers[i] = summary_of(values, count);
    }
}

static void take_longest(struct summary_latency_phase *phase, const struct tables *tables, const char *cell)
{
    const struct csv *latency = tables->latency;
    uint64_t longest = phase->numbers[SUMMARY_LATENCY_max_ns].max;
    phase->max_at_ns = phase->max_wait_ns = RECORD_UNKNOWN;
    for (guint row = 0; row < csv_rows(latency); row++) {
        if (longest == RECORD_UNKNOWN || number_of(latency, row, "max_ns") != longest || phase->max_repeat ||
            !is_of(tables, row, cell, phase->phase))
            continue;
        phase->max_repeat = g_strdup(csv_field(latency, row, "repeat"));
        phase->max_at_ns = number_of(latency, row, "max_at_ns");
        phase->max_wait_ns = wait_of(tables, row);
    }
}

static void take_phase(struct summary_latency_cell *cell, const struct tables *tables, guint row)
{
    const char *name = csv_field(tables->latency, row, "phase");
    struct summary_latency_phase *phase =
        (struct summary_latency_phase *)(uintptr_t)summary_latency_find(cell, name);
    if (phase) {
        phase->values++;
        return;
    }
    phase = g_new0(struct summary_latency_phase, 1);
    phase->phase = g_strdup(name);
    phase->values = 1;
    phase->clock = g_strdup(csv_field(tables->latency, row, "clock"));
    phase->count = number_of(tables->latency, row, "count");
    g_ptr_array_add(cell->phases, phase);
    take_numbers(phase, tables, cell->cell->texts.cell);
    take_longest(phase, tables, cell->cell->texts.cell);
    uint64_t longest = summary_latency_median(phase, SUMMARY_LATENCY_max_ns);
    if (longest != RECORD_UNKNOWN &&
        (!cell->longest || longest > summary_latency_median(cell->longest, SUMMARY_LATENCY_max_ns)))
        cell->longest = phase;
}

static struct summary_latency_cell *read_cell(const struct summary_cell *of, const struct tables *tables)
{
    struct summary_latency_cell *cell = g_new0(struct summary_latency_cell, 1);
    cell->cell = of;
    cell->is_floor = of->numbers[RECORD_live_bytes].median == 0;
    cell->phases = g_ptr_array_new_with_free_func(phase_free);
    for (guint row = 0; row < csv_rows(tables->latency); row++)
        if (is_of(tables, row, of->texts.cell, NULL))
            take_phase(cell, tables, row);
    return cell;
}

static bool is_there(const char *run_folder)
{
    g_autofree char *path = g_build_filename(run_folder, "latency.csv", NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

struct summary_latency *summary_latency_read(const struct summary *summary, const char *run_folder,
                                             GError **error)
{
    struct summary_latency *latency = g_new0(struct summary_latency, 1);
    struct tables tables = {.ok = NULL};
    bool there = is_there(run_folder), good = !there || open_tables(&tables, run_folder, error);
    latency->cells = g_ptr_array_new_with_free_func(cell_free);
    for (guint i = 0; there && good && i < summary->cells->len; i++) {
        struct summary_latency_cell *cell = read_cell(summary->cells->pdata[i], &tables);
        if (cell->phases->len > 0)
            g_ptr_array_add(latency->cells, cell);
        else
            cell_free(cell);
    }
    tables_clear(&tables);
    if (!good)
        g_clear_pointer(&latency, summary_latency_free);
    return latency;
}

/* --- writing --- */

static void add_phase(GString *text, const struct summary_latency_cell *cell,
                      const struct summary_latency_phase *phase)
{
    const struct record *texts = &cell->cell->texts;
    const char *const columns[] = {texts->cell,
                                   texts->allocator,
                                   texts->setting,
                                   texts->policy,
                                   texts->workload,
                                   texts->shape,
                                   cell->is_floor ? "yes" : "no",
                                   phase->phase,
                                   phase == cell->longest ? "yes" : "no",
                                   phase->clock};
    g_autoptr(GString) row = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        csv_add_text(row, columns[i]);
    record_add_number(row, phase->count);
    for (int i = 0; i < SUMMARY_LATENCY_NUMBER_COUNT; i++) {
        record_add_number(row, phase->numbers[i].median);
        record_add_number(row, phase->numbers[i].min);
        record_add_number(row, phase->numbers[i].max);
    }
    csv_add_text(row, phase->max_repeat);
    record_add_number(row, phase->max_at_ns);
    record_add_number(row, phase->max_wait_ns);
    csv_add_u64(row, phase->values); /* the last, for it is never empty: plots/README.md */
    g_string_append_printf(text, "%s\n", row->str);
}

bool summary_latency_write(const struct summary *summary, const char *run_folder, GError **error)
{
    static const char header[] =
        "cell,allocator,setting,policy,workload,shape,floor,phase,has_longest,clock,count"
#define X(name) "," #name "," #name "_min," #name "_max"
        SUMMARY_LATENCY_NUMBERS(X)
#undef X
            ",max_repeat,max_at_ns,max_wait_ns,values\n";
    if (!is_there(run_folder))
        return true;
    struct summary_latency *latency = summary_latency_read(summary, run_folder, error);
    if (!latency)
        return false;
    g_autoptr(GString) text = g_string_new(header);
    for (guint i = 0; i < latency->cells->len; i++) {
        const struct summary_latency_cell *cell = latency->cells->pdata[i];
        for (guint p = 0; p < cell->phases->len; p++)
            add_phase(text, cell, cell->phases->pdata[p]);
    }
    summary_latency_free(latency);
    g_autofree char *path = g_build_filename(run_folder, "latency_summary.csv", NULL);
    g_autoptr(GError) why = NULL;
    return g_file_set_contents(path, text->str, (gssize)text->len, &why) ||
           error_refuse(error, EXIT_SYSTEM, "%s", why->message);
}
