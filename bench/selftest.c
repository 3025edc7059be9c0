#include "selftest.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>

#include "allocator.h"
#include "error.h"
#include "paths.h"

/* A soname that lies among the controls' libraries means that one; another is left to the loader, which is to
 * look for it in vain. */
static bool place_libraries(const struct paths *paths, struct options *options, GError **error)
{
    g_autoptr(GPtrArray) controls = allocator_read_all((const char *const *)paths->allocator_dirs, error);
    if (!controls)
        return false;
    for (guint i = 0; i < controls->len; i++) {
        const struct allocator *control = controls->pdata[i];
        if (!control->preload || *control->preload == '/')
            continue;
        g_autofree char *library = g_build_filename(paths->control_dir, control->preload, NULL);
        if (g_file_test(library, G_FILE_TEST_EXISTS) &&
            !options_preload(options, control->name, library, error))
            return false;
    }
    return true;
}

static bool choose_folder(struct selftest *selftest, struct options *options, GError **error)
{
    g_autoptr(GError) why = NULL;
    selftest->temporary = !options->out;
    if (!options->out)
        options->out = g_dir_make_tmp("afterfree-selftest-XXXXXX", &why);
    selftest->folder = g_strdup(options->out);
    if (!options->out)
        g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "no temporary folder: %s; give one with --out",
                    why->message);
    return options->out != NULL;
}

bool selftest_open(struct selftest *selftest, struct options *options, GError **error)
{
    struct paths paths;
    *selftest = (struct selftest){.answers = NULL};
    if (!paths_find_controls(&paths, (const char *const *)options->data, error))
        return false;
    g_autofree char *path = paths_answers(&paths, error);
    selftest->answers = path ? expect_read(path, error) : NULL;
    bool good = selftest->answers && place_libraries(&paths, options, error) &&
                choose_folder(selftest, options, error);
    paths_clear(&paths);
    return good;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

void selftest_close(struct selftest *selftest)
{
    if (selftest->folder && selftest->temporary &&
        nftw(selftest->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        fprintf(stderr, "afterfree: %s cannot be removed: %s\n", selftest->folder, g_strerror(errno));
    g_free(selftest->folder);
    expect_free(selftest->answers);
}

/* --- the table --- */

enum { NAME, EXPECTED, FOUND, COLUMN_COUNT };
static const glong widths[COLUMN_COUNT] = {18, 38, 30}; /* with the verdict 100 columns at most */
#define DETAIL_WIDTH 95

/* The piece of `text` that goes into a line of `width`, up to its last blank or underscore there if it has one;
 * moves *text behind it. Caller frees. */
static char *take_piece(const char **text, glong width)
{
    glong length = g_utf8_strlen(*text, -1), cut = MIN(length, width);
    for (glong at = cut; length > width && at > width / 2; at--) {
        char before = *g_utf8_offset_to_pointer(*text, at - 1);
        if (before == ' ' || before == '_') {
            cut = at;
            break;
        }
    }
    char *piece = g_utf8_substring(*text, 0, cut);
    *text = g_utf8_offset_to_pointer(*text, cut);
    return piece;
}

/* What is too long for its column goes on in the next line: what is compared is there whole. */
static void print_row(const char *const texts[COLUMN_COUNT], const char *verdict, FILE *out)
{
    const char *rest[COLUMN_COUNT];
    memcpy(rest, texts, sizeof rest);
    do {
        g_autoptr(GString) line = g_string_new(NULL);
        for (int i = 0; i < COLUMN_COUNT; i++) {
            g_autofree char *piece = take_piece(&rest[i], widths[i]);
            g_string_append_printf(line, "%s%*s", piece, (int)(widths[i] - g_utf8_strlen(piece, -1)) + 1, "");
        }
        g_string_append(line, verdict);
        fprintf(out, "%s\n", g_strchomp(line->str));
        verdict = "";
    } while (*rest[NAME] || *rest[EXPECTED] || *rest[FOUND]);
}

static void print_detail(const char *text, FILE *out)
{
    do {
        g_autofree char *piece = take_piece(&text, DETAIL_WIDTH);
        fprintf(out, "    %s\n", piece);
    } while (*text);
}

static void print_verdict(const struct expect_verdict *verdict, FILE *out)
{
    bool good = verdict->violations->len == 0;
    print_row((const char *const[]){verdict->name, verdict->expected, verdict->found},
              good ? "as expected" : "WRONG", out);
    for (guint i = 0; i < verdict->violations->len; i++)
        print_detail(verdict->violations->pdata[i], out);
}

static void print_sum(const struct selftest *selftest, guint controls, guint figures, guint wrong, FILE *out)
{
    if (wrong == 0)
        fprintf(out, "\n%u controls, %u figures of them: all as expected.\n", controls, figures);
    else
        fprintf(out,
                "\n%u of %u controls are NOT as expected: until it is known why, trust no figure from this\n"
                "machine. If it was busy, try again when it is not.\n",
                wrong, controls);
    if (!selftest->temporary)
        fprintf(out, "The rows: %s\n", selftest->folder);
    else if (wrong > 0)
        fputs("--out DIR keeps the rows for a look.\n", out);
}

int selftest_report(const struct selftest *selftest, bool quiet, FILE *out, GError **error)
{
    guint wrong = 0, figures = 0;
    g_autofree char *path = g_build_filename(selftest->folder, "runs.csv", NULL);
    g_autoptr(csv_table) runs = csv_read(path, error);
    if (!runs)
        return -1;
    g_autoptr(GPtrArray) verdicts = expect_judge(selftest->answers, runs);
    if (!quiet)
        print_row((const char *const[]){"control", "expected (RSS over the baseline)", "found"}, "verdict",
                  out);
    for (guint i = 0; i < verdicts->len; i++) {
        const struct expect_verdict *verdict = verdicts->pdata[i];
        bool good = verdict->violations->len == 0;
        wrong += !good;
        figures += verdict->figures;
        if (!quiet || !good)
            print_verdict(verdict, out);
    }
    if (!quiet || wrong > 0)
        print_sum(selftest, verdicts->len, figures, wrong, out);
    return wrong == 0 ? EXIT_PROVEN : EXIT_NOT_PROVEN;
}
