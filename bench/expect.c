#include "expect.h"

#include <string.h>

#include "error.h"
#include "ini.h"
#include "record.h"
#include "units.h"

/* One COLUMN = … */
struct bound {
    char *column;
    bool none; /* the field must be empty */
    uint64_t low, high;
    char *slack; /* the column that widens both ends; NULL: none */
};

/* One group. */
struct answer {
    char *name, *status, *reason; /* reason: NULL when not said */
    GPtrArray *bounds;            /* of struct bound * */
};

struct expect {
    GPtrArray *answers; /* of struct answer * */
};

static void bound_free(gpointer data)
{
    struct bound *bound = data;
    g_free(bound->column);
    g_free(bound->slack);
    g_free(bound);
}

static void answer_free(gpointer data)
{
    struct answer *answer = data;
    g_free(answer->name);
    g_free(answer->status);
    g_free(answer->reason);
    g_ptr_array_unref(answer->bounds);
    g_free(answer);
}

void expect_free(struct expect *expect)
{
    if (!expect)
        return;
    g_ptr_array_unref(expect->answers);
    g_free(expect);
}

/* --- reading --- */

static bool is_bytes(const char *column)
{
    return g_str_has_suffix(column, "_bytes");
}

static bool is_over_baseline(const char *column)
{
    return (g_str_has_suffix(column, "_rss_bytes") || g_str_has_suffix(column, "_held_bytes")) &&
           strcmp(column, "baseline_rss_bytes") != 0;
}

static bool is_number_column(const char *name)
{
    for (int i = 0; i < RECORD_NUMBER_COUNT; i++)
        if (strcmp(record_number_names[i], name) == 0)
            return true;
    return false;
}

/* LOW..HIGH, or a number for both. */
static bool read_range(struct bound *bound, const char *text, GError **error)
{
    bool (*parse)(const char *, uint64_t *, GError **) =
        is_bytes(bound->column) ? units_parse_bytes : units_parse_count;
    g_auto(GStrv) ends = g_strsplit(text, "..", 2);
    if (!parse(ends[0] ? ends[0] : "", &bound->low, error) ||
        !parse(ends[0] && ends[1] ? ends[1] : text, &bound->high, error))
        return false;
    if (bound->low <= bound->high)
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "\"%s\": the low end is above the high one", text);
    return false;
}

static bool read_bound(const struct ini *ini, const char *key, struct answer *answer, const char *text,
                       GError **error)
{
    struct bound *bound = g_new0(struct bound, 1);
    g_autoptr(GError) why = NULL;
    g_auto(GStrv) parts = g_strsplit(text, "+-", 2);
    g_ptr_array_add(answer->bounds, bound);
    bound->column = g_strdup(key);
    bound->none = strcmp(text, "none") == 0;
    if (!is_number_column(key))
        return ini_refuse(ini, answer->name, key, error,
                          "unknown key; a group takes status, reason and the numbers of runs.csv");
    if (bound->none)
        return true;
    if (parts[0] && parts[1]) {
        bound->slack = g_strstrip(g_strdup(parts[1]));
        if (!is_number_column(bound->slack))
            return ini_refuse(ini, answer->name, key, error, "\"%s\" is no number of runs.csv", bound->slack);
    }
    return read_range(bound, parts[0] ? parts[0] : "", &why) ||
           ini_refuse(ini, answer->name, key, error, "%s", why->message);
}

static bool read_key(const struct ini *ini, const char *key, struct answer *answer, GError **error)
{
    static const char *const statuses[] = {"ok", "skipped", "invalid", "failed", "oom", "timeout", NULL};
    g_autofree char *text = ini_text(ini, answer->name, key, error);
    if (!text)
        return false;
    if (strcmp(key, "status") == 0) {
        if (!g_strv_contains(statuses, text))
            return ini_refuse(ini, answer->name, key, error, "\"%s\" is no status of runs.csv", text);
        answer->status = g_steal_pointer(&text);
    } else if (strcmp(key, "reason") == 0) {
        answer->reason = g_steal_pointer(&text);
    } else {
        return read_bound(ini, key, answer, text, error);
    }
    return true;
}

