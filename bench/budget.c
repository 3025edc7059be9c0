#include "budget.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "ini.h"
#include "units.h"

static void limit_free(gpointer data)
{
    struct budget_limit *limit = data;
    g_free(limit->group);
    g_free(limit->key);
    g_free(limit->text);
    g_strfreev(limit->cells);
    g_free(limit);
}

void budget_free(struct budget *budget)
{
    if (!budget)
        return;
    ini_free(budget->ini);
    g_ptr_array_unref(budget->limits);
    g_free(budget);
}

/* --- reading --- */

static const char *const suffixes[] = {
    [BUDGET_BYTES] = "_bytes", [BUDGET_MORE_BYTES] = "_more_bytes", [BUDGET_RATIO] = "_ratio"};

/* Which figure, limited how? Bytes make no sense of a price. */
static bool find_key(const char *key, struct budget_limit *limit)
{
    for (guint i = 0; i < compare_figure_count; i++)
        for (guint kind = 0; kind < G_N_ELEMENTS(suffixes); kind++) {
            g_autofree char *name = g_strconcat(compare_figures[i].name, suffixes[kind], NULL);
            if (strcmp(name, key) != 0 || (compare_figures[i].is_price && kind != BUDGET_RATIO))
                continue;
            limit->figure = &compare_figures[i];
            limit->kind = kind;
            return true;
        }
    return false;
}

static char *all_keys(void)
{
    g_autoptr(GString) text = g_string_new("cells");
    for (guint i = 0; i < compare_figure_count; i++)
        for (guint kind = 0; kind < G_N_ELEMENTS(suffixes); kind++)
            if (!compare_figures[i].is_price || kind == BUDGET_RATIO)
                g_string_append_printf(text, ", %s%s", compare_figures[i].name, suffixes[kind]);
    return g_strdup(text->str);
}

static bool read_ratio(const char *text, double *value, GError **error)
{
    char *end = NULL;
    bool plain = *text && strspn(text, "0123456789.") == strlen(text);
    *value = plain ? g_ascii_strtod(text, &end) : 0;
    if (plain && end != text && *end == '\0' && *value > 0 && isfinite(*value))
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "\"%s\" is no ratio above 0: 1.10, 0.9", text);
    return false;
}

static bool read_value(struct budget_limit *limit, GError **error)
{
    uint64_t bytes = 0;
    if (limit->kind == BUDGET_RATIO)
        return read_ratio(limit->text, &limit->value, error);
    if (!units_parse_bytes(limit->text, &bytes, error))
        return false;
    limit->value = (double)bytes;
    return true;
}

static bool read_limit(struct budget *budget, const char *group, const char *key, char **cells,
                       GError **error)
{
    g_autoptr(GError) why = NULL;
    struct budget_limit *limit = g_new0(struct budget_limit, 1);
    g_ptr_array_add(budget->limits, limit);
    limit->group = g_strdup(group);
    limit->key = g_strdup(key);
    limit->cells = g_strdupv(cells);
    if (!find_key(key, limit)) {
        g_autofree char *keys = all_keys();
        return ini_refuse(budget->ini, group, key, error, "unknown key; a budget takes %s", keys);
    }
    if (!(limit->text = ini_text(budget->ini, group, key, error)))
        return false;
    return read_value(limit, &why) || ini_refuse(budget->ini, group, key, error, "%s", why->message);
}

