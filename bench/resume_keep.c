/* resume_keep of resume.h: which rows stay, and that all else goes. */
#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "error.h"
#include "resume.h"
#include "run.h"

/* A row that stands, with the run that would have to make it now. */
struct claim {
    guint row;
    struct run *run;
    guint marks;     /* of its walk, found in this order */
    guint latencies; /* rows of latency.csv */
    bool broken;     /* a mark that is not the walk's next */
};

struct rows {
    struct csv *runs, *marks;
    struct csv *latency; /* NULL: there is none */
    GPtrArray *claims;   /* of struct claim *, in the order of their rows */
    GHashTable *by_key;
};

static void free_claim(gpointer data)
{
    struct claim *claim = data;
    run_free(claim->run);
    g_free(claim);
}

static void rows_clear(struct rows *rows)
{
    csv_free(rows->runs);
    csv_free(rows->marks);
    csv_free(rows->latency);
    g_ptr_array_unref(rows->claims);
    g_hash_table_unref(rows->by_key);
}

static char *key_of(const char *cell, const char *repeat)
{
    return g_strdup_printf("%s\n%s", cell, repeat);
}

static struct claim *find_claim(const struct rows *rows, const struct csv *csv, guint row)
{
    g_autofree char *key = key_of(csv_field(csv, row, "cell"), csv_field(csv, row, "repeat"));
    return g_hash_table_lookup(rows->by_key, key);
}

/* What is known of a run before it is started is what it is; all that must be what the row says. */
static bool agrees(const struct rows *rows, const struct claim *claim, GError **error)
{
    const struct record *now = &claim->run->record;
    const struct {
        const char *name, *is;
    } texts[] = {
#define X(name) {#name, now->name},
        RECORD_TEXTS(X)
#undef X
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *was = csv_field(rows->runs, claim->row, texts[i].name);
        if (texts[i].is && strcmp(texts[i].is, was) != 0)
            return error_refuse(
                error, EXIT_BAD_DATA,
                "%s (repeat %s) is proven with %s \"%s\", but now it is \"%s\": the rows would not go "
                "together; put it back as it was, or start a new run",
                now->cell, now->repeat, texts[i].name, was, texts[i].is);
    }
    return true;
}

static bool same_value(const struct record *record, const char *key, const char *was, const char *is,
                       GError **error)
{
    return g_strcmp0(was, is) == 0 ||
           error_refuse(
               error, EXIT_BAD_DATA,
               "%s (repeat %s) is proven with %s \"%s\", but now it is \"%s\": the rows would not go "
               "together; put it back as it was, or start a new run",
               record->cell, record->repeat, key, was ? was : "", is ? is : "");
}

/* The sum, for a library that was built anew at the same path; runs made before it was recorded have none. */
static bool same_library(const struct record *record, GKeyFile *before, GKeyFile *now, GError **error)
{
    g_autofree char *group = g_strdup_printf("allocator %s", record->allocator);
    g_autofree char *was = g_key_file_get_string(before, group, "package_version", NULL);
    g_autofree char *is = g_key_file_get_string(now, group, "package_version", NULL);
    g_autofree char *was_sum = g_key_file_get_string(before, group, "library_sha256", NULL);
    g_autofree char *is_sum = g_key_file_get_string(now, group, "library_sha256", NULL);
    return same_value(record, "package version", was, is, error) &&
           (!was_sum || same_value(record, "library_sha256", was_sum, is_sum, error));
}

static GHashTable *specs_by_key(const GPtrArray *specs)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < specs->len; i++) {
        struct run_spec *spec = specs->pdata[i];
        g_autofree char *repeat = g_strdup_printf("%u", spec->what.repeat);
        g_hash_table_insert(table, key_of(spec->what.cell->name, repeat), spec);
    }
    return table;
}

static bool is_ok(const struct rows *rows, guint row)
{
    return strcmp(csv_field(rows->runs, row, "status"), "ok") == 0;
}

/* Ok, or what the plan takes for an answer: killed at its limit, exactly told. */
static bool stands(const struct rows *rows, guint row, const GPtrArray *specs)
{
    bool oom_is_answer = specs->len > 0 && ((const struct run_spec *)specs->pdata[0])->plan->oom_is_answer;
    return is_ok(rows, row) || (oom_is_answer && strcmp(csv_field(rows->runs, row, "status"), "oom") == 0 &&
                                *csv_field(rows->runs, row, "limit_bytes"));
}

