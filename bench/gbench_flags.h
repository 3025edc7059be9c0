/* gbench_flags.h: Google Benchmark's flags, read strictly. Its own reader takes what is mistyped for its default or
 * for `true`, prints, and may end the process. */
#ifndef AFTERFREE_GBENCH_FLAGS_H
#define AFTERFREE_GBENCH_FLAGS_H

#include <glib.h>
#include <stdbool.h>

/* Texts are parts of the flags they were read from. */
struct gbench_flags {
    const char *filter;           /* "": all */
    const char *format;           /* of the console: "console", "json", "csv" */
    const char *out, *out_format; /* a file as well; "": none */
    const char *color;            /* "auto", or a word for true or false */
    const char *time_unit;        /* "ns", "us", "ms", "s" */
    const char *context;          /* "KEY=VALUE,…", keys not empty and differing; "": none */
    unsigned repetitions;         /* 0: not told */
    bool lists;
    bool interleaves;
    bool report_aggregates_only;  /* console, file and JSON */
    bool display_aggregates_only; /* console; unlike Google Benchmark's default: true */
    bool tabular;
};

/* `flags`: NULL-terminated. The last of several wins, as with Google Benchmark. Errors: EXIT_USAGE, naming the flag. */
bool gbench_flags_read(char *const *flags, struct gbench_flags *read, GError **error);

/* A word for yes or no as Google Benchmark documents them; false: it is none. */
bool gbench_flags_truth(const char *word, bool *truth);

#endif
