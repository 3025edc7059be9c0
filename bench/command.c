#include "command.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "error.h"
#include "execute.h"
#include "machine.h"
#include "options.h"
#include "selftest.h"
#include "suite.h"
#include "summary.h"
#include "units.h"

/* --- run --- */

int command_run(int argc, char **argv, GError **error)
{
    struct options options;
    int code = -1;
    g_auto(GStrv) words = g_strdupv(argv); /* reading the options takes them out */
    if (options_read_run(&options, argc, argv, error))
        code = execute(&options, words, error);
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
        code = execute(&options, words, error);
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
    int width = 0;
    for (guint i = 0; i < suite->cells->len; i++)
        width = MAX(width, (int)strlen(((const struct plan_cell *)suite->cells->pdata[i])->name));
    if (suite->plan->pass == PLAN_COST)
        printf("\nTimed cells of plan %s (afterfree cost):\n", suite->plan->name);
    else
        printf("\nCells of plan %s (%s):\n", suite->plan->name, suite->plan->summary);
    for (guint i = 0; i < suite->cells->len; i++) {
        const struct plan_cell *cell = suite->cells->pdata[i];
        g_auto(GStrv) environment = suite_environment(suite, options, cell);
        g_autofree char *line = g_strjoinv(" ", environment);
        printf("  %-*s  %s\n", width, cell->name, line);
        const struct probe *probe = suite_probe(suite, cell);
        if (probe->verdict == PROBE_NOT_IN_FORCE)
            printf("    NOT in force: %s\n", probe->reason);
    }
}

static void print_estimate(const struct suite *suite)
{
    uint64_t busy_ms = 0, waits_ms = 0, longest_ms = 0, peak = 0;
    for (guint i = 0; i < suite->cells->len; i++) {
        const struct plan_cell *cell = suite->cells->pdata[i];
        if (suite_probe(suite, cell)->verdict != PROBE_PROVEN)
            continue;
        busy_ms += plan_expected_busy_ms(cell);
        waits_ms += plan_waiting_ms(cell);
        longest_ms = MAX(longest_ms, plan_waiting_ms(cell));
        peak = MAX(peak, plan_admitted_bytes(suite->plan, cell));
    }
    /* One is busy at a time; the last one's waits, or those of all as they fit side by side, come on top. */
    uint64_t total_ms = MAX(busy_ms * suite->plan->repeat + longest_ms,
                            (busy_ms + waits_ms) * suite->plan->repeat / MATRIX_DEFAULT_JOBS);
    g_autofree char *time = units_format_duration_ms(total_ms);
    g_autofree char *memory = units_format_bytes(peak);
    g_autofree char *has = units_format_bytes(machine_available_bytes());
    printf("\n%u cells, %" G_GUINT64_FORMAT
           " runs each; about %s. The largest may need %s; %s are available.\n",
           suite->cells->len, suite->plan->repeat, time, memory, has);
}

/* Prints one pass. False with error; EXIT_NO_MATCH: there is none of its cells. */
static bool list_pass(struct options *options, enum plan_pass pass, bool first, GError **error)
{
    struct suite suite = {.plan = NULL};
    options->pass = pass;
    bool good = suite_open(&suite, options, error);
    if (good && first)
        print_allocators(&suite);
    if (good) {
        print_cells(&suite, options);
        print_estimate(&suite);
    }
    suite_clear(&suite);
    return good;
}

/* A plan may have cells of one pass only; none of either is the error. */
static bool list_passes(struct options *options, GError **error)
{
    g_autoptr(GError) none = NULL, not_timed = NULL;
    bool found = list_pass(options, PLAN_MEMORY, true, &none);
    bool timed = (found || g_error_matches(none, AFTERFREE_ERROR, EXIT_NO_MATCH)) &&
                 list_pass(options, PLAN_COST, !found, &not_timed);
    if (timed || (found && g_error_matches(not_timed, AFTERFREE_ERROR, EXIT_NO_MATCH)))
        return true;
    g_propagate_error(error, found ? g_steal_pointer(&not_timed) : g_steal_pointer(&none));
    return false;
}

int command_list(int argc, char **argv, GError **error)
{
    struct options options;
    int code =
        options_read_list(&options, argc, argv, error) && list_passes(&options, error) ? EXIT_PROVEN : -1;
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
        bool bad =
            outcome.refuted + outcome.without_version + outcome.not_in_force + outcome.settings_refuted > 0;
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
    if (options_read_summary(&options, argc, argv, error) && summary_make(options.run_folder, stdout, error))
        code = EXIT_PROVEN;
    options_clear(&options);
    return code;
}
