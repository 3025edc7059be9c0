#include "compare.h"

#include <math.h>
#include <string.h>

#define CPU(phase) phase "_user_ns", phase "_sys_ns"

enum { PRICE = 5 };

const struct compare_figure compare_figures[] = {
    {"peak", "peak", false, {"peak_rss_bytes"}},
    {"at_once", "at once", false, {"drop_held_bytes"}},
    {"silent", "silent", false, {"silent_held_bytes"}},
    {"ticking", "ticking", false, {"ticking_held_bytes"}},
    {"purged", "purged", false, {"purge_held_bytes"}},
    [PRICE] = {"price", "price", true, {CPU("build"), CPU("drop"), CPU("rebuild")}},
    {"build_cpu", "build CPU", true, {CPU("build")}},
    {"drop_cpu", "drop CPU", true, {CPU("drop")}},
    {"rebuild_cpu", "rebuild CPU", true, {CPU("rebuild")}},
    {"redrop_cpu", "redrop CPU", true, {CPU("redrop")}},
    {"purge_cpu", "purge CPU", true, {CPU("purge")}},
};
const guint compare_figure_count = G_N_ELEMENTS(compare_figures);

static void change_free(gpointer data)
{
    struct compare_change *change = data;
    g_array_unref(change->values[PAIR_A]);
    g_array_unref(change->values[PAIR_B]);
    g_free(change->why);
    g_free(change);
}

static void cell_free(gpointer data)
{
    struct compare_cell *cell = data;
    g_ptr_array_unref(cell->changes);
    g_ptr_array_unref(cell->judgements);
    g_free(cell);
}

void compare_free(struct comparison *comparison)
{
    if (!comparison)
        return;
    g_ptr_array_unref(comparison->cells);
    g_free(comparison->baseline);
    g_free(comparison->price_note);
    g_free(comparison);
}

/* --- the values of the runs --- */

static bool sum_of(const struct csv *runs, guint row, const struct compare_figure *figure, double *sum)
{
    *sum = 0;
    for (guint i = 0; i < G_N_ELEMENTS(figure->columns) && figure->columns[i]; i++) {
        uint64_t value;
        if (!csv_u64(runs, row, csv_column(runs, figure->columns[i]), &value))
            return false;
        *sum += (double)value;
    }
    return true;
}

/* What a value is measured from (memory: the run's own baseline RSS) and in (a price: the price of the plan's
 * baseline in the same round). */
static bool value_of(const struct pair_side *side, guint row, const struct compare_figure *figure,
                     const struct pair_rows *unit, double *value)
{
    uint64_t baseline_bytes;
    double of_unit = 0;
    if (!sum_of(side->runs, row, figure, value))
        return false;
    if (!figure->is_price) {
        if (!csv_u64(side->runs, row, csv_column(side->runs, "baseline_rss_bytes"), &baseline_bytes))
            return false;
        *value = MAX(*value - (double)baseline_bytes, 0);
    }
    if (!figure->is_price || !unit)
        return true;
    int repeat = csv_column(side->runs, "repeat");
    for (guint i = 0; i < unit->ok->len; i++) {
        guint other = g_array_index(unit->ok, guint, i);
        if (strcmp(csv_text(side->runs, row, repeat), csv_text(side->runs, other, repeat)) == 0 &&
            sum_of(side->runs, other, &compare_figures[PRICE], &of_unit) && of_unit > 0) {
            *value /= of_unit;
            return true;
        }
    }
    return false;
}

static GArray *values_of(const struct pair_side *side, const struct pair_rows *rows,
                         const struct compare_figure *figure, const struct pair_rows *unit)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < rows->ok->len; i++) {
        double value;
        if (value_of(side, g_array_index(rows->ok, guint, i), figure, unit, &value))
            g_array_append_val(values, value);
    }
    return values;
}

static double median_of(const GArray *values)
{
    return bootstrap_median((const double *)(gpointer)values->data, values->len);
}

/* --- what prices are measured in --- */

static char *baseline_of(const struct pair_side *side)
{
    return g_key_file_get_string(side->plan, "plan", "baseline", NULL);
}

static bool is_of(const char *baseline, const struct pair_cell *cell)
{
    return g_str_has_prefix(cell->name, baseline) && cell->name[strlen(baseline)] == '/';
}

