#include "mismatch.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "plan.h"

/* MemTotal depends on what firmware and kernel keep for themselves: two machines of one kind differ a little.
 */
#define MEMORY_TOLERANCE 0.01

static const struct {
    const char *group, *key, *absent; /* what it means when it is not there; NULL: not known */
} conditions[] = {
    {"machine", "kernel", NULL},
    {"machine", "cpu", NULL},
    {"machine", "cores", NULL},
    {"machine", "memory_bytes", NULL},
    {"machine", "swap_bytes", NULL},
    {"machine", "page_bytes", NULL},
    {"machine", "thp_enabled", NULL},
    {"machine", "thp_defrag", NULL},
    {"machine", "overcommit_memory", NULL},
    {"machine", "cgroup_limit_bytes", NULL},
    {"machine", "page_reporting", NULL},
    {"machine", "afterfree_version", NULL},
    {"run", "fixed_addresses", NULL},
    {"run", "pass", "memory"},
    {"run", "count_calls", "no"},
    {"plan", "walk", PLAN_DEFAULT_WALK},
    {"plan", "latency", "no"},
};

static const char *const columns[] = {"workload",   "shape",   "records",     "strings", "length",
                                      "order",      "removal", "survivors",   "seed",    "window_ms",
                                      "ticking_ms", "thp",     "limit_bytes", "workers", "keys"};

static void mismatch_free(gpointer data)
{
    struct mismatch *mismatch = data;
    g_free(mismatch->key);
    g_free(mismatch->where);
    g_free(mismatch->a);
    g_free(mismatch->b);
    g_free(mismatch);
}

static void add(GPtrArray *found, const char *key, const char *where, const char *a, const char *b,
                bool allowed)
{
    struct mismatch *mismatch = g_new(struct mismatch, 1);
    *mismatch = (struct mismatch){.key = g_strdup(key),
                                  .where = g_strdup(where),
                                  .a = g_strdup(a),
                                  .b = g_strdup(b),
                                  .cells = where ? 1 : 0,
                                  .allowed = allowed};
    g_ptr_array_add(found, mismatch);
}

/* A cell's: with the same two values as another's it is counted there. */
static void add_of_cell(GPtrArray *found, const char *key, const char *cell, const char *a, const char *b,
                        bool allowed)
{
    for (guint i = 0; i < found->len; i++) {
        struct mismatch *mismatch = found->pdata[i];
        if (mismatch->cells > 0 && strcmp(mismatch->key, key) == 0 && strcmp(mismatch->a, a) == 0 &&
            strcmp(mismatch->b, b) == 0 && mismatch->allowed == allowed) {
            mismatch->cells++;
            return;
        }
    }
    add(found, key, cell, a, b, allowed);
}

/* --- the folders --- */

static const GKeyFile *file_of(const struct pair_side *side, const char *group)
{
    return strcmp(group, "plan") == 0 || g_str_has_prefix(group, "walk ") ? side->plan : side->machine;
}

static char *condition_of(const struct pair_side *side, const char *group, const char *key,
                          const char *absent)
{
    GKeyFile *file = (GKeyFile *)(uintptr_t)file_of(side, group);
    g_autofree char *value = g_key_file_get_value(file, group, key, NULL);
    if (!value)
        return g_strdup(absent);
    g_auto(GStrv) words = g_strsplit_set(g_strstrip(value), " \t", -1); /* blanks between do not count */
    g_autoptr(GString) text = g_string_new(NULL);
    for (char **word = words; *word; word++)
        if (**word)
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", *word);
    return g_strdup(text->str);
}

static bool same_memory(const char *a, const char *b)
{
    double first = g_ascii_strtod(a, NULL), second = g_ascii_strtod(b, NULL);
    return fabs(first - second) <= MEMORY_TOLERANCE * MAX(first, second);
}

static void find_in_folders(const struct pair *pair, GPtrArray *found)
{
    for (guint i = 0; i < G_N_ELEMENTS(conditions); i++) {
        const char *key = conditions[i].key;
        g_autofree char *a =
            condition_of(&pair->sides[PAIR_A], conditions[i].group, key, conditions[i].absent);
        g_autofree char *b =
            condition_of(&pair->sides[PAIR_B], conditions[i].group, key, conditions[i].absent);
        if (!a || !b || strcmp(a, b) == 0 || (strcmp(key, "memory_bytes") == 0 && same_memory(a, b)))
            continue;
        add(found, key, NULL, a, b, false);
    }
}

/* Walks of one name are part of cells of one name. */
static void find_in_walks(const struct pair *pair, GPtrArray *found)
{
    static const struct {
        const char *key, *absent;
    } keys[] = {{"phases", ""}, {"cycles", "1"}};
    g_auto(GStrv) groups = g_key_file_get_groups(pair->sides[PAIR_A].plan, NULL);
    for (char **group = groups; *group; group++)
        for (guint i = 0; g_str_has_prefix(*group, "walk ") && i < G_N_ELEMENTS(keys); i++) {
            if (!g_key_file_has_group(pair->sides[PAIR_B].plan, *group))
                break;
            g_autofree char *a = condition_of(&pair->sides[PAIR_A], *group, keys[i].key, keys[i].absent);
            g_autofree char *b = condition_of(&pair->sides[PAIR_B], *group, keys[i].key, keys[i].absent);
            if (strcmp(a, b) != 0)
                add(found, "walk", *group + strlen("walk "), a, b, false);
        }
}

