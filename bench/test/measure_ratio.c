/* measure_ratio COLUMN[+COLUMN…] A B [A B]…: run folders in pairs, each with one proven run; prints the
 * median of the ratios B/A and its 95% bootstrap interval. For claims about the harness itself, see
 * scripts/measure-harness. */
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "error.h"

#define RESAMPLES 10000

static double fail(const char *folder, const char *why)
{
    fprintf(stderr, "measure_ratio: %s: %s\n", folder, why);
    exit(EXIT_BAD_DATA);
}

/* The sum of the columns in the folder's one row. */
static double read_sum(const char *folder, const char *columns)
{
    g_autofree char *path = g_build_filename(folder, "runs.csv", NULL);
    g_autoptr(GError) error = NULL;
    struct csv *csv = csv_read(path, &error);
    if (!csv)
        return fail(folder, error->message);
    if (csv_rows(csv) != 1 || strcmp(csv_text(csv, 0, csv_column(csv, "status")), "ok") != 0)
        return fail(folder, "must hold exactly one run, and it must be ok");
    g_auto(GStrv) names = g_strsplit(columns, "+", -1);
    double sum = 0;
    for (char **name = names; *name; name++) {
        uint64_t value;
        if (!csv_u64(csv, 0, csv_column(csv, *name), &value))
            return fail(folder, "a column is missing or empty");
        sum += (double)value;
    }
    csv_free(csv);
    return sum;
}

static double median_of(double *values, size_t count)
{
    gsl_sort(values, 1, count);
    return gsl_stats_median_from_sorted_data(values, 1, count);
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc % 2 != 0) {
        fputs("usage: measure_ratio COLUMN[+COLUMN…] A B [A B]…\n", stderr);
        return EXIT_USAGE;
    }
    size_t pairs = (size_t)(argc - 2) / 2;
    g_autofree double *ratios = g_new(double, pairs);
    g_autofree double *drawn = g_new(double, pairs);
    g_autofree double *medians = g_new(double, RESAMPLES);
    for (size_t i = 0; i < pairs; i++)
        ratios[i] = read_sum(argv[3 + 2 * i], argv[1]) / read_sum(argv[2 + 2 * i], argv[1]);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (size_t i = 0; i < RESAMPLES; i++) {
        for (size_t j = 0; j < pairs; j++)
            drawn[j] = ratios[gsl_rng_uniform_int(rng, pairs)];
        medians[i] = median_of(drawn, pairs);
    }
    gsl_rng_free(rng);
    gsl_sort(medians, 1, RESAMPLES);
    printf("%s: %zu pairs, median ratio %.4f, 95%% interval %.4f to %.4f\n", argv[1], pairs,
           median_of(ratios, pairs), gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES, 0.025),
           gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES, 0.975));
    return 0;
}
