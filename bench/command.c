#include "command.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "admission.h"
#include "allowance.h"
#include "check.h"
#include "conditions.h"
#include "error.h"
#include "machine.h"
#include "matrix.h"
#include "options.h"
#include "resume.h"
#include "scope.h"
#include "selftest.h"
#include "suite.h"
#include "summary.h"
#include "units.h"

/* --- run --- */

static void free_spec(gpointer data)
{
    struct run_spec *spec = data;
    g_free((char *)(uintptr_t)spec->program);
    g_free((char *)(uintptr_t)spec->neighbour);
    g_strfreev((char **)(uintptr_t)spec->environment);
    g_free(spec);
}

static struct run_spec *spec_of(const struct suite *suite, const struct options *options,
                                struct plan_run what, GError **error)
{
    g_autofree char *neighbour = paths_workload(&suite->paths, "beside/neighbour", error);
    char *program = neighbour ? paths_workload(&suite->paths, what.cell->workload, error) : NULL;
    if (!program)
        return NULL;
    const struct probe *probe = suite_probe(suite, what.cell);
    struct run_spec *spec = g_new0(struct run_spec, 1);
    spec->plan = suite->plan;
    spec->what = what;
    spec->program = program;
    spec->object = probe->object;
    spec->version = probe->version;
    spec->setting_proof = proof_means(probe->proofs);
    spec->environment = suite_environment(suite, options, what.cell);
    spec->site = suite->site;
    spec->neighbour = g_steal_pointer(&neighbour);
    spec->sample_hz = options->matrix.sample_hz;
    return spec;
}

static GPtrArray *specs_of(const struct suite *suite, const struct options *options, GError **error)
{
    g_autoptr(GPtrArray) specs = g_ptr_array_new_with_free_func(free_spec);
    g_autoptr(GArray) runs = plan_schedule(suite->cells, (guint)suite->plan->repeat, suite->plan->seed);
    if (options->set_thp)
        plan_group_by_thp(runs);
    for (guint i = 0; i < runs->len; i++) {
        struct run_spec *spec = spec_of(suite, options, g_array_index(runs, struct plan_run, i), error);
        if (!spec)
            return NULL;
        g_ptr_array_add(specs, spec);
    }
    return g_steal_pointer(&specs);
}

/* machine.ini: the machine, each allocator as it was found, and the command that made the run. */
static GKeyFile *describe(const struct suite *suite, const char *command_line)
{
    GKeyFile *file = machine_describe(suite->paths.source_dir);
    for (guint i = 0; i < suite->allocators->len; i++) {
        const struct allocator *allocator = suite->allocators->pdata[i];
        const struct probe *probe = g_hash_table_lookup(suite->probes, allocator->name);
        if (!probe)
            continue;
        g_autofree char *group = g_strdup_printf("allocator %s", allocator->name);
        g_autofree char *package = allocator->package ? machine_package_version(allocator->package) : NULL;
        g_key_file_set_string(file, group, "package", allocator->package ? allocator->package : "");
        g_key_file_set_string(file, group, "package_version", package ? package : "");
        g_key_file_set_string(file, group, "version", probe->version ? probe->version : "");
        g_key_file_set_string(file, group, "library", probe->object ? probe->object : "");
        g_key_file_set_string(file, group, "installed", probe->verdict == PROBE_PROVEN ? "yes" : "no");
    }
    g_key_file_set_string(file, "run", "command", command_line);
    bool fixed = spawn_can_fix_addresses();
    g_key_file_set_string(file, "run", "fixed_addresses", fixed ? "yes" : "no");
    guint64 limit = allowance_address_space_bytes();
    if (limit > 0)
        fprintf(stderr,
                "afterfree: warning: a limit of %" G_GUINT64_FORMAT " bytes of address space is inherited by "
                "every process (ulimit -v): cells may fail for it\n",
                limit);
    if (!fixed)
        fputs("afterfree: address randomisation cannot be turned off here: RSS will differ a little from run "
              "to "
              "run\n",
              stderr);
    return file;
}

