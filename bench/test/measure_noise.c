/* measure_noise RUN…: cost folders of one plan, each a trial, of settings that are their allocator's default by
 * another name. In how many trials was a difference to the default shown, and how far do the ratios lie apart?
 * For the claim that the timed pass finds none where there is none, see scripts/measure-noise. */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "error.h"

static const char *const figures[] = {"build", "drop", "rebuild", "purge", "rebuild_after_purge", "cycle"};
#define FIGURES G_N_ELEMENTS(figures)

struct cell {
    char *name;
    guint trials, shown_any; /* that have the cell; that show a difference in any figure */
    struct {
        guint shown;
        GArray *ratios; /* of double */
    } of[FIGURES];
};

static void fail(const char *of, const char *why)
{
    fprintf(stderr, "measure_noise: %s: %s\n", of, why);
    exit(EXIT_BAD_DATA);
}

static void cell_free(gpointer data)
{
    struct cell *cell = data;
    for (guint i = 0; i < FIGURES; i++)
        g_array_unref(cell->of[i].ratios);
    g_free(cell->name);
    g_free(cell);
}

static struct cell *cell_of(GPtrArray *cells, const char *name)
{
    for (guint i = 0; i < cells->len; i++)
        if (strcmp(((struct cell *)cells->pdata[i])->name, name) == 0)
            return cells->pdata[i];
    struct cell *cell = g_new0(struct cell, 1);
    cell->name = g_strdup(name);
    for (guint i = 0; i < FIGURES; i++)
        cell->of[i].ratios = g_array_new(FALSE, FALSE, sizeof(double));
    g_ptr_array_add(cells, cell);
    return cell;
}

static const char *text_of(const struct csv *csv, guint row, const char *figure, const char *column)
{
    g_autofree char *name = g_strconcat(figure, column, NULL);
    return csv_field(csv, row, name);
}

/* A figure without a ratio was not measured: there is no purge. */
static void take_row(GPtrArray *cells, const struct csv *csv, guint row)
{
    struct cell *cell = cell_of(cells, csv_field(csv, row, "cell"));
    bool any = false;
    for (guint i = 0; i < FIGURES; i++) {
        const char *ratio = text_of(csv, row, figures[i], "_of_default");
        const char *verdict = text_of(csv, row, figures[i], "_of_default_verdict");
        bool shown = strcmp(verdict, "more") == 0 || strcmp(verdict, "less") == 0;
        double value = g_ascii_strtod(ratio, NULL);
        if (*ratio == '\0')
            continue;
        g_array_append_val(cell->of[i].ratios, value);
        cell->of[i].shown += shown;
        any = any || shown;
    }
    cell->trials++;
    cell->shown_any += any;
}

/* The default itself has nothing to be compared to. */
static void take_trial(GPtrArray *cells, const char *run)
{
    g_autofree char *path = g_build_filename(run, "summary.csv", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(csv_table) csv = csv_read(path, &error);
    if (!csv)
        fail(run, error->message);
    if (csv_column(csv, "cycle_of_default_verdict") < 0)
        fail(path, "has no prices: it is not of a timed pass");
    for (guint row = 0; row < csv_rows(csv); row++)
        if (*csv_field(csv, row, "cycle_of_default_verdict"))
            take_row(cells, csv, row);
}

static void print_figure(const char *name, guint shown, GArray *ratios)
{
    double *values = (double *)(gpointer)ratios->data;
    if (ratios->len == 0)
        return;
    gsl_sort(values, 1, ratios->len);
    printf("  %-20s %3u of %3u  ratio %.4f to %.4f, median %.4f\n", name, shown, ratios->len, values[0],
           values[ratios->len - 1], gsl_stats_median_from_sorted_data(values, 1, ratios->len));
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(cell_free);
    if (argc < 2) {
        fputs("usage: measure_noise RUN…\n", stderr);
        return EXIT_USAGE;
    }
    for (int i = 1; i < argc; i++)
        take_trial(cells, argv[i]);
    if (cells->len == 0)
        fail(argv[1], "no setting beside the default");
    for (guint i = 0; i < cells->len; i++) {
        const struct cell *cell = cells->pdata[i];
        printf("%s: trials that show a difference\n", cell->name);
        for (guint figure = 0; figure < FIGURES; figure++)
            print_figure(figures[figure], cell->of[figure].shown, cell->of[figure].ratios);
        printf("  %-20s %3u of %3u\n", "any of them", cell->shown_any, cell->trials);
    }
    return 0;
}
