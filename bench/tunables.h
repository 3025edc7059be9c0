/* tunables.h: glibc's tunables, which no call tells: its loader lists them for the environment it is run in.
 * A tunable that is not set, or was set to no number or out of range, is shown as 0 whatever its effective
 * default: so a 0 that was asked for cannot be told from a typo. */
#ifndef AFTERFREE_TUNABLES_H
#define AFTERFREE_TUNABLES_H

#include <glib.h>

/* The loader a program asks for (its PT_INTERP); NULL: none is named (a static program), or no ELF file of
 * our own class. Caller frees. */
char *tunables_loader(const char *program);

/* What `LOADER --list-tunables` says in that environment (NULL-terminated, passed as it is). NULL: the
 * program has no loader, or one that cannot list. Caller frees. */
char *tunables_list(const char *program, char *const *environment);

/* The value of "NAME: VALUE (min: …" in such a list; NULL: not in it. Caller frees. */
char *tunables_value(const char *list, const char *name);

#endif
