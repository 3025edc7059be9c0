#include "options.h"

#include <string.h>

#include "error.h"
#include "options_select.h"
#include "report.h"

bool options_usage(GError **error, const char *what, const char *value)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE, "%s%s", what, value);
    return false;
}

/* The path must be there, for a run on something else would say nothing of it. */
bool options_preload(struct options *options, const char *name, const char *path, GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    if (!g_file_test(absolute, G_FILE_TEST_IS_REGULAR))
        return options_usage(error, "--preload: no such file: ", absolute);
    if (strpbrk(absolute, " :"))
        return options_usage(error,
                             "--preload: the loader splits LD_PRELOAD at blanks and colons: ", absolute);
    g_hash_table_insert(options->preloads, g_strdup(name), g_steal_pointer(&absolute));
    return true;
}

static GHashTable *new_preloads(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

bool options_read_preloads(struct options *options, char **pairs, GError **error)
{
    options->preloads = new_preloads();
    for (char **pair = pairs; pair && *pair; pair++) {
        char *equals = strchr(*pair, '=');
        if (!equals || equals == *pair || !equals[1])
            return options_usage(error, "--preload takes NAME=PATH, not ", *pair);
        g_autofree char *name = g_strndup(*pair, (gsize)(equals - *pair));
        if (!options_preload(options, name, equals + 1, error))
            return false;
    }
    return true;
}

bool options_parse(GOptionContext *context, int *argc, char ***argv, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (g_option_context_parse(context, argc, argv, &why))
        return true;
    return options_usage(error, why->message, "");
}

bool options_in_range(const char *name, int value, int low, int high, GError **error)
{
    if (value >= low && value <= high)
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE, "%s must be %d to %d", name, low, high);
    return false;
}

static const char run_text[] =
    "Runs every cell of a plan, each in a process of its own, and writes a run folder: plan.ini machine.ini\n"
    "proofs.csv runs.csv marks.csv samples/ summary.csv. Prints the table at the end.\n"
    "\n"
    "A cell is ALLOCATOR/SETTING/WORKLOAD/SHAPE; --only takes a glob on that whole name, and * crosses /.\n"
    "  afterfree run --only '*/default/*' --only '*/api-10M'\n"
    "  afterfree run --plan article --preload NAME=$HOME/NAME/libNAME.so   settings of NAME.ini, your "
    "build\n"
    "\n"
    "A run that was ended before its time goes on with --resume DIR: what is proven stays, all else is run.\n"
    "Plan, selection, --sample-hz and --count-calls are those it began with; only\n"
    "-j, -q, --strict, --set-thp and --no-table go along.\n"
    "  afterfree run --resume results/latest\n";

static const char run_codes[] =
    "Conditions that move results (swap, huge pages, load by others, steal, a memory limit, …) are told "
    "once,\n"
    "with what to do; each row has those it met. With --strict those that stand before the run make it "
    "refuse,\n"
    "and those that arise, or a skipped cell, make the exit code 1. Their bounds are in results/README.md.\n"
    "A setting that is not provable (nothing tells whether it took effect) is one that stands: it is named "
    "at\n"
    "the start and marked ? in the table.\n"
    "--set-thp: the mode is put back on every way out, also when afterfree is killed.\n"
    "--count-calls: madvise, munmap, mmap and brk of each phase, by tracepoints of the kernel. It needs "
    "root, "
    "or\n"
    "a readable tracefs and perf_event_open; else it is told what is missing, and the columns stay empty. "
    "Each\n"
    "counted call costs time (results/README.md): take no price from such a run.\n"
    "\n"
    "Exit codes:\n"
    "  0    every row is proven, or skipped because not installed, too big, or no memory cgroup can be\n"
    "       made for it (listed; see --strict)\n"
    "  1    a cell is invalid, failed, oom or timeout; the other rows stand (or refused by --strict). An\n"
    "       oom at the limit of a plan that says `oom = answer` is none of these\n"
    "  2    bad option or argument          3    a descriptor or plan is wrong\n"
    "  4    --only matches no cell          5    the system refused: disk full, no such folder, …\n"
    "  130  Ctrl-C or SIGTERM: children are ended, finished rows are kept (go on with --resume)";

