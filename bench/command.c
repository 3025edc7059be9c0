#include "command.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "check.h"
#include "error.h"
#include "machine.h"
#include "matrix.h"
#include "options.h"
#include "selftest.h"
#include "suite.h"
#include "summary.h"
#include "units.h"

/* --- run --- */

static void free_spec(gpointer data)
{
    struct run_spec *spec = data;
    g_free((char *)(uintptr_t)spec->program);
    g_strfreev((char **)(uintptr_t)spec->environment);
    g_free(spec);
}

static struct run_spec *spec_of(const struct suite *suite, const struct options *options,
                                struct plan_run what, GError **error)
{
    char *program = paths_workload(&suite->paths, what.cell->workload, error);
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
    spec->sample_hz = options->matrix.sample_hz;
    return spec;
}

static GPtrArray *specs_of(const struct suite *suite, const struct options *options, GError **error)
{
    g_autoptr(GPtrArray) specs = g_ptr_array_new_with_free_func(free_spec);
    g_autoptr(GArray) runs = plan_schedule(suite->cells, (guint)suite->plan->repeat, suite->plan->seed);
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
    if (!fixed)
        fputs("afterfree: address randomisation cannot be turned off here: RSS will differ a little from run "
              "to "
              "run\n",
              stderr);
    return file;
}

/* What the orchestrator itself took, for a reader who doubts that it stayed out of the way. */
static void describe_cost(GKeyFile *file, const struct matrix_outcome *outcome)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    double wall_s = (double)outcome->wall_ns / 1e9;
    g_key_file_set_uint64(file, "run", "wall_ms", outcome->wall_ns / 1000000);
    g_key_file_set_uint64(file, "run", "sum_of_phases_ms", outcome->phases_ms);
    g_key_file_set_uint64(file, "run", "orchestrator_cpu_ms", (uint64_t)(cpu_s * 1000));
    g_key_file_set_uint64(file, "run", "orchestrator_peak_rss_bytes", (uint64_t)usage.ru_maxrss * 1024);
    g_autofree char *share = g_strdup_printf("%.4f", wall_s > 0 ? cpu_s / wall_s : 0);
    g_key_file_set_string(file, "run", "orchestrator_cpu_share", share);
    g_key_file_set_string(file, "run", "interrupted", outcome->interrupted ? "yes" : "no");
}

/* Takes out what cannot run at all and writes its rows: not installed is `skipped`, anything else `invalid`.
 */
static bool set_aside(const struct suite *suite, GPtrArray *specs, struct folder *folder,
                      struct matrix_outcome *aside, GError **error)
{
    for (guint i = 0; i < specs->len;) {
        const struct run_spec *spec = specs->pdata[i];
        const struct probe *probe = suite_probe(suite, spec->what.cell);
        if (probe->verdict == PROBE_PROVEN) {
            i++;
            continue;
        }
        struct run *run = run_new(spec);
        bool missing = probe->verdict == PROBE_NOT_INSTALLED;
        run->record.status = g_strdup(missing ? "skipped" : "invalid");
        run->record.reason = g_strdup(probe->reason);
        aside->skipped += missing;
        aside->bad += !missing;
        bool written = folder_add(folder, &run->record, NULL, NULL, error);
        run_free(run);
        g_ptr_array_remove_index(specs, i);
        if (!written)
            return false;
    }
    return true;
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

static int exit_code(const struct options *options, const struct matrix_outcome *outcome,
                     const struct matrix_outcome *aside)
{
    if (outcome->interrupted)
        return EXIT_INTERRUPTED;
    bool bad = outcome->bad + aside->bad > 0;
    bool skipped = outcome->skipped + aside->skipped > 0;
    return bad || (skipped && options->strict) ? EXIT_NOT_PROVEN : EXIT_PROVEN;
}

static int run_into(struct folder *folder, const struct suite *suite, const struct options *options,
                    const char *command_line, GError **error)
{
    struct matrix_outcome outcome, aside = {.ok = 0};
    g_autoptr(GPtrArray) specs = specs_of(suite, options, error);
    if (!specs)
        return -1;
    g_autoptr(GKeyFile) machine = describe(suite, command_line);
    g_key_file_set_uint64(ini_values(suite->plan->ini), "plan", "repeat", suite->plan->repeat);
    if (!folder_write_ini(folder, "plan.ini", ini_values(suite->plan->ini), error) ||
        !folder_write_ini(folder, "machine.ini", machine, error) ||
        !suite_write_proofs(suite, options, folder_path(folder), error) ||
        !set_aside(suite, specs, folder, &aside, error) ||
        !matrix_run(specs, folder, &options->matrix, &outcome, error))
        return -1;
    describe_cost(machine, &outcome);
    if (!folder_write_ini(folder, "machine.ini", machine, error) ||
        !summarise(folder_path(folder), !options->no_table, error))
        return -1;
    return exit_code(options, &outcome, &aside);
}

static char *results_folder(const struct suite *suite)
{
    return suite->paths.source_dir ? g_build_filename(suite->paths.source_dir, "results", NULL)
                                   : g_strdup("results");
}

/* The whole of `run` but for the reading of its options. */
static int run_plan(const struct options *options, const char *command_line, GError **error)
{
    struct suite suite = {.plan = NULL};
    struct folder *folder = NULL;
    int code = -1;
    if (suite_open(&suite, options, error)) {
        g_autofree char *results = results_folder(&suite);
        g_autofree char *path = options->out ? g_strdup(options->out) : folder_default_path(results);
        folder = folder_create(path, error);
        if (folder && !options->matrix.quiet)
            fprintf(stderr, "run folder: %s\n", path);
        if (folder && (options->out || folder_set_latest(results, path, error)))
            code = run_into(folder, &suite, options, command_line, error);
        if (code >= 0 && !options->no_table)
            printf("\n%s\n", path);
    }
    folder_close(folder);
    suite_clear(&suite);
    return code;
}

int command_run(int argc, char **argv, GError **error)
{
    struct options options;
    int code = -1;
    g_autofree char *command_line = g_strjoinv(" ", argv);
    if (options_read_run(&options, argc, argv, error))
        code = run_plan(&options, command_line, error);
    options_clear(&options);
    return code;
}

/* --- selftest --- */

int command_selftest(int argc, char **argv, GError **error)
{
    struct options options;
    struct selftest selftest = {.answers = NULL};
    int code = -1;
    g_autofree char *command_line = g_strjoinv(" ", argv);
    if (options_read_selftest(&options, argc, argv, error) && selftest_open(&selftest, &options, error)) {
        if (!options.quiet)
            fputs("running the controls; this takes some 10 seconds\n", stderr);
        code = run_plan(&options, command_line, error);
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
        peak = MAX(peak, plan_expected_peak_bytes(cell->shape));
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
