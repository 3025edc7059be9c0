#include "suite.h"

#include <string.h>

#include "error.h"
#include "plan_walk.h"
#include "scope.h"

static void free_probe(gpointer data)
{
    probe_clear(data);
    g_free(data);
}

/* --- probes --- */

static struct probe_spec spec_of(const struct suite *suite, const struct options *options,
                                 const struct allocator *allocator, const struct allocator_setting *setting)
{
    const struct probe *probe = g_hash_table_lookup(suite->probes, allocator->name);
    return (struct probe_spec){.allocator = allocator,
                               .setting = setting,
                               .version = probe ? probe->version : NULL,
                               .preload = g_hash_table_lookup(options->preloads, allocator->name),
                               .paths = &suite->paths};
}

static const struct probe *probe_once(GHashTable *probes, gconstpointer key, const struct probe_spec *spec,
                                      GError **error)
{
    struct probe *probe = g_hash_table_lookup(probes, key);
    if (probe)
        return probe;
    probe = g_new0(struct probe, 1);
    if (!probe_run(probe, spec, error)) {
        free_probe(probe);
        return NULL;
    }
    g_hash_table_insert(probes, (gpointer)(uintptr_t)key, probe);
    return probe;
}

const struct probe *suite_probe_allocator(struct suite *suite, const struct options *options,
                                          const struct allocator *allocator, GError **error)
{
    const struct probe_spec spec = spec_of(suite, options, allocator, NULL);
    return probe_once(suite->probes, allocator->name, &spec, error);
}

const struct probe *suite_probe_setting(struct suite *suite, const struct options *options,
                                        const struct allocator *allocator,
                                        const struct allocator_setting *setting, GError **error)
{
    const struct probe *alone = suite_probe_allocator(suite, options, allocator, error);
    if (!alone || alone->verdict != PROBE_PROVEN)
        return alone;
    const struct probe_spec spec = spec_of(suite, options, allocator, setting);
    return probe_once(suite->setting_probes, setting, &spec, error);
}

static bool probe_all(struct suite *suite, const struct options *options, GError **error)
{
    for (guint i = 0; i < suite->cells->len; i++) {
        const struct plan_cell *cell = suite->cells->pdata[i];
        if (!suite_probe_setting(suite, options, cell->allocator, cell->setting, error))
            return false;
    }
    return true;
}

/* --- what is run --- */

/* driver/protocol.h says what not every program does. Better told here, in the words of the plan, than by each run. */
static bool takes(const struct plan *plan, const struct plan_cell *cell, bool is_service, GError **error)
{
    g_autofree char *shape = g_strdup_printf("shape %s", cell->shape->name);
    g_autofree char *walk = cell->walk_name ? g_strdup_printf("walk %s", cell->walk_name) : g_strdup("plan");
    if (plan->latency && (is_service || cell->allocator->programs))
        return ini_refuse(plan->ini, "plan", "latency", error, "operations of %s are not timed: it is %s",
                          cell->workload, is_service ? "a service" : "a program with its allocator built in");
    if (is_service && cell->shape->workers > 1)
        return ini_refuse(plan->ini, shape, "workers", error,
                          "%s is a service: it has a worker for each request, and no others", cell->workload);
    if (is_service && plan_walk_has(cell->walk, "ticking"))
        return ini_refuse(plan->ini, walk, cell->walk_name ? "phases" : "walk", error,
                          "%s is a service: none can walk ticking", cell->workload);
    return true;
}

/* A program that has its allocator built in may be missing: its cells are skipped then. */
static bool programs_fit(const struct suite *suite, GError **error)
{
    for (guint i = 0; i < suite->cells->len; i++) {
        const struct plan_cell *cell = suite->cells->pdata[i];
        bool built_in = allocator_has_program(cell->allocator, cell->workload);
        g_autofree char *program = paths_workload(&suite->paths, cell->workload, built_in ? NULL : error);
        if (!program && !built_in) {
            g_prefix_error(error, "%s: cell %s: ", suite->plan->path, cell->name);
            return false;
        }
        if (!takes(suite->plan, cell, program && paths_is_service(&suite->paths, program), error))
            return false;
    }
    return true;
}

