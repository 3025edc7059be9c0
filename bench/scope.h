/* scope.h: where the cells of a plan with a limit get their cgroups, and how an ordinary user gets the right. */
#ifndef AFTERFREE_SCOPE_H
#define AFTERFREE_SCOPE_H

#include <glib.h>

#include "cgroup.h"

#define SCOPE_VARIABLE "AFTERFREE_SCOPE" /* set in the environment of the second try */

/* A site in which a group with this limit has been made once. Where none can be made, and systemd-run can give
 * us a scope of our own (delegated, so that v2 groups can be made in it), this process becomes, once,
 * `systemd-run --scope … afterfree WORDS`, and the call does not return. NULL with error (EXIT_SYSTEM): why
 * not, and what to do. */
struct cgroup_site *scope_find_site(uint64_t limit_bytes, char *const *words, GError **error);

#endif