static bool read_group(const struct ini *ini, const char *group, struct expect *expect, GError **error)
{
    struct answer *answer = g_new0(struct answer, 1);
    answer->name = g_strdup(group);
    answer->bounds = g_ptr_array_new_with_free_func(bound_free);
    g_ptr_array_add(expect->answers, answer);
    if (!strchr(group, '/'))
        return ini_refuse(ini, group, NULL, error, "a group is ALLOCATOR/SETTING");
    g_auto(GStrv) keys = g_key_file_get_keys(ini_values(ini), group, NULL, NULL);
    for (char **key = keys; *key; key++)
        if (!read_key(ini, *key, answer, error))
            return false;
    return answer->status || ini_refuse(ini, group, "status", error, "is missing");
}

struct expect *expect_read(const char *path, GError **error)
{
    g_autoptr(ini_file) ini = ini_read(path, error);
    if (!ini)
        return NULL;
    g_autoptr(expect_file) expect = g_new0(struct expect, 1);
    expect->answers = g_ptr_array_new_with_free_func(answer_free);
    g_auto(GStrv) groups = g_key_file_get_groups(ini_values(ini), NULL);
    for (char **group = groups; *group; group++)
        if (!read_group(ini, *group, expect, error))
            return NULL;
    if (expect->answers->len > 0)
        return g_steal_pointer(&expect);
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "%s: there is no [ALLOCATOR/SETTING] group", path);
    return NULL;
}

/* --- judging --- */

static void verdict_free(gpointer data)
{
    struct expect_verdict *verdict = data;
    g_free(verdict->name);
    g_free(verdict->expected);
    g_free(verdict->found);
    g_ptr_array_unref(verdict->violations);
    g_free(verdict);
}

static struct expect_verdict *verdict_new(const char *name, char *expected)
{
    struct expect_verdict *verdict = g_new0(struct expect_verdict, 1);
    verdict->name = g_strdup(name);
    verdict->expected = expected;
    verdict->violations = g_ptr_array_new_with_free_func(g_free);
    return verdict;
}

static char *format(const char *column, gint64 value)
{
    if (!is_bytes(column))
        return g_strdup_printf("%" G_GINT64_FORMAT, value);
    g_autofree char *bytes = units_format_bytes((uint64_t)(value < 0 ? -value : value));
    return g_strconcat(value < 0 ? "-" : "", bytes, NULL);
}

static char *describe_bound(const struct bound *bound)
{
    if (bound->none)
        return g_strdup_printf("%s none", bound->column);
    g_autofree char *low = format(bound->column, (gint64)bound->low);
    g_autofree char *high = format(bound->column, (gint64)bound->high);
    bool range = strcmp(low, high) != 0;
    return g_strconcat(bound->column, " ", low, range ? ".." : "", range ? high : "",
                       bound->slack ? " +- " : NULL, bound->slack, NULL);
}

static char *describe_answer(const struct answer *answer)
{
    if (answer->reason)
        return g_strconcat(answer->status, ": ", answer->reason, NULL);
    if (answer->bounds->len == 0)
        return g_strdup(answer->status);
    g_autofree char *first = describe_bound(answer->bounds->pdata[0]);
    return g_strconcat(answer->status, ", ", first, NULL);
}

static const char *text_of(const struct csv *runs, guint row, const char *column)
{
    return csv_text(runs, row, csv_column(runs, column));
}

/* The row's number as it is compared; false: the field is empty. */
static bool value_of(const struct csv *runs, guint row, const char *column, gint64 *value)
{
    uint64_t number, baseline = 0;
    if (!csv_u64(runs, row, csv_column(runs, column), &number))
        return false;
    if (is_over_baseline(column))
        csv_u64(runs, row, csv_column(runs, "baseline_rss_bytes"), &baseline);
    *value = (gint64)(number - baseline);
    return true;
}

static char *describe_value(const struct csv *runs, guint row, const char *column)
{
    gint64 value;
    if (!value_of(runs, row, column, &value))
        return g_strdup_printf("%s none", column);
    g_autofree char *text = format(column, value);
    return g_strdup_printf("%s %s", column, text);
}

