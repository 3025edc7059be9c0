#include "cycles.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <math.h>
#include <string.h>

#define CONFIDENCE 0.95

static bool is_complete(const struct cycles_cycle *cycle)
{
    return cycle->idle_held_bytes != RECORD_UNKNOWN && cycle->live_bytes != RECORD_UNKNOWN &&
           cycle->peak_live_bytes != RECORD_UNKNOWN;
}

guint cycles_complete(const struct cycles_run *run)
{
    guint complete = 0;
    while (complete < run->cycles->len &&
           is_complete(&g_array_index(run->cycles, struct cycles_cycle, complete)))
        complete++;
    return complete;
}

static bool is_ok(const struct cycles_run *run)
{
    return strcmp(run->status, "ok") == 0;
}

struct cycles_line cycles_fit(const double *values, guint count)
{
    g_autofree double *at = g_new(double, count);
    double offset, slope, offset_variance, covariance, slope_variance, sum_of_squares;
    for (guint i = 0; i < count; i++)
        at[i] = i + 1;
    gsl_fit_linear(at, 1, values, 1, count, &offset, &slope, &offset_variance, &covariance, &slope_variance,
                   &sum_of_squares);
    double t = gsl_cdf_tdist_Pinv(1 - (1 - CONFIDENCE) / 2, count - 2);
    double half = t * sqrt(MAX(slope_variance, 0));
    return (struct cycles_line){slope, slope - half, slope + half};
}

/* The median over the ok runs of a number of cycle `k`, `offset` bytes into struct cycles_cycle. */
static uint64_t median_at(const struct cycles_cell *cell, guint k, size_t offset)
{
    g_autofree uint64_t *values = g_new(uint64_t, cell->runs->len);
    guint count = 0;
    for (guint i = 0; i < cell->runs->len; i++) {
        const struct cycles_run *run = cell->runs->pdata[i];
        if (is_ok(run))
            memcpy(&values[count++],
                   (const char *)&g_array_index(run->cycles, struct cycles_cycle, k) + offset,
                   sizeof *values);
    }
    return summary_of(values, count).median;
}
#define MEDIAN_AT(cell, k, field) median_at(cell, k, offsetof(struct cycles_cycle, field))

static double mean_overhead(const struct cycles_cell *cell)
{
    double sum = 0;
    guint count = 0;
    for (guint i = 0; i < cell->runs->len; i++)
        if (is_ok(cell->runs->pdata[i])) {
            sum += ((const struct cycles_run *)cell->runs->pdata[i])->overhead;
            count++;
        }
    return count > 0 ? sum / count : 0;
}

static const char *verdict_of(const struct cycles_cell *cell)
{
    if (!cell->is_fitted)
        return "too few cycles";
    if (cell->line.low > cell->overhead_bytes + CYCLES_LEAST_CREEP_BYTES)
        return "creeps";
    return cell->line.high < -CYCLES_LEAST_CREEP_BYTES ? "shrinks" : "no creep shown";
}

static void judge_ok(struct cycles_cell *cell)
{
    guint n = cell->cycles;
    g_autofree double *unused = g_new(double, MAX(n, 1)), *live = g_new(double, MAX(n, 1));
    uint64_t baseline = cell->cell->numbers[RECORD_baseline_rss_bytes].median;
    double sum = 0;
    for (guint k = 0; k < n; k++) {
        live[k] = (double)MEDIAN_AT(cell, k, live_bytes);
        unused[k] = (double)MEDIAN_AT(cell, k, idle_held_bytes) - live[k] - (double)baseline;
        cell->peak_live_bytes = MAX(cell->peak_live_bytes, MEDIAN_AT(cell, k, peak_live_bytes));
        cell->live_bytes = MEDIAN_AT(cell, k, live_bytes);
        sum += k >= n / 2 ? unused[k] : 0;
    }
    cell->unused_bytes = n > 0 ? sum / (n - n / 2) : NAN;
    cell->is_fitted = n >= CYCLES_LEAST_TO_FIT;
    if (cell->is_fitted) {
        cell->line = cycles_fit(unused + 1, n - 1);
        cell->overhead_bytes = mean_overhead(cell) * MAX(cycles_fit(live + 1, n - 1).slope, 0);
    }
    cell->verdict = g_strdup(verdict_of(cell));
}

/* Its status; of a run that was in one, the cycle, too. */
static char *fate_of(const struct cycles_cell *cell)
{
    const struct record *texts = &cell->cell->texts;
    const struct cycles_run *run = cell->runs->len > 0 ? cell->runs->pdata[0] : NULL;
    bool builds = strcmp(texts->ended_in, "build") == 0 || strcmp(texts->ended_in, "rebuild") == 0;
    guint cycle = run ? run->cycles->len + builds : 0;
    return cycle > 0 ? g_strdup_printf("%s in cycle %u", texts->status, cycle) : g_strdup(texts->status);
}

void cycles_judge(struct cycles_cell *cell)
{
    bool any = false;
    cell->unused_bytes = NAN;
    for (guint i = 0; i < cell->runs->len; i++) {
        const struct cycles_run *run = cell->runs->pdata[i];
        if (is_ok(run))
            cell->cycles = any ? MIN(cell->cycles, cycles_complete(run)) : cycles_complete(run);
        any = any || is_ok(run);
    }
    if (any)
        judge_ok(cell);
    else
        cell->verdict = fate_of(cell);
}
