/* mismatch.h: in what two run folders differ before anything is measured.
 *
 * Conditions must be the same, or a difference in the figures says nothing about the allocators:
 *   machine.ini [machine]  kernel cpu cores memory_bytes (by more than 1 %) swap_bytes page_bytes thp_enabled
 *                          thp_defrag overcommit_memory cgroup_limit_bytes page_reporting afterfree_version
 *   machine.ini [run]      fixed_addresses pass count_calls
 *   plan.ini [plan]        walk latency
 *   plan.ini [walk NAME]   phases cycles, of a walk both have: the key is walk, too
 *   runs.csv, cell by cell workload shape records strings length order removal survivors seed window_ms
 *                          ticking_ms thp limit_bytes workers keys, and env
 * What a folder does not know (written by another version) is not held against it, nor the empty thp of a cell
 * of which no run of B is proven: it may never have begun.
 *
 * Another version, package or library of an allocator is what people compare: it is allowed, and told; so is
 * env where only LD_PRELOAD differs, or the version with it (a descriptor's variables depend on it). */
#ifndef AFTERFREE_MISMATCH_H
#define AFTERFREE_MISMATCH_H

#include <glib.h>
#include <stdbool.h>

#include "pair.h"

/* No condition, but --despite takes it, by this name only: cells proven in A may be missing in B (report.h). */
#define MISMATCH_MISSING "missing"

struct mismatch {
    char *key;    /* as above; what --despite takes */
    char *where;  /* NULL: all of the run; the first cell, or the allocator */
    char *a, *b;  /* both values */
    guint cells;  /* so many have these values */
    bool allowed; /* told, and no reason to refuse */
};

/* The caller unrefs: of struct mismatch *. Empty: none. */
GPtrArray *mismatch_find(const struct pair *pair);

/* Allows those whose key is in `despite` (NULL-terminated, or NULL; "all" is every key here). True: none is left
 * that is not allowed. False with error: EXIT_USAGE for a key that is none, EXIT_CONDITIONS with every
 * difference and both its values. */
bool mismatch_allow(const GPtrArray *mismatches, const char *const *despite, GError **error);

/* "kernel: 6.1 in A, 6.18 in B", without LF; caller frees. */
char *mismatch_line(const struct mismatch *mismatch);

#endif
