#include "plan.h"

#include <string.h>

#include "driver/protocol.h"
#include "error.h"
#include "section.h"

#define LIMIT_MIN_BYTES (UINT64_C(4) << 20)

static void shape_free(gpointer data)
{
    struct plan_shape *shape = data;
    g_free(shape->name);
    g_free(shape->order);
    g_free(shape->removal);
    g_free(shape);
}

static void step_free(gpointer data)
{
    struct plan_step *step = data;
    g_free(step->phase);
    g_free(step);
}

static void cells_free(gpointer data)
{
    struct plan_cells *cells = data;
    g_free(cells->name);
    g_strfreev(cells->allocators);
    g_strfreev(cells->settings);
    g_strfreev(cells->policies);
    g_strfreev(cells->workloads);
    g_strfreev(cells->shapes);
    g_strfreev(cells->thp);
    g_free(cells);
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
    g_ptr_array_unref(plan->shapes);
    g_ptr_array_unref(plan->groups);
    ini_free(plan->ini);
    g_free(plan);
}

static bool phase_waits(const char *phase)
{
    return strcmp(phase, "silent") == 0 || strcmp(phase, "ticking") == 0;
}

static bool phase_builds(const char *phase)
{
    return strcmp(phase, "build") == 0 || strcmp(phase, "rebuild") == 0;
}

/* A map is built when there is none, and read or dropped when there is one. */
static bool makes_sense(const char *phase, bool *full)
{
    bool builds = phase_builds(phase);
    bool drops = strcmp(phase, "drop") == 0 || strcmp(phase, "redrop") == 0;
    bool fits = builds ? !*full : drops || strcmp(phase, "hold") == 0 ? *full : true;
    if (builds || drops)
        *full = builds;
    return fits;
}

static bool read_walk(struct plan *plan, const struct section *in, GError **error)
{
    static const char *const phases[] = {"build",   "hold",   "drop",  "silent",   "ticking",
                                         "rebuild", "redrop", "purge", "pressure", NULL};
    bool full = false, builds = false;
    g_auto(GStrv) names = section_list(in, "walk");
    if (!names)
        names = g_strsplit(PLAN_DEFAULT_WALK, " ", -1);
    for (char **name = names; *name; name++) {
        if (!g_strv_contains(phases, *name))
            return section_refuse(in, "walk", error, "\"%s\" is no phase", *name);
        if (strcmp(*name, "pressure") == 0 && name[1])
            return section_refuse(in, "walk", error, "pressure comes last: it may kill the process");
        if (!makes_sense(*name, &full))
            return section_refuse(in, "walk", error, "\"%s\" has %s map there", *name,
                                  full ? "already a" : "no");
        builds = builds || phase_builds(*name);
        struct plan_step *step = g_new0(struct plan_step, 1);
        step->phase = g_strdup(*name);
        step->waits = phase_waits(*name);
        step->window_ms = strcmp(*name, "silent") == 0    ? plan->silent_ms
                          : strcmp(*name, "ticking") == 0 ? plan->ticking_ms
                                                          : 0;
        g_ptr_array_add(plan->walk, step);
    }
    if (!builds)
        return section_refuse(in, "walk", error, "builds no map");
    if (plan->walk->len > PROTOCOL_WALK_MAX)
        return section_refuse(in, "walk", error, "has %u phases, at most %d are possible", plan->walk->len,
                              PROTOCOL_WALK_MAX);
    return true;
}

static bool read_plan_group(struct plan *plan, GError **error)
{
    static const char *const keys[] = {"summary", "baseline", "seed",    "repeat", "walk",
                                       "silent",  "ticking",  "timeout", NULL};
    const struct section in = {.ini = plan->ini, .group = "plan"};
    if (!g_key_file_has_group(ini_values(plan->ini), "plan")) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s: the group [plan] is missing", plan->path);
        return false;
    }
    plan->summary = section_text(&in, "summary");
    plan->baseline = section_text(&in, "baseline");
    if (!section_has_only(&in, keys, error) || !section_count(&in, "seed", false, &plan->seed, error) ||
        !section_count(&in, "repeat", false, &plan->repeat, error) ||
        !section_window_ms(&in, "timeout", false, &plan->timeout_ms, error) ||
        !section_window_ms(&in, "silent", true, &plan->silent_ms, error) ||
        !section_window_ms(&in, "ticking", true, &plan->ticking_ms, error) || !read_walk(plan, &in, error))
        return false;
    if (!plan->summary || !*plan->summary)
        return section_refuse(&in, "summary", error, "is missing");
    if (!plan->baseline || !strchr(plan->baseline, '/'))
        return section_refuse(&in, "baseline", error, "must be ALLOCATOR/SETTING");
    if (plan->repeat < 1 || plan->repeat > 1000)
        return section_refuse(&in, "repeat", error, "must be 1 to 1000");
    return true;
}

