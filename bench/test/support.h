/* support.h: what several tests need: a folder of their own with files in it, and the program itself. */
#ifndef AFTERFREE_TEST_SUPPORT_H
#define AFTERFREE_TEST_SUPPORT_H

#include <ftw.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "error.h"

/* Each test gets a fresh folder as its *state and leaves nothing behind. */
#define SUPPORT_TEST(test) cmocka_unit_test_setup_teardown(test, support_open_folder, support_remove_folder)

static inline int support_open_folder(void **state)
{
    *state = g_dir_make_tmp("afterfree-test-XXXXXX", NULL);
    return *state ? 0 : -1;
}

static inline int support_remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline int support_remove(const char *path)
{
    return nftw(path, support_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int support_remove_folder(void **state)
{
    int failed = support_remove(*state);
    g_free(*state);
    return failed;
}

/* Writes FOLDER/NAME (folders in NAME are made) and returns its path; the caller frees. */
static inline char *support_new_file(const char *folder, const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    assert_int_equal(g_mkdir_with_parents(parent, 0777), 0);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static inline void support_write(const char *folder, const char *name, const char *text)
{
    g_free(support_new_file(folder, name, text));
}

/* FOLDER/NAME as text; the caller frees. Fails the test when it is not there. */
static inline char *support_read(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        fail_msg("%s is not there", path);
    return text;
}

/* Fails the test, and shows the text, unless it has `part`. */
static inline void support_assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void support_assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

/* The error is ours, has this code, and its message has each of `parts` (NULL-terminated). Clears it. */
static inline void support_assert_error(GError **error, int code, const char *const *parts)
{
    assert_non_null(*error);
    for (; *parts; parts++)
        support_assert_has((*error)->message, *parts);
    if (!g_error_matches(*error, AFTERFREE_ERROR, code))
        fail_msg("code %d where %d was expected: %s", (*error)->code, code, (*error)->message);
    g_clear_error(error);
}

static inline gint support_compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A folder's files by glob, sorted, with their folder; the caller unrefs. */
static inline GPtrArray *support_glob(const char *folder, const char *glob)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        if (g_pattern_match_simple(glob, name))
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(paths, support_compare_names);
    return paths;
}

#endif
