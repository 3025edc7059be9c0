#include "suite.h"

#include <string.h>

#include "error.h"

static void free_probe(gpointer data)
{
    probe_clear(data);
    g_free(data);
}

static const char *preload_of(const struct options *options, const struct allocator *allocator)
{
    const char *path = g_hash_table_lookup(options->preloads, allocator->name);
    return path ? path : allocator->preload;
}

static bool probe_all(struct suite *suite, const struct options *options, GError **error)
{
    suite->probes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_probe);
    for (guint i = 0; i < suite->cells->len; i++) {
        const struct allocator *allocator = ((struct plan_cell *)suite->cells->pdata[i])->allocator;
        if (g_hash_table_contains(suite->probes, allocator->name))
            continue;
        struct probe *probe = g_new0(struct probe, 1);
        g_hash_table_insert(suite->probes, allocator->name, probe);
        if (!probe_allocator(probe, allocator, g_hash_table_lookup(options->preloads, allocator->name),
                             &suite->paths, error))
            return false;
    }
    return true;
}

static bool workloads_exist(const struct suite *suite, GError **error)
{
    for (guint i = 0; i < suite->cells->len; i++) {
        const struct plan_cell *cell = suite->cells->pdata[i];
        g_autofree char *program = paths_workload(&suite->paths, cell->workload, error);
        if (!program) {
            g_prefix_error(error, "%s: cell %s: ", suite->plan->path, cell->name);
            return false;
        }
    }
    return true;
}

/* A --preload for an allocator that has no descriptor would be dropped in silence. */
static bool preloads_have_descriptors(const struct suite *suite, const struct options *options,
                                      GError **error)
{
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, options->preloads);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        bool known = false;
        for (guint i = 0; i < suite->allocators->len; i++)
            known = known || strcmp(((struct allocator *)suite->allocators->pdata[i])->name, name) == 0;
        if (!known) {
            g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE, "--preload %s=…: no descriptor %s.ini",
                        (const char *)name, (const char *)name);
            return false;
        }
    }
    return true;
}

bool suite_open(struct suite *suite, const struct options *options, GError **error)
{
    *suite = (struct suite){.plan = NULL};
    if (!paths_find(&suite->paths, (const char *const *)options->data, error))
        return false;
    suite->allocators = allocator_read_all((const char *const *)suite->paths.allocator_dirs, error);
    if (!suite->allocators || !preloads_have_descriptors(suite, options, error))
        return false;
    g_autofree char *path = paths_plan(&suite->paths, options->plan, error);
    if (!path)
        return false;
    suite->plan = plan_read(path, error);
    if (!suite->plan)
        return false;
    if (options->repeat > 0)
        suite->plan->repeat = options->repeat;
    suite->cells = plan_expand(suite->plan, suite->allocators, (const char *const *)options->only, error);
    return suite->cells && workloads_exist(suite, error) && probe_all(suite, options, error);
}

void suite_clear(struct suite *suite)
{
    g_clear_pointer(&suite->probes, g_hash_table_unref);
    g_clear_pointer(&suite->cells, g_ptr_array_unref);
    g_clear_pointer(&suite->plan, plan_free);
    g_clear_pointer(&suite->allocators, g_ptr_array_unref);
    paths_clear(&suite->paths);
}

const struct probe *suite_probe(const struct suite *suite, const struct plan_cell *cell)
{
    return g_hash_table_lookup(suite->probes, cell->allocator->name);
}

char **suite_environment(const struct suite *suite, const struct options *options,
                         const struct plan_cell *cell)
{
    g_auto(GStrv) variables = allocator_environment(cell->setting, suite_probe(suite, cell)->version);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const char *preload = preload_of(options, cell->allocator);
    if (preload) {
        g_autofree char *line = g_strconcat("LD_PRELOAD=", preload, NULL);
        g_strv_builder_add(builder, line);
    }
    g_strv_builder_addv(builder, (const char **)(uintptr_t)variables);
    return g_strv_builder_end(builder);
}
