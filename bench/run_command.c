#include "run_command.h"

static const struct plan_step baseline_step = {.phase = (char *)(uintptr_t) "baseline"};
static const struct plan_step end_step = {.phase = (char *)(uintptr_t) "end"};

GPtrArray *run_command_steps(const struct plan_cell *cell)
{
    GPtrArray *steps = g_ptr_array_new();
    g_ptr_array_add(steps, (gpointer)(uintptr_t)&baseline_step);
    for (guint i = 0; i < cell->walk->len; i++) {
        const struct plan_step *step = cell->walk->pdata[i];
        if (allocator_can_walk(cell->allocator, step->phase))
            g_ptr_array_add(steps, cell->walk->pdata[i]);
    }
    g_ptr_array_add(steps, (gpointer)(uintptr_t)&end_step);
    return steps;
}

static char *walk_argument(const GPtrArray *steps)
{
    GString *walk = g_string_new("walk=");
    for (guint i = 1; i + 1 < steps->len; i++) {
        const struct plan_step *step = steps->pdata[i];
        g_string_append_printf(walk, "%s%s", i > 1 ? "," : "", step->phase);
        if (step->waits)
            g_string_append_printf(walk, ":%" G_GUINT64_FORMAT, step->window_ms);
    }
    return g_string_free(walk, FALSE);
}

char **run_command_arguments(const struct plan *plan, const struct plan_cell *cell, const GPtrArray *steps)
{
    const struct plan_shape *shape = cell->shape;
    GPtrArray *arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, g_strdup(cell->name));
    g_ptr_array_add(arguments, g_strdup_printf("records=%" G_GUINT64_FORMAT, shape->records));
    g_ptr_array_add(arguments, g_strdup_printf("strings=%" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT,
                                               shape->strings.low, shape->strings.high));
    g_ptr_array_add(arguments, g_strdup_printf("length=%" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT,
                                               shape->length.low, shape->length.high));
    g_ptr_array_add(arguments, g_strdup_printf("order=%s", shape->order));
    g_ptr_array_add(arguments, g_strdup_printf("survivors_ppm=%u", shape->survivors_ppm));
    g_ptr_array_add(arguments, g_strdup_printf("removal=%s", shape->removal));
    g_ptr_array_add(arguments, g_strdup_printf("keys=%s", shape->keys));
    g_ptr_array_add(arguments, g_strdup_printf("seed=%" G_GUINT64_FORMAT, shape->seed));
    g_ptr_array_add(arguments, g_strdup_printf("workers=%" G_GUINT64_FORMAT, shape->workers));
    if (plan->latency)
        g_ptr_array_add(arguments, g_strdup("latency=yes"));
    g_ptr_array_add(arguments, walk_argument(steps));
    if (cell->allocator->purge)
        g_ptr_array_add(arguments, g_strdup_printf("purge=%s", cell->allocator->purge));
    if (cell->allocator->collect)
        g_ptr_array_add(arguments, g_strdup_printf("collect=%s", cell->allocator->collect));
    g_ptr_array_add(arguments, NULL);
    return (char **)g_ptr_array_free(arguments, FALSE);
}

char *run_command_environment(char *const *environment)
{
    g_autofree char *joined = g_strjoinv(" ", (char **)(uintptr_t)environment);
    GString *text = g_string_new(joined);
    g_string_replace(text, "\\", "\\\\", 0);
    g_string_replace(text, "\n", "\\n", 0);
    g_string_replace(text, "\r", "\\r", 0);
    return g_string_free(text, FALSE);
}

char *run_command_line(const struct run *run)
{
    GString *line = g_string_new("env -i");
    for (char **word = run->environment; *word; word++) {
        g_autofree char *quoted = g_shell_quote(*word);
        g_string_append_printf(line, " %s", quoted);
    }
    g_autofree char *program = g_shell_quote(run->program);
    g_string_append_printf(line, "%s %s", run->plan->pass == PLAN_MEMORY ? " setarch -R" : "", program);
    for (char **word = run->arguments + 1; *word; word++) {
        g_autofree char *quoted = g_shell_quote(*word);
        g_string_append_printf(line, " %s", quoted);
    }
    if (run->what.cell->thp == THP_NEVER) /* no tool sets it for another program */
        g_string_append(line, " # the run had PR_SET_THP_DISABLE");
    if (run->caller.program)
        g_string_append(line, " # a service: services/README.md says how it is asked");
    if (run->plan->limit_bytes > 0)
        g_string_append_printf(line, " # in a memory cgroup of %" G_GUINT64_FORMAT " bytes",
                               run->plan->limit_bytes);
    return g_string_free(line, FALSE);
}