static const char check_text[] =
    "Runs a probe process for each allocator and setting (ALLOCATOR is a name or a glob; none: all) and "
    "says\n"
    "which library owns malloc and its kin (or that a program's heap is its own), its version, where the\n"
    "purge and the collect call lie, and of each setting what it asks for and what is in force: read back\n"
    "from the allocator, or shown by a small build-and-drop.\n"
    "\"not provable\" means that nothing tells; it never means ok. `run` does the same for the cells it "
    "runs.";

static const char check_codes[] =
    "Exit codes:\n"
    "  0    all that is asked is in force or not provable; what is not installed is listed (see --strict)\n"
    "  1    a setting is NOT in force, a library does not own malloc and its kin, or its version call tells "
    "none\n"
    "  2    bad option, or no such allocator\n"
    "  3    a descriptor is wrong           5    the system refused";

bool options_finish_selection(struct options *options, const struct selection *selection, int argc,
                              char **argv, GError **error)
{
    if (argc > 1)
        return options_usage(error, "unexpected argument: ", argv[1]);
    if (!options->plan)
        options->plan = g_strdup("default");
    if (selection->repeat != NOT_GIVEN && !options_in_range("--repeat", selection->repeat, 1, 1000, error))
        return false;
    options->repeat = selection->repeat == NOT_GIVEN ? 0 : (guint)selection->repeat;
    return options_read_preloads(options, selection->preloads, error);
}

/* A resumed run is the run it was. */
static bool resumes_alone(const struct options *options, const struct selection *selection, bool has_hz,
                          bool counts, GError **error)
{
    const struct {
        const char *name;
        bool given;
    } others[] = {{"--plan", options->plan},
                  {"--only", options->only},
                  {"--repeat", selection->repeat != NOT_GIVEN},
                  {"--data", options->data},
                  {"--preload", selection->preloads},
                  {"--out", options->out},
                  {"--sample-hz", has_hz},
                  {"--count-calls", counts}};
    for (guint i = 0; options->resume && i < G_N_ELEMENTS(others); i++)
        if (others[i].given)
            return options_usage(
                error, "--resume goes on with the plan and options the run began with, so it takes no ",
                others[i].name);
    return true;
}

bool options_read_run(struct options *options, int argc, char **argv, GError **error)
{
    *options = (struct options){.plan = NULL};
    struct selection selection = {.repeat = NOT_GIVEN};
    int jobs = MATRIX_DEFAULT_JOBS, hz = NOT_GIVEN;
    gboolean strict = FALSE, set_thp = FALSE, quiet = FALSE, no_table = FALSE, count_calls = FALSE;
    const GOptionEntry entries[] = {
        SELECTION_ENTRIES(options, selection),
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs,
         "processes alive at once, one of them busy (default: " G_STRINGIFY(MATRIX_DEFAULT_JOBS) ")", "N"},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &options->out, "run folder (default: results/<utc>-<host>)",
         "DIR"},
        {"resume", 0, 0, G_OPTION_ARG_FILENAME, &options->resume, "go on with the run in this folder", "DIR"},
        {"sample-hz", 0, 0, G_OPTION_ARG_INT, &hz, "samples a second (default: 100; 0: at marks only)", "N"},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &strict, "refuse conditions that move results, and skipped cells",
         NULL},
        {"set-thp", 0, 0, G_OPTION_ARG_NONE, &set_thp,
         "change the system's THP mode where a plan asks (root)", NULL},
        {"count-calls", 0, 0, G_OPTION_ARG_NONE, &count_calls,
         "count madvise, munmap, mmap and brk; its times are no prices", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "no progress", NULL},
        {"no-table", 0, 0, G_OPTION_ARG_NONE, &no_table, "print no table at the end", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- run a plan");
    g_option_context_set_summary(context, run_text);
    g_option_context_set_description(context, run_codes);
    g_option_context_add_main_entries(context, entries, NULL);
    bool good = options_parse(context, &argc, &argv, error) &&
                resumes_alone(options, &selection, hz != NOT_GIVEN, count_calls, error) &&
                options_finish_selection(options, &selection, argc, argv, error) &&
                options_in_range("--jobs", jobs, 1, 256, error);
    if (hz == NOT_GIVEN)
        hz = MATRIX_DEFAULT_HZ;
    good = good && options_in_range("--sample-hz", hz, 0, 1000, error);
    g_strfreev(selection.preloads);
    options->strict = strict;
    options->set_thp = set_thp;
    options->count_calls = count_calls;
    options->no_table = no_table;
    options->matrix = (struct matrix_options){.jobs = (guint)jobs, .sample_hz = (guint)hz, .quiet = quiet};
    return good;
}