/* A long reason is shown from where it begins to be the expected one. `answer` may be NULL. */
static char *describe_row(const struct answer *answer, const struct csv *runs, guint row)
{
    const char *status = text_of(runs, row, "status"), *reason = text_of(runs, row, "reason");
    const char *part = answer && answer->reason ? strstr(reason, answer->reason) : NULL;
    if (*reason)
        return g_strconcat(status, ": ", part ? part : reason, NULL);
    if (!answer || answer->bounds->len == 0)
        return g_strdup(status);
    const struct bound *first = answer->bounds->pdata[0];
    g_autofree char *value = describe_value(runs, row, first->column);
    return g_strconcat(status, ", ", value, NULL);
}

static bool holds(const struct bound *bound, const struct csv *runs, guint row)
{
    gint64 value, slack = 0;
    bool known = value_of(runs, row, bound->column, &value);
    if (!known || bound->none)
        return !known && bound->none;
    if (bound->slack && !value_of(runs, row, bound->slack, &slack))
        return false;
    return value >= (gint64)bound->low - slack && value <= (gint64)bound->high + slack;
}

static void judge_row(struct expect_verdict *verdict, const struct answer *answer, const struct csv *runs,
                      guint row)
{
    const char *status = text_of(runs, row, "status"), *reason = text_of(runs, row, "reason");
    if (strcmp(status, answer->status) != 0 || (answer->reason && !strstr(reason, answer->reason))) {
        g_ptr_array_add(verdict->violations, describe_row(NULL, runs, row));
        return; /* its figures are those of something else */
    }
    for (guint i = 0; i < answer->bounds->len; i++) {
        const struct bound *bound = answer->bounds->pdata[i];
        verdict->figures++;
        if (holds(bound, runs, row))
            continue;
        g_autofree char *value = describe_value(runs, row, bound->column);
        g_autofree char *wanted = describe_bound(bound);
        char *violation = g_strdup_printf("%s, expected%s", value, wanted + strlen(bound->column));
        g_ptr_array_add(verdict->violations, violation);
    }
}

static char *name_of(const struct csv *runs, guint row)
{
    return g_strconcat(text_of(runs, row, "allocator"), "/", text_of(runs, row, "setting"), NULL);
}

static struct expect_verdict *judge(const struct answer *answer, const struct csv *runs)
{
    struct expect_verdict *verdict = verdict_new(answer->name, describe_answer(answer));
    for (guint row = 0; row < csv_rows(runs); row++) {
        g_autofree char *name = name_of(runs, row);
        if (strcmp(name, answer->name) != 0)
            continue;
        judge_row(verdict, answer, runs, row);
        if (!verdict->found)
            verdict->found = describe_row(answer, runs, row);
    }
    if (!verdict->found) {
        verdict->found = g_strdup("no row");
        g_ptr_array_add(verdict->violations, g_strdup("it was not run"));
    }
    return verdict;
}

static bool has_verdict(const GPtrArray *verdicts, const char *name)
{
    for (guint i = 0; i < verdicts->len; i++)
        if (strcmp(((const struct expect_verdict *)verdicts->pdata[i])->name, name) == 0)
            return true;
    return false;
}

GPtrArray *expect_judge(const struct expect *expect, const struct csv *runs)
{
    GPtrArray *verdicts = g_ptr_array_new_with_free_func(verdict_free);
    for (guint i = 0; i < expect->answers->len; i++)
        g_ptr_array_add(verdicts, judge(expect->answers->pdata[i], runs));
    for (guint row = 0; row < csv_rows(runs); row++) {
        g_autofree char *name = name_of(runs, row);
        if (has_verdict(verdicts, name))
            continue;
        struct expect_verdict *verdict = verdict_new(name, g_strdup("-"));
        verdict->found = describe_row(NULL, runs, row);
        g_ptr_array_add(verdict->violations, g_strdup("no answer is known: expected.ini has no such group"));
        g_ptr_array_add(verdicts, verdict);
    }
    return verdicts;
}
