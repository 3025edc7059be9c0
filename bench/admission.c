#include "admission.h"

#include <string.h>

#include "csv.h"
#include "run.h"
#include "units.h"

/* What a run may still grow by: nothing without a further build (or a neighbour) ahead. *keeps: it waits again behind
 * that, and may hold what it grew by. */
static uint64_t growth_of(const struct run *run, bool *keeps)
{
    uint64_t peak = plan_admitted_bytes(run->plan, run->what.cell);
    bool grows = false;
    *keeps = false;
    for (guint i = run->step + 1; i < run->steps->len; i++) {
        const struct plan_step *step = run->steps->pdata[i];
        *keeps = *keeps || (grows && step->waits);
        grows = grows || step->builds || strcmp(step->phase, "pressure") == 0;
    }
    return grows ? peak - MIN(peak, run->last_rss_bytes) : 0;
}

/* What the runs that wait may still grow by. One at a time is busy: of those that end then the largest counts; those
 * that wait again may all have grown, and their sum counts. */
static uint64_t regrowth(const GPtrArray *active)
{
    uint64_t largest = 0, sum = 0;
    for (guint i = 0; i < active->len; i++) {
        bool keeps;
        uint64_t growth = growth_of(active->pdata[i], &keeps);
        if (keeps)
            sum += growth;
        else
            largest = MAX(largest, growth);
    }
    return sum + largest;
}

/* The system has the THP mode this run needs, or may be given it: it matters to nobody alive. */
static bool thp_is_free(const GPtrArray *active, const struct thp *thp, enum thp_mode asked)
{
    for (guint i = 0; i < active->len; i++)
        if (((const struct run *)active->pdata[i])->what.cell->thp != THP_NEVER)
            return thp_holds(thp, asked);
    return true;
}

int admission_next(const GPtrArray *queue, const GPtrArray *active, uint64_t available_bytes,
                   const struct thp *thp)
{
    uint64_t growth = regrowth(active);
    for (guint i = 0; i < queue->len; i++) {
        const struct run_spec *spec = queue->pdata[i];
        if (!thp_is_free(active, thp, spec->what.cell->thp))
            return -1;
        if (admission_fits(available_bytes, plan_admitted_bytes(spec->plan, spec->what.cell), growth))
            return (int)i;
    }
    return -1;
}

static void take_row(struct admission_margin *margin, const struct csv *runs, guint row)
{
    const char *cell = csv_text(runs, row, csv_column(runs, "cell"));
    uint64_t expected, peak = 0, rebuild = 0;
    csv_u64(runs, row, csv_column(runs, "peak_rss_bytes"), &peak);
    csv_u64(runs, row, csv_column(runs, "rebuild_peak_rss_bytes"), &rebuild);
    peak = MAX(peak, rebuild);
    if (!csv_u64(runs, row, csv_column(runs, "expected_peak_bytes"), &expected) || peak == 0)
        return;
    double ratio = (double)expected / (double)peak;
    if (expected < peak) {
        g_autofree char *took = units_format_bytes(peak), *estimate = units_format_bytes(expected);
        g_string_append_printf(margin->over, "%s took %s, %s were expected\n", cell, took, estimate);
    }
    if (margin->cell && ratio >= margin->least)
        return;
    g_free(margin->cell);
    margin->cell = g_strdup(cell);
    margin->least = ratio;
}

bool admission_read_margin(struct admission_margin *margin, const char *run_folder, GError **error)
{
    g_autofree char *path = g_build_filename(run_folder, "runs.csv", NULL);
    *margin = (struct admission_margin){.over = g_string_new(NULL)};
    g_autoptr(csv_table) runs = csv_read(path, error);
    for (guint row = 0; runs && row < csv_rows(runs); row++)
        if (strcmp(csv_text(runs, row, csv_column(runs, "status")), "ok") == 0)
            take_row(margin, runs, row);
    return runs != NULL;
}

void admission_margin_clear(struct admission_margin *margin)
{
    g_clear_pointer(&margin->cell, g_free);
    g_string_free(margin->over, TRUE);
}
