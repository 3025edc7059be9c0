/* measure_ratio COLUMN[+COLUMN…] A B [A B]…: the median of the ratios B/A, paired by repeat, and its 95%
 * bootstrap interval. A and B are RUN or RUN:CELL, a run folder and one of its cells, or several of them joined
 * by commas and then added up (a round A B B A, in which both stand first as often); all must have as many
 * proven rows as each other. For claims about the harness itself, see scripts/measure-harness. */
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "error.h"

#define RESAMPLES 10000

static void fail(const char *of, const char *why)
{
    fprintf(stderr, "measure_ratio: %s: %s\n", of, why);
    exit(EXIT_BAD_DATA);
}

/* The sum of the columns in one row. */
static double sum_of(const struct csv *csv, guint row, const char *columns, const char *of)
{
    g_auto(GStrv) names = g_strsplit(columns, "+", -1);
    double sum = 0;
    for (char **name = names; *name; name++) {
        uint64_t value = 0;
        if (!csv_u64(csv, row, csv_column(csv, *name), &value))
            fail(of, "a column is missing or empty");
        sum += (double)value;
    }
    return sum;
}

/* The sums of RUN or RUN:CELL, by repeat. */
static GArray *read_sums(const char *of, const char *columns)
{
    g_auto(GStrv) parts = g_strsplit(of, ":", 2);
    g_autofree char *path = g_build_filename(parts[0], "runs.csv", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(csv_table) csv = csv_read(path, &error);
    if (!csv)
        fail(of, error->message);
    GArray *sums = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint row = 0; row < csv_rows(csv); row++) { /* rows of a cell end in the order of its repeats */
        if (parts[1] && strcmp(csv_text(csv, row, csv_column(csv, "cell")), parts[1]) != 0)
            continue;
        if (strcmp(csv_text(csv, row, csv_column(csv, "status")), "ok") != 0)
            fail(of, "a row is not ok");
        double sum = sum_of(csv, row, columns, of);
        g_array_append_val(sums, sum);
    }
    return sums;
}

/* The same for a list joined by commas, added up repeat by repeat. */
static GArray *read_total(const char *list, const char *columns)
{
    g_auto(GStrv) parts = g_strsplit(list, ",", -1);
    GArray *total = read_sums(parts[0], columns);
    for (char **part = parts + 1; *part; part++) {
        g_autoptr(GArray) more = read_sums(*part, columns);
        if (more->len != total->len)
            fail(*part, "has not as many rows as the others");
        for (guint i = 0; i < total->len; i++)
            g_array_index(total, double, i) += g_array_index(more, double, i);
    }
    return total;
}

static void add_ratios(GArray *ratios, const char *columns, const char *a, const char *b)
{
    g_autoptr(GArray) first = read_total(a, columns);
    g_autoptr(GArray) second = read_total(b, columns);
    if (first->len == 0 || first->len != second->len)
        fail(b, "has not as many rows as the other, or none");
    for (guint i = 0; i < first->len; i++) {
        double ratio = g_array_index(second, double, i) / g_array_index(first, double, i);
        g_array_append_val(ratios, ratio);
    }
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
    g_autoptr(GArray) ratios = g_array_new(FALSE, FALSE, sizeof(double));
    for (int i = 2; i < argc; i += 2)
        add_ratios(ratios, argv[1], argv[i], argv[i + 1]);
    g_autofree double *drawn = g_new(double, ratios->len);
    g_autofree double *medians = g_new(double, RESAMPLES);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (size_t i = 0; i < RESAMPLES; i++) {
        for (guint j = 0; j < ratios->len; j++)
            drawn[j] = g_array_index(ratios, double, gsl_rng_uniform_int(rng, ratios->len));
        medians[i] = median_of(drawn, ratios->len);
    }
    gsl_rng_free(rng);
    gsl_sort(medians, 1, RESAMPLES);
    printf("%s: %u pairs, median ratio %.4f, 95%% interval %.4f to %.4f\n", argv[1], ratios->len,
           median_of((double *)(gpointer)ratios->data, ratios->len),
           gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES, 0.025),
           gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES, 0.975));
    return 0;
}
