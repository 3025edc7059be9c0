/* command_compare: `afterfree compare A B`. */
#include <stdio.h>

#include "budget.h"
#include "command.h"
#include "compare.h"
#include "error.h"
#include "mismatch.h"
#include "options.h"
#include "pair.h"
#include "report.h"

/* A cell that fails is over any budget, and so is one that should be there and is not. */
static int exit_code(const struct report *report, bool strict)
{
    const struct comparison *comparison = report->comparison;
    if (report_is_incomplete(report))
        return EXIT_NOT_PROVEN;
    if (!report->budget)
        return comparison->worse > 0 ? EXIT_NOT_PROVEN : EXIT_PROVEN;
    bool broken = false;
    for (guint i = 0; i < comparison->cells->len; i++)
        broken = broken || ((const struct compare_cell *)comparison->cells->pdata[i])->broken;
    const guint *judged = report->budget->judged;
    bool over = judged[BUDGET_OVER] > 0 || (strict && judged[BUDGET_NOT_JUDGED] > 0);
    return over || broken ? EXIT_NOT_PROVEN : EXIT_PROVEN;
}

static bool flush(FILE *out, GError **error)
{
    if (fflush(out) == 0 && !ferror(out))
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "cannot write the comparison: is the disk full?");
    return false;
}

static int compare(const struct options *options, GError **error)
{
    g_autoptr(pair_of_runs) pair = pair_read(options->run_folder, options->other_folder, error);
    if (!pair)
        return -1;
    g_autoptr(GPtrArray) mismatches = mismatch_find(pair);
    if (!mismatch_allow(mismatches, (const char *const *)options->despite, error))
        return -1;
    g_autoptr(budget_file) budget = NULL;
    if (options->budget && !(budget = budget_read(options->budget, error)))
        return -1;
    g_autoptr(compare_result) comparison = compare_runs(pair);
    if (budget && !budget_judge(budget, comparison, error))
        return -1;
    const char *const *despite = (const char *const *)options->despite;
    const struct report report = {.comparison = comparison,
                                  .mismatches = mismatches,
                                  .budget = budget,
                                  .all = options->all,
                                  .despite_missing = despite && g_strv_contains(despite, MISMATCH_MISSING)};
    report_writer *write = report_find(options->format);
    if (!report_has_notes(write))
        report_notes(&report, stderr);
    write(&report, stdout);
    return flush(stdout, error) ? exit_code(&report, options->strict) : -1;
}

int command_compare(int argc, char **argv, GError **error)
{
    struct options options;
    int code = options_read_compare(&options, argc, argv, error) ? compare(&options, error) : -1;
    options_clear(&options);
    return code;
}
