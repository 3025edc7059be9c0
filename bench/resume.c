#include "resume.h"

#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "error.h"
#include "run.h"

static bool refuse(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool refuse(GError **error, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, AFTERFREE_ERROR, code, text);
    return false;
}

/* --- what the run began with --- */

static void store_list(GKeyFile *machine, const char *key, char **list)
{
    if (list && *list)
        g_key_file_set_string_list(machine, "run", key, (const char *const *)list, g_strv_length(list));
}

void resume_store(GKeyFile *machine, const struct options *options, GKeyFile *plan)
{
    gsize length;
    g_autofree char *text = g_key_file_to_data(plan, &length, NULL);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, (gssize)length);
    g_autoptr(GStrvBuilder) preloads = g_strv_builder_new();
    GHashTableIter iter;
    gpointer name, path;
    g_hash_table_iter_init(&iter, options->preloads);
    while (g_hash_table_iter_next(&iter, &name, &path)) {
        g_autofree char *pair = g_strdup_printf("%s=%s", (char *)name, (char *)path);
        g_strv_builder_add(preloads, pair);
    }
    g_auto(GStrv) pairs = g_strv_builder_end(preloads);
    store_list(machine, "only", options->only);
    store_list(machine, "data", options->data);
    store_list(machine, "preload", pairs);
    g_key_file_set_uint64(machine, "run", "sample_hz", options->matrix.sample_hz);
    g_key_file_set_string(machine, "run", "plan_sha256", sum);
}

static GKeyFile *read_machine(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "machine.ini", NULL);
    g_autoptr(GKeyFile) machine = g_key_file_new();
    g_autoptr(GError) why = NULL;
    if (g_key_file_load_from_file(machine, path, G_KEY_FILE_NONE, &why))
        return g_steal_pointer(&machine);
    if (g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        refuse(error, EXIT_USAGE,
               "%s: no run has begun here (there is no machine.ini), so none can be gone on with; start one "
               "with "
               "--out",
               folder);
    else
        refuse(error, EXIT_BAD_DATA, "%s: %s", path, why->message);
    return NULL;
}

static bool is_same_plan(const char *path, const char *expected_sum, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    gsize length;
    if (!g_file_get_contents(path, &text, &length, &why))
        return refuse(error, EXIT_BAD_DATA, "%s", why->message);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, (gssize)length);
    return strcmp(sum, expected_sum) == 0 ||
           refuse(error, EXIT_BAD_DATA,
                  "%s was changed since the run began: its rows answer another plan; run the new one into "
                  "another folder",
                  path);
}

bool resume_restore(struct options *options, GError **error)
{
    g_autoptr(GKeyFile) machine = read_machine(options->resume, error);
    if (!machine)
        return false;
    g_autofree char *sum = g_key_file_get_string(machine, "run", "plan_sha256", NULL);
    if (!sum)
        return refuse(
            error, EXIT_BAD_DATA,
            "%s/machine.ini: [run] plan_sha256 is missing: an afterfree made it that could not go on "
            "with a run; start it again",
            options->resume);
    g_free(options->plan);
    options->plan = g_build_filename(options->resume, "plan.ini", NULL);
    options->only = g_key_file_get_string_list(machine, "run", "only", NULL, NULL);
    options->data = g_key_file_get_string_list(machine, "run", "data", NULL, NULL);
    options->matrix.sample_hz = (guint)g_key_file_get_uint64(machine, "run", "sample_hz", NULL);
    for (char **dir = options->data; dir && *dir; dir++)
        if (!g_file_test(*dir, G_FILE_TEST_IS_DIR))
            return refuse(
                error, EXIT_USAGE,
                "--data %s, which this run began with, is not there: go on from the folder in which "
                "it was started",
                *dir);
    g_auto(GStrv) preloads = g_key_file_get_string_list(machine, "run", "preload", NULL, NULL);
    g_clear_pointer(&options->preloads, g_hash_table_unref);
    return is_same_plan(options->plan, sum, error) && options_read_preloads(options, preloads, error);
}

/* --- which rows stay --- */

/* An ok row, with the run that would have to make it now. */
struct claim {
    guint row;
    struct run *run;
    guint marks; /* of its walk, found in this order */
    bool broken; /* a mark that is not the walk's next */
};

struct rows {
    struct csv *runs, *marks;
    GPtrArray *claims; /* of struct claim *, in the order of their rows */
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
    g_ptr_array_unref(rows->claims);
    g_hash_table_unref(rows->by_key);
}

static const char *field(const struct csv *csv, guint row, const char *name)
{
    return csv_text(csv, row, csv_column(csv, name));
}

static char *key_of(const char *cell, const char *repeat)
{
    return g_strdup_printf("%s\n%s", cell, repeat);
}

static struct claim *find_claim(const struct rows *rows, const struct csv *csv, guint row)
{
    g_autofree char *key = key_of(field(csv, row, "cell"), field(csv, row, "repeat"));
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
        const char *was = field(rows->runs, claim->row, texts[i].name);
        if (texts[i].is && strcmp(texts[i].is, was) != 0)
            return refuse(
                error, EXIT_BAD_DATA,
                "%s (repeat %s) is proven with %s \"%s\", but now it is \"%s\": the rows would not go "
                "together; put it back as it was, or start a new run",
                now->cell, now->repeat, texts[i].name, was, texts[i].is);
    }
    return true;
}

