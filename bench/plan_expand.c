/* plan_expand and plan_schedule of plan.h: from a plan to the runs it means. */
#include <string.h>

#include "error.h"
#include "plan_cells.h"
#include "plan_walk.h"

static void cell_free(gpointer data)
{
    struct plan_cell *cell = data;
    g_free(cell->name);
    g_free(cell->workload);
    g_free(cell);
}

static bool matches_any(char **globs, const char *name)
{
    for (char **glob = globs; *glob; glob++)
        if (g_pattern_match_simple(*glob, name))
            return true;
    return false;
}

static bool is_selected(const struct plan_cells *group, const struct allocator *allocator)
{
    for (char **glob = group->allocators; *glob; glob++)
        if (allocator_matches(allocator, *glob))
            return true;
    return false;
}

struct expansion {
    const struct plan *plan;
    const struct plan_cells *group;
    GPtrArray *cells;
    GHashTable *seen; /* names of cells */
    const GPtrArray *allocators;
    guint paired,
        unpaired; /* of the group: workloads that run under the allocator they were met with, or not */
};

/* What has an allocator built in runs under that one alone, and such an allocator with nothing else. */
static bool may_meet(const GPtrArray *allocators, const struct allocator *allocator, const char *workload)
{
    bool built_in = false;
    for (guint i = 0; i < allocators->len; i++)
        built_in = built_in || allocator_has_program(allocators->pdata[i], workload);
    return allocator->programs || built_in ? allocator_has_program(allocator, workload) : true;
}

static const struct plan_shape *find_shape(const struct plan *plan, const char *name)
{
    for (guint i = 0; i < plan->shapes->len; i++) {
        const struct plan_shape *shape = plan->shapes->pdata[i];
        if (strcmp(shape->name, name) == 0)
            return shape;
    }
    return NULL;
}

/* `mode`: a word of the group's thp; NULL: the group does not ask. */
static void add_cell(struct expansion *expansion, const struct plan_cell *like, const char *mode)
{
    const char *walk = like->walk_name;
    char *name = g_strdup_printf("%s/%s/%s/%s%s%s%s%s", like->allocator->name, like->setting->name,
                                 like->workload, like->shape->name, walk ? "/walk-" : "", walk ? walk : "",
                                 mode ? "/thp-" : "", mode ? mode : "");
    if (!g_hash_table_add(expansion->seen, name))
        return;
    struct plan_cell *cell = g_memdup2(like, sizeof *like);
    cell->name = g_strdup(name);
    cell->workload = g_strdup(like->workload);
    if (mode)
        thp_parse(mode, &cell->thp);
    g_ptr_array_add(expansion->cells, cell);
}

static bool can_walk_all(const struct allocator *allocator, const GPtrArray *walk)
{
    for (guint i = 0; i < walk->len; i++)
        if (!allocator_can_walk(allocator, ((const struct plan_step *)walk->pdata[i])->phase))
            return false;
    return true;
}

/* One cell for each walk and THP mode the group asks for; where it asks for none, the plan's walk, the system's mode.
 * A walk that has a name is walked whole, or it would be another under that name. */
static void add_walks(struct expansion *expansion, struct plan_cell like)
{
    const struct plan_cells *group = expansion->group;
    for (guint w = 0; w == 0 || (group->walks && group->walks[w]); w++) {
        like.walk_name = group->walks ? group->walks[w] : NULL;
        like.walk = like.walk_name ? plan_walk_find(expansion->plan, like.walk_name) : expansion->plan->walk;
        if (like.walk_name && !can_walk_all(like.allocator, like.walk))
            continue;
        for (guint i = 0; i == 0 || (group->thp && group->thp[i]); i++)
            add_cell(expansion, &like, group->thp ? group->thp[i] : NULL);
    }
}

