/* thp.h: transparent huge pages: the mode the system has, and the change of it while a plan asks for another.
 *
 * `never` is private to a process (PR_SET_THP_DISABLE) and holds under every mode of the system. `madvise` and
 * `always` can only be the whole system's, so a change of it is lent: before the first one a guardian process
 * is forked that blocks on a pipe and puts the old mode back at its end of file. There is no other way back, so
 * it is the same for a normal end, an error, Ctrl-C and SIGKILL. The guardian has a session of its own and no
 * signal but SIGKILL ends it. Who has borrowed the mode holds a lock (flock) on the file until it is back. */
#ifndef AFTERFREE_THP_H
#define AFTERFREE_THP_H

#include <glib.h>
#include <stdbool.h>

#define THP_PATH "/sys/kernel/mm/transparent_hugepage/enabled"

enum thp_mode {
    THP_AS_IS, /* whatever the system has when the program is started */
    THP_NEVER,
    THP_MADVISE, /* for memory that asks for it */
    THP_ALWAYS,
    THP_MODES,
};

const char *thp_name(enum thp_mode mode);              /* "never"…; "" for THP_AS_IS */
bool thp_parse(const char *word, enum thp_mode *mode); /* false: no such mode */
enum thp_mode thp_parse_system(const char *text);      /* "always [madvise] never", or the word alone */
enum thp_mode thp_read(const char *path);              /* no such file: a kernel without: THP_NEVER */
bool thp_suffices(enum thp_mode asked, enum thp_mode system); /* does `asked` hold without a change? */

struct thp; /* the system's mode, borrowed; NULL: it is not changed */

/* False answers are NULL with error (EXIT_SYSTEM): no right to write the file, or another run has it. */
struct thp *thp_borrow(const char *path, GError **error);
/* Does the system have what a run of `asked` needs now? Yes where nothing is borrowed. */
bool thp_holds(const struct thp *thp, enum thp_mode asked);
/* Changes the system's mode to what `asked` needs; for no process alive may it matter. */
bool thp_set(struct thp *thp, enum thp_mode asked, GError **error);
/* Ends the guardian and frees. False with error when the mode is not what it was; NULL is fine. */
bool thp_give_back(struct thp *thp, GError **error);

#endif