/* What the orchestrator itself took, for a reader who doubts that it stayed out of the way. */
static void describe_cost(GKeyFile *file, const char *group, const struct matrix_outcome *outcome)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    double wall_s = (double)outcome->wall_ns / 1e9;
    g_key_file_set_uint64(file, group, "wall_ms", outcome->wall_ns / 1000000);
    g_key_file_set_uint64(file, group, "sum_of_phases_ms", outcome->phases_ms);
    g_key_file_set_uint64(file, group, "orchestrator_cpu_ms", (uint64_t)(cpu_s * 1000));
    g_key_file_set_uint64(file, group, "orchestrator_peak_rss_bytes", (uint64_t)usage.ru_maxrss * 1024);
    g_autofree char *share = g_strdup_printf("%.4f", wall_s > 0 ? cpu_s / wall_s : 0);
    g_key_file_set_string(file, group, "orchestrator_cpu_share", share);
    g_key_file_set_string(file, group, "interrupted", outcome->interrupted ? "yes" : "no");
}

/* Admission rests on estimates: whether they held is told with each run. */
static bool describe_admission(GKeyFile *file, const char *run_folder, bool quiet, GError **error)
{
    struct admission_margin margin;
    bool read = admission_read_margin(&margin, run_folder, error);
    if (read && margin.cell) {
        g_autofree char *least = g_strdup_printf("%.3f", margin.least);
        g_key_file_set_string(file, "run", "admission_least_margin", least);
        g_key_file_set_string(file, "run", "admission_least_margin_cell", margin.cell);
        if (!quiet)
            fprintf(stderr, "expected over measured peak: %s at the least (%s)\n", least, margin.cell);
    }
    if (read && margin.over->len > 0)
        fprintf(stderr,
                "afterfree: warning: the estimate of memory was too low, runs side by side may run out of it "
                "(use --jobs 1):\n%s",
                margin.over->str);
    admission_margin_clear(&margin);
    return read;
}

/* Why a run cannot be made at all, NULL: it can. *status: not installed, no cgroup to be had, or a THP mode that
 * only --set-thp would bring, is `skipped`, anything else `invalid`. */
static char *why_aside(const struct suite *suite, const struct options *options, const struct run_spec *spec,
                       const char **status)
{
    const struct probe *probe = suite_probe(suite, spec->what.cell);
    enum thp_mode asked = spec->what.cell->thp, system = thp_read(THP_PATH);
    *status = probe->verdict == PROBE_NOT_INSTALLED ? "skipped" : "invalid";
    if (probe->verdict != PROBE_PROVEN)
        return g_strdup(probe->reason);
    *status = "skipped";
    if (suite->plan->limit_bytes > 0 && !suite->site)
        return g_strdup(suite->no_site);
    if (options->set_thp || thp_suffices(asked, system))
        return NULL;
    return g_strdup_printf(
        "needs THP mode %s, the system has %s: run as root with --set-thp, or echo %s > %s", thp_name(asked),
        thp_name(system), thp_name(asked), THP_PATH);
}

/* Takes out what cannot run at all and writes its rows. */
static bool set_aside(const struct suite *suite, const struct options *options, GPtrArray *specs,
                      struct folder *folder, struct matrix_outcome *aside, GError **error)
{
    for (guint i = 0; i < specs->len;) {
        const struct run_spec *spec = specs->pdata[i];
        const char *status;
        g_autofree char *reason = why_aside(suite, options, spec, &status);
        if (!reason) {
            i++;
            continue;
        }
        struct run *run = run_new(spec);
        run->record.status = g_strdup(status);
        run->record.reason = g_steal_pointer(&reason);
        bool skipped = strcmp(status, "skipped") == 0;
        aside->skipped += skipped;
        aside->bad += !skipped;
        bool written = folder_add(folder, &run->record, NULL, NULL, error);
        run_free(run);
        g_ptr_array_remove_index(specs, i);
        if (!written)
            return false;
    }
    return true;
}

/* --- conditions --- */

/* What stands before anything is run; told here, refused here by --strict. */
static void see_builds(struct conditions *conditions, const struct suite *suite)
{
    GHashTableIter iter;
    gpointer name, probe;
    g_hash_table_iter_init(&iter, suite->probes);
    while (g_hash_table_iter_next(&iter, &name, &probe))
        conditions_see_build(conditions, name, ((const struct probe *)probe)->debug_build);
}

