#include "execute.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "allowance.h"
#include "conditions.h"
#include "error.h"
#include "facts.h"
#include "progress.h"
#include "resume.h"
#include "suite.h"
#include "summary.h"

/* --- what is run --- */

static void free_spec(gpointer data)
{
    struct run_spec *spec = data;
    g_free((char *)(uintptr_t)spec->program);
    g_free((char *)(uintptr_t)spec->neighbour);
    g_free((char *)(uintptr_t)spec->client);
    g_strfreev((char **)(uintptr_t)spec->environment);
    g_free(spec);
}

static struct run_spec *spec_of(const struct suite *suite, const struct options *options,
                                struct plan_run what, GError **error)
{
    const struct allocator *allocator = what.cell->allocator;
    g_autofree char *neighbour = paths_workload(&suite->paths, "beside/neighbour", error);
    /* One of the allocator's own may be missing: why_aside tells. */
    char *program =
        neighbour ? paths_workload(&suite->paths, what.cell->workload, allocator->programs ? NULL : error)
                  : NULL;
    if (!neighbour || (!program && !allocator->programs))
        return NULL;
    const struct probe *probe = suite_probe(suite, what.cell);
    struct run_spec *spec = g_new0(struct run_spec, 1);
    spec->plan = suite->plan;
    spec->what = what;
    spec->program = program;
    spec->object = allocator->programs ? program : probe->object;
    spec->version = probe->version;
    spec->setting_proof = proof_means(probe->proofs);
    spec->environment = suite_environment(suite, options, what.cell);
    spec->site = suite->site;
    spec->neighbour = g_steal_pointer(&neighbour);
    spec->is_service = program && paths_is_service(&suite->paths, program);
    spec->client = spec->is_service ? g_find_program_in_path(CALLER_PROGRAM) : NULL;
    spec->sample_hz = options->matrix.sample_hz;
    return spec;
}

/* Told once why not. */
static bool may_count(const struct options *options)
{
    g_autoptr(GError) why = NULL;
    if (options->count_calls && !syscalls_possible(syscalls_tracefs, &why))
        fprintf(stderr, "afterfree: warning: %s\n  The run goes on, its columns of calls stay empty\n",
                why->message);
    return options->count_calls && !why;
}

static GPtrArray *specs_of(const struct suite *suite, const struct options *options, GError **error)
{
    g_autoptr(GPtrArray) specs = g_ptr_array_new_with_free_func(free_spec);
    g_autoptr(GArray) runs = plan_schedule(suite->cells, (guint)suite->plan->repeat, suite->plan->seed);
    bool count_calls = may_count(options);
    if (options->set_thp)
        plan_group_by_thp(runs);
    if (options->pass != PLAN_MEMORY)
        plan_group_by_shape(runs, suite->plan);
    for (guint i = 0; i < runs->len; i++) {
        struct run_spec *spec = spec_of(suite, options, g_array_index(runs, struct plan_run, i), error);
        if (!spec)
            return NULL;
        spec->count_calls = count_calls;
        g_ptr_array_add(specs, spec);
    }
    return g_steal_pointer(&specs);
}

/* Why a run cannot be made at all, NULL: it can. *status: not installed, no cgroup or no client to be had, or a THP
 * mode that only --set-thp would bring, is `skipped`, anything else `invalid`. */
static char *why_aside(const struct suite *suite, const struct options *options, const struct run_spec *spec,
                       const char **status)
{
    const struct probe *probe = suite_probe(suite, spec->what.cell);
    enum thp_mode asked = spec->what.cell->thp, system = thp_read(THP_PATH);
    *status = probe->verdict == PROBE_NOT_INSTALLED ? "skipped" : "invalid";
    if (probe->verdict != PROBE_PROVEN)
        return g_strdup(probe->reason);
    *status = "skipped";
    if (!spec->program)
        return probe_why_not_built(spec->what.cell->allocator, &suite->paths, spec->what.cell->workload);
    if (suite->plan->limit_bytes > 0 && !suite->site)
        return g_strdup(suite->no_site);
    if (spec->is_service && !spec->client)
        return g_strdup("it is a service, and " CALLER_PROGRAM
                        " makes its requests: install the package " CALLER_PROGRAM);
    if (options->set_thp || thp_suffices(asked, system))
        return NULL;
    return g_strdup_printf(
        "needs THP mode %s, the system has %s: run as root with --set-thp, or echo %s > %s", thp_name(asked),
        thp_name(system), thp_name(asked), THP_PATH);
}

