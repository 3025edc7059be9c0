#include "gbench_flags.h"

#include <stddef.h>
#include <string.h>

#include "error.h"

enum kind { TRUTH, TEXT, CHOICE, COUNT, PAIRS, REFUSED };

struct flag {
    const char *name; /* without --benchmark_ */
    enum kind kind;
    size_t offset;    /* in struct gbench_flags */
    const char *form; /* what a value looks like; of REFUSED: why */
};

#define AT(member) offsetof(struct gbench_flags, member)

static const struct flag all_flags[] = {
    {"list_tests", TRUTH, AT(lists), "true|false"},
    {"filter", TEXT, AT(filter), "a regular expression, -… for what does not match"},
    {"repetitions", COUNT, AT(repetitions), "a number from 1 on"},
    {"enable_random_interleaving", TRUTH, AT(interleaves), "true|false"},
    {"report_aggregates_only", TRUTH, AT(report_aggregates_only), "true|false"},
    {"display_aggregates_only", TRUTH, AT(display_aggregates_only), "true|false"},
    {"format", CHOICE, AT(format), "console|json|csv"},
    {"out", TEXT, AT(out), "a file"},
    {"out_format", CHOICE, AT(out_format), "json|console|csv"},
    {"color", CHOICE, AT(color), "auto|true|false|yes|no|on|off|1|0"},
    {"counters_tabular", TRUTH, AT(tabular), "true|false"},
    {"time_unit", CHOICE, AT(time_unit), "ns|us|ms|s"},
    {"context", PAIRS, AT(context), "KEY=VALUE,KEY=VALUE"},
    {"min_time", REFUSED, 0, "a round runs each phase once, however short it is"},
    {"min_warmup_time", REFUSED, 0, "a round runs each phase once, in a process of its own"},
    {"perf_counters", REFUSED, 0, "they would count the orchestrator, not the process that is measured"},
};

static const struct gbench_flags defaults = {
    .filter = "",
    .format = "console",
    .out = "",
    .out_format = "json",
    .color = "auto",
    .time_unit = "ns",
    .context = "",
    .display_aggregates_only = true,
};

static bool is_one_of(const char *words, const char *word)
{
    g_auto(GStrv) list = g_strsplit(words, "|", -1);
    return g_strv_contains((const gchar *const *)list, word);
}

bool gbench_flags_truth(const char *word, bool *truth)
{
    g_autofree char *lower = g_ascii_strdown(word, -1);
    *truth = is_one_of("true|yes|on|1|t|y", lower);
    return *truth || is_one_of("false|no|off|0|f|n", lower);
}

static bool are_pairs(const char *text)
{
    g_auto(GStrv) pairs = g_strsplit(text, ",", -1);
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool good = *pairs;
    for (char **pair = pairs; *pair && good; pair++) {
        const char *sign = strchr(*pair, '=');
        good = sign && sign > *pair && !strchr(sign + 1, '=') &&
               g_hash_table_add(keys, g_strndup(*pair, sign - *pair));
    }
    return good;
}

/* `value`: NULL where none was given. */
static bool read_value(const struct flag *flag, const char *value, struct gbench_flags *read)
{
    void *member = (char *)read + flag->offset;
    guint64 count;
    switch (flag->kind) {
    case TRUTH:
        return gbench_flags_truth(value ? value : "true", member);
    case COUNT:
        if (!value || !g_ascii_string_to_unsigned(value, 10, 1, G_MAXINT32, &count, NULL))
            return false;
        *(unsigned *)member = (unsigned)count;
        return true;
    case CHOICE:
        if (!value || !is_one_of(flag->form, value))
            return false;
        break;
    case PAIRS:
        if (!value || !are_pairs(value))
            return false;
        break;
    case TEXT:
        if (!value)
            return false;
        break;
    case REFUSED:
        return false;
    }
    *(const char **)member = value;
    return true;
}

static bool read_flag(const char *text, struct gbench_flags *read, GError **error)
{
    const char *name = text + strlen("--benchmark_");
    for (gsize i = 0; g_str_has_prefix(text, "--benchmark_") && i < G_N_ELEMENTS(all_flags); i++) {
        const struct flag *flag = &all_flags[i];
        gsize length = strlen(flag->name);
        if (strncmp(name, flag->name, length) || (name[length] && name[length] != '='))
            continue;
        if (read_value(flag, name[length] ? name + length + 1 : NULL, read))
            return true;
        if (flag->kind == REFUSED)
            return error_refuse(error, EXIT_USAGE, "%s: not here: %s", text, flag->form);
        return error_refuse(error, EXIT_USAGE, "%s: the value of --benchmark_%s must be: %s", text,
                            flag->name, flag->form);
    }
    return error_refuse(error, EXIT_USAGE, "%s: Google Benchmark knows no such flag", text);
}

bool gbench_flags_read(char *const *flags, struct gbench_flags *read, GError **error)
{
    *read = defaults;
    for (; *flags; flags++)
        if (!read_flag(*flags, read, error))
            return false;
    return true;
}