static struct conditions *see_conditions(const struct suite *suite, const struct options *options,
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
    conditions_print_standing(conditions, stderr);
    if (!options->strict || !conditions_any_stands(conditions))
        return conditions;
    g_autofree char *words = conditions_words(conditions);
    g_set_error(error, AFTERFREE_ERROR, EXIT_NOT_PROVEN,
                "--strict: nothing was run under these conditions: %s; do as the warnings say", words);
    conditions_free(conditions);
    return NULL;
}

/* The system's THP mode, if a run needs another than it has. False with error. */
static bool borrow_thp(const GPtrArray *specs, struct thp **thp, GError **error)
{
    enum thp_mode system = thp_read(THP_PATH);
    *thp = NULL;
    for (guint i = 0; i < specs->len && !*thp; i++) {
        const struct run_spec *spec = specs->pdata[i];
        if (thp_suffices(spec->what.cell->thp, system))
            continue;
        *thp = thp_borrow(THP_PATH, error);
        if (!*thp)
            return false;
    }
    return true;
}

static bool run_matrix(GPtrArray *specs, struct folder *folder, struct matrix_options *options,
                       struct matrix_outcome *outcome, GError **error)
{
    if (!borrow_thp(specs, &options->thp, error))
        return false;
    bool done = matrix_run(specs, folder, options, outcome, error);
    return thp_give_back(options->thp, done ? error : NULL) && done;
}

static bool summarise(const char *run_folder, bool print, GError **error)
{
    struct summary *summary = summary_read(run_folder, error);
    bool written = summary && summary_write(summary, run_folder, error);
    if (written && print)
        summary_print(summary, run_folder, stdout);
    summary_free(summary);
    return written;
}

static int exit_code(const struct suite *suite, const struct options *options,
                     const struct matrix_outcome *outcome, const struct matrix_outcome *aside)
{
    const struct conditions *conditions = options->matrix.conditions;
    if (outcome->interrupted)
        return EXIT_INTERRUPTED;
    bool bad = outcome->bad + aside->bad > 0 || (outcome->killed > 0 && !suite->plan->oom_is_answer);
    bool skipped = outcome->skipped + aside->skipped > 0;
    bool loose = skipped || conditions_any_arose(conditions);
    return bad || (loose && options->strict) ? EXIT_NOT_PROVEN : EXIT_PROVEN;
}

static char *results_folder(const struct suite *suite)
{
    return suite->paths.source_dir ? g_build_filename(suite->paths.source_dir, "results", NULL)
                                   : g_strdup("results");
}

/* A run, or what --resume adds to one. */
struct part {
    struct folder *folder;
    GPtrArray *specs; /* what is to be run */
    GKeyFile *machine;
    char *group; /* of machine.ini: for what this part itself took */
};

static void part_clear(struct part *part)
{
    folder_close(part->folder);
    g_clear_pointer(&part->specs, g_ptr_array_unref);
    g_clear_pointer(&part->machine, g_key_file_unref);
    g_free(part->group);
}

static bool begin(struct part *part, const struct suite *suite, const struct options *options, GError **error)
{
    GKeyFile *plan = ini_values(suite->plan->ini);
    g_autofree char *results = results_folder(suite);
    g_autofree char *path = options->out ? g_strdup(options->out) : folder_default_path(results);
    g_key_file_set_uint64(plan, "plan", "repeat", suite->plan->repeat);
    resume_store(part->machine, options, plan);
    part->group = g_strdup("run");
    part->folder = folder_create(path, error);
    if (part->folder && !options->matrix.quiet)
        fprintf(stderr, "run folder: %s\n", path);
    return part->folder && folder_write_ini(part->folder, "plan.ini", plan, error) &&
           folder_write_ini(part->folder, "machine.ini", part->machine, error) &&
           (options->out || folder_set_latest(results, path, error));
}

static bool go_on(struct part *part, const struct options *options, GError **error)
{
    guint kept;
    part->folder = folder_open(options->resume, error);
    g_autoptr(GKeyFile) before = part->folder ? resume_read_machine(options->resume, error) : NULL;
    if (!before || !resume_keep(part->folder, part->specs, before, part->machine, &kept, error))
        return false;
    if (!options->matrix.quiet)
        fprintf(stderr, "run folder: %s: %u proven rows kept, %u runs to go\n", options->resume, kept,
                part->specs->len);
    part->group = resume_merge(before, part->machine);
    g_key_file_unref(part->machine);
    part->machine = g_steal_pointer(&before);
    return part->specs->len == 0 || folder_write_ini(part->folder, "machine.ini", part->machine, error);
}