static bool claim_row(struct rows *rows, guint row, GHashTable *specs, GError **error)
{
    const char *cell = csv_field(rows->runs, row, "cell"), *repeat = csv_field(rows->runs, row, "repeat");
    g_autofree char *key = key_of(cell, repeat);
    const struct run_spec *spec = g_hash_table_lookup(specs, key);
    if (!spec)
        return error_refuse(
            error, EXIT_BAD_DATA,
            "%s (repeat %s) is proven, but plan and descriptors have no such run any more; put them "
            "back as they were, or start a new run",
            cell, repeat);
    if (g_hash_table_contains(rows->by_key, key))
        return true; /* the first stands */
    struct claim *claim = g_new0(struct claim, 1);
    claim->row = row;
    claim->run = run_new(spec);
    g_ptr_array_add(rows->claims, claim);
    g_hash_table_insert(rows->by_key, g_steal_pointer(&key), claim);
    return agrees(rows, claim, error);
}

static void count_marks(const struct rows *rows)
{
    for (guint row = 0; row < csv_rows(rows->marks); row++) {
        struct claim *claim = find_claim(rows, rows->marks, row);
        if (!claim)
            continue;
        const GPtrArray *steps = claim->run->steps;
        const struct plan_step *step = claim->marks < steps->len ? steps->pdata[claim->marks] : NULL;
        if (!step || strcmp(step->phase, csv_field(rows->marks, row, "phase")) != 0)
            claim->broken = true;
        claim->marks++;
    }
}

static void count_latencies(const struct rows *rows)
{
    for (guint row = 0; rows->latency && row < csv_rows(rows->latency); row++) {
        struct claim *claim = find_claim(rows, rows->latency, row);
        if (claim)
            claim->latencies++;
    }
}

/* Those of each mark whose phase was timed. */
static bool has_its_latencies(const struct claim *claim)
{
    guint timed = 0;
    for (guint i = 0; claim->run->plan->latency && i < claim->marks; i++)
        timed += latency_is_timed(((const struct plan_step *)claim->run->steps->pdata[i])->phase);
    return claim->latencies == timed;
}

/* It has come as far as its row says: the last mark is of the phase it ended in. Who was killed inside that phase has
 * not come to its mark. */
static bool has_its_marks(const struct rows *rows, const struct claim *claim)
{
    const GPtrArray *steps = claim->run->steps;
    const char *ended_in = csv_field(rows->runs, claim->row, "ended_in");
    guint least = claim->marks > 0 ? claim->marks - 1 : 0;
    guint most = is_ok(rows, claim->row) ? claim->marks : claim->marks + 1; /* behind it */
    for (guint i = least; i < MIN(most, steps->len) && !claim->broken; i++)
        if (strcmp(((const struct plan_step *)steps->pdata[i])->phase, ended_in) == 0)
            return true;
    return false;
}

