#include "plan_walk.h"

#include <string.h>

#include "driver/protocol.h"

/* --- phases --- */

enum kind { only_mark, busy, waiting };

/* All of the protocol but baseline and end, which are every run's. */
static const struct phase {
    const char *name;
    enum kind kind;
} phases[] = {
#define X(name, kind) {#name, kind},
    PROTOCOL_PHASES(X)
#undef X
};

static const struct phase *find_phase(const char *name)
{
    for (guint i = 1; i + 1 < G_N_ELEMENTS(phases); i++)
        if (strcmp(phases[i].name, name) == 0)
            return &phases[i];
    return NULL;
}

static bool phase_builds(const char *phase)
{
    return strcmp(phase, "build") == 0 || strcmp(phase, "rebuild") == 0;
}

static bool phase_drops(const char *phase)
{
    return strcmp(phase, "drop") == 0 || strcmp(phase, "redrop") == 0;
}

static const char *phase_again(const char *phase)
{
    return phase_builds(phase) ? "rebuild" : phase_drops(phase) ? "redrop" : phase;
}

/* A map is built when there is none, and read or dropped when there is one. */
static bool makes_sense(const char *phase, bool *full)
{
    bool builds = phase_builds(phase), drops = phase_drops(phase);
    bool fits = builds ? !*full : drops || strcmp(phase, "hold") == 0 ? *full : true;
    if (builds || drops)
        *full = builds;
    return fits;
}

/* --- walks --- */

static void step_free(gpointer data)
{
    struct plan_step *step = data;
    g_free(step->phase);
    g_free(step);
}

GPtrArray *plan_walk_new(void)
{
    return g_ptr_array_new_with_free_func(step_free);
}

static void add_step(GPtrArray *walk, const struct plan *plan, const char *phase)
{
    struct plan_step *step = g_new0(struct plan_step, 1);
    step->phase = g_strdup(phase);
    step->builds = phase_builds(phase);
    step->waits = find_phase(phase)->kind == waiting;
    if (step->waits)
        step->window_ms = strcmp(phase, "silent") == 0 ? plan->silent_ms : plan->ticking_ms;
    g_ptr_array_add(walk, step);
}

/* Of the whole sequence, not of one cycle. */
static bool is_good(const GPtrArray *walk, const struct section *in, const char *key, GError **error)
{
    bool full = false, builds = false;
    for (guint i = 0; i < walk->len; i++) {
        const struct plan_step *step = walk->pdata[i];
        if (strcmp(step->phase, "pressure") == 0 && i + 1 < walk->len)
            return section_refuse(in, key, error, "pressure comes last: it may kill the process");
        if (!makes_sense(step->phase, &full))
            return section_refuse(in, key, error, "\"%s\" has %s map there", step->phase,
                                  full ? "already a" : "no");
        builds = builds || step->builds;
    }
    return builds || section_refuse(in, key, error, "builds no map");
}

bool plan_walk_fill(GPtrArray *walk, const struct plan *plan, char *const *names, uint64_t cycles,
                    const struct section *in, const char *key, GError **error)
{
    guint length = g_strv_length((char **)(uintptr_t)names);
    for (guint i = 0; i < length; i++)
        if (!find_phase(names[i]))
            return section_refuse(in, key, error, "\"%s\" is no phase", names[i]);
    if (length > PROTOCOL_WALK_MAX || cycles > PROTOCOL_WALK_MAX || length * cycles > PROTOCOL_WALK_MAX)
        return section_refuse(in, key, error,
                              "has %u phases, %" G_GUINT64_FORMAT " times, at most %d are possible", length,
                              cycles, PROTOCOL_WALK_MAX);
    for (uint64_t cycle = 0; cycle < cycles; cycle++)
        for (guint i = 0; i < length; i++)
            add_step(walk, plan, cycle > 0 ? phase_again(names[i]) : names[i]);
    return is_good(walk, in, key, error);
}

bool plan_walk_has(const GPtrArray *walk, const char *phase)
{
    for (guint i = 0; i < walk->len; i++)
        if (strcmp(((const struct plan_step *)walk->pdata[i])->phase, phase) == 0)
            return true;
    return false;
}

/* --- [walk NAME] --- */

void plan_walk_free(gpointer data)
{
    struct plan_walk *walk = data;
    g_free(walk->name);
    g_ptr_array_unref(walk->steps);
    g_free(walk);
}

static bool read_steps(struct plan_walk *walk, const struct plan *plan, const struct section *in,
                       GError **error)
{
    static const char *const keys[] = {"phases", "cycles", NULL};
    uint64_t cycles = 1;
    if (!section_has_only(in, keys, error) || !section_count(in, "cycles", false, &cycles, error))
        return false;
    g_auto(GStrv) names = section_list(in, "phases");
    if (strlen(walk->name) > PLAN_WALK_NAME_MAX)
        return ini_refuse(in->ini, in->group, NULL, error,
                          "a walk's name has at most " G_STRINGIFY(PLAN_WALK_NAME_MAX) " characters");
    if (!names)
        return section_refuse(in, "phases", error, "is missing");
    if (cycles < 1)
        return section_refuse(in, "cycles", error, "must be 1 or more");
    return plan_walk_fill(walk->steps, plan, names, cycles, in, "phases", error);
}

struct plan_walk *plan_walk_read(const struct plan *plan, const char *group, GError **error)
{
    const struct section in = {.ini = plan->ini, .group = group};
    struct plan_walk *walk = g_new0(struct plan_walk, 1);
    walk->name = g_strdup(group + strlen("walk "));
    walk->steps = plan_walk_new();
    return read_steps(walk, plan, &in, error) ? walk : (plan_walk_free(walk), NULL);
}

const GPtrArray *plan_walk_find(const struct plan *plan, const char *name)
{
    for (guint i = 0; i < plan->walks->len; i++) {
        const struct plan_walk *walk = plan->walks->pdata[i];
        if (strcmp(walk->name, name) == 0)
            return walk->steps;
    }
    return NULL;
}
