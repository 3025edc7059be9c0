#include "check.h"

#include <string.h>

#include "error.h"

enum column { SETTING, NAME, ASKED, FOUND, VERDICT, COLUMN_COUNT };

struct row {
    const char *cells[COLUMN_COUNT]; /* borrowed from descriptors and probes, or static */
};

/* --- the table --- */

static glong width_of(const char *text)
{
    return g_utf8_strlen(text, -1);
}

/* The widest columns of free text give way until the table fits. */
static void measure(const GArray *rows, glong widths[COLUMN_COUNT])
{
    glong total = COLUMN_COUNT * 2;
    for (int i = 0; i < COLUMN_COUNT; i++) {
        widths[i] = 0;
        for (guint row = 0; row < rows->len; row++)
            widths[i] = MAX(widths[i], width_of(g_array_index(rows, struct row, row).cells[i]));
        total += widths[i];
    }
    for (; total > CHECK_COLUMNS; total--) {
        int widest = NAME;
        for (int i = ASKED; i <= FOUND; i++)
            widest = widths[i] > widths[widest] ? i : widest;
        widths[widest]--;
    }
}

static void print_cell(FILE *out, const char *text, glong width, bool last)
{
    g_autofree char *cut = g_utf8_substring(text, 0, MIN(width_of(text), width));
    bool shortened = width_of(text) > width;
    if (shortened) {
        g_autofree char *head = g_utf8_substring(text, 0, width - 1);
        g_free(cut);
        cut = g_strconcat(head, "…", NULL);
    }
    fprintf(out, "  %s", cut);
    for (glong pad = width_of(cut); pad < width && !last; pad++)
        fputc(' ', out);
}

static void print_table(FILE *out, const GArray *rows)
{
    glong widths[COLUMN_COUNT];
    measure(rows, widths);
    for (guint i = 0; i < rows->len; i++) {
        for (int column = 0; column < COLUMN_COUNT; column++)
            print_cell(out, g_array_index(rows, struct row, i).cells[column], widths[column],
                       column == VERDICT);
        fputc('\n', out);
    }
}

/* --- its rows --- */

static const struct proof *find_proof(const struct probe *probe, const char *name)
{
    for (guint i = 0; probe && i < probe->proofs->len; i++) {
        const struct proof *proof = probe->proofs->pdata[i];
        if (strcmp(proof->name, name) == 0)
            return proof;
    }
    return NULL;
}

/* Was it shown before, in the first setting? */
static bool repeats(const struct proof *proof, const struct probe *first)
{
    const struct proof *before = find_proof(first, proof->name);
    return !proof->asked && before && before != proof && before->found &&
           strcmp(before->found, proof->found) == 0;
}

static void add_row(GArray *rows, const char *setting, const char *name, const char *asked, const char *found,
                    const char *verdict)
{
    const struct row row = {{setting, name, asked ? asked : "", found ? found : "", verdict}};
    g_array_append_val(rows, row);
}

static void add_setting(GArray *rows, const char *setting, const struct probe *probe,
                        const struct probe *first)
{
    guint before = rows->len;
    if (probe->verdict == PROBE_REFUTED)
        add_row(rows, setting, "", "", "", "REFUTED");
    for (guint i = 0; i < probe->proofs->len; i++) {
        const struct proof *proof = probe->proofs->pdata[i];
        if (!repeats(proof, first))
            add_row(rows, rows->len == before ? setting : "", proof->name, proof->asked, proof->found,
                    proof_verdict_name(proof->verdict));
    }
    if (rows->len == before)
        add_row(rows, setting, "", "", "", "nothing asked");
}

static void count_setting(struct check_outcome *outcome, const struct probe *probe)
{
    const char *means = proof_means(probe->proofs);
    outcome->settings++;
    if (probe->verdict == PROBE_REFUTED)
        outcome->settings_refuted++;
    else if (probe->verdict == PROBE_NOT_IN_FORCE)
        outcome->not_in_force++;
    else if (strcmp(means, "not provable") == 0)
        outcome->not_provable++;
    else if (*means == '\0')
        outcome->ask_nothing++;
    else
        outcome->in_force++;
}

/* --- an allocator --- */