static const struct allocator *find_allocator(const struct suite *suite, const char *name)
{
    for (guint i = 0; i < suite->allocators->len; i++) {
        const struct allocator *allocator = suite->allocators->pdata[i];
        if (strcmp(allocator->name, name) == 0)
            return allocator;
    }
    return NULL;
}

/* A --preload for an allocator that has no descriptor, or is none to preload, would be dropped in silence. */
static bool preloads_have_descriptors(const struct suite *suite, const struct options *options,
                                      GError **error)
{
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, options->preloads);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        const struct allocator *allocator = find_allocator(suite, name);
        if (!allocator)
            return error_refuse(error, EXIT_USAGE, "--preload %s=…: no descriptor %s.ini", (const char *)name,
                                (const char *)name);
        g_autofree char *programs = allocator->programs ? g_strjoinv(" ", allocator->programs) : NULL;
        if (programs)
            return error_refuse(
                error, EXIT_USAGE,
                "--preload %s=…: %s is built into its programs (%s); no library takes its place",
                (const char *)name, (const char *)name, programs);
    }
    return true;
}

/* The library of a floor is ours: no package brings it, and the loader does not know where it lies. */
static void place_floors(const struct suite *suite)
{
    for (guint i = 0; i < suite->allocators->len; i++) {
        struct allocator *allocator = suite->allocators->pdata[i];
        char *library =
            allocator->is_floor && allocator->preload ? paths_floor(&suite->paths, allocator->preload) : NULL;
        if (!library)
            continue;
        g_free(allocator->preload);
        allocator->preload = library;
    }
}

bool suite_open_allocators(struct suite *suite, const struct options *options, GError **error)
{
    *suite = (struct suite){.probes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_probe),
                            .setting_probes = g_hash_table_new_full(NULL, NULL, NULL, free_probe)};
    const char *const *data = (const char *const *)options->data;
    if (!(options->controls ? paths_find_controls : paths_find)(&suite->paths, data, error))
        return false;
    suite->allocators = allocator_read_all((const char *const *)suite->paths.allocator_dirs, error);
    if (!suite->allocators)
        return false;
    place_floors(suite);
    return preloads_have_descriptors(suite, options, error);
}

bool suite_open(struct suite *suite, const struct options *options, GError **error)
{
    if (!suite_open_allocators(suite, options, error))
        return false;
    g_autofree char *path = paths_plan(&suite->paths, options->plan, error);
    if (!path)
        return false;
    suite->plan = plan_read(path, error);
    if (!suite->plan || !plan_take_pass(suite->plan, options->pass, error))
        return false;
    if (options->repeat > 0)
        suite->plan->repeat = options->repeat;
    suite->cells = plan_expand(suite->plan, suite->allocators, (const char *const *)options->only, error);
    return suite->cells && programs_fit(suite, error) && probe_all(suite, options, error);
}

void suite_clear(struct suite *suite)
{
    g_clear_pointer(&suite->site, cgroup_site_close);
    g_clear_pointer(&suite->no_site, g_free);
    g_clear_pointer(&suite->probes, g_hash_table_unref);
    g_clear_pointer(&suite->setting_probes, g_hash_table_unref);
    g_clear_pointer(&suite->cells, g_ptr_array_unref);
    g_clear_pointer(&suite->plan, plan_free);
    g_clear_pointer(&suite->allocators, g_ptr_array_unref);
    paths_clear(&suite->paths);
}

void suite_find_site(struct suite *suite, char *const *words)
{
    g_autoptr(GError) why = NULL;
    if (suite->plan->limit_bytes == 0)
        return;
    suite->site = scope_find_site(suite->plan->limit_bytes, words, &why);
    suite->no_site = suite->site ? NULL : g_strdup(why->message);
}

const struct probe *suite_probe(const struct suite *suite, const struct plan_cell *cell)
{
    const struct probe *probe = g_hash_table_lookup(suite->setting_probes, cell->setting);
    return probe ? probe : g_hash_table_lookup(suite->probes, cell->allocator->name);
}

char **suite_environment(const struct suite *suite, const struct options *options,
                         const struct plan_cell *cell)
{
    const struct probe_spec spec = spec_of(suite, options, cell->allocator, cell->setting);
    return probe_environment(&spec);
}
