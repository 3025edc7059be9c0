/* The command line of `cost`. */
#include <string.h>

#include "options_select.h"

static const char cost_text[] =
    "Times the [cost ...] cells of a plan: what giving back costs. A process per cell and round, one at a "
    "time,\n"
    "no waits; each round has every cell once, in random order. CPU time (user and system) of a phase "
    "becomes a\n"
    "price as a ratio to the allocator's own default, and to the plan's baseline, in the same round.\n"
    "\n"
    "Writes a run folder: runs.csv has a row per cell and round, summary.csv the prices with their "
    "intervals,\n"
    "benchmark.json all rows as Google Benchmark tells them (its compare.py reads it), calls/ what system "
    "calls\n"
    "were made, counted in a round of its own.\n"
    "  afterfree cost --into results/latest     its own plan; for its table and figures\n"
    "  afterfree cost --plan article --only '*/api-1M'\n"
    "  afterfree cost --plan article --benchmark_filter='/rebuild$' --benchmark_format=json\n"
    "\n"
    "Google Benchmark's flags work (--benchmark_filter, --benchmark_repetitions, --benchmark_out, ...), its\n"
    "variables BENCHMARK_... do not. Its real_time is the CPU time of the phase per record, what it calls\n"
    "cpu_time this program's own. In which order the processes run is afterfree's: with\n"
    "--benchmark_enable_random_interleaving the report alone changes its order. --repeat is how many "
    "rounds.\n"
    "\n"
    "What was ended before its time goes on by the same --into, or with --resume DIR.\n";

static const char cost_codes[] = "Exit codes: as of `afterfree run --help`.";

/* Takes them out of argv, for GOption knows none of them. */
static char **take_flags(int *argc, char **argv)
{
    g_autoptr(GStrvBuilder) flags = g_strv_builder_new();
    int kept = 0;
    for (int i = 0; i < *argc; i++) {
        if (g_str_has_prefix(argv[i], "--benchmark_"))
            g_strv_builder_add(flags, argv[i]);
        else
            argv[kept++] = argv[i];
    }
    argv[kept] = NULL;
    *argc = kept;
    return g_strv_builder_end(flags);
}

/* --into and --resume bring their own. */
static bool stands_alone(const struct options *options, const struct selection *selection, GError **error)
{
    const struct {
        const char *name;
        bool given;
    } others[] = {{"--plan", options->plan},
                  {"--only", options->only},
                  {"--repeat", selection->repeat != NOT_GIVEN},
                  {"--data", options->data},
                  {"--preload", selection->preloads},
                  {"--out", options->out}};
    const char *it = options->into
                         ? "--into takes plan and options of that run, and so no "
                         : "--resume goes on with the plan and options the pass began with, so it takes no ";
    if (options->into && options->resume)
        return options_usage(error, "--into goes on by itself: it takes no ", "--resume");
    for (guint i = 0; (options->into || options->resume) && i < G_N_ELEMENTS(others); i++)
        if (others[i].given)
            return options_usage(error, it, others[i].name);
    return true;
}

bool options_read_cost(struct options *options, int argc, char **argv, GError **error)
{
    *options = (struct options){.pass = PLAN_COST};
    struct selection selection = {.repeat = NOT_GIVEN};
    gboolean strict = FALSE, quiet = FALSE, no_table = FALSE;
    const GOptionEntry entries[] = {SELECTION_ENTRIES(options, selection),
                                    {"into", 'i', 0, G_OPTION_ARG_FILENAME, &options->into,
                                     "the run folder that gets it, in RUN/cost", "RUN"},
                                    {"out", 0, 0, G_OPTION_ARG_FILENAME, &options->out,
                                     "a folder of its own (default: results/<utc>-<host>)", "DIR"},
                                    {"resume", 0, 0, G_OPTION_ARG_FILENAME, &options->resume,
                                     "go on with the timed pass in this folder", "DIR"},
                                    {"strict", 0, 0, G_OPTION_ARG_NONE, &strict,
                                     "refuse conditions that move results, and skipped cells", NULL},
                                    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "no progress", NULL},
                                    {"no-table", 0, 0, G_OPTION_ARG_NONE, &no_table,
                                     "print neither Google Benchmark's table nor ours", NULL},
                                    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- time a plan");
    g_option_context_set_summary(context, cost_text);
    g_option_context_set_description(context, cost_codes);
    g_option_context_add_main_entries(context, entries, NULL);
    options->flags = take_flags(&argc, argv);
    bool good = options_parse(context, &argc, &argv, error) && stands_alone(options, &selection, error) &&
                options_finish_selection(options, &selection, argc, argv, error);
    g_strfreev(selection.preloads);
    options->strict = strict;
    options->no_table = no_table;
    options->matrix = (struct matrix_options){.jobs = 1, .quiet = quiet};
    return good;
}
