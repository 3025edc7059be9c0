/* options.h: the command line of each subcommand. */
#ifndef AFTERFREE_OPTIONS_H
#define AFTERFREE_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

#include "matrix.h"

struct options {
    char *plan;           /* name or file */
    char **only, **data;  /* NULL or lists */
    GHashTable *preloads; /* allocator name -> absolute path, from --preload NAME=PATH */
    guint repeat;         /* 0: as the plan says */
    char *out;            /* NULL: results/<utc>-<host> */
    char *resume;         /* NULL, or the run folder to go on with: the plan and what selects are its own */
    bool strict, no_table;
    bool set_thp;     /* may the system's THP mode be changed? */
    bool count_calls; /* of the system, see syscalls.h */
    struct matrix_options matrix;
    enum plan_pass pass; /* of the plan: which command this is */
    char *run_folder;    /* `summary`: its argument; `compare`: A */
    char **allocators;   /* `check`: its arguments, globs; NULL: all */
    /* `cost` */
    char *into;   /* NULL, or the run folder that gets it: the plan and what selects are its own */
    char **flags; /* Google Benchmark's, --benchmark_…; NULL-terminated */
    /* `selftest` */
    bool controls; /* descriptors and plans are those of the controls */
    bool quiet;    /* only what is not as expected */
    /* `compare` */
    char *other_folder, *budget, *format; /* B, NULL or a file, one of report.h's */
    char **despite;                       /* NULL or keys of mismatch.h */
    bool all;
};

/* One function a subcommand; argv[0] is the subcommand. Each handles --help by itself (prints and exits 0).
 * False with error (EXIT_USAGE). */
bool options_read_run(struct options *options, int argc, char **argv, GError **error);
bool options_read_list(struct options *options, int argc, char **argv, GError **error);
bool options_read_check(struct options *options, int argc, char **argv, GError **error);
bool options_read_cost(struct options *options, int argc, char **argv, GError **error);
bool options_read_summary(struct options *options, int argc, char **argv, GError **error);
bool options_read_selftest(struct options *options, int argc, char **argv, GError **error);
/* As --preload NAME=PATH does: false with error when there is no such file, or the loader cannot take it. */
bool options_preload(struct options *options, const char *name, const char *path, GError **error);
/* --preload's NAME=PATH pairs (NULL or a list) into options->preloads. */
bool options_read_preloads(struct options *options, char **pairs, GError **error);
bool options_read_compare(struct options *options, int argc, char **argv, GError **error);
void options_clear(struct options *options);

#endif
