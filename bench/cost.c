#include "cost.h"

#include <string.h>

#include "cost_facts.h"
#include "csv.h"
#include "error.h"
#include "gbench.h"
#include "ini.h"
#include "plan.h"
#include "resume.h"

static const char *const phases[] = {"build", "drop", "rebuild", "purge", "rebuild_after_purge"};

/* One phase of one cell. */
struct line {
    const char *cell;  /* borrowed from the table or the plan */
    const char *phase; /* of phases */
    GArray *rows;      /* of guint: rows of runs.csv, one a round */
    int calls_row;     /* of calls/runs.csv; -1: none */
};

struct cost {
    struct csv *runs, *calls; /* NULL: none */
    GKeyFile *machine;        /* NULL: none */
    guint rounds;
    GPtrArray *lines;   /* of struct line * */
    GArray *benchmarks; /* of struct gbench_benchmark, as the lines */
    char *error;        /* the last one told */
    GArray *counters;   /* of struct gbench_counter, the last ones told */
};

static void line_free(gpointer data)
{
    struct line *line = data;
    g_array_unref(line->rows);
    g_free(line);
}

static void benchmark_clear(gpointer data)
{
    g_free((char *)(uintptr_t)((struct gbench_benchmark *)data)->name);
}

static struct cost *new_cost(void)
{
    struct cost *cost = g_new0(struct cost, 1);
    cost->lines = g_ptr_array_new_with_free_func(line_free);
    cost->benchmarks = g_array_new(FALSE, FALSE, sizeof(struct gbench_benchmark));
    g_array_set_clear_func(cost->benchmarks, benchmark_clear);
    cost->counters = g_array_new(FALSE, FALSE, sizeof(struct gbench_counter));
    return cost;
}

void cost_free(struct cost *cost)
{
    if (!cost)
        return;
    csv_free(cost->runs);
    csv_free(cost->calls);
    g_clear_pointer(&cost->machine, g_key_file_unref);
    g_ptr_array_unref(cost->lines);
    g_array_unref(cost->benchmarks);
    g_array_unref(cost->counters);
    g_free(cost->error);
    g_free(cost);
}

/* --- which benchmarks there are --- */

static void add_line(struct cost *cost, const char *cell, const char *phase, uint64_t records)
{
    struct line *line = g_new0(struct line, 1);
    *line = (struct line){
        .cell = cell, .phase = phase, .rows = g_array_new(FALSE, FALSE, sizeof(guint)), .calls_row = -1};
    struct gbench_benchmark benchmark = {.name = g_strdup_printf("%s/%s", cell, phase), .records = records};
    g_ptr_array_add(cost->lines, line);
    g_array_append_val(cost->benchmarks, benchmark);
}

struct cost *cost_plan(const GPtrArray *cells, guint rounds)
{
    struct cost *cost = new_cost();
    cost->rounds = rounds;
    for (guint i = 0; i < cells->len; i++) {
        const struct plan_cell *cell = cells->pdata[i];
        for (guint j = 0; j < G_N_ELEMENTS(phases); j++)
            if (cell->allocator->purge || !strstr(phases[j], "purge"))
                add_line(cost, cell->name, phases[j], cell->shape->records);
    }
    return cost;
}

static bool number(const struct csv *csv, guint row, const char *phase, const char *what, uint64_t *value)
{
    g_autofree char *name = g_strconcat(phase, what, NULL);
    return csv_u64(csv, row, csv_column(csv, name), value);
}

static bool is_ok(const struct csv *csv, guint row)
{
    return strcmp(csv_field(csv, row, "status"), "ok") == 0;
}

/* An allocator without a purge call has neither that phase nor the rebuild behind it. */
static bool has_phase(const struct cost *cost, const GArray *rows, const char *phase)
{
    bool any_ok = false;
    for (guint i = 0; i < rows->len; i++) {
        uint64_t ns;
        guint row = g_array_index(rows, guint, i);
        any_ok = any_ok || is_ok(cost->runs, row);
        if (number(cost->runs, row, phase, "_ns", &ns))
            return true;
    }
    return !any_ok;
}

static GArray *rows_of(const struct csv *csv, const char *cell)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint row = 0; row < csv_rows(csv); row++)
        if (strcmp(csv_field(csv, row, "cell"), cell) == 0)
            g_array_append_val(rows, row);
    return rows;
}

