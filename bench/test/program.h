/* program.h: runs the program itself, as a user does, and reads the folder it leaves. */
#ifndef AFTERFREE_TEST_PROGRAM_H
#define AFTERFREE_TEST_PROGRAM_H

#include <glib.h>

#include "csv.h"
#include "support.h"

/* A sanitizer's runtime must be the first in a process: nothing can be preloaded there. */
#define PROGRAM_ALLOCATORS (TEST_SANITIZED ? "glibc" : "*")

/* clang's runtime is part of each program: no library there owns malloc, so no cell can be proven. */
#ifdef __clang__
#define PROGRAM_UNPROVABLE TEST_SANITIZED
#else
#define PROGRAM_UNPROVABLE 0
#endif

struct program_outcome {
    int code; /* 128 + N after a signal N, as a shell says */
    char *out, *err;
};
typedef struct program_outcome program_outcome;

static inline void program_outcome_clear(program_outcome *outcome)
{
    g_free(outcome->out);
    g_free(outcome->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(program_outcome, program_outcome_clear)

static inline int program_exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs `words` (NULL-terminated; the first is the program's path) to its end. */
static inline void program_run_words(program_outcome *outcome, const char *const *words)
{
    g_auto(GStrv) argv = g_strdupv((char **)(uintptr_t)words);
    g_autoptr(GError) error = NULL;
    int status;
    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &outcome->out, &outcome->err, &status,
                      &error))
        fail_msg("%s: %s", words[0], error->message);
    outcome->code = program_exit_code(status);
}
#define program_run(outcome, ...)                                                                            \
    program_run_words(outcome, (const char *const[]){TEST_BUILD_DIR "/bench/afterfree", __VA_ARGS__, NULL})

/* Fails the test, and shows what the program said, unless it ended with `code`. */
static inline void program_assert_code(const program_outcome *outcome, int code)
{
    if (outcome->code == code)
        return;
    fprintf(stderr, "%s%s", outcome->out, outcome->err); /* cmocka would cut it */
    fail_msg("exit code %d where %d was expected", outcome->code, code);
}

static inline struct csv *program_table(const char *run_folder, const char *name)
{
    g_autofree char *path = g_build_filename(run_folder, name, NULL);
    g_autoptr(GError) error = NULL;
    struct csv *csv = csv_read(path, &error);
    if (!csv)
        fail_msg("%s", error->message);
    return csv;
}

static inline const char *program_text(const struct csv *csv, guint row, const char *column)
{
    int at = csv_column(csv, column);
    if (at < 0)
        fail_msg("there is no column %s", column);
    return csv_text(csv, row, at);
}

/* Fails the test when the field is empty: the number is not known. */
static inline uint64_t program_number(const struct csv *csv, guint row, const char *column)
{
    uint64_t value = 0;
    if (!csv_u64(csv, row, csv_column(csv, column), &value))
        fail_msg("%s: %s is \"%s\"", program_text(csv, row, "cell"), column, program_text(csv, row, column));
    return value;
}

/* Fails the test unless every row is ok or skipped; counts the ok ones. */
static inline guint program_count_ok(const struct csv *runs)
{
    guint ok = 0;
    for (guint row = 0; row < csv_rows(runs); row++) {
        const char *status = program_text(runs, row, "status");
        ok += strcmp(status, "ok") == 0;
        if (strcmp(status, "ok") != 0 && strcmp(status, "skipped") != 0)
            fail_msg("%s is %s: %s", program_text(runs, row, "cell"), status,
                     program_text(runs, row, "reason"));
    }
    return ok;
}

#endif
