/* command_cost: `afterfree cost`: the timed pass, then a counted one, then Google Benchmark's report and our table. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "cost.h"
#include "error.h"
#include "execute.h"
#include "folder.h"
#include "gbench_flags.h"
#include "options.h"
#include "resume.h"
#include "suite.h"
#include "summary.h"
#include "syscalls.h"

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

/* A glob may be meant for cells of the other pass; those that select some of this one stay. */
static bool prune_selection(struct options *options, GError **error)
{
    struct suite suite = {.plan = NULL};
    g_auto(GStrv) only = g_steal_pointer(&options->only);
    bool good = suite_open(&suite, options, error);
    g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
    for (char **glob = only; good && *glob; glob++)
        for (guint i = 0; i < suite.cells->len; i++)
            if (g_pattern_match_simple(*glob, ((const struct plan_cell *)suite.cells->pdata[i])->name)) {
                g_strv_builder_add(kept, *glob);
                break;
            }
    suite_clear(&suite);
    options->only = g_strv_builder_end(kept);
    return good &&
           (*options->only || error_refuse(error, EXIT_NO_MATCH,
                                           "--only of %s matches none of its timed cells", options->into));
}

static bool open_selected(struct suite *suite, struct options *options, GError **error)
{
    return (!options->into || options->resume || !options->only || prune_selection(options, error)) &&
           suite_open(suite, options, error);
}

/* The filter is applied before anything is run; what is resumed is the pass it was. */
static bool select_cells(struct options *options, const struct suite *suite, bool lists, GError **error)
{
    g_autoptr(cost_table) cost = cost_plan(suite->cells, (guint)suite->plan->repeat);
    g_auto(GStrv) cells = cost_select(cost, options->flags, error);
    if (!cells)
        return false;
    if (lists)
        return cost_report(cost, options->flags, true, error);
    if (!options->resume && g_strv_length(cells) < suite->cells->len) {
        g_strfreev(options->only);
        options->only = g_steal_pointer(&cells);
    }
    return true;
}

/* Two ways to say how many rounds. */
static bool take_rounds(struct options *options, const struct gbench_flags *flags, GError **error)
{
    if (flags->repetitions == 0)
        return true;
    if (options->repeat > 0 && options->repeat != flags->repetitions)
        return error_refuse(error, EXIT_USAGE, "--repeat %u and --benchmark_repetitions=%u: which of them?",
                            options->repeat, flags->repetitions);
    options->repeat = flags->repetitions;
    return options->repeat <= 1000 ||
           error_refuse(error, EXIT_USAGE, "--benchmark_repetitions=%u: must be 1 to 1000", options->repeat);
}

enum beginning { BEGIN_RUN, BEGIN_NOTHING, BEGIN_FAILED };

/* From here on options->resume or options->out is the folder. A plan, or a selection, that has nothing to time is no
 * error where the pass only comes along with another. */
static enum beginning begin(struct options *options, const struct gbench_flags *flags, GError **error)
{
    struct suite suite = {.plan = NULL};
    if (!take_rounds(options, flags, error) || (options->into && !go_into(options, error)) ||
        (options->resume && !resume_restore(options, error)))
        return BEGIN_FAILED;
    bool opened = open_selected(&suite, options, error);
    bool good = opened && select_cells(options, &suite, flags->lists, error);
    if (good && !options->resume && !options->out) {
        g_autofree char *results = paths_results(&suite.paths);
        options->out = folder_default_path(results);
    }
    suite_clear(&suite);
    if (good)
        return flags->lists ? BEGIN_NOTHING : BEGIN_RUN;
    if (opened || !options->into || !error || !g_error_matches(*error, AFTERFREE_ERROR, EXIT_NO_MATCH))
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
    g_autoptr(GError) why = NULL;
    bool begun = has_begun(calls);
    if (!syscalls_possible(syscalls_tracefs, &why)) {
        fprintf(stderr, "afterfree: system calls are not counted: %s\n", why->message);
        return EXIT_PROVEN;
    }
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

/* Of what is in the folder. Ours is no part of a JSON or CSV on stdout. */
static bool report(const struct options *options, bool no_table, const char *format, const char *folder,
                   GError **error)
{
    bool ours = !no_table && strcmp(format, "console") == 0;
    if (options->into && !summary_make(options->into, NULL, error))
        return false;
    g_autoptr(cost_table) cost = cost_read(folder, error);
    if (!cost || !summary_make(folder, NULL, error) || !cost_write_json(cost, folder, error) ||
        !cost_report(cost, options->flags, no_table, error) || (ours && !summary_make(folder, stdout, error)))
        return false;
    if (ours)
        printf("\n%s\n", folder);
    return true;
}

static int run(struct options *options, const struct gbench_flags *flags, char *const *words, GError **error)
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
    return report(options, no_table, flags->format, folder, error) ? MAX(code, counted) : -1;
}

int command_cost(int argc, char **argv, GError **error)
{
    struct options options;
    struct gbench_flags flags;
    int code = -1;
    g_auto(GStrv) words = g_strdupv(argv);
    if (options_read_cost(&options, argc, argv, error) && gbench_flags_read(options.flags, &flags, error)) {
        enum beginning beginning = begin(&options, &flags, error);
        code = beginning == BEGIN_RUN       ? run(&options, &flags, words, error)
               : beginning == BEGIN_NOTHING ? EXIT_PROVEN
                                            : -1;
    }
    options_clear(&options);
    return code;
}
