#include "price.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "price_rows.h"

static void cell_free(gpointer data)
{
    struct price_cell *cell = data;
    for (int figure = 0; figure < PRICE_FIGURES; figure++)
        for (int reference = 0; reference < PRICE_REFERENCES; reference++)
            g_free(cell->costs[figure].of[reference].why);
    g_ptr_array_unref(cell->rows);
    g_free(cell);
}

void price_free(struct price *price)
{
    if (!price)
        return;
    csv_free(price->table);
    g_free(price->baseline);
    g_ptr_array_unref(price->cells);
    g_array_unref(price->disturbances);
    g_free(price);
}

/* --- where the rows are --- */

/* NULL: the file is not there, is no INI, or has no such key. */
static char *value_in(const char *folder, const char *name, const char *group, const char *key)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return NULL;
    char *value = g_key_file_get_string(file, group, key, NULL);
    return value ? g_strstrip(value) : NULL;
}

/* NULL: nowhere. */
static char *folder_of(const char *run_folder, bool *is_own)
{
    g_autofree char *cost = g_build_filename(run_folder, "cost", NULL);
    g_autofree char *rows = g_build_filename(cost, "runs.csv", NULL);
    g_autofree char *pass = value_in(run_folder, "machine.ini", "run", "pass");
    *is_own = g_strcmp0(pass, "cost") == 0;
    if (g_file_test(rows, G_FILE_TEST_EXISTS)) {
        *is_own = false;
        return g_steal_pointer(&cost);
    }
    return *is_own ? g_strdup(run_folder) : NULL;
}

/* --- rows --- */

/* User and system time of the phase; NAN: not measured. */
static double phase_ns(const struct csv *table, guint row, const char *phase)
{
    g_autofree char *user = g_strconcat(phase, "_user_ns", NULL), *sys = g_strconcat(phase, "_sys_ns", NULL);
    uint64_t user_ns, sys_ns;
    if (!csv_u64(table, row, csv_column(table, user), &user_ns) ||
        !csv_u64(table, row, csv_column(table, sys), &sys_ns))
        return NAN;
    return (double)user_ns + (double)sys_ns;
}

static struct price_row *new_row(const struct csv *table, guint row)
{
    struct price_row *values = g_new0(struct price_row, 1);
    values->repeat = csv_field(table, row, "repeat");
    for (int figure = 0; figure < PRICE_CYCLE; figure++)
        values->cpu_ns[figure] = phase_ns(table, row, price_figure_names[figure]);
    values->cpu_ns[PRICE_CYCLE] =
        values->cpu_ns[PRICE_BUILD] + values->cpu_ns[PRICE_DROP] + values->cpu_ns[PRICE_REBUILD];
    return values;
}

static struct price_cell *find_cell(const struct price *price, const char *name)
{
    for (guint i = 0; i < price->cells->len; i++) {
        struct price_cell *cell = price->cells->pdata[i];
        if (strcmp(cell->cell, name) == 0)
            return cell;
    }
    return NULL;
}

static struct price_cell *new_cell(const struct csv *table, guint row)
{
    struct price_cell *cell = g_new0(struct price_cell, 1);
    uint64_t live_bytes;
    cell->cell = csv_field(table, row, "cell");
    cell->allocator = csv_field(table, row, "allocator");
    cell->setting = csv_field(table, row, "setting");
    cell->policy = csv_field(table, row, "policy");
    cell->workload = csv_field(table, row, "workload");
    cell->shape = csv_field(table, row, "shape");
    cell->is_floor = strcmp(csv_field(table, row, "role"), "floor") == 0;
    cell->asks_nothing = csv_u64(table, row, csv_column(table, "live_bytes"), &live_bytes) && live_bytes == 0;
    if (!csv_u64(table, row, csv_column(table, "records"), &cell->records))
        cell->records = 0;
    cell->rows = g_ptr_array_new_with_free_func(g_free);
    return cell;
}

/* Rounds of two shapes are not of one time: see plan_group_by_shape. */
static void add_round(GHashTable *rounds, const struct csv *table, guint row)
{
    g_hash_table_add(
        rounds, g_strdup_printf("%s %s", csv_field(table, row, "shape"), csv_field(table, row, "repeat")));
}