/* The same build of it under the same environment on both sides? Then what differs in its time is the machine. */
static bool is_unchanged(const struct pair *pair, const char *baseline)
{
    static const char *const keys[] = {"version", "package_version", "library"};
    g_auto(GStrv) names = g_strsplit(baseline, "/", 2);
    g_autofree char *group = g_strdup_printf("allocator %s", names[0] ? names[0] : "");
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *a = g_key_file_get_value(pair->sides[PAIR_A].machine, group, keys[i], NULL);
        g_autofree char *b = g_key_file_get_value(pair->sides[PAIR_B].machine, group, keys[i], NULL);
        if (g_strcmp0(a, b) != 0)
            return false;
    }
    for (guint i = 0; i < pair->cells->len; i++) {
        const struct pair_cell *cell = &g_array_index(pair->cells, struct pair_cell, i);
        if (is_of(baseline, cell) &&
            strcmp(pair_text(pair, cell, PAIR_A, "env"), pair_text(pair, cell, PAIR_B, "env")) != 0)
            return false;
    }
    return true;
}

/* How much CPU time the baseline itself took, B over A: the median over its cells; 0: it has none in common. What
 * slows down everything is in no price that is a multiple of it. */
static double baseline_change(const struct pair *pair, const char *baseline)
{
    g_autoptr(GArray) ratios = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < pair->cells->len; i++) {
        const struct pair_cell *cell = &g_array_index(pair->cells, struct pair_cell, i);
        GArray *values[PAIR_SIDES];
        for (int side = 0; side < PAIR_SIDES; side++)
            values[side] = values_of(&pair->sides[side], cell->rows[side], &compare_figures[PRICE], NULL);
        if (is_of(baseline, cell) && values[PAIR_A]->len > 0 && values[PAIR_B]->len > 0) {
            double ratio = bootstrap_ratio(median_of(values[PAIR_A]), median_of(values[PAIR_B]));
            g_array_append_val(ratios, ratio);
        }
        for (int side = 0; side < PAIR_SIDES; side++)
            g_array_unref(values[side]);
    }
    return ratios->len > 0 ? median_of(ratios) : 0;
}

static char *note_of_multiples(const struct pair *pair, const char *baseline)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    double change = baseline_change(pair, baseline);
    g_ascii_formatd(number, sizeof number, "%.3f", change);
    return g_strdup_printf(
        "Price is in multiples of %s in the same round (CPU time where that was not run)%s%s%s.", baseline,
        change > 0 ? ", which itself took " : "", change > 0 ? number : "",
        change > 0 ? " times the CPU time it took in A" : "");
}

static void choose_unit(struct comparison *comparison)
{
    const struct pair *pair = comparison->pair;
    g_autofree char *a = baseline_of(&pair->sides[PAIR_A]), *b = baseline_of(&pair->sides[PAIR_B]);
    if (!a || g_strcmp0(a, b) != 0) {
        comparison->price_note =
            g_strdup("Price is CPU time: the plans name no common baseline; a slower machine shows in it.");
    } else if (!is_unchanged(pair, a)) {
        comparison->price_note = g_strdup_printf(
            "Price is CPU time, for the baseline %s itself has changed; a slower machine shows in it.", a);
    } else {
        comparison->price_note = note_of_multiples(pair, a);
        comparison->baseline = g_steal_pointer(&a);
    }
}

static const struct pair_rows *unit_of(const struct comparison *comparison, const struct pair_cell *cell,
                                       int side)
{
    if (!comparison->baseline)
        return NULL;
    g_autofree char *name =
        g_strdup_printf("%s/%s/%s", comparison->baseline, pair_text(comparison->pair, cell, side, "workload"),
                        pair_text(comparison->pair, cell, side, "shape"));
    const struct pair_rows *unit = g_hash_table_lookup(comparison->pair->sides[side].cells, name);
    return unit && unit->ok->len > 0 ? unit : NULL;
}

/* --- cells --- */

static bool is_timed(const struct pair *pair, const struct pair_cell *cell)
{
    const char *policy = pair_text(pair, cell, PAIR_A, "policy");
    return strcmp(policy, "delayed") == 0 || strcmp(policy, "lazy") == 0;
}