static int run_part(struct part *part, const struct suite *suite, struct options *options, GError **error)
{
    struct matrix_outcome outcome = {.ok = 0}, aside = {.ok = 0};
    const char *path = folder_path(part->folder);
    if (part->specs->len > 0) { /* a finished run is not gone on with */
        if (!suite_write_proofs(suite, options, path, error) ||
            !set_aside(suite, options, part->specs, part->folder, &aside, error) ||
            !run_matrix(part->specs, part->folder, &options->matrix, &outcome, error))
            return -1;
        describe_cost(part->machine, part->group, &outcome);
        conditions_describe(options->matrix.conditions, part->machine);
        conditions_print_arisen(options->matrix.conditions, stderr);
        if (!describe_admission(part->machine, path, options->matrix.quiet, error) ||
            !folder_write_ini(part->folder, "machine.ini", part->machine, error))
            return -1;
    }
    return summarise(path, !options->no_table, error) ? exit_code(suite, options, &outcome, &aside) : -1;
}

/* What is on disk stays there, whatever stopped us. */
static void advise_resume(const struct part *part, GError *error)
{
    g_autofree char *machine =
        part->folder ? g_build_filename(folder_path(part->folder), "machine.ini", NULL) : NULL;
    if (!machine || error->domain != AFTERFREE_ERROR || error->code != EXIT_SYSTEM ||
        !g_file_test(machine, G_FILE_TEST_EXISTS))
        return;
    g_autofree char *before = error->message;
    error->message = g_strdup_printf(
        "%s\n  The rows earned so far are kept. Once this is mended: afterfree run --resume %s", before,
        folder_path(part->folder));
}

/* Before anything is read or run: without descriptors every file seems to be missing. */
static bool fit_jobs(struct matrix_options *matrix, GError **error)
{
    guint possible = allowance_jobs(matrix->jobs, error);
    if (possible > 0 && possible < matrix->jobs)
        fprintf(stderr, "afterfree: file descriptors suffice for %u processes at once (ulimit -n)\n",
                possible);
    matrix->jobs = possible;
    return possible > 0;
}

/* The whole of `run` but for the reading of its options. */
static int run_plan(struct options *options, char *const *words, GError **error)
{
    g_autofree char *command_line = g_strjoinv(" ", (char **)(uintptr_t)words);
    struct suite suite = {.plan = NULL};
    struct part part = {.folder = NULL};
    int code = -1;
    bool good = fit_jobs(&options->matrix, error) && (!options->resume || resume_restore(options, error)) &&
                suite_open(&suite, options, error);
    if (good)
        suite_find_site(&suite, words);
    if (good && (part.specs = specs_of(&suite, options, error)) &&
        (options->matrix.conditions = see_conditions(&suite, options, error))) {
        part.machine = describe(&suite, command_line);
        conditions_describe(options->matrix.conditions, part.machine);
        if (options->resume ? go_on(&part, options, error) : begin(&part, &suite, options, error))
            code = run_part(&part, &suite, options, error);
        if (code >= 0 && !options->no_table)
            printf("\n%s\n", folder_path(part.folder));
        else if (code < 0 && error)
            advise_resume(&part, *error);
    }
    part_clear(&part);
    conditions_free(options->matrix.conditions);
    suite_clear(&suite);
    return code;
}

int command_run(int argc, char **argv, GError **error)
{
    struct options options;
    int code = -1;
    g_auto(GStrv) words = g_strdupv(argv); /* reading the options takes them out */
    if (options_read_run(&options, argc, argv, error))
        code = run_plan(&options, words, error);
    options_clear(&options);
    return code;
}

/* --- selftest --- */

