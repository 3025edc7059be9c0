/* allocator.h: descriptors, bench/allocators/NAME.ini: one allocator and its settings, as data.
 *
 * Strict: an unknown group or key, one given twice, a missing `summary` or `policy`, a bad value, a malformed
 * version range, ranges of one name that overlap, an LD_ variable, `programs` beside what is preloaded, what is no
 * call (calls.h), an expectation of what nothing reads, no setting at all, is an error (EXIT_BAD_DATA) that names
 * file, line, group and key. An empty value of [allocator] is an absent one. Names (the file's and the settings') are
 * [a-z0-9][a-z0-9.-]*, for they become parts of cell and file names. */
#ifndef AFTERFREE_ALLOCATOR_H
#define AFTERFREE_ALLOCATOR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The peak of a map is above what it asks for by headers, rounding, and a rebuild's growth. */
#define ALLOCATOR_HEADROOM 1.25

/* Characters of a name: four of them, a repeat and what a file gets while it is written make a file name. */
#define ALLOCATOR_NAME_MAX 50

enum allocator_policy {
    ALLOCATOR_POLICY_DEFAULT,
    ALLOCATOR_POLICY_EAGER,
    ALLOCATOR_POLICY_DELAYED,
    ALLOCATOR_POLICY_LAZY,
    ALLOCATOR_POLICY_NEVER,
};
const char *allocator_policy_name(enum allocator_policy policy);              /* static */
bool allocator_policy_parse(const char *text, enum allocator_policy *policy); /* false: no such policy */

/* One line `env.NAME[@RANGE]=value`, or read.NAME or expect.NAME. RANGE is LOW..HIGH over dotted versions,
 * both ends inclusive, either may be missing: env.MIMALLOC_PURGE_DELAY@212..=0. 5.3.1 is above 5.3, so ..5.3
 * leaves it out. */
struct allocator_variable {
    char *name, *value;
    char *low_version, *high_version; /* NULL: open end */
};

struct allocator_setting {
    char *name;
    enum allocator_policy policy;
    bool has_delay;          /* delay-ms given */
    uint64_t delay_ms;       /* how long the setting waits before it gives memory back */
    bool own_thread;         /* the allocator works on its own thread: readings at marks bracket a range */
    GPtrArray *variables;    /* env: of struct allocator_variable *, in file order */
    GPtrArray *expectations; /* expect: of struct allocator_variable *; what each read-back must tell */
    char *behaves; /* returns, keeps, lazy: what a small build-and-drop must show; NULL: not asked */
};

struct allocator {
    char *name; /* file name without .ini */
    char *path; /* the descriptor file */
    char *summary;
    char *preload;     /* soname or absolute path; NULL: the C library's own */
    char **programs;   /* workloads that have it built in: it runs with these alone; NULL: it is preloaded */
    double headroom;   /* its peak over what the map asks for, see plan_expected_peak_bytes */
    char *package;     /* Debian package that brings it; NULL when none */
    char *purge;       /* the explicit purge call, see workloads/driver/call_text.h; NULL: has none */
    char *collect;     /* its garbage collection, same language; NULL: has none */
    char *version;     /* the read-back call for the version, same language; NULL: has none */
    char *debug;       /* the read-back call that is not 0 in a debug build; NULL: it cannot be asked */
    GPtrArray *reads;  /* read: of struct allocator_variable *: a read-back, see calls.h */
    char *written_for; /* the version the settings were written for; NULL when not said */
    bool is_floor;     /* role = floor: a floor that others stand on, none of them; see allocator_matches */
    GPtrArray
        *settings; /* of struct allocator_setting *, in file order; the first of a policy stands for it */
};

struct allocator *allocator_read(const char *path, GError **error);
void allocator_free(struct allocator *allocator);
typedef struct allocator allocator_descriptor; /* g_autoptr(allocator_descriptor) */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(allocator_descriptor, allocator_free)

/* Every *.ini of `dirs` (a NULL-terminated list, earlier wins on equal names; those that do not exist are
 * passed over), sorted by name. The caller unrefs; NULL with error on the first bad file. */
GPtrArray *allocator_read_all(const char *const *dirs, GError **error);

/* Does `glob` select it? A floor is selected by its whole name alone. */
bool allocator_matches(const struct allocator *allocator, const char *glob);

/* Is it built into that workload? */
bool allocator_has_program(const struct allocator *allocator, const char *workload);

/* Has it what the phase takes? Purge and collect are calls of its own. */
bool allocator_can_walk(const struct allocator *allocator, const char *phase);

/* "floor", or "" for one that is none; static. */
const char *allocator_role(const struct allocator *allocator);

/* The environment of one setting for an allocator of `version` (NULL: unknown; then only lines without a
 * range apply): NAME=value strings, NULL-terminated, ready for spawn but for LD_PRELOAD. */
char **allocator_environment(const struct allocator_setting *setting, const char *version);

/* Those of `variables` that apply to `version`, in order, borrowed; the caller unrefs the array. */
GPtrArray *allocator_applying(const GPtrArray *variables, const char *version);

/* Compares by the first dotted number ("5.3.0-0-gabc" is 5.3.0, "gperftools 2.10" is 2.10), part by part; a
 * missing part is 0: <0, 0, >0. */
int allocator_version_compare(const char *a, const char *b);

#endif