static void add_cells(struct expansion *expansion, const struct allocator *allocator,
                      const struct allocator_setting *setting)
{
    const struct plan_cells *group = expansion->group;
    for (char **workload = group->workloads; *workload; workload++) {
        bool meets = may_meet(expansion->allocators, allocator, *workload);
        *(meets ? &expansion->paired : &expansion->unpaired) += 1;
        for (char **shape = group->shapes; meets && *shape; shape++) {
            const struct plan_cell like = {.allocator = allocator,
                                           .setting = setting,
                                           .shape = find_shape(expansion->plan, *shape),
                                           .workload = *workload};
            add_walks(expansion, like);
        }
    }
}

/* By settings: all that match. By policies: the first setting of each policy that matches stands for it. */
static void add_settings(struct expansion *expansion, const struct allocator *allocator)
{
    const struct plan_cells *group = expansion->group;
    unsigned policies_seen = 0;
    for (guint i = 0; i < allocator->settings->len; i++) {
        const struct allocator_setting *setting = allocator->settings->pdata[i];
        unsigned bit = 1u << setting->policy;
        bool chosen = group->settings
                          ? matches_any(group->settings, setting->name)
                          : !(policies_seen & bit) &&
                                matches_any(group->policies, allocator_policy_name(setting->policy));
        policies_seen |= bit;
        if (chosen)
            add_cells(expansion, allocator, setting);
    }
}

/* Does `glob` match an allocator or, with `of`, a setting of one of that group's allocators? */
static bool selects_any(const GPtrArray *allocators, const char *glob, const struct plan_cells *of)
{
    for (guint i = 0; i < allocators->len; i++) {
        const struct allocator *allocator = allocators->pdata[i];
        if (!of && allocator_matches(allocator, glob))
            return true;
        if (!of || !is_selected(of, allocator))
            continue;
        for (guint j = 0; j < allocator->settings->len; j++) {
            const struct allocator_setting *setting = allocator->settings->pdata[j];
            if (g_pattern_match_simple(glob, setting->name))
                return true;
        }
    }
    return false;
}

static bool has_cell_on(const GPtrArray *cells, const char *walk)
{
    for (guint i = 0; i < cells->len; i++)
        if (g_strcmp0(((const struct plan_cell *)cells->pdata[i])->walk_name, walk) == 0)
            return true;
    return false;
}

static bool expand_group(struct expansion *expansion, const GPtrArray *allocators, GError **error)
{
    const struct plan_cells *group = expansion->group;
    const struct ini *ini = expansion->plan->ini;
    for (char **shape = group->shapes; *shape; shape++)
        if (!find_shape(expansion->plan, *shape))
            return ini_refuse(ini, group->group, "shapes", error, "there is no [shape %s]", *shape);
    for (char **walk = group->walks; walk && *walk; walk++)
        if (!plan_walk_find(expansion->plan, *walk))
            return ini_refuse(ini, group->group, "walks", error, "there is no [walk %s]", *walk);
    for (char **glob = group->allocators; *glob; glob++)
        if (!selects_any(allocators, *glob, NULL))
            return ini_refuse(ini, group->group, "allocators", error, "\"%s\" matches no descriptor", *glob);
    for (char **glob = group->settings; glob && *glob; glob++)
        if (!selects_any(allocators, *glob, group))
            return ini_refuse(ini, group->group, "settings", error,
                              "\"%s\" matches no setting of these allocators", *glob);
    for (guint i = 0; i < allocators->len; i++) {
        const struct allocator *allocator = allocators->pdata[i];
        if (is_selected(group, allocator))
            add_settings(expansion, allocator);
    }
    for (char **walk = group->walks; expansion->paired > 0 && walk && *walk; walk++)
        if (!has_cell_on(expansion->cells, *walk))
            return ini_refuse(
                ini, group->group, "walks", error,
                "none of these allocators can walk \"%s\": it has a phase, purge or collect, for "
                "which they have no call",
                *walk);
    if (expansion->paired > 0 || expansion->unpaired == 0)
        return true;
    return ini_refuse(ini, group->group, "workloads", error,
                      "none of these runs under any of these allocators: a workload that is one of an "
                      "allocator's `programs` runs under that one alone, and it under no other");
}