static void add_cell(struct cost *cost, const char *cell, guint first_row)
{
    uint64_t records = 0;
    g_autoptr(GArray) rows = rows_of(cost->runs, cell);
    g_autoptr(GArray) counted = cost->calls ? rows_of(cost->calls, cell) : NULL;
    csv_u64(cost->runs, first_row, csv_column(cost->runs, "records"), &records);
    for (guint i = 0; i < G_N_ELEMENTS(phases); i++) {
        if (!has_phase(cost, rows, phases[i]))
            continue;
        add_line(cost, cell, phases[i], MAX(records, 1));
        struct line *line = cost->lines->pdata[cost->lines->len - 1];
        g_array_append_vals(line->rows, rows->data, rows->len);
        if (counted && counted->len > 0 && is_ok(cost->calls, g_array_index(counted, guint, 0)))
            line->calls_row = (int)g_array_index(counted, guint, 0);
    }
}

static void add_cells(struct cost *cost)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint row = 0; row < csv_rows(cost->runs); row++) {
        const char *cell = csv_field(cost->runs, row, "cell");
        uint64_t round = 0;
        csv_u64(cost->runs, row, csv_column(cost->runs, "repeat"), &round);
        cost->rounds = MAX(cost->rounds, (guint)MIN(round, 1000));
        if (g_hash_table_add(seen, (gpointer)(uintptr_t)cell))
            add_cell(cost, cell, row);
    }
}

struct cost *cost_read(const char *folder, GError **error)
{
    g_autoptr(cost_table) cost = new_cost();
    g_autofree char *runs = g_build_filename(folder, "runs.csv", NULL);
    g_autofree char *calls = g_build_filename(folder, "calls", "runs.csv", NULL);
    cost->runs = csv_read(runs, error);
    cost->machine = cost->runs ? resume_read_machine(folder, error) : NULL;
    if (!cost->machine)
        return NULL;
    if (g_file_test(calls, G_FILE_TEST_EXISTS) && !(cost->calls = csv_read(calls, error)))
        return NULL;
    add_cells(cost);
    return g_steal_pointer(&cost);
}

/* --- what Google Benchmark is told --- */

static void count(struct cost *cost, const char *name, double value)
{
    const struct gbench_counter counter = {.name = name, .value = value};
    g_array_append_val(cost->counters, counter);
}

static void count_number(struct cost *cost, const struct csv *csv, guint row, const char *name,
                         const char *phase, const char *what)
{
    uint64_t value;
    if (number(csv, row, phase, what, &value))
        count(cost, name, (double)value);
}

static void count_all(struct cost *cost, const struct line *line, guint row)
{
    static const struct {
        const char *name, *suffix;
    } of_phase[] = {{"minor_faults", "_minor_faults"},
                    {"user_ns", "_user_ns"},
                    {"sys_ns", "_sys_ns"},
                    {"wall_ns", "_ns"}},
      of_calls[] = {{"madvise_calls", "_madvise_calls"},
                    {"munmap_calls", "_munmap_calls"},
                    {"mmap_calls", "_mmap_calls"},
                    {"brk_calls", "_brk_calls"}};
    bool purged = strcmp(line->phase, "purge") == 0 || strcmp(line->phase, "rebuild_after_purge") == 0;
    uint64_t sys_ns = 0, faults = 0;
    g_array_set_size(cost->counters, 0);
    for (guint i = 0; i < G_N_ELEMENTS(of_phase); i++)
        count_number(cost, cost->runs, row, of_phase[i].name, line->phase, of_phase[i].suffix);
    if (number(cost->runs, row, line->phase, "_sys_ns", &sys_ns) &&
        number(cost->runs, row, line->phase, "_minor_faults", &faults) && faults > 0)
        count(cost, "sys_ns_per_fault", (double)sys_ns / (double)faults);
    count_number(cost, cost->runs, row, "process_cpu_wait_ns", "", "cpu_wait_ns");
    count_number(cost, cost->runs, row, "peak_rss_bytes", "", "peak_rss_bytes");
    count_number(cost, cost->runs, row, "post_free_rss_bytes", "",
                 purged ? "purge_rss_bytes" : "drop_rss_bytes");
    for (guint i = 0; line->calls_row >= 0 && i < G_N_ELEMENTS(of_calls); i++)
        count_number(cost, cost->calls, (guint)line->calls_row, of_calls[i].name, line->phase,
                     of_calls[i].suffix);
}

