#include "bootstrap.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

double bootstrap_difference(double a, double b)
{
    return b - a;
}

double bootstrap_ratio(double a, double b)
{
    if (a == 0)
        return b == 0 ? 1 : INFINITY;
    return b / a;
}

static double sort_for_median(double *values, guint count)
{
    gsl_sort(values, 1, count);
    return gsl_stats_median_from_sorted_data(values, 1, count);
}

double bootstrap_median(const double *values, guint count)
{
    g_autofree double *sorted = g_memdup2(values, count * sizeof *values);
    return sort_for_median(sorted, count);
}

static double drawn_median(gsl_rng *rng, const GArray *values, double *drawn)
{
    for (guint i = 0; i < values->len; i++)
        drawn[i] = g_array_index(values, double, gsl_rng_uniform_int(rng, values->len));
    return sort_for_median(drawn, values->len);
}

static gsl_rng *new_rng(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 1);
    return rng;
}

/* Sorts BOOTSTRAP_RESAMPLES statistics. Outwards to a value that was drawn: nothing to interpolate where a ratio is
 * infinite. */
static struct bootstrap_interval cut(double *statistics, double confidence)
{
    gsl_sort(statistics, 1, BOOTSTRAP_RESAMPLES);
    double left_out = (1 - confidence) / 2 * (BOOTSTRAP_RESAMPLES - 1);
    size_t low = (size_t)floor(left_out);
    return (struct bootstrap_interval){statistics[low], statistics[BOOTSTRAP_RESAMPLES - 1 - low]};
}

struct bootstrap_interval bootstrap_interval_of(const GArray *a, const GArray *b,
                                                bootstrap_statistic *statistic, double confidence)
{
    g_autofree double *drawn = g_new(double, MAX(a->len, b->len));
    g_autofree double *statistics = g_new(double, BOOTSTRAP_RESAMPLES);
    gsl_rng *rng = new_rng();
    for (guint i = 0; i < BOOTSTRAP_RESAMPLES; i++) {
        double first = drawn_median(rng, a, drawn);
        statistics[i] = statistic(first, drawn_median(rng, b, drawn));
    }
    gsl_rng_free(rng);
    return cut(statistics, confidence);
}

struct bootstrap_interval bootstrap_interval_of_median(const GArray *values, double confidence)
{
    g_autofree double *drawn = g_new(double, values->len);
    g_autofree double *statistics = g_new(double, BOOTSTRAP_RESAMPLES);
    gsl_rng *rng = new_rng();
    for (guint i = 0; i < BOOTSTRAP_RESAMPLES; i++)
        statistics[i] = drawn_median(rng, values, drawn);
    gsl_rng_free(rng);
    return cut(statistics, confidence);
}
