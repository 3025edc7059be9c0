/* probe.h: asks, in a process of its own, which allocator a preload really brings and how it is set: the
 * objects that own malloc and its kin, the version, where the purge call lies, and each read-back. */
#ifndef AFTERFREE_PROBE_H
#define AFTERFREE_PROBE_H

#include <glib.h>
#include <stdbool.h>

#include "allocator.h"
#include "paths.h"
#include "proof.h"

#include "driver/protocol.h"

enum probe_verdict {
    PROBE_PROVEN, /* the library asked for owns malloc and its kin (the program its heap), and the setting
                            is not refuted */
    PROBE_NOT_INSTALLED, /* the descriptor's own library cannot be found, or its first program is not built */
    PROBE_REFUTED, /* anything else: another object owns one of them, the purge or collect call is missing or
                            the C library's, it died, it did not end */
    PROBE_NOT_IN_FORCE, /* all of that is well, but a value read back is not what the setting asks for */
};

enum probe_function {
#define X(function) PROBE_##function,
    PROTOCOL_OWNED(X)
#undef X
        PROBE_FUNCTION_COUNT
};
extern const char *const probe_function_names[PROBE_FUNCTION_COUNT];

enum probe_build {
    PROBE_BUILD_NOT_TOLD, /* it cannot say, was not asked, or is not proven to be the one that says it */
    PROBE_BUILD_RELEASE,
    PROBE_BUILD_DEBUG, /* its times say nothing */
};

struct probe {
    enum probe_verdict verdict;
    char *
        object; /* path of the object that owns malloc, or of the program that owns its heap; NULL: not told */
    char *owners[PROBE_FUNCTION_COUNT];  /* of each function; NULL: not told */
    char *purge_object, *collect_object; /* where the last function of the call lies; NULL: there is none */
    char *version;                       /* as the allocator says; NULL: it cannot say, or was not asked */
    char
        *version_why; /* asked, and not told: "version: SYMBOL is not in the library", "… fails"; else NULL */
    enum probe_build build;
    char *build_why;   /* as version_why: "debug: …" */
    char *reason;      /* not proven: why, and what to do */
    GPtrArray *proofs; /* of struct proof *; empty but for the probe of a setting */
};

struct probe_spec {
    const struct allocator *allocator;
    const struct allocator_setting *setting; /* NULL: the allocator alone, to learn its version */
    const char *version;                     /* told by that probe; NULL: unknown */
    const char *preload;                     /* overrides the descriptor's; NULL: does not */
    const struct paths *paths;
};

/* Why the program of a workload cannot be run, where it is one of the allocator's own and so may be missing: its
 * toolchain is; NULL: it is there. Caller frees. */
char *probe_why_not_built(const struct allocator *allocator, const struct paths *paths, const char *workload);

/* Runs the workload `null`, or the first program that has the allocator built in, as the probe, and what the setting's
 * proofs take besides (tunables.h, behaviour.h). False with error only when a process cannot be started; an allocator
 * that is not there is a result. */
bool probe_run(struct probe *probe, const struct probe_spec *spec, GError **error);
void probe_clear(struct probe *probe);

/* The exact environment of the setting's processes: LD_PRELOAD, and the lines that apply; NULL-terminated,
 * caller frees. */
char **probe_environment(const struct probe_spec *spec);

#endif