static char **read_globs(const struct ini *ini, const char *group, GError **error)
{
    g_autofree char *text = ini_text(ini, group, "cells", NULL);
    g_auto(GStrv) parts = g_strsplit_set(text ? text : "", " \t", -1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (char **part = parts; *part; part++)
        if (**part)
            g_strv_builder_add(builder, *part);
    g_auto(GStrv) globs = g_strv_builder_end(builder);
    if (*globs)
        return g_steal_pointer(&globs);
    ini_refuse(ini, group, "cells", error, "is missing: globs on names of cells, * is all");
    return NULL;
}

static bool read_group(struct budget *budget, const char *group, GError **error)
{
    if (!g_str_has_prefix(group, "budget ") || !group[strlen("budget ")])
        return ini_refuse(budget->ini, group, NULL, error, "unknown group; a budget file has [budget NAME]");
    g_auto(GStrv) cells = read_globs(budget->ini, group, error);
    if (!cells)
        return false;
    g_auto(GStrv) keys = g_key_file_get_keys(ini_values(budget->ini), group, NULL, NULL);
    guint before = budget->limits->len;
    for (char **key = keys; *key; key++)
        if (strcmp(*key, "cells") != 0 && !read_limit(budget, group, *key, cells, error))
            return false;
    return budget->limits->len > before || ini_refuse(budget->ini, group, NULL, error, "has no limit");
}

struct budget *budget_read(const char *path, GError **error)
{
    g_autoptr(budget_file) budget = g_new0(struct budget, 1);
    budget->limits = g_ptr_array_new_with_free_func(limit_free);
    if (!(budget->ini = ini_read(path, error)))
        return NULL;
    g_auto(GStrv) groups = g_key_file_get_groups(ini_values(budget->ini), NULL);
    for (char **group = groups; *group; group++)
        if (!read_group(budget, *group, error))
            return NULL;
    if (budget->limits->len > 0)
        return g_steal_pointer(&budget);
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s: no [budget NAME] in it", path);
    return NULL;
}

/* --- judging --- */

static enum budget_verdict verdict_of(const struct budget_limit *limit, const struct compare_change *change)
{
    if (!change)
        return BUDGET_NOT_JUDGED;
    const double *median = change->median;
    if (limit->kind == BUDGET_BYTES)
        return median[PAIR_B] > limit->value ? BUDGET_OVER : BUDGET_WITHIN;
    if (!change->has_interval || change->too_wide)
        return BUDGET_NOT_JUDGED;
    bool ratio = limit->kind == BUDGET_RATIO;
    double low = ratio ? change->ratio.low : change->difference.low;
    double middle = ratio ? bootstrap_ratio(median[PAIR_A], median[PAIR_B]) : median[PAIR_B] - median[PAIR_A];
    return low > limit->value ? BUDGET_OVER : middle <= limit->value ? BUDGET_WITHIN : BUDGET_NOT_JUDGED;
}

static const struct compare_change *find_change(const struct compare_cell *cell,
                                                const struct compare_figure *figure)
{
    for (guint i = 0; i < cell->changes->len; i++) {
        const struct compare_change *change = cell->changes->pdata[i];
        if (change->figure == figure)
            return change;
    }
    return NULL;
}

static bool is_for(const struct budget_limit *limit, const struct compare_cell *cell)
{
    for (char **glob = limit->cells; *glob; glob++)
        if (g_pattern_match_simple(*glob, cell->pair->name))
            return true;
    return false;
}

/* A glob that matches nothing is a typo: a budget would then hold nothing. What is missing in B is told as such. */
static const char *find_idle_glob(const struct budget_limit *limit, const struct comparison *comparison)
{
    for (char **glob = limit->cells; *glob; glob++) {
        const GPtrArray *cells = comparison->cells, *missing = comparison->pair->alone[PAIR_A];
        bool matches = false;
        for (guint i = 0; i < cells->len && !matches; i++)
            matches = g_pattern_match_simple(*glob, ((struct compare_cell *)cells->pdata[i])->pair->name);
        for (guint i = 0; i < missing->len && !matches; i++)
            matches = g_pattern_match_simple(*glob, missing->pdata[i]);
        if (!matches)
            return *glob;
    }
    return NULL;
}

static void judge_cell(struct budget *budget, const struct budget_limit *limit, struct compare_cell *cell)
{
    struct budget_judgement *judgement = g_new(struct budget_judgement, 1);
    const struct compare_change *change = find_change(cell, limit->figure);
    *judgement = (struct budget_judgement){limit, change, verdict_of(limit, change)};
    g_ptr_array_add(cell->judgements, judgement);
    budget->judged[judgement->verdict]++;
}

bool budget_judge(struct budget *budget, struct comparison *comparison, GError **error)
{
    for (guint i = 0; i < budget->limits->len; i++) {
        const struct budget_limit *limit = budget->limits->pdata[i];
        const char *idle = find_idle_glob(limit, comparison);
        if (idle)
            return ini_refuse(budget->ini, limit->group, "cells", error,
                              "\"%s\" matches no cell that is proven in A", idle);
        for (guint c = 0; c < comparison->cells->len; c++)
            if (is_for(limit, comparison->cells->pdata[c]))
                judge_cell(budget, limit, comparison->cells->pdata[c]);
    }
    return true;
}

guint budget_count(const struct comparison *comparison, const struct budget_limit *limit,
                   enum budget_verdict verdict)
{
    guint count = 0;
    for (guint i = 0; i < comparison->cells->len; i++) {
        const GPtrArray *judgements = ((const struct compare_cell *)comparison->cells->pdata[i])->judgements;
        for (guint j = 0; j < judgements->len; j++) {
            const struct budget_judgement *judgement = judgements->pdata[j];
            count += judgement->limit == limit && judgement->verdict == verdict;
        }
    }
    return count;
}

const char *budget_verdict_name(enum budget_verdict verdict)
{
    static const char *const names[] = {
        [BUDGET_WITHIN] = "within", [BUDGET_OVER] = "over", [BUDGET_NOT_JUDGED] = "not judged"};
    return names[verdict];
}
