#include "plan.h"

#include <string.h>

#include "claim.h"
#include "error.h"
#include "plan_cells.h"
#include "plan_walk.h"
#include "section.h"

#define LIMIT_MIN_BYTES (UINT64_C(4) << 20)

static void shape_free(gpointer data)
{
    struct plan_shape *shape = data;
    g_free(shape->name);
    g_free(shape->order);
    g_free(shape->removal);
    g_free(shape->keys);
    g_free(shape);
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    g_free(plan->name);
    g_free(plan->path);
    g_free(plan->summary);
    g_free(plan->baseline);
    g_ptr_array_unref(plan->walk);
    g_ptr_array_unref(plan->walks);
    g_ptr_array_unref(plan->shapes);
    g_ptr_array_unref(plan->groups);
    g_ptr_array_unref(plan->costs);
    g_ptr_array_unref(plan->claims);
    ini_free(plan->ini);
    g_free(plan);
}

static bool read_walk(struct plan *plan, const struct section *in, GError **error)
{
    g_auto(GStrv) phases = section_list(in, "walk");
    if (!phases)
        phases = g_strsplit(PLAN_DEFAULT_WALK, " ", -1);
    return plan_walk_fill(plan->walk, plan, phases, 1, in, "walk", error);
}

static bool read_plan_group(struct plan *plan, GError **error)
{
    static const char *const keys[] = {"summary", "baseline", "seed",    "repeat",  "rounds", "walk",
                                       "silent",  "ticking",  "timeout", "latency", NULL};
    static const char *const answers[] = {"no", "yes", NULL};
    const struct section in = {.ini = plan->ini, .group = "plan"};
    g_autofree char *latency = NULL;
    if (!g_key_file_has_group(ini_values(plan->ini), "plan")) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s: the group [plan] is missing", plan->path);
        return false;
    }
    plan->summary = section_text(&in, "summary");
    plan->baseline = section_text(&in, "baseline");
    if (!section_has_only(&in, keys, error) || !section_count(&in, "seed", false, &plan->seed, error) ||
        !section_count(&in, "repeat", false, &plan->repeat, error) ||
        !section_count(&in, "rounds", false, &plan->rounds, error) ||
        !section_window_ms(&in, "timeout", false, &plan->timeout_ms, error) ||
        !section_window_ms(&in, "silent", true, &plan->silent_ms, error) ||
        !section_window_ms(&in, "ticking", true, &plan->ticking_ms, error) ||
        !section_word(&in, "latency", false, answers, &latency, error) || !read_walk(plan, &in, error))
        return false;
    plan->latency = g_strcmp0(latency, "yes") == 0;
    if (!plan->summary || !*plan->summary)
        return section_refuse(&in, "summary", error, "is missing");
    if (!plan->baseline || !strchr(plan->baseline, '/'))
        return section_refuse(&in, "baseline", error, "must be ALLOCATOR/SETTING");
    if (plan->repeat < 1 || plan->repeat > 1000)
        return section_refuse(&in, "repeat", error, "must be 1 to 1000");
    if (plan->rounds < 1 || plan->rounds > 1000)
        return section_refuse(&in, "rounds", error, "must be 1 to 1000");
    return true;
}

static bool read_shape(struct plan *plan, const char *group, GError **error)
{
    static const char *const keys[] = {"records", "strings", "length", "order",   "survivors",
                                       "removal", "keys",    "seed",   "workers", NULL};
    static const char *const orders[] = {"insertion", "reverse", "hash", NULL};
    static const char *const removals[] = {"free", "delete", NULL};
    static const char *const keys_of_builds[] = {"same", "fresh", NULL};
    const struct section in = {.ini = plan->ini, .group = group};
    double survivors = 0;
    struct plan_shape *shape = g_new0(struct plan_shape, 1);
    g_ptr_array_add(plan->shapes, shape);
    shape->name = g_strdup(group + strlen("shape "));
    shape->removal = g_strdup("free");
    shape->keys = g_strdup("same");
    shape->seed = plan->seed;
    shape->workers = 1;
    if (!section_has_only(&in, keys, error) || !section_count(&in, "records", true, &shape->records, error) ||
        !section_range(&in, "strings", true, &shape->strings, error) ||
        !section_range(&in, "length", true, &shape->length, error) ||
        !section_word(&in, "order", true, orders, &shape->order, error) ||
        !section_word(&in, "removal", false, removals, &shape->removal, error) ||
        !section_word(&in, "keys", false, keys_of_builds, &shape->keys, error) ||
        !section_fraction(&in, "survivors", false, &survivors, error) ||
        !section_count(&in, "seed", false, &shape->seed, error) ||
        !section_count(&in, "workers", false, &shape->workers, error))
        return false;
    shape->survivors_ppm = (uint32_t)(survivors * 1e6 + 0.5);
    if (shape->records < 1 || shape->records > G_MAXUINT32)
        return section_refuse(&in, "records", error, "must be 1 to 4294967295");
    if (shape->strings.high > 1 << 20)
        return section_refuse(&in, "strings", error, "must be at most 1048576");
    if (shape->length.high > 1 << 24)
        return section_refuse(&in, "length", error, "must be at most 16777216");
    if (shape->workers < 1 || shape->workers > 64)
        return section_refuse(&in, "workers", error, "must be 1 to 64");
    return true;
}

