/* pair.h: two run folders, read and laid side by side: A, what there was, and B, what is compared to it. */
#ifndef AFTERFREE_PAIR_H
#define AFTERFREE_PAIR_H

#include <glib.h>
#include <stdbool.h>

#include "csv.h"

enum { PAIR_A, PAIR_B, PAIR_SIDES };

struct pair_side {
    char *path;
    struct csv *runs; /* runs.csv */
    GKeyFile *machine, *plan;
    GHashTable *cells; /* name -> struct pair_rows * */
    GPtrArray *names;  /* of the cells, in the order of their first row */
};

/* The rows of one cell on one side. */
struct pair_rows {
    GArray *ok;        /* of guint: rows of runs.csv that are proven */
    guint first;       /* any row of it, an ok one if there is one: where its texts are read */
    guint failed;      /* failed, oom or timeout: the process's own doing */
    guint invalid;     /* a proof failed */
    guint skipped;     /* not installed, too big */
    char *bad_because; /* status and reason of the first failed or invalid one; NULL: none */
};

struct pair_cell {
    const char *name;
    const struct pair_rows *rows[PAIR_SIDES]; /* both there */
};

struct pair {
    struct pair_side sides[PAIR_SIDES];
    GArray *cells;                /* of struct pair_cell: in both, proven in A, and not skipped in B */
    GPtrArray *alone[PAIR_SIDES]; /* names: proven on this side, and on the other not there or skipped */
};

/* NULL with error: EXIT_BAD_DATA when a folder has no readable runs.csv (with columns cell and status),
 * machine.ini or plan.ini, EXIT_NO_MATCH when no cell is in both. */
struct pair *pair_read(const char *a, const char *b, GError **error);
void pair_free(struct pair *pair);
typedef struct pair pair_of_runs; /* g_autoptr(pair_of_runs) */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pair_of_runs, pair_free)

/* NULL: its last part (run, or the last --resume) ended by itself; "was interrupted"; "never finished": it still
 * runs or was killed. From `interrupted` of machine.ini. */
const char *pair_unfinished(const struct pair_side *side);

/* "NAME", or "NAME (skipped: reason)": the nth of alone[PAIR_A], missing in B; caller frees. */
char *pair_missing_text(const struct pair *pair, guint nth);

/* A text of the cell on this side; "" when there is no such column. */
const char *pair_text(const struct pair *pair, const struct pair_cell *cell, int side, const char *column);

#endif
