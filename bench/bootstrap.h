/* bootstrap.h: how far the medians of two samples lie apart, or where the median of one lies, with an interval
 * that assumes no distribution.
 *
 * Percentile bootstrap: each side is drawn again from itself, with replacement, BOOTSTRAP_RESAMPLES times; the
 * statistic of the two medians, or the one median, is sorted and cut at both ends. The generator (GSL's mt19937)
 * starts from the same seed each time: the same numbers give the same interval. */
#ifndef AFTERFREE_BOOTSTRAP_H
#define AFTERFREE_BOOTSTRAP_H

#include <glib.h>

#define BOOTSTRAP_RESAMPLES 10000

struct bootstrap_interval {
    double low, high;
};

/* Of two medians, the first and the second side's. */
typedef double bootstrap_statistic(double a, double b);
double bootstrap_difference(double a, double b); /* b - a */
double bootstrap_ratio(double a, double b);      /* b / a; 1 for 0 / 0, infinite for anything else / 0 */

/* Of `count` > 0 values, in any order; they stay as they are. */
double bootstrap_median(const double *values, guint count);

/* GArrays of double, neither empty. `confidence`: 0.95 leaves 2.5 % out at each end. */
struct bootstrap_interval bootstrap_interval_of(const GArray *a, const GArray *b,
                                                bootstrap_statistic *statistic, double confidence);

/* Of the median of one sample, not empty. Of few values it is too narrow: see price.h for eight. */
struct bootstrap_interval bootstrap_interval_of_median(const GArray *values, double confidence);

#endif
