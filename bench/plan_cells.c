/* A [cells NAME] or [cost NAME] group of plan.h: read and checked. */
#include "plan_cells.h"

#include <string.h>

#include "section.h"

void plan_cells_free(gpointer data)
{
    struct plan_cells *cells = data;
    g_free(cells->group);
    g_strfreev(cells->allocators);
    g_strfreev(cells->settings);
    g_strfreev(cells->policies);
    g_strfreev(cells->workloads);
    g_strfreev(cells->shapes);
    g_strfreev(cells->walks);
    g_strfreev(cells->thp);
    g_free(cells);
}

bool plan_is_name(const char *text)
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

static bool good_walks(const struct section *in, char **walks, GError **error)
{
    if (!walks && g_key_file_has_key(ini_values(in->ini), in->group, "walks", NULL))
        return section_refuse(in, "walks", error, "is empty; leave it out, or give names of [walk …] groups");
    return true;
}

/* [cost NAME] has no thp, for times under several modes are several plans', and no walks, for all are timed on one. */
static bool cells_are_good(const struct plan_cells *cells, const struct section *in, GError **error)
{
    static const char *const all[] = {"allocators", "settings", "policies", "workloads",
                                      "shapes",     "walks",    "thp",      NULL};
    static const char *const timed[] = {"allocators", "settings", "policies", "workloads", "shapes", NULL};
    const char *const *keys = g_str_has_prefix(in->group, "cells ") ? all : timed;
    if (!section_has_only(in, keys, error))
        return false;
    if (!cells->allocators)
        return section_refuse(in, "allocators", error, "is missing; * means all");
    if (!cells->settings == !cells->policies)
        return section_refuse(in, "settings", error, "give either settings or policies; * means all");
    if (!cells->workloads)
        return section_refuse(in, "workloads", error, "is missing");
    if (!cells->shapes)
        return section_refuse(in, "shapes", error, "is missing");
    for (char **name = cells->policies; name && *name; name++)
        if (!is_policy_glob(*name))
            return section_refuse(in, "policies", error, "\"%s\" is no policy", *name);
    for (char **name = cells->workloads; *name; name++)
        if (!plan_is_name(*name))
            return section_refuse(
                in, "workloads", error,
                "\"%s\" is no name of a workload: letters, digits, . - _, at most %d characters", *name,
                ALLOCATOR_NAME_MAX);
    return good_walks(in, cells->walks, error) && good_modes(in, cells->thp, error);
}

struct plan_cells *plan_cells_read(const struct ini *ini, const char *group, GError **error)
{
    const struct section in = {.ini = ini, .group = group};
    struct plan_cells *cells = g_new0(struct plan_cells, 1);
    cells->group = g_strdup(group);
    cells->allocators = section_list(&in, "allocators");
    cells->settings = section_list(&in, "settings");
    cells->policies = section_list(&in, "policies");
    cells->workloads = section_list(&in, "workloads");
    cells->shapes = section_list(&in, "shapes");
    cells->walks = section_list(&in, "walks");
    cells->thp = section_list(&in, "thp");
    return cells_are_good(cells, &in, error) ? cells : (plan_cells_free(cells), NULL);
}