static bool same_package(const struct record *record, GKeyFile *before, GKeyFile *now, GError **error)
{
    g_autofree char *group = g_strdup_printf("allocator %s", record->allocator);
    g_autofree char *was = g_key_file_get_string(before, group, "package_version", NULL);
    g_autofree char *is = g_key_file_get_string(now, group, "package_version", NULL);
    return g_strcmp0(was, is) == 0 ||
           refuse(
               error, EXIT_BAD_DATA,
               "%s (repeat %s) is proven with package version \"%s\", but now it is \"%s\": the rows would "
               "not go together; put it back as it was, or start a new run",
               record->cell, record->repeat, was ? was : "", is ? is : "");
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

static bool claim_row(struct rows *rows, guint row, GHashTable *specs, GError **error)
{
    const char *cell = field(rows->runs, row, "cell"), *repeat = field(rows->runs, row, "repeat");
    g_autofree char *key = key_of(cell, repeat);
    const struct run_spec *spec = g_hash_table_lookup(specs, key);
    if (!spec)
        return refuse(
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
        if (!step || strcmp(step->phase, field(rows->marks, row, "phase")) != 0)
            claim->broken = true;
        claim->marks++;
    }
}

/* A machine that lost its power can have kept a row and lost what was written before it. */
static bool is_whole(const struct claim *claim, const char *folder)
{
    const struct record *record = &claim->run->record;
    g_autofree char *name = folder_samples_name(record->cell, record->repeat);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return !claim->broken && claim->marks == claim->run->steps->len &&
           g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static bool claim_rows(struct rows *rows, const char *folder, const GPtrArray *specs, GKeyFile *now,
                       GError **error)
{
    g_autofree char *runs_path = g_build_filename(folder, "runs.csv", NULL);
    g_autofree char *marks_path = g_build_filename(folder, "marks.csv", NULL);
    g_autoptr(GHashTable) wanted = specs_by_key(specs);
    g_autoptr(GKeyFile) before = read_machine(folder, error);
    if (!before || !(rows->runs = csv_read(runs_path, error)) || !(rows->marks = csv_read(marks_path, error)))
        return false;
    for (guint row = 0; row < csv_rows(rows->runs); row++)
        if (strcmp(field(rows->runs, row, "status"), "ok") == 0 && !claim_row(rows, row, wanted, error))
            return false;
    count_marks(rows);
    for (guint i = rows->claims->len; i-- > 0;) {
        const struct claim *claim = rows->claims->pdata[i];
        const struct record *record = &claim->run->record;
        g_autofree char *key = key_of(record->cell, record->repeat);
        if (!same_package(record, before, now, error))
            return false;
        if (is_whole(claim, folder))
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
        return refuse(error, EXIT_SYSTEM, "%s", why->message);
    g_autoptr(GString) text = g_string_new_len(before, (gssize)strcspn(before, "\n") + 1); /* the header */
    g_string_append_len(text, rows->str, (gssize)rows->len);
    return strcmp(text->str, before) == 0 || g_file_set_contents(path, text->str, (gssize)text->len, &why) ||
           refuse(error, EXIT_SYSTEM, "%s", why->message);
}

static bool replace_tables(const struct rows *rows, const char *folder, GError **error)
{
    g_autoptr(GString) runs = g_string_new(NULL), marks = g_string_new(NULL);
    for (guint i = 0; i < rows->claims->len; i++)
        csv_copy_row(rows->runs, ((struct claim *)rows->claims->pdata[i])->row, runs);
    for (guint row = 0; row < csv_rows(rows->marks); row++)
        if (find_claim(rows, rows->marks, row))
            csv_copy_row(rows->marks, row, marks);
    return replace(folder, "runs.csv", runs, error) && replace(folder, "marks.csv", marks, error);
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

bool resume_keep(struct folder *folder, GPtrArray *specs, GKeyFile *now, guint *kept, GError **error)
{
    const char *path = folder_path(folder);
    struct rows rows = {.claims = g_ptr_array_new_with_free_func(free_claim),
                        .by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    bool good = claim_rows(&rows, path, specs, now, error) && replace_tables(&rows, path, error) &&
                folder_reopen(folder, error);
    if (good) {
        sweep_all(&rows, path);
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

/* --- machine.ini --- */

static void copy_key(GKeyFile *to, const char *to_group, GKeyFile *from, const char *group, const char *key)
{
    g_autofree char *value = g_key_file_get_value(from, group, key, NULL);
    g_key_file_set_value(to, to_group, key, value ? value : "");
}

static void copy_what_differs(GKeyFile *to, const char *to_group, GKeyFile *now)
{
    g_auto(GStrv) keys = g_key_file_get_keys(now, "machine", NULL, NULL);
    for (char **key = keys; key && *key; key++) {
        g_autofree char *was = g_key_file_get_value(to, "machine", *key, NULL);
        g_autofree char *is = g_key_file_get_value(now, "machine", *key, NULL);
        if (g_strcmp0(was, is) != 0)
            copy_key(to, to_group, now, "machine", *key);
    }
}

GKeyFile *resume_merge(const struct folder *folder, GKeyFile *now, char **group, GError **error)
{
    GKeyFile *machine = read_machine(folder_path(folder), error);
    if (!machine)
        return NULL;
    *group = NULL;
    for (guint nth = 1; !*group || g_key_file_has_group(machine, *group); nth++) {
        g_free(*group);
        *group = g_strdup_printf("resumed %u", nth);
    }
    g_auto(GStrv) groups = g_key_file_get_groups(now, NULL);
    for (char **name = groups; *name; name++) {
        g_auto(GStrv) keys = g_key_file_get_keys(now, *name, NULL, NULL);
        for (char **key = keys; g_str_has_prefix(*name, "allocator ") && *key; key++)
            copy_key(machine, *name, now, *name, *key);
    }
    copy_what_differs(machine, *group, now);
    copy_key(machine, *group, now, "run", "command");
    copy_key(machine, *group, now, "run", "fixed_addresses");
    return machine;
}
