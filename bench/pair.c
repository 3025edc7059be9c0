#include "pair.h"

#include <string.h>

#include "error.h"

static void rows_free(gpointer data)
{
    struct pair_rows *rows = data;
    g_array_unref(rows->ok);
    g_free(rows->bad_because);
    g_free(rows);
}

static void side_clear(struct pair_side *side)
{
    g_free(side->path);
    csv_free(side->runs);
    g_clear_pointer(&side->machine, g_key_file_unref);
    g_clear_pointer(&side->plan, g_key_file_unref);
    g_clear_pointer(&side->cells, g_hash_table_unref);
    g_clear_pointer(&side->names, g_ptr_array_unref);
}

void pair_free(struct pair *pair)
{
    if (!pair)
        return;
    for (int side = 0; side < PAIR_SIDES; side++) {
        side_clear(&pair->sides[side]);
        g_ptr_array_unref(pair->alone[side]);
    }
    g_array_unref(pair->cells);
    g_free(pair);
}

static GKeyFile *read_ini(const char *folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) why = NULL;
    if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &why))
        return g_steal_pointer(&file);
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s: %s; `afterfree compare` takes two run folders",
                path, why->message);
    return NULL;
}

static void take_row(struct pair_side *side, guint row)
{
    const char *name = csv_text(side->runs, row, csv_column(side->runs, "cell"));
    const char *status = csv_text(side->runs, row, csv_column(side->runs, "status"));
    struct pair_rows *rows = g_hash_table_lookup(side->cells, name);
    if (!rows) {
        rows = g_new0(struct pair_rows, 1);
        rows->ok = g_array_new(FALSE, FALSE, sizeof(guint));
        rows->first = row;
        g_hash_table_insert(side->cells, g_strdup(name), rows);
        g_ptr_array_add(side->names, g_strdup(name));
    }
    if (strcmp(status, "ok") == 0) {
        if (rows->ok->len == 0)
            rows->first = row;
        g_array_append_val(rows->ok, row);
    } else if (strcmp(status, "skipped") == 0) {
        rows->skipped++;
    } else {
        *(strcmp(status, "invalid") == 0 ? &rows->invalid : &rows->failed) += 1;
        if (rows->bad_because)
            return;
        const char *reason = csv_text(side->runs, row, csv_column(side->runs, "reason"));
        rows->bad_because = *reason ? g_strdup_printf("%s: %s", status, reason) : g_strdup(status);
    }
}

static bool side_read(struct pair_side *side, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "runs.csv", NULL);
    side->path = g_strdup(folder);
    side->cells = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, rows_free);
    side->names = g_ptr_array_new_with_free_func(g_free);
    if (!(side->runs = csv_read(path, error)) || !(side->machine = read_ini(folder, "machine.ini", error)) ||
        !(side->plan = read_ini(folder, "plan.ini", error)))
        return false;
    if (csv_column(side->runs, "cell") < 0 || csv_column(side->runs, "status") < 0) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s: no columns cell and status: not a run's rows",
                    path);
        return false;
    }
    for (guint row = 0; row < csv_rows(side->runs); row++)
        take_row(side, row);
    return true;
}

/* What fails in B where it was proven in A is the worst difference of all: such a cell is in both. Skipped is
 * not failed: the library is not installed, or memory is short. */
static void match(struct pair *pair)
{
    for (int side = 0; side < PAIR_SIDES; side++) {
        const struct pair_side *from = &pair->sides[side], *to = &pair->sides[!side];
        for (guint i = 0; i < from->names->len; i++) {
            const char *name = from->names->pdata[i];
            const struct pair_rows *rows = g_hash_table_lookup(from->cells, name);
            const struct pair_rows *other = g_hash_table_lookup(to->cells, name);
            if (rows->ok->len == 0)
                continue;
            bool both = other && (other->ok->len > 0 || other->bad_because);
            struct pair_cell cell = {.name = name, .rows = {rows, other}};
            if (!both || (side == PAIR_B && other->ok->len == 0))
                g_ptr_array_add(pair->alone[side], g_strdup(name));
            else if (side == PAIR_A)
                g_array_append_val(pair->cells, cell);
        }
    }
}

struct pair *pair_read(const char *a, const char *b, GError **error)
{
    g_autoptr(pair_of_runs) pair = g_new0(struct pair, 1);
    pair->cells = g_array_new(FALSE, FALSE, sizeof(struct pair_cell));
    for (int side = 0; side < PAIR_SIDES; side++)
        pair->alone[side] = g_ptr_array_new_with_free_func(g_free);
    if (!side_read(&pair->sides[PAIR_A], a, error) || !side_read(&pair->sides[PAIR_B], b, error))
        return NULL;
    match(pair);
    if (pair->cells->len > 0)
        return g_steal_pointer(&pair);
    g_set_error(error, AFTERFREE_ERROR, EXIT_NO_MATCH, "no cell is proven in %s and was run in %s", a, b);
    return NULL;
}

const char *pair_text(const struct pair *pair, const struct pair_cell *cell, int side, const char *column)
{
    const struct csv *runs = pair->sides[side].runs;
    return csv_text(runs, cell->rows[side]->first, csv_column(runs, column));
}

const char *pair_unfinished(const struct pair_side *side)
{
    g_autofree char *group = g_strdup("run");
    for (guint nth = 1;; nth++) {
        g_autofree char *next = g_strdup_printf("resumed %u", nth);
        if (!g_key_file_has_group(side->machine, next))
            break;
        g_free(group);
        group = g_steal_pointer(&next);
    }
    g_autofree char *interrupted = g_key_file_get_value(side->machine, group, "interrupted", NULL);
    return !interrupted ? "never finished" : strcmp(interrupted, "no") != 0 ? "was interrupted" : NULL;
}

char *pair_missing_text(const struct pair *pair, guint nth)
{
    const char *name = pair->alone[PAIR_A]->pdata[nth];
    const struct pair_side *b = &pair->sides[PAIR_B];
    const struct pair_rows *rows = g_hash_table_lookup(b->cells, name);
    if (!rows)
        return g_strdup(name);
    const char *reason = csv_text(b->runs, rows->first, csv_column(b->runs, "reason"));
    return g_strdup_printf("%s (skipped%s%s)", name, *reason ? ": " : "", reason);
}