bool options_read_list(struct options *options, int argc, char **argv, GError **error)
{
    *options = (struct options){.plan = NULL};
    struct selection selection = {.repeat = NOT_GIVEN};
    const GOptionEntry entries[] = {SELECTION_ENTRIES(options, selection),
                                    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- show what a plan would run");
    g_option_context_set_summary(
        context,
        "Lists the allocators (installed, or which package brings them), every cell of the plan with\n"
        "the exact environment of its setting, and the estimated time. Runs nothing but the probes.");
    g_option_context_add_main_entries(context, entries, NULL);
    bool good = options_parse(context, &argc, &argv, error) &&
                options_finish_selection(options, &selection, argc, argv, error);
    g_strfreev(selection.preloads);
    return good;
}

bool options_read_check(struct options *options, int argc, char **argv, GError **error)
{
    *options = (struct options){.plan = NULL};
    g_auto(GStrv) preloads = NULL;
    gboolean strict = FALSE;
    const GOptionEntry entries[] = {{"data", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->data,
                                     "look for allocators/ here first; repeatable", "DIR"},
                                    {"preload", 0, 0, G_OPTION_ARG_STRING_ARRAY, &preloads,
                                     "check NAME's settings on this library; repeatable", "NAME=PATH"},
                                    {"strict", 0, 0, G_OPTION_ARG_NONE, &strict,
                                     "an allocator that is not installed makes the exit code 1", NULL},
                                    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("[ALLOCATOR…] - prove allocators and their settings");
    g_option_context_set_summary(context, check_text);
    g_option_context_set_description(context, check_codes);
    g_option_context_add_main_entries(context, entries, NULL);
    bool good =
        options_parse(context, &argc, &argv, error) && options_read_preloads(options, preloads, error);
    options->strict = strict;
    options->allocators = argc > 1 ? g_strdupv(argv + 1) : NULL;
    return good;
}

bool options_read_summary(struct options *options, int argc, char **argv, GError **error)
{
    *options = (struct options){.plan = NULL};
    g_autoptr(GOptionContext) context = g_option_context_new("RUN - summarise a run folder again");
    g_option_context_set_summary(context, "Rebuilds RUN/summary.csv from RUN/runs.csv, and what else follows "
                                          "from its rows (claims.csv, cycles.csv,\n"
                                          "cycles_summary.csv, latency_summary.csv), and prints the table.");
    if (!options_parse(context, &argc, &argv, error))
        return false;
    if (argc != 2)
        return options_usage(error, "`afterfree summary` takes one run folder", "");
    options->run_folder = g_strdup(argv[1]);
    return true;
}

static const char selftest_text[] =
    "Checks the suite itself, on this machine: runs allocators whose figures are known beforehand, one that\n"
    "gives all back at once, one that waits, one that never does, and some that crash, hang, lie or are not\n"
    "there, and compares each row with the known answer. Takes some 10 seconds.\n"
    "\n"
    "Exit code 0: every control is as expected. 1: one is not, so no figure from this machine is to be "
    "trusted.";

bool options_read_selftest(struct options *options, int argc, char **argv, GError **error)
{
    *options = (struct options){.controls = true, .no_table = true};
    gboolean quiet = FALSE;
    const GOptionEntry entries[] = {
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &options->out,
         "keep the run folder here (default: a temporary one)", "DIR"},
        {"data", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->data,
         "look for allocators/, plans/ and expected.ini here first; repeatable", "DIR"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "print only what is not as expected", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- check the suite on this machine");
    g_option_context_set_summary(context, selftest_text);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!options_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1)
        return options_usage(error, "unexpected argument: ", argv[1]);
    options->plan = g_strdup("selftest");
    options->preloads = new_preloads();
    options->quiet = quiet;
    /* Quiet for the matrix in any case: a control that fails is no news. */
    options->matrix = (struct matrix_options){
        .jobs = MATRIX_DEFAULT_JOBS, .sample_hz = MATRIX_DEFAULT_HZ, .quiet = true, .no_repeat = true};
    return true;
}

static const char compare_text[] =
    "Compares run folder B with A, cell by cell: memory over the baseline (peak; held at once, after "
    "silence,\n"
    "after ticking, after the purge) and price (CPU time of build, drop and rebuild, and of each phase), "
    "the\n"
    "largest difference first. A difference is shown when its interval says so: prices need 8 runs a side\n"
    "(afterfree run --repeat 8), memory is compared by the known spread of a cell below 4.\n"
    "\n"
    "Two runs under other conditions (kernel, THP mode, shape, …) are refused, unless --despite names what\n"
    "does not matter. Another version or library of an allocator is what one compares: it is told.\n"
    "A cell that is proven in A and missing in B (B was interrupted, or the cell is skipped) makes the exit\n"
    "code 1, unless --despite missing says that this is meant.\n"
    "  afterfree compare results/reference/default results/latest --budget ci.ini\n"
    "The keys of a budget are in bench/budgets/README.md.\n";

static const char compare_codes[] =
    "Exit codes:\n"
    "  0    B is within the budget; without one: nothing is shown to be worse\n"
    "  1    B is over the budget (or worse), or a cell proven in A is not in B: it fails, or is missing\n"
    "  2    bad option or argument            3    a folder or the budget cannot be read as such\n"
    "  4    no cell is in both                5    the system refused: disk full\n"
    "  6    the runs were not made under the same conditions";

bool options_read_compare(struct options *options, int argc, char **argv, GError **error)
{
    *options = (struct options){.plan = NULL};
    gboolean strict = FALSE, all = FALSE;
    const GOptionEntry entries[] = {
        {"budget", 'b', 0, G_OPTION_ARG_FILENAME, &options->budget, "limits that B must keep", "FILE"},
        {"format", 'f', 0, G_OPTION_ARG_STRING, &options->format,
         "table (default), markdown, csv, or json for github-action-benchmark", "FORMAT"},
        {"despite", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &options->despite,
         "compare although this condition differs, or all; missing: though cells of A are missing in B; "
         "repeatable",
         "KEY"},
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "every figure of every cell", NULL},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &strict, "a limit that cannot be judged makes the exit code 1",
         NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("A B - compare two run folders");
    g_option_context_set_summary(context, compare_text);
    g_option_context_set_description(context, compare_codes);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!options_parse(context, &argc, &argv, error))
        return false;
    options->strict = strict;
    options->all = all;
    options->format = options->format ? options->format : g_strdup("table");
    if (argc != 3)
        return options_usage(error, "`afterfree compare` takes two run folders", "");
    if (!report_find(options->format))
        return options_usage(error, "--format is table, markdown, csv or json, not ", options->format);
    options->run_folder = g_strdup(argv[1]);
    options->other_folder = g_strdup(argv[2]);
    return true;
}

void options_clear(struct options *options)
{
    g_free(options->other_folder);
    g_free(options->budget);
    g_free(options->format);
    g_strfreev(options->despite);
    g_free(options->plan);
    g_free(options->out);
    g_free(options->resume);
    g_free(options->into);
    g_strfreev(options->flags);
    g_free(options->run_folder);
    g_strfreev(options->only);
    g_strfreev(options->data);
    g_strfreev(options->allocators);
    g_clear_pointer(&options->preloads, g_hash_table_unref);
}
