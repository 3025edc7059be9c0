/* allowance.h: what the system allows us and those we start (getrlimit), asked before anything runs. */
#ifndef AFTERFREE_ALLOWANCE_H
#define AFTERFREE_ALLOWANCE_H

#include <glib.h>

/* How many of `asked` processes can be had at once with the file descriptors we may open (RLIMIT_NOFILE). 0
 * with error (EXIT_SYSTEM): not even one. */
guint allowance_jobs(guint asked, GError **error);

/* Bytes of address space each process gets at most (RLIMIT_AS, which it inherits); 0: no limit. */
guint64 allowance_address_space_bytes(void);

/* What to do about an errno that a limit causes, to stand behind its text; "" for others. Static. */
const char *allowance_advice(int number);

#endif