static struct compare_change *new_change(const struct comparison *comparison, const struct pair_cell *cell,
                                         const struct compare_figure *figure,
                                         const struct pair_rows *const *units)
{
    struct compare_change *change = g_new0(struct compare_change, 1);
    bool relative = figure->is_price && units[PAIR_A] && units[PAIR_B];
    change->figure = figure;
    change->unit = !figure->is_price ? COMPARE_BYTES : relative ? COMPARE_TIMES : COMPARE_NS;
    change->is_timed = !figure->is_price && is_timed(comparison->pair, cell);
    for (int side = 0; side < PAIR_SIDES; side++) {
        GArray *values = values_of(&comparison->pair->sides[side], cell->rows[side], figure,
                                   relative ? units[side] : NULL);
        change->values[side] = values;
        if (values->len > 0)
            change->median[side] = median_of(values);
    }
    return change;
}

/* What some runs of A were too is nothing new in B, and is only told. */
static bool is_broken(const struct pair_cell *pair)
{
    const struct pair_rows *a = pair->rows[PAIR_A], *b = pair->rows[PAIR_B];
    return b->ok->len == 0 || (b->failed > 0 && a->failed == 0) || (b->invalid > 0 && a->invalid == 0);
}

static struct compare_cell *new_cell(const struct comparison *comparison, const struct pair_cell *pair)
{
    struct compare_cell *cell = g_new0(struct compare_cell, 1);
    const struct pair_rows *units[PAIR_SIDES];
    cell->pair = pair;
    cell->changes = g_ptr_array_new_with_free_func(change_free);
    cell->judgements = g_ptr_array_new_with_free_func(g_free);
    cell->broken = is_broken(pair);
    for (int side = 0; side < PAIR_SIDES; side++)
        units[side] = unit_of(comparison, pair, side);
    for (guint i = 0; i < compare_figure_count; i++) {
        struct compare_change *change = new_change(comparison, pair, &compare_figures[i], units);
        if (change->values[PAIR_A]->len > 0 && change->values[PAIR_B]->len > 0)
            g_ptr_array_add(cell->changes, change);
        else
            change_free(change);
    }
    return cell;
}

static void judge(struct compare_cell *cell, double confidence)
{
    cell->worse = cell->broken;
    cell->size = cell->broken ? INFINITY : 1;
    for (guint i = 0; i < cell->changes->len; i++) {
        struct compare_change *change = cell->changes->pdata[i];
        compare_judge(change, confidence);
        cell->worse = cell->worse || change->verdict == COMPARE_MORE;
        cell->better = cell->better || change->verdict == COMPARE_LESS;
        cell->size = MAX(cell->size, compare_size(change));
    }
}

static guint count_bootstraps(const GPtrArray *cells)
{
    guint count = 0;
    for (guint i = 0; i < cells->len; i++) {
        const GPtrArray *changes = ((const struct compare_cell *)cells->pdata[i])->changes;
        for (guint j = 0; j < changes->len; j++)
            count += compare_has_enough_runs(changes->pdata[j]);
    }
    return count;
}

static gint by_size(gconstpointer a, gconstpointer b)
{
    const struct compare_cell *first = *(const struct compare_cell *const *)a;
    const struct compare_cell *second = *(const struct compare_cell *const *)b;
    if (first->size != second->size)
        return first->size > second->size ? -1 : 1;
    return strcmp(first->pair->name, second->pair->name);
}

struct comparison *compare_runs(const struct pair *pair)
{
    struct comparison *comparison = g_new0(struct comparison, 1);
    comparison->pair = pair;
    comparison->cells = g_ptr_array_new_with_free_func(cell_free);
    choose_unit(comparison);
    for (guint i = 0; i < pair->cells->len; i++)
        g_ptr_array_add(comparison->cells,
                        new_cell(comparison, &g_array_index(pair->cells, struct pair_cell, i)));
    comparison->confidence = 1 - 0.05 / MAX(count_bootstraps(comparison->cells), 1);
    for (guint i = 0; i < comparison->cells->len; i++) {
        struct compare_cell *cell = comparison->cells->pdata[i];
        judge(cell, comparison->confidence);
        comparison->worse += cell->worse;
        comparison->better += cell->better && !cell->worse;
        comparison->same += !cell->better && !cell->worse;
    }
    g_ptr_array_sort(comparison->cells, by_size);
    return comparison;
}