static void take_rows(struct price *price)
{
    const struct csv *table = price->table;
    g_autoptr(GHashTable) rounds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint row = 0; row < csv_rows(table); row++) {
        if (strcmp(csv_field(table, row, "status"), "ok") != 0)
            continue;
        struct price_cell *cell = find_cell(price, csv_field(table, row, "cell"));
        if (!cell) {
            cell = new_cell(table, row);
            g_ptr_array_add(price->cells, cell);
        }
        struct price_row *values = new_row(table, row);
        g_ptr_array_add(cell->rows, values);
        add_round(rounds, table, row);
        price->runs++;
    }
    price->rounds = g_hash_table_size(rounds);
}

/* --- disturbed rounds --- */

/* Of the words of the column conditions those that come and go and move times. */
static const char *const disturbing[] = {"load", "steal", "slow-faults", "swapped"};
#define CPU_WAIT "cpu-wait"
#define CPU_WAIT_PART 0.05

static bool has_waited(const struct csv *table, guint row)
{
    uint64_t wait_ns, phases_ms;
    return csv_u64(table, row, csv_column(table, "cpu_wait_ns"), &wait_ns) &&
           csv_u64(table, row, csv_column(table, "phases_ms"), &phases_ms) &&
           (double)wait_ns > CPU_WAIT_PART * (double)phases_ms * 1e6;
}

static bool is_disturbed_by(const struct csv *table, guint row, const char *word)
{
    if (strcmp(word, CPU_WAIT) == 0)
        return has_waited(table, row);
    g_auto(GStrv) words = g_strsplit(csv_field(table, row, "conditions"), " ", -1);
    return g_strv_contains((const char *const *)words, word);
}

static void count_disturbance(struct price *price, const char *word, GHashTable *disturbed_rounds)
{
    struct price_disturbance disturbance = {.word = word};
    for (guint row = 0; row < csv_rows(price->table); row++) {
        if (strcmp(csv_field(price->table, row, "status"), "ok") != 0 ||
            !is_disturbed_by(price->table, row, word))
            continue;
        disturbance.runs++;
        add_round(disturbed_rounds, price->table, row);
    }
    if (disturbance.runs > 0)
        g_array_append_val(price->disturbances, disturbance);
}

static void count_disturbances(struct price *price)
{
    g_autoptr(GHashTable) rounds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(disturbing); i++)
        count_disturbance(price, disturbing[i], rounds);
    count_disturbance(price, CPU_WAIT, rounds);
    price->disturbed_rounds = g_hash_table_size(rounds);
}

/* --- all of it --- */

bool price_read(const char *run_folder, struct price **result, GError **error)
{
    bool is_own;
    g_autofree char *folder = folder_of(run_folder, &is_own);
    *result = NULL;
    if (!folder)
        return true;
    g_autofree char *path = g_build_filename(folder, "runs.csv", NULL);
    struct csv *table = csv_read(path, error);
    if (!table)
        return false;
    if (csv_column(table, "cell") < 0 || csv_column(table, "status") < 0) {
        csv_free(table);
        return error_refuse(error, EXIT_BAD_DATA,
                            "%s: no columns cell and status: not a run's rows; move it away, or time again",
                            path);
    }
    struct price *price = g_new0(struct price, 1);
    price->table = table;
    price->is_own = is_own;
    price->baseline = value_in(folder, "plan.ini", "plan", "baseline");
    price->cells = g_ptr_array_new_with_free_func(cell_free);
    price->disturbances = g_array_new(FALSE, FALSE, sizeof(struct price_disturbance));
    take_rows(price);
    count_disturbances(price);
    for (guint i = 0; i < price->cells->len; i++)
        price_judge(price, price->cells->pdata[i]);
    *result = price;
    return true;
}

const struct price_cell *price_of_shape(const struct price *price, const char *allocator, const char *setting,
                                        const char *workload, const char *shape)
{
    const struct price_cell *cell = price_find(price, allocator, setting, workload, shape);
    return cell && strcmp(cell->shape, shape) == 0 ? cell : NULL;
}

const struct price_cell *price_find(const struct price *price, const char *allocator, const char *setting,
                                    const char *workload, const char *shape)
{
    const struct price_cell *largest = NULL;
    for (guint i = 0; i < price->cells->len; i++) {
        const struct price_cell *cell = price->cells->pdata[i];
        if (strcmp(cell->allocator, allocator) != 0 || strcmp(cell->setting, setting) != 0 ||
            strcmp(cell->workload, workload) != 0)
            continue;
        if (strcmp(cell->shape, shape) == 0)
            return cell;
        if (!largest || cell->records > largest->records)
            largest = cell;
    }
    return largest;
}
