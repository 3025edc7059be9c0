/* command_cost: `afterfree cost`: the timed pass, then a counted one, then Google Benchmark's report and our table. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "cost.h"
#include "error.h"
#include "execute.h"
#include "folder.h"
#include "options.h"
#include "resume.h"
#include "suite.h"
#include "summary.h"

static bool has_begun(const char *folder)
{
    g_autofree char *machine = g_build_filename(folder, "machine.ini", NULL);
    return g_file_test(machine, G_FILE_TEST_EXISTS);
}

/* RUN's plan, selection and libraries, into RUN/cost; what was begun there is gone on with. */
static bool go_into(struct options *options, GError **error)
{
    g_autofree char *folder = g_build_filename(options->into, "cost", NULL);
    if (has_begun(folder)) {
        options->resume = g_steal_pointer(&folder);
        return true;
    }
    options->resume = g_strdup(options->into);
    options->pass = PLAN_MEMORY; /* that folder's */
    bool restored = resume_restore(options, error);
    options->pass = PLAN_COST;
    options->matrix.sample_hz = 0;
    g_clear_pointer(&options->resume, g_free);
    options->out = g_steal_pointer(&folder);
    return restored;
}

/* Flags are checked, and the filter applied, before anything is run. *listed: the names were all that was asked. */
static bool select_cells(struct options *options, const struct suite *suite, bool *listed, GError **error)
{
    g_autoptr(cost_table) cost = cost_plan(suite->cells, (guint)suite->plan->repeat);
    g_auto(GStrv) cells = cost_select(cost, options->flags, error);
    if (!cells)
        return false;
    *listed = cost_lists(cost, options->flags);
    if (*listed)
        return cost_report(cost, options->flags, true, NULL, error);
    if (options->resume) /* it is the pass it was */
        return true;
    options->repeat = cost_rounds(cost, options->flags);
    if (g_strv_length(cells) < suite->cells->len) {
        g_strfreev(options->only);
        options->only = g_steal_pointer(&cells);
    }
    return true;
}

enum beginning { BEGIN_RUN, BEGIN_NOTHING, BEGIN_FAILED };

/* From here on options->resume or options->out is the folder. A plan, or a selection, that has nothing to time is no
 * error where the pass only comes along with another. */
static enum beginning begin(struct options *options, GError **error)
{
    struct suite suite = {.plan = NULL};
    bool listed = false;
    bool good = (!options->into || go_into(options, error)) &&
                (!options->resume || resume_restore(options, error)) && suite_open(&suite, options, error) &&
                select_cells(options, &suite, &listed, error);
    if (good && !listed && !options->resume && !options->out) {
        g_autofree char *results = paths_results(&suite.paths);
        options->out = folder_default_path(results);
    }
    suite_clear(&suite);
    if (good)
        return listed ? BEGIN_NOTHING : BEGIN_RUN;
    if (!options->into || !error || !g_error_matches(*error, AFTERFREE_ERROR, EXIT_NO_MATCH))
        return BEGIN_FAILED;
    if (!options->matrix.quiet)
        fprintf(stderr, "nothing to time: %s\n", (*error)->message);
    g_clear_error(error);
    return BEGIN_NOTHING;
}

/* The same cells once more, counted, into FOLDER/calls. */
static int count_calls(struct options *options, char *const *words, const char *folder, GError **error)
{
    g_autofree char *calls = g_build_filename(folder, "calls", NULL);
    bool begun = has_begun(calls);
    g_clear_pointer(&options->resume, g_free);
    g_clear_pointer(&options->out, g_free);
    g_free(options->plan);
    options->plan = g_build_filename(folder, "plan.ini", NULL);
    options->repeat = 0;
    options->pass = PLAN_CALLS;
    options->count_calls = true;
    *(begun ? &options->resume : &options->out) = g_steal_pointer(&calls);
    return execute(options, words, error);
}

/* Of what is in the folder. */
static bool report(const struct options *options, bool no_table, const char *folder, GError **error)
{
    g_autoptr(cost_table) cost = cost_read(folder, error);
    if (!cost || !cost_report(cost, options->flags, no_table, folder, error) ||
        !summary_make(folder, no_table ? NULL : stdout, error) ||
        (options->into && !summary_make(options->into, NULL, error)))
        return false;
    if (!no_table)
        printf("\n%s\n", folder);
    return true;
}

static int run(struct options *options, char *const *words, GError **error)
{
    bool no_table = options->no_table;
    g_autofree char *folder = g_strdup(options->resume ? options->resume : options->out);
    options->no_table = true; /* both passes' is one, and comes at the end */
    int code = execute(options, words, error);
    if (code < 0 || code == EXIT_INTERRUPTED)
        return code;
    int counted = count_calls(options, words, folder, error);
    if (counted < 0 || counted == EXIT_INTERRUPTED)
        return counted;
    return report(options, no_table, folder, error) ? MAX(code, counted) : -1;
}

int command_cost(int argc, char **argv, GError **error)
{
    struct options options;
    int code = -1;
    g_auto(GStrv) words = g_strdupv(argv);
    if (options_read_cost(&options, argc, argv, error)) {
        enum beginning beginning = begin(&options, error);
        code = beginning == BEGIN_RUN       ? run(&options, words, error)
               : beginning == BEGIN_NOTHING ? EXIT_PROVEN
                                            : -1;
    }
    options_clear(&options);
    return code;
}
