#include "cost_facts.h"

#include <string.h>

#include "gbench.h"

static void fact_clear(gpointer data)
{
    struct gbench_fact *fact = data;
    g_free((char *)(uintptr_t)fact->name);
    g_free((char *)(uintptr_t)fact->value);
}

static void add_fact(GArray *facts, GKeyFile *machine, const char *group, const char *key, const char *name)
{
    g_autofree char *value = g_key_file_get_string(machine, group, key, NULL);
    if (!value || !*value)
        return;
    const struct gbench_fact fact = {.name = g_strdup(name), .value = g_steal_pointer(&value)};
    g_array_append_val(facts, fact);
}

GArray *cost_facts(GKeyFile *machine, bool counted)
{
    GArray *facts = g_array_new(FALSE, FALSE, sizeof(struct gbench_fact));
    g_array_set_clear_func(facts, fact_clear);
    if (!machine)
        return facts;
    if (counted) {
        const struct gbench_fact fact = {
            .name = g_strdup("calls"),
            .value =
                g_strdup("madvise_calls, munmap_calls, mmap_calls, brk_calls: of one process more per cell, "
                         "untimed, by tracepoints (perf_event_open)")};
        g_array_append_val(facts, fact);
    }
    g_auto(GStrv) groups = g_key_file_get_groups(machine, NULL);
    g_auto(GStrv) keys = g_key_file_get_keys(machine, "machine", NULL, NULL);
    for (char **key = keys; key && *key; key++)
        add_fact(facts, machine, "machine", *key, *key);
    for (char **group = groups; *group; group++) {
        g_autofree char *name = g_strdelimit(g_strdup(*group), " ", '.');
        if (g_str_has_prefix(*group, "allocator "))
            add_fact(facts, machine, *group, "version", name);
    }
    return facts;
}