static bool read_limit(struct plan *plan, GError **error)
{
    static const char *const keys[] = {"memory", "oom", NULL};
    static const char *const meanings[] = {"fault", "answer", NULL};
    const struct section in = {.ini = plan->ini, .group = "limit"};
    g_autofree char *oom = NULL;
    if (!section_has_only(&in, keys, error) ||
        !section_bytes(&in, "memory", true, &plan->limit_bytes, error) ||
        !section_word(&in, "oom", false, meanings, &oom, error))
        return false;
    plan->oom_is_answer = oom && strcmp(oom, "answer") == 0;
    if (plan->limit_bytes < LIMIT_MIN_BYTES)
        return section_refuse(&in, "memory", error, "must be at least 4M: a process needs that to start");
    return true;
}

static bool read_cells(struct plan *plan, const char *group, GPtrArray *into, GError **error)
{
    struct plan_cells *cells = plan_cells_read(plan->ini, group, error);
    if (cells)
        g_ptr_array_add(into, cells);
    return cells != NULL;
}

static bool read_named_walk(struct plan *plan, const char *group, GError **error)
{
    struct plan_walk *walk = plan_walk_read(plan, group, error);
    if (walk)
        g_ptr_array_add(plan->walks, walk);
    return walk != NULL;
}

static bool read_claim(struct plan *plan, const char *group, GError **error)
{
    struct claim *claim = claim_read(plan->ini, group, error);
    if (claim)
        g_ptr_array_add(plan->claims, claim);
    return claim != NULL;
}

static bool read_group(struct plan *plan, const char *group, GError **error)
{
    const char *name = strchr(group, ' ');
    if (name && plan_is_name(name + 1)) {
        if (g_str_has_prefix(group, "shape "))
            return read_shape(plan, group, error);
        if (g_str_has_prefix(group, "walk "))
            return read_named_walk(plan, group, error);
        if (g_str_has_prefix(group, "cells "))
            return read_cells(plan, group, plan->groups, error);
        if (g_str_has_prefix(group, "cost "))
            return read_cells(plan, group, plan->costs, error);
        if (g_str_has_prefix(group, "claim "))
            return read_claim(plan, group, error);
    } else if (strcmp(group, "plan") == 0) {
        return true;
    } else if (strcmp(group, "limit") == 0) {
        return read_limit(plan, error);
    }
    return ini_refuse(
        plan->ini, group, NULL, error,
        "a group is [plan], [limit], [walk NAME], [shape NAME], [cells NAME], [cost NAME] or [claim NAME], "
        "NAME of letters, digits, . - _, at most " G_STRINGIFY(ALLOCATOR_NAME_MAX) " characters");
}

/* The neighbour wants a limit that it can reach. */
static bool has_limit(const struct plan *plan, const GPtrArray *walk, const char *group, const char *key,
                      GError **error)
{
    return plan->limit_bytes > 0 || !plan_walk_has(walk, "pressure") ||
           ini_refuse(plan->ini, group, key, error, "pressure needs a [limit] that the neighbour can reach");
}

static bool walks_are_limited(const struct plan *plan, GError **error)
{
    for (guint i = 0; i < plan->walks->len; i++) {
        const struct plan_walk *walk = plan->walks->pdata[i];
        g_autofree char *group = g_strconcat("walk ", walk->name, NULL);
        if (!has_limit(plan, walk->steps, group, "phases", error))
            return false;
    }
    return has_limit(plan, plan->walk, "plan", "walk", error);
}

static bool read_file(struct plan *plan, GError **error)
{
    plan->ini = ini_read(plan->path, error);
    if (!plan->ini || !read_plan_group(plan, error))
        return false;
    g_auto(GStrv) groups = g_key_file_get_groups(ini_values(plan->ini), NULL);
    for (char **group = groups; *group; group++)
        if (!read_group(plan, *group, error))
            return false;
    if (!walks_are_limited(plan, error))
        return false;
    if (plan->groups->len + plan->costs->len > 0)
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA,
                "%s: there is no [cells NAME] and no [cost NAME] group", plan->path);
    return false;
}

struct plan *plan_read(const char *path, GError **error)
{
    struct plan *plan = g_new0(struct plan, 1);
    g_autofree char *base = g_path_get_basename(path);
    plan->name = g_str_has_suffix(base, ".ini") ? g_strndup(base, strlen(base) - 4) : g_strdup(base);
    plan->path = g_strdup(path);
    plan->seed = 1;
    plan->repeat = 1;
    plan->rounds = PLAN_DEFAULT_ROUNDS;
    plan->timeout_ms = 10 * 60 * 1000;
    plan->walk = plan_walk_new();
    plan->walks = g_ptr_array_new_with_free_func(plan_walk_free);
    plan->shapes = g_ptr_array_new_with_free_func(shape_free);
    plan->groups = g_ptr_array_new_with_free_func(plan_cells_free);
    plan->costs = g_ptr_array_new_with_free_func(plan_cells_free);
    plan->claims = g_ptr_array_new_with_free_func(claim_free);
    if (read_file(plan, error))
        return plan;
    plan_free(plan);
    return NULL;
}
