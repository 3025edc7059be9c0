/* The passes of plan.h. */
#include <string.h>

#include "error.h"
#include "plan_walk.h"

static const char *const names[] = {[PLAN_MEMORY] = "memory", [PLAN_COST] = "cost", [PLAN_CALLS] = "calls"};

const char *plan_pass_name(enum plan_pass pass)
{
    return names[pass];
}

const char *plan_pass_command(enum plan_pass pass)
{
    return pass == PLAN_MEMORY ? "run" : "cost";
}

bool plan_parse_pass(const char *name, enum plan_pass *pass)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i], name) == 0) {
            *pass = (enum plan_pass)i;
            return true;
        }
    return false;
}

bool plan_take_pass(struct plan *plan, enum plan_pass pass, GError **error)
{
    plan->pass = pass;
    if (pass != PLAN_MEMORY) {
        g_ptr_array_unref(plan->groups);
        plan->groups = g_steal_pointer(&plan->costs);
        plan->costs = g_ptr_array_new();
        plan->silent_ms = plan->ticking_ms = 0;
        plan->latency = false; /* a price of its own */
        g_auto(GStrv) phases = g_strsplit(PLAN_TIMED_WALK, " ", -1);
        const struct section plan_group = {.ini = plan->ini, .group = "plan"};
        g_ptr_array_set_size(plan->walk, 0);
        if (!plan_walk_fill(plan->walk, plan, phases, 1, &plan_group, "walk", error))
            return false;
        plan->repeat = pass == PLAN_COST ? plan->rounds : 1;
    }
    return plan->groups->len > 0 ||
           error_refuse(error, EXIT_NO_MATCH,
                        "%s: there is no [%s NAME] group: this plan is not for `afterfree %s`", plan->path,
                        pass == PLAN_MEMORY ? "cells" : "cost", pass == PLAN_MEMORY ? "run" : "cost");
}