/* What people compare: told, not refused. */
static void find_in_allocators(const struct pair *pair, GPtrArray *found)
{
    static const char *const keys[] = {"version", "package_version", "library"};
    GKeyFile *first = pair->sides[PAIR_A].machine, *second = pair->sides[PAIR_B].machine;
    g_auto(GStrv) groups = g_key_file_get_groups(first, NULL);
    for (char **group = groups; *group; group++)
        for (guint i = 0; g_str_has_prefix(*group, "allocator ") && i < G_N_ELEMENTS(keys); i++) {
            g_autofree char *a = g_key_file_get_value(first, *group, keys[i], NULL);
            g_autofree char *b = g_key_file_get_value(second, *group, keys[i], NULL);
            if (a && b && strcmp(a, b) != 0)
                add(found, keys[i], *group + strlen("allocator "), a, b, true);
        }
}

/* --- their cells --- */

/* Which library it is stands in a column of its own. */
static char *without_preload(const char *env)
{
    g_auto(GStrv) words = g_strsplit(env, " ", -1);
    g_autoptr(GStrvBuilder) rest = g_strv_builder_new();
    for (char **word = words; *word; word++)
        if (!g_str_has_prefix(*word, "LD_PRELOAD="))
            g_strv_builder_add(rest, *word);
    g_auto(GStrv) left = g_strv_builder_end(rest);
    return g_strjoinv(" ", left);
}

static void find_in_env(const struct pair *pair, const struct pair_cell *cell, GPtrArray *found)
{
    g_autofree char *a = without_preload(pair_text(pair, cell, PAIR_A, "env"));
    g_autofree char *b = without_preload(pair_text(pair, cell, PAIR_B, "env"));
    bool same_version =
        strcmp(pair_text(pair, cell, PAIR_A, "version"), pair_text(pair, cell, PAIR_B, "version")) == 0;
    if (strcmp(a, b) != 0)
        add_of_cell(found, "env", cell->name, a, b, !same_version);
}

/* A column of the run, not of the plan: a run that never began has none. */
static bool was_never_reached(const struct pair_cell *cell, const char *column, const char *b)
{
    return cell->rows[PAIR_B]->ok->len == 0 && strcmp(column, "thp") == 0 && !*b;
}

static void find_in_cells(const struct pair *pair, GPtrArray *found)
{
    for (guint i = 0; i < pair->cells->len; i++) {
        const struct pair_cell *cell = &g_array_index(pair->cells, struct pair_cell, i);
        for (guint c = 0; c < G_N_ELEMENTS(columns); c++) {
            const char *a = pair_text(pair, cell, PAIR_A, columns[c]);
            const char *b = pair_text(pair, cell, PAIR_B, columns[c]);
            bool known = csv_column(pair->sides[PAIR_A].runs, columns[c]) >= 0 &&
                         csv_column(pair->sides[PAIR_B].runs, columns[c]) >= 0;
            if (known && strcmp(a, b) != 0 && !was_never_reached(cell, columns[c], b))
                add_of_cell(found, columns[c], cell->name, a, b, false);
        }
        find_in_env(pair, cell, found);
    }
}

GPtrArray *mismatch_find(const struct pair *pair)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(mismatch_free);
    find_in_folders(pair, found);
    find_in_walks(pair, found);
    find_in_cells(pair, found);
    find_in_allocators(pair, found);
    return found;
}

/* --- what may be compared all the same --- */

static bool is_key(const char *word)
{
    for (guint i = 0; i < G_N_ELEMENTS(conditions); i++)
        if (strcmp(conditions[i].key, word) == 0)
            return true;
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        if (strcmp(columns[i], word) == 0)
            return true;
    return strcmp(word, "env") == 0 || strcmp(word, MISMATCH_MISSING) == 0 || strcmp(word, "all") == 0;
}

static char *all_keys(void)
{
    g_autoptr(GString) text = g_string_new("env");
    for (guint i = 0; i < G_N_ELEMENTS(conditions); i++)
        g_string_append_printf(text, ", %s", conditions[i].key);
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        g_string_append_printf(text, ", %s", columns[i]);
    return g_strdup(text->str);
}

char *mismatch_line(const struct mismatch *mismatch)
{
    g_autofree char *more =
        mismatch->cells > 1 ? g_strdup_printf(" and %u more", mismatch->cells - 1) : g_strdup("");
    return g_strdup_printf("%s%s%s%s: %s in A, %s in B", mismatch->key, mismatch->where ? " of " : "",
                           mismatch->where ? mismatch->where : "", more, *mismatch->a ? mismatch->a : "none",
                           *mismatch->b ? mismatch->b : "none");
}

bool mismatch_allow(const GPtrArray *mismatches, const char *const *despite, GError **error)
{
    static const char *const none[] = {NULL};
    g_autoptr(GString) lines = g_string_new(NULL);
    const char *key = NULL;
    despite = despite ? despite : none;
    for (const char *const *word = despite; *word; word++)
        if (!is_key(*word)) {
            g_autofree char *keys = all_keys();
            g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE,
                        "--despite %s: not a condition; they are %s, or all of them, or " MISMATCH_MISSING,
                        *word, keys);
            return false;
        }
    for (guint i = 0; i < mismatches->len; i++) {
        struct mismatch *mismatch = mismatches->pdata[i];
        mismatch->allowed =
            mismatch->allowed || g_strv_contains(despite, mismatch->key) || g_strv_contains(despite, "all");
        if (mismatch->allowed)
            continue;
        g_autofree char *line = mismatch_line(mismatch);
        g_string_append_printf(lines, "\n  %s", line);
        key = key ? key : mismatch->key;
    }
    if (!key)
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_CONDITIONS,
                "the runs were not made under the same conditions:%s\n"
                "If that does not matter to you: --despite %s (repeatable), or --despite all",
                lines->str, key);
    return false;
}
