/* suite_see_conditions of suite.h. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conditions.h"
#include "error.h"
#include "suite.h"

static void see_builds(struct conditions *conditions, const struct suite *suite)
{
    GHashTableIter iter;
    gpointer name, probe;
    g_hash_table_iter_init(&iter, suite->probes);
    while (g_hash_table_iter_next(&iter, &name, &probe))
        conditions_see_build(conditions, name, ((const struct probe *)probe)->build == PROBE_BUILD_DEBUG);
}

/* The controls' answers are known: they need no read-back. */
static void see_settings(struct conditions *conditions, const struct suite *suite,
                         const struct options *options)
{
    g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < suite->cells->len && !options->controls; i++) {
        const struct plan_cell *cell = suite->cells->pdata[i];
        const struct probe *probe = suite_probe(suite, cell);
        if (probe->verdict == PROBE_PROVEN && strcmp(proof_means(probe->proofs), "not provable") == 0 &&
            g_hash_table_add(told, (gpointer)(uintptr_t)cell->setting))
            g_string_append_printf(names, "%s%s/%s", names->len > 0 ? " " : "", cell->allocator->name,
                                   cell->setting->name);
    }
    conditions_see_not_provable(conditions, names->str);
}

struct conditions *suite_see_conditions(const struct suite *suite, const struct options *options,
                                        GError **error)
{
    struct conditions *conditions = conditions_new();
    struct conditions_reading now;
    struct timespec time;
    enum thp_mode asked = THP_NEVER;
    for (guint i = 0; i < suite->cells->len; i++)
        asked = MIN(asked, ((const struct plan_cell *)suite->cells->pdata[i])->thp);
    clock_gettime(CLOCK_MONOTONIC, &time);
    conditions_read(&now, &(struct conditions_own){.cpu_ns = 0},
                    (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec);
    conditions_see_machine(conditions, &now, asked);
    conditions_see_environment(conditions, environ, suite->allocators);
    see_builds(conditions, suite);
    see_settings(conditions, suite, options);
    if (options->pass != PLAN_CALLS) /* behind the timed pass, which has told it */
        conditions_print_standing(conditions, stderr);
    if (!options->strict || !conditions_any_stands(conditions))
        return conditions;
    g_autofree char *words = conditions_words(conditions);
    g_set_error(error, AFTERFREE_ERROR, EXIT_NOT_PROVEN,
                "--strict: nothing was run under these conditions: %s; do as the warnings say", words);
    conditions_free(conditions);
    return NULL;
}