int command_selftest(int argc, char **argv, GError **error)
{
    struct options options;
    struct selftest selftest = {.answers = NULL};
    int code = -1;
    g_auto(GStrv) words = g_strdupv(argv);
    if (options_read_selftest(&options, argc, argv, error) && selftest_open(&selftest, &options, error)) {
        if (!options.quiet)
            fputs("running the controls; this takes some 10 seconds\n", stderr);
        code = run_plan(&options, words, error);
        if (code >= 0 && code != EXIT_INTERRUPTED)
            code = selftest_report(&selftest, options.quiet, stdout, error);
    }
    selftest_close(&selftest);
    options_clear(&options);
    return code;
}

/* --- list --- */

static void print_allocators(const struct suite *suite)
{
    puts("Allocators:");
    for (guint i = 0; i < suite->allocators->len; i++) {
        const struct allocator *allocator = suite->allocators->pdata[i];
        const struct probe *probe = g_hash_table_lookup(suite->probes, allocator->name);
        if (!probe)
            continue;
        if (probe->verdict == PROBE_PROVEN)
            printf("  %-12s %s, %s\n", allocator->name, probe->version ? probe->version : "version not told",
                   probe->object);
        else
            printf("  %-12s %s\n", allocator->name, probe->reason);
    }
}

static void print_cells(const struct suite *suite, const struct options *options)
{
    printf("\nCells of plan %s (%s):\n", suite->plan->name, suite->plan->summary);
    for (guint i = 0; i < suite->cells->len; i++) {
        const struct plan_cell *cell = suite->cells->pdata[i];
        g_auto(GStrv) environment = suite_environment(suite, options, cell);
        g_autofree char *line = g_strjoinv(" ", environment);
        printf("  %-50s %s\n", cell->name, line);
        const struct probe *probe = suite_probe(suite, cell);
        if (probe->verdict == PROBE_NOT_IN_FORCE)
            printf("    NOT in force: %s\n", probe->reason);
    }
}

static void print_estimate(const struct suite *suite)
{
    uint64_t busy_ms = 0, peak = 0;
    for (guint i = 0; i < suite->cells->len; i++) {
        const struct plan_cell *cell = suite->cells->pdata[i];
        if (suite_probe(suite, cell)->verdict != PROBE_PROVEN)
            continue;
        busy_ms += plan_expected_busy_ms(cell->shape);
        peak = MAX(peak, plan_admitted_bytes(suite->plan, cell));
    }
    uint64_t total_ms = busy_ms * suite->plan->repeat + suite->plan->silent_ms + suite->plan->ticking_ms;
    g_autofree char *time = units_format_duration_ms(total_ms);
    g_autofree char *memory = units_format_bytes(peak);
    g_autofree char *has = units_format_bytes(machine_available_bytes());
    printf("\n%u cells, %" G_GUINT64_FORMAT
           " runs each; about %s. The largest may need %s; %s are available.\n",
           suite->cells->len, suite->plan->repeat, time, memory, has);
}

int command_list(int argc, char **argv, GError **error)
{
    struct options options;
    struct suite suite = {.plan = NULL};
    int code = -1;
    if (options_read_list(&options, argc, argv, error) && suite_open(&suite, &options, error)) {
        print_allocators(&suite);
        print_cells(&suite, &options);
        print_estimate(&suite);
        code = EXIT_PROVEN;
    }
    suite_clear(&suite);
    options_clear(&options);
    return code;
}

/* --- check --- */

int command_check(int argc, char **argv, GError **error)
{
    struct options options;
    struct suite suite = {.plan = NULL};
    struct check_outcome outcome;
    int code = -1;
    if (options_read_check(&options, argc, argv, error) && suite_open_allocators(&suite, &options, error) &&
        check_run(&suite, &options, options.allocators, stdout, &outcome, error)) {
        bool bad = outcome.refuted + outcome.not_in_force + outcome.settings_refuted > 0;
        code = bad || (options.strict && outcome.not_installed > 0) ? EXIT_NOT_PROVEN : EXIT_PROVEN;
    }
    suite_clear(&suite);
    options_clear(&options);
    return code;
}

/* --- summary --- */

int command_summary(int argc, char **argv, GError **error)
{
    struct options options;
    int code = -1;
    if (options_read_summary(&options, argc, argv, error) && summarise(options.run_folder, true, error))
        code = EXIT_PROVEN;
    options_clear(&options);
    return code;
}
