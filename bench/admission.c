#include "admission.h"

#include <string.h>

#include "csv.h"
#include "units.h"

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