static bool read_shape(struct plan *plan, const char *group, GError **error)
{
    static const char *const keys[] = {"records", "strings", "length",  "order", "survivors",
                                       "removal", "seed",    "workers", NULL};
    static const char *const orders[] = {"insertion", "reverse", "hash", NULL};
    static const char *const removals[] = {"free", "delete", NULL};
    const struct section in = {.ini = plan->ini, .group = group};
    double survivors = 0;
    struct plan_shape *shape = g_new0(struct plan_shape, 1);
    g_ptr_array_add(plan->shapes, shape);
    shape->name = g_strdup(group + strlen("shape "));
    shape->removal = g_strdup("free");
    shape->seed = plan->seed;
    shape->workers = 1;
    if (!section_has_only(&in, keys, error) || !section_count(&in, "records", true, &shape->records, error) ||
        !section_range(&in, "strings", true, &shape->strings, error) ||
        !section_range(&in, "length", true, &shape->length, error) ||
        !section_word(&in, "order", true, orders, &shape->order, error) ||
        !section_word(&in, "removal", false, removals, &shape->removal, error) ||
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

static bool is_name(const char *text)
{
    return g_ascii_isalnum(*text) && strlen(text) <= ALLOCATOR_NAME_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == strlen(text);
}

static bool is_policy_glob(const char *glob)
{
    for (int policy = ALLOCATOR_POLICY_DEFAULT; policy <= ALLOCATOR_POLICY_NEVER; policy++)
        if (g_pattern_match_simple(glob, allocator_policy_name((enum allocator_policy)policy)))
            return true;
    return false;
}

/* An empty list would be every cell's loss, or nobody's: it is not guessed at. */
static bool good_modes(const struct section *in, char **modes, GError **error)
{
    enum thp_mode mode;
    if (!modes && g_key_file_has_key(ini_values(in->ini), in->group, "thp", NULL))
        return section_refuse(in, "thp", error,
                              "is empty; leave it out, or give some of never, madvise, always");
    for (char **word = modes; word && *word; word++)
        if (!thp_parse(*word, &mode))
            return section_refuse(in, "thp", error, "\"%s\" is none of never, madvise, always", *word);
    return true;
}

static bool read_cells(struct plan *plan, const char *group, GError **error)
{
    static const char *const keys[] = {"allocators", "settings", "policies", "workloads",
                                       "shapes",     "thp",      NULL};
    const struct section in = {.ini = plan->ini, .group = group};
    struct plan_cells *cells = g_new0(struct plan_cells, 1);
    g_ptr_array_add(plan->groups, cells);
    cells->name = g_strdup(group + strlen("cells "));
    cells->allocators = section_list(&in, "allocators");
    cells->settings = section_list(&in, "settings");
    cells->policies = section_list(&in, "policies");
    cells->workloads = section_list(&in, "workloads");
    cells->shapes = section_list(&in, "shapes");
    cells->thp = section_list(&in, "thp");
    if (!section_has_only(&in, keys, error))
        return false;
    if (!cells->allocators)
        return section_refuse(&in, "allocators", error, "is missing; * means all");
    if (!cells->settings == !cells->policies)
        return section_refuse(&in, "settings", error, "give either settings or policies; * means all");
    if (!cells->workloads)
        return section_refuse(&in, "workloads", error, "is missing");
    if (!cells->shapes)
        return section_refuse(&in, "shapes", error, "is missing");
    for (char **name = cells->policies; name && *name; name++)
        if (!is_policy_glob(*name))
            return section_refuse(&in, "policies", error, "\"%s\" is no policy", *name);
    for (char **name = cells->workloads; *name; name++)
        if (!is_name(*name))
            return section_refuse(
                &in, "workloads", error,
                "\"%s\" is no name of a workload: letters, digits, . - _, at most %d characters", *name,
                ALLOCATOR_NAME_MAX);
    return good_modes(&in, cells->thp, error);
}

static bool read_group(struct plan *plan, const char *group, GError **error)
{
    bool shape = g_str_has_prefix(group, "shape ");
    if (shape || g_str_has_prefix(group, "cells ")) {
        if (is_name(group + 6))
            return shape ? read_shape(plan, group, error) : read_cells(plan, group, error);
    } else if (strcmp(group, "plan") == 0) {
        return true;
    } else if (strcmp(group, "limit") == 0) {
        return read_limit(plan, error);
    }
    return ini_refuse(
        plan->ini, group, NULL, error,
        "a group is [plan], [limit], [shape NAME] or [cells NAME], NAME of letters, digits, . - _, "
        "at most " G_STRINGIFY(ALLOCATOR_NAME_MAX) " characters");
}

static bool has_phase(const struct plan *plan, const char *phase)
{
    for (guint i = 0; i < plan->walk->len; i++)
        if (strcmp(((struct plan_step *)plan->walk->pdata[i])->phase, phase) == 0)
            return true;
    return false;
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
    if (has_phase(plan, "pressure") && plan->limit_bytes == 0)
        return ini_refuse(plan->ini, "plan", "walk", error,
                          "pressure needs a [limit] that the neighbour can reach");
    if (plan->groups->len > 0)
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s: there is no [cells NAME] group", plan->path);
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
    plan->timeout_ms = 10 * 60 * 1000;
    plan->walk = g_ptr_array_new_with_free_func(step_free);
    plan->shapes = g_ptr_array_new_with_free_func(shape_free);
    plan->groups = g_ptr_array_new_with_free_func(cells_free);
    if (read_file(plan, error))
        return plan;
    plan_free(plan);
    return NULL;
}