static void print_owners(FILE *out, const struct allocator *allocator, const struct probe *probe)
{
    bool all = true;
    if (allocator->programs) {
        fputs("  owns      its own heap, built in\n", out);
        return;
    }
    for (int i = 0; i < PROBE_FUNCTION_COUNT; i++)
        all = all && probe->owners[i] && strcmp(probe->owners[i], probe->object) == 0;
    fputs("  owns      ", out);
    for (int i = 0; all && i < PROBE_FUNCTION_COUNT; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", probe_function_names[i]);
    for (int i = 0; !all && i < PROBE_FUNCTION_COUNT; i++)
        fprintf(out, "%s%s: %s", i > 0 ? "\n            " : "", probe_function_names[i],
                probe->owners[i] ? probe->owners[i] : "not told");
    fputc('\n', out);
}

/* `told` NULL: it is not, and `why` (may be NULL) says why not. */
static void print_told(FILE *out, const char *label, const char *told, const char *why)
{
    fprintf(out, "  %-8s  %s", label, told ? told : "not told");
    if (!told && why)
        fprintf(out, " (%s)", why);
    fputc('\n', out);
}

static void print_allocator(FILE *out, const struct allocator *allocator, const struct probe *probe,
                            const struct options *options)
{
    g_autofree char *package = suite_package_version(options, allocator);
    fprintf(out, "%s: %s\n", allocator->name, allocator->summary);
    if (probe->verdict != PROBE_PROVEN)
        fprintf(out, "  %s %s\n", probe->verdict == PROBE_REFUTED ? "REFUTED:" : "not here:", probe->reason);
    if (!probe->object || probe->verdict == PROBE_NOT_INSTALLED)
        return;
    fprintf(out, "  %s   %s", allocator->programs ? "program" : "library", probe->object);
    if (package)
        fprintf(out, " (%s %s)", allocator->package, package);
    fputc('\n', out);
    if (allocator->is_floor)
        fprintf(out, "  role      %s\n", allocator_role(allocator));
    print_told(out, "version", probe->version, probe->version_why);
    print_owners(out, allocator, probe);
    fprintf(out, "  purge     %s\n", allocator->purge ? allocator->purge : "none");
    if (probe->purge_object)
        fprintf(out, "            in %s\n", probe->purge_object);
    if (allocator->collect)
        fprintf(out, "  collect   %s\n            in %s\n", allocator->collect,
                probe->collect_object ? probe->collect_object : "?");
    static const char *const builds[] = {[PROBE_BUILD_NOT_TOLD] = NULL,
                                         [PROBE_BUILD_RELEASE] = "release",
                                         [PROBE_BUILD_DEBUG] =
                                             "DEBUG: what it costs is not what it costs in use"};
    print_told(out, "build", builds[probe->build], probe->build_why);
}

static bool check_settings(struct suite *suite, const struct options *options,
                           const struct allocator *allocator, FILE *out, struct check_outcome *outcome,
                           GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct row));
    const struct probe *first = NULL;
    add_row(rows, "setting", "name", "asked", "in force", "verdict");
    for (guint i = 0; i < allocator->settings->len; i++) {
        const struct allocator_setting *setting = allocator->settings->pdata[i];
        const struct probe *probe = suite_probe_setting(suite, options, allocator, setting, error);
        if (!probe)
            return false;
        first = first ? first : probe;
        add_setting(rows, setting->name, probe, first);
        count_setting(outcome, probe);
    }
    fputc('\n', out);
    print_table(out, rows);
    for (guint i = 0; i < allocator->settings->len; i++) { /* too long for the table */
        const struct allocator_setting *setting = allocator->settings->pdata[i];
        const struct probe *probe = g_hash_table_lookup(suite->setting_probes, setting);
        if (probe->verdict == PROBE_REFUTED)
            fprintf(out, "  %s: %s\n", setting->name, probe->reason);
    }
    return true;
}

static bool check_allocator(struct suite *suite, const struct options *options,
                            const struct allocator *allocator, FILE *out, struct check_outcome *outcome,
                            GError **error)
{
    const struct probe *probe = suite_probe_allocator(suite, options, allocator, error);
    if (!probe)
        return false;
    outcome->allocators++;
    outcome->not_installed += probe->verdict == PROBE_NOT_INSTALLED;
    outcome->refuted += probe->verdict == PROBE_REFUTED;
    outcome->without_version += probe->verdict == PROBE_PROVEN && probe->version_why;
    print_allocator(out, allocator, probe, options);
    if (probe->verdict == PROBE_PROVEN && !check_settings(suite, options, allocator, out, outcome, error))
        return false;
    fputc('\n', out);
    return true;
}

/* --- all --- */

static bool is_known(const struct suite *suite, const char *glob)
{
    for (guint i = 0; i < suite->allocators->len; i++)
        if (allocator_matches(suite->allocators->pdata[i], glob))
            return true;
    return false;
}

static bool globs_are_known(const struct suite *suite, char *const *globs, GError **error)
{
    for (char *const *glob = globs; glob && *glob; glob++) {
        if (is_known(suite, *glob))
            continue;
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint i = 0; i < suite->allocators->len; i++)
            g_string_append_printf(names, " %s", ((struct allocator *)suite->allocators->pdata[i])->name);
        g_set_error(error, AFTERFREE_ERROR, EXIT_USAGE, "there is no allocator \"%s\"; there are:%s", *glob,
                    names->str);
        return false;
    }
    return true;
}

static bool is_asked(const struct allocator *allocator, char *const *globs)
{
    bool asked = !globs || !*globs;
    for (char *const *glob = globs; glob && *glob; glob++)
        asked = asked || allocator_matches(allocator, *glob);
    return asked;
}

static void print_counts(FILE *out, const struct check_outcome *outcome)
{
    fprintf(out, "%u allocator%s, %u not installed, %u refuted, %u without its version\n",
            outcome->allocators, outcome->allocators == 1 ? "" : "s", outcome->not_installed,
            outcome->refuted, outcome->without_version);
    fprintf(out,
            "%u setting%s: %u in force, %u NOT in force, %u not provable, %u ask for nothing, %u refuted\n",
            outcome->settings, outcome->settings == 1 ? "" : "s", outcome->in_force, outcome->not_in_force,
            outcome->not_provable, outcome->ask_nothing, outcome->settings_refuted);
}

bool check_run(struct suite *suite, const struct options *options, char *const *globs, FILE *out,
               struct check_outcome *outcome, GError **error)
{
    *outcome = (struct check_outcome){.allocators = 0};
    if (!globs_are_known(suite, globs, error))
        return false;
    for (guint i = 0; i < suite->allocators->len; i++) {
        const struct allocator *allocator = suite->allocators->pdata[i];
        if (is_asked(allocator, globs) && !check_allocator(suite, options, allocator, out, outcome, error))
            return false;
    }
    print_counts(out, outcome);
    return true;
}