/* Takes out what cannot run at all, writes its rows and tells of them. */
static bool set_aside(const struct suite *suite, const struct options *options, GPtrArray *specs,
                      struct folder *folder, struct matrix_outcome *aside, GError **error)
{
    struct progress progress;
    progress_start(&progress, specs->len, 0, 0, 0);
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
        if (written && !options->matrix.quiet)
            progress_finished(&progress, &run->record, 0, 0);
        run_free(run);
        g_ptr_array_remove_index(specs, i);
        if (!written)
            return false;
    }
    return true;
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

/* --- a run, from its options to its folder --- */

static guint count_all(const struct matrix_outcome *outcome)
{
    return outcome->ok + outcome->skipped + outcome->bad + outcome->killed;
}

/* `togo`: the runs this part had before it. A temporary folder is not gone on with. */
static void tell_interrupted(const struct suite *suite, const struct options *options, guint togo,
                             guint finished, const char *path)
{
    guint total = suite->cells->len * (guint)suite->plan->repeat;
    if (!options->controls)
        fprintf(stderr, "interrupted: %u of %u runs done; go on with `afterfree %s --resume %s`\n",
                total - togo + finished, total, plan_pass_command(options->pass), path);
}

/* Why a run whose rows are all right ends with 1. */
static void tell_strict(const struct options *options, bool skipped)
{
    g_autofree char *words = conditions_arisen_words(options->matrix.conditions);
    fprintf(stderr, "--strict: exit code 1 because of: %s%s%s\n", words, *words && skipped ? " " : "",
            skipped ? "skipped cells" : "");
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
    if (!bad && loose && options->strict)
        tell_strict(options, skipped);
    return bad || (loose && options->strict) ? EXIT_NOT_PROVEN : EXIT_PROVEN;
}

/* A run, or what --resume adds to one. */
struct part {
    struct folder *folder;
    GPtrArray *specs; /* what is to be run */
    guint togo;       /* how many that were before any was set aside */
    struct matrix_outcome aside;
    GKeyFile *machine;
    char *group;      /* of machine.ini: for what this part itself took; NULL: it runs nothing */
    char *conditions; /* group of machine.ini */
};

static void part_clear(struct part *part)
{
    folder_close(part->folder);
    g_clear_pointer(&part->specs, g_ptr_array_unref);
    g_clear_pointer(&part->machine, g_key_file_unref);
    g_free(part->group);
    g_free(part->conditions);
}

/* Behind it only what can run is left. */
static bool sort_out(struct part *part, const struct suite *suite, const struct options *options,
                     GError **error)
{
    part->togo = part->specs->len;
    return suite_write_proofs(suite, options, folder_path(part->folder), error) &&
           set_aside(suite, options, part->specs, part->folder, &part->aside, error);
}

static bool begin(struct part *part, const struct suite *suite, const struct options *options, GError **error)
{
    GKeyFile *plan = ini_values(suite->plan->ini);
    g_autofree char *results = paths_results(&suite->paths);
    g_autofree char *path = options->out ? g_strdup(options->out) : folder_default_path(results);
    if (options->pass != PLAN_CALLS) /* which has one round */
        g_key_file_set_uint64(plan, "plan", options->pass == PLAN_COST ? "rounds" : "repeat",
                              suite->plan->repeat);
    resume_store(part->machine, options, plan);
    part->group = g_strdup("run");
    part->conditions = g_strdup("conditions");
    conditions_describe(options->matrix.conditions, part->machine, part->conditions);
    g_key_file_set_uint64(part->machine, "run", "runs", part->specs->len);
    part->folder = folder_create(path, error);
    if (part->folder && !options->matrix.quiet)
        fprintf(stderr, "run folder: %s\n", path);
    return part->folder && folder_write_ini(part->folder, "plan.ini", plan, error) &&
           folder_write_ini(part->folder, "machine.ini", part->machine, error) &&
           (options->out || folder_set_latest(results, path, error)) && sort_out(part, suite, options, error);
}

