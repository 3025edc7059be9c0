/* fuzz.h: what the fuzz targets share. A target fuzz_NAME.c is the one function below: it reads `data` as the
 * program would, returns 0, and aborts where a claim about it does not hold. Linked with libFuzzer (the preset
 * `fuzz`) or with replay.c; so it keeps nothing from one input to the next and asks no clock. */
#ifndef AFTERFREE_FUZZ_H
#define AFTERFREE_FUZZ_H

#include <ftw.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as a file in memory, nothing to clean up. The path is static. */
static inline const char *fuzz_file(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("input", MFD_CLOEXEC);
    g_assert_true(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

/* A folder of the process's own, the same at each call, gone at its exit. */
static char fuzz_folder_path[] = "/tmp/afterfree-fuzz-XXXXXX";

static inline int fuzz_remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void fuzz_remove_folder(void)
{
    nftw(fuzz_folder_path, fuzz_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *fuzz_folder(void)
{
    static bool made;
    if (!made)
        g_assert_true(mkdtemp(fuzz_folder_path) && atexit(fuzz_remove_folder) == 0);
    made = true;
    return fuzz_folder_path;
}

/* The error is ours, has this code, and begins with the file: "PATH:…". Returns what follows the colon. */
static inline const char *fuzz_assert_error(const GError *error, int code, const char *path)
{
    g_assert_nonnull(error);
    if (error->domain != AFTERFREE_ERROR || error->code != code)
        g_error("code %d where %d was expected: %s", error->code, code, error->message);
    if (!g_str_has_prefix(error->message, path) || error->message[strlen(path)] != ':')
        g_error("does not begin with %s: %s", path, error->message);
    return error->message + strlen(path) + 1;
}

/* "LINE: …" of a file that has so many lines. Returns what follows the blank, and the line. */
static inline const char *fuzz_assert_line(const char *place, const uint8_t *data, size_t size, guint64 *line)
{
    char *end;
    guint64 lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    *line = g_ascii_strtoull(place, &end, 10);
    if (!g_ascii_isdigit(*place) || *line < 1 || *line > lines || !g_str_has_prefix(end, ": "))
        g_error("names no line from 1 to %" G_GUINT64_FORMAT ": %s", lines, place);
    return end + 2;
}

#endif