/* Keeps the cells that match one of `only`; every glob must match some cell. */
static bool keep_only(GPtrArray *cells, const char *const *only, GError **error)
{
    for (const char *const *glob = only; *glob; glob++) {
        bool found = false;
        for (guint i = 0; i < cells->len && !found; i++)
            found = g_pattern_match_simple(*glob, ((struct plan_cell *)cells->pdata[i])->name);
        if (!found) {
            g_set_error(error, AFTERFREE_ERROR, EXIT_NO_MATCH,
                        "--only %s matches no cell of the plan; `afterfree list` shows their names", *glob);
            return false;
        }
    }
    for (guint i = cells->len; i-- > 0;)
        if (!matches_any((char **)(uintptr_t)only, ((struct plan_cell *)cells->pdata[i])->name))
            g_ptr_array_remove_index(cells, i);
    return true;
}

GPtrArray *plan_expand(const struct plan *plan, const GPtrArray *allocators, const char *const *only,
                       GError **error)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(cell_free);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < plan->groups->len; i++) {
        struct expansion expansion = {.plan = plan,
                                      .group = plan->groups->pdata[i],
                                      .cells = cells,
                                      .seen = seen,
                                      .allocators = allocators};
        if (!expand_group(&expansion, allocators, error))
            return NULL;
    }
    if (plan->pass == PLAN_MEMORY && !plan_claims_match(plan, cells, error))
        return NULL;
    if (only && *only && !keep_only(cells, only, error))
        return NULL;
    if (cells->len == 0) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_NO_MATCH, "%s: the plan selects no cell", plan->path);
        return NULL;
    }
    return g_steal_pointer(&cells);
}

GArray *plan_schedule(const GPtrArray *cells, guint rounds, uint64_t seed)
{
    GArray *runs = g_array_new(FALSE, FALSE, sizeof(struct plan_run));
    const guint32 seeds[] = {(guint32)seed, (guint32)(seed >> 32)};
    GRand *rand = g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));
    for (guint round = 1; round <= rounds; round++) {
        guint first = runs->len;
        for (guint i = 0; i < cells->len; i++) {
            struct plan_run run = {.cell = cells->pdata[i], .repeat = round};
            guint at = first + (guint)g_rand_int_range(rand, 0, (gint32)i + 1);
            g_array_insert_val(runs, at, run);
        }
    }
    g_rand_free(rand);
    return runs;
}

void plan_group_by_thp(GArray *runs)
{
    g_autoptr(GArray) grouped = g_array_sized_new(FALSE, FALSE, sizeof(struct plan_run), runs->len);
    g_autofree bool *taken = g_new0(bool, runs->len);
    for (guint i = 0; i < runs->len; i++) {
        const struct plan_run *first = &g_array_index(runs, struct plan_run, i);
        for (guint j = i; j < runs->len; j++) {
            const struct plan_run *run = &g_array_index(runs, struct plan_run, j);
            if (taken[j] || run->repeat != first->repeat || run->cell->thp != first->cell->thp)
                continue;
            g_array_append_val(grouped, *run);
            taken[j] = true;
        }
    }
    memcpy(runs->data, grouped->data, runs->len * sizeof(struct plan_run));
}

static gint by_records(gconstpointer a, gconstpointer b)
{
    const struct plan_shape *first = *(const struct plan_shape *const *)a;
    const struct plan_shape *second = *(const struct plan_shape *const *)b;
    return first->records < second->records ? -1 : first->records > second->records;
}

void plan_group_by_shape(GArray *runs, const struct plan *plan)
{
    g_autoptr(GArray) grouped = g_array_sized_new(FALSE, FALSE, sizeof(struct plan_run), runs->len);
    g_autoptr(GPtrArray) shapes = g_ptr_array_new();
    g_ptr_array_extend(shapes, plan->shapes, NULL, NULL);
    g_ptr_array_sort(shapes, by_records);
    for (guint s = 0; s < shapes->len; s++)
        for (guint i = 0; i < runs->len; i++) {
            const struct plan_run *run = &g_array_index(runs, struct plan_run, i);
            if (run->cell->shape == shapes->pdata[s])
                g_array_append_val(grouped, *run);
        }
    memcpy(runs->data, grouped->data, runs->len * sizeof(struct plan_run));
}
