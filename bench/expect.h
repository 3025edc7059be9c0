/* expect.h: known answers, as data: what the rows of a run must say.
 *
 *   [ALLOCATOR/SETTING]          each of its rows
 *   status = ok                  needed
 *   reason = signal 11           a part of the row's reason
 *   COLUMN = LOW..HIGH           a number of runs.csv, both ends included; or a single number
 *   COLUMN = LOW..HIGH +- OTHER  both ends further out by the row's own OTHER
 *   COLUMN = none                an empty field
 *
 * RSS and held columns are compared over the row's baseline. Columns in bytes take a unit (4096B, 64K, of
 * 1024), the others are in the unit they name. Strict: an unknown key, a bad value, a group without a status is
 * an error (EXIT_BAD_DATA) that names file, line, group and key. */
#ifndef AFTERFREE_EXPECT_H
#define AFTERFREE_EXPECT_H

#include <glib.h>
#include <stdbool.h>

#include "csv.h"

struct expect; /* a file of known answers */

struct expect *expect_read(const char *path, GError **error);
void expect_free(struct expect *expect); /* NULL is fine */
typedef struct expect expect_file;       /* g_autoptr(expect_file) */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(expect_file, expect_free)

struct expect_verdict {
    char *name;            /* ALLOCATOR/SETTING */
    char *expected;        /* for people: status, and reason or the first figure of its group */
    char *found;           /* the same of its row */
    GPtrArray *violations; /* of char *, in words; empty: as expected */
    guint figures;         /* compared */
};

/* One verdict a group, in the order of the file, and a bad one for each ALLOCATOR/SETTING of `runs` that no
 * group expects. Of struct expect_verdict *; the caller unrefs. */
GPtrArray *expect_judge(const struct expect *expect, const struct csv *runs);

#endif