/* A machine that lost its power can have kept a row and lost what was written before it. */
static bool is_whole(const struct rows *rows, const struct claim *claim, const char *folder)
{
    const struct record *record = &claim->run->record;
    g_autofree char *name = folder_samples_name(record->cell, record->repeat);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return has_its_marks(rows, claim) && has_its_latencies(claim) &&
           g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static bool claim_rows(struct rows *rows, const char *folder, const GPtrArray *specs, GKeyFile *before,
                       GKeyFile *now, GError **error)
{
    g_autofree char *runs_path = g_build_filename(folder, "runs.csv", NULL);
    g_autofree char *marks_path = g_build_filename(folder, "marks.csv", NULL);
    g_autofree char *latency_path = g_build_filename(folder, "latency.csv", NULL);
    g_autoptr(GHashTable) wanted = specs_by_key(specs);
    if (!(rows->runs = csv_read(runs_path, error)) || !(rows->marks = csv_read(marks_path, error)))
        return false;
    if (g_file_test(latency_path, G_FILE_TEST_EXISTS) && !(rows->latency = csv_read(latency_path, error)))
        return false;
    for (guint row = 0; row < csv_rows(rows->runs); row++)
        if (stands(rows, row, specs) && !claim_row(rows, row, wanted, error))
            return false;
    count_marks(rows);
    count_latencies(rows);
    for (guint i = rows->claims->len; i-- > 0;) {
        const struct claim *claim = rows->claims->pdata[i];
        const struct record *record = &claim->run->record;
        g_autofree char *key = key_of(record->cell, record->repeat);
        if (!same_library(record, before, now, error))
            return false;
        if (is_whole(rows, claim, folder))
            continue;
        g_hash_table_remove(rows->by_key, key);
        g_ptr_array_remove_index(rows->claims, i);
    }
    return true;
}

/* --- all else goes --- */

/* Replaces the rows of a table, unless they are these already. A file is the old one or the new one. */
static bool replace(const char *folder, const char *name, const GString *rows, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *before = NULL;
    g_autoptr(GError) why = NULL;
    if (!g_file_get_contents(path, &before, NULL, &why))
        return error_refuse(error, EXIT_SYSTEM, "%s", why->message);
    g_autoptr(GString) text = g_string_new_len(before, (gssize)strcspn(before, "\n") + 1); /* the header */
    g_string_append_len(text, rows->str, (gssize)rows->len);
    return strcmp(text->str, before) == 0 || g_file_set_contents(path, text->str, (gssize)text->len, &why) ||
           error_refuse(error, EXIT_SYSTEM, "%s", why->message);
}

static void copy_claimed(const struct rows *rows, const struct csv *table, GString *text)
{
    for (guint row = 0; row < csv_rows(table); row++)
        if (find_claim(rows, table, row))
            csv_copy_row(table, row, text);
}

static bool replace_tables(const struct rows *rows, const char *folder, GError **error)
{
    g_autoptr(GString) runs = g_string_new(NULL), marks = g_string_new(NULL), latency = g_string_new(NULL);
    for (guint i = 0; i < rows->claims->len; i++)
        csv_copy_row(rows->runs, ((struct claim *)rows->claims->pdata[i])->row, runs);
    copy_claimed(rows, rows->marks, marks);
    if (rows->latency)
        copy_claimed(rows, rows->latency, latency);
    return replace(folder, "runs.csv", runs, error) && replace(folder, "marks.csv", marks, error) &&
           (!rows->latency || replace(folder, "latency.csv", latency, error));
}

/* g_file_set_contents writes NAME.XXXXXX and renames it: killed between, it leaves that behind. */
static bool is_half_written(const char *name)
{
    static const char *const ours[] = {"*.ini.??????", "*.csv.??????"};
    return g_pattern_match_simple(ours[0], name) || g_pattern_match_simple(ours[1], name);
}

static void sweep(const char *folder, const char *below, GHashTable *keep)
{
    g_autofree char *path = g_build_filename(folder, below, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_autofree char *relative = g_build_filename(below, name, NULL);
        bool orphan = keep && g_str_has_suffix(name, ".csv") && !g_hash_table_contains(keep, relative);
        if (orphan || is_half_written(name))
            unlink(file);
    }
}

static void sweep_all(const struct rows *rows, const char *folder)
{
    g_autoptr(GHashTable) keep = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < rows->claims->len; i++) {
        const struct record *record = &((struct claim *)rows->claims->pdata[i])->run->record;
        g_hash_table_add(keep, folder_samples_name(record->cell, record->repeat));
    }
    sweep(folder, "samples", keep);
    sweep(folder, ".", NULL);
}

static void show_conditions(const struct rows *rows, struct conditions *conditions)
{
    for (guint i = 0; i < rows->claims->len; i++) {
        guint row = ((const struct claim *)rows->claims->pdata[i])->row;
        if (is_ok(rows, row))
            conditions_see_kept(conditions, csv_field(rows->runs, row, "conditions"));
    }
}

bool resume_keep(struct folder *folder, GPtrArray *specs, GKeyFile *before, GKeyFile *now,
                 struct conditions *conditions, guint *kept, GError **error)
{
    const char *path = folder_path(folder);
    struct rows rows = {.claims = g_ptr_array_new_with_free_func(free_claim),
                        .by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    bool good = claim_rows(&rows, path, specs, before, now, error) && replace_tables(&rows, path, error) &&
                folder_reopen(folder, error);
    if (good) {
        sweep_all(&rows, path);
        show_conditions(&rows, conditions);
        for (guint i = specs->len; i-- > 0;) {
            const struct run_spec *spec = specs->pdata[i];
            g_autofree char *repeat = g_strdup_printf("%u", spec->what.repeat);
            g_autofree char *key = key_of(spec->what.cell->name, repeat);
            if (g_hash_table_contains(rows.by_key, key))
                g_ptr_array_remove_index(specs, i);
        }
        *kept = rows.claims->len;
    }
    rows_clear(&rows);
    return good;
}