static int row_of_round(const struct cost *cost, const struct line *line, guint round)
{
    int column = csv_column(cost->runs, "repeat");
    for (guint i = 0; i < line->rows->len; i++) {
        uint64_t its;
        guint row = g_array_index(line->rows, guint, i);
        if (csv_u64(cost->runs, row, column, &its) && its == round)
            return (int)row;
    }
    return -1;
}

static void measure(void *opaque, unsigned benchmark, unsigned repetition, struct gbench_result *result)
{
    struct cost *cost = opaque;
    const struct line *line = cost->lines->pdata[benchmark];
    uint64_t user_ns, sys_ns;
    int row = row_of_round(cost, line, repetition + 1);
    g_clear_pointer(&cost->error, g_free);
    if (row < 0)
        cost->error = g_strdup("this round was not run");
    else if (!is_ok(cost->runs, (guint)row))
        cost->error = g_strdup_printf("%s: %s", csv_field(cost->runs, (guint)row, "status"),
                                      csv_field(cost->runs, (guint)row, "reason"));
    else if (!number(cost->runs, (guint)row, line->phase, "_user_ns", &user_ns) ||
             !number(cost->runs, (guint)row, line->phase, "_sys_ns", &sys_ns))
        cost->error = g_strdup("the row has no such time");
    *result = (struct gbench_result){.error = cost->error};
    if (cost->error)
        return;
    count_all(cost, line, (guint)row);
    result->cpu_ns = user_ns + sys_ns;
    result->counters = (const struct gbench_counter *)(gpointer)cost->counters->data;
    result->counter_count = cost->counters->len;
}

static struct gbench gbench_of(const struct cost *cost, char *const *flags, const GArray *facts, bool quiet)
{
    return (struct gbench){.benchmarks = (const struct gbench_benchmark *)(gpointer)cost->benchmarks->data,
                           .count = cost->benchmarks->len,
                           .facts = facts ? (const struct gbench_fact *)(gpointer)facts->data : NULL,
                           .fact_count = facts ? facts->len : 0,
                           .flags = flags,
                           .repetitions = MAX(cost->rounds, 1),
                           .quiet = quiet,
                           .measure = measure,
                           .opaque = (void *)(uintptr_t)cost};
}

char **cost_select(const struct cost *cost, char *const *flags, GError **error)
{
    const struct gbench gbench = gbench_of(cost, flags, NULL, true);
    g_autofree bool *wanted = g_new0(bool, cost->lines->len);
    g_autoptr(GStrvBuilder) cells = g_strv_builder_new();
    const char *last = NULL;
    if (!gbench_select(&gbench, wanted, error))
        return NULL;
    for (guint i = 0; i < cost->lines->len; i++) {
        const struct line *line = cost->lines->pdata[i];
        if (wanted[i] && line->cell != last)
            g_strv_builder_add(cells, last = line->cell);
    }
    return g_strv_builder_end(cells);
}

bool cost_report(const struct cost *cost, char *const *flags, bool quiet, GError **error)
{
    g_autoptr(GArray) facts = cost_facts(cost->machine, cost->calls != NULL);
    g_autofree char *json = NULL;
    const struct gbench gbench = gbench_of(cost, flags, facts, quiet);
    return gbench_run(&gbench, &json, error);
}

bool cost_write_json(const struct cost *cost, const char *folder, GError **error)
{
    char *const none[] = {NULL};
    g_autoptr(GArray) facts = cost_facts(cost->machine, cost->calls != NULL);
    g_autofree char *json = NULL;
    const struct gbench gbench = gbench_of(cost, none, facts, true);
    if (!gbench_run(&gbench, &json, error))
        return false;
    g_autofree char *path = g_build_filename(folder, "benchmark.json", NULL);
    g_autoptr(GError) why = NULL;
    return g_file_set_contents(path, json, -1, &why) || error_refuse(error, EXIT_SYSTEM, "%s", why->message);
}
