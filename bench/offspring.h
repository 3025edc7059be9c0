/* offspring.h: what a process under test has forked: none is allowed, for its memory would not be counted.
 *
 *   /proc/PID/task/TID/children   children that live, or are not waited for yet
 *   /proc/PID/stat                cminflt, cmajflt: page faults of children it has waited for: none lives
 *                                 without some
 *
 * Not seen: a child that came and went while SIGCHLD was ignored, and one that made itself init's. */
#ifndef AFTERFREE_OFFSPRING_H
#define AFTERFREE_OFFSPRING_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

bool offspring_seen(pid_t pid); /* false, too, when the process is gone */
void offspring_kill(pid_t pid); /* children and their children, by SIGKILL */

bool offspring_parse_stat(const char *text, guint64 *child_faults); /* false: not a line of /proc/PID/stat */

#endif