/* A part that finds nothing to run is not told of. */
static bool go_on(struct part *part, const struct suite *suite, const struct options *options, GError **error)
{
    guint kept;
    part->folder = folder_open(options->resume, error);
    g_autoptr(GKeyFile) before = part->folder ? resume_read_machine(options->resume, error) : NULL;
    if (!before || !resume_keep(part->folder, part->specs, before, part->machine, options->matrix.conditions,
                                &kept, error))
        return false;
    if (!options->matrix.quiet)
        fprintf(stderr, "run folder: %s: %u proven rows kept, %u runs to go\n", options->resume, kept,
                part->specs->len);
    if (part->specs->len > 0 && !sort_out(part, suite, options, error))
        return false;
    if (part->specs->len == 0)
        return true;
    part->group = resume_merge(before, part->machine);
    part->conditions = g_strdup_printf("conditions %s", part->group + strlen("resumed "));
    g_key_file_unref(part->machine);
    part->machine = g_steal_pointer(&before);
    conditions_describe(options->matrix.conditions, part->machine, part->conditions);
    return folder_write_ini(part->folder, "machine.ini", part->machine, error);
}

static int run_part(struct part *part, const struct suite *suite, struct options *options, GError **error)
{
    struct matrix_outcome outcome = {.ok = 0};
    const char *path = folder_path(part->folder);
    if (part->group) {
        options->matrix.set_aside = count_all(&part->aside);
        if (!run_matrix(part->specs, part->folder, &options->matrix, &outcome, error))
            return -1;
        facts_add_cost(part->machine, part->group, &outcome);
        conditions_describe(options->matrix.conditions, part->machine, part->conditions);
        if (!facts_add_admission(part->machine, path, options->matrix.quiet, error) ||
            !folder_write_ini(part->folder, "machine.ini", part->machine, error))
            return -1;
    }
    if (options->pass != PLAN_CALLS) /* no time of it is a figure */
        conditions_print_arisen(options->matrix.conditions, stderr);
    if (!summary_make(path, options->no_table ? NULL : stdout, error))
        return -1;
    if (!options->no_table)
        printf("\n%s\n", path);
    fflush(stdout); /* the last words on stderr stand behind it */
    if (outcome.interrupted)
        tell_interrupted(suite, options, part->togo, count_all(&outcome) + count_all(&part->aside), path);
    return exit_code(suite, options, &outcome, &part->aside);
}

/* What is on disk stays there, whatever stopped us. */
static void advise_resume(const struct part *part, const struct options *options, GError *error)
{
    g_autofree char *machine =
        part->folder ? g_build_filename(folder_path(part->folder), "machine.ini", NULL) : NULL;
    if (!machine || error->domain != AFTERFREE_ERROR || error->code != EXIT_SYSTEM ||
        !g_file_test(machine, G_FILE_TEST_EXISTS))
        return;
    g_autofree char *before = error->message;
    error->message = g_strdup_printf(
        "%s\n  The rows earned so far are kept. Once this is mended: afterfree %s --resume %s%s", before,
        plan_pass_command(options->pass), folder_path(part->folder), options->set_thp ? " --set-thp" : "");
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

int execute(struct options *options, char *const *words, GError **error)
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
        (options->matrix.conditions = suite_see_conditions(&suite, options, error))) {
        part.machine = facts_describe(&suite, options, command_line);
        if (options->resume ? go_on(&part, &suite, options, error) : begin(&part, &suite, options, error))
            code = run_part(&part, &suite, options, error);
        if (code < 0 && error)
            advise_resume(&part, options, *error);
    }
    part_clear(&part);
    g_clear_pointer(&options->matrix.conditions, conditions_free);
    suite_clear(&suite);
    return code;
}
