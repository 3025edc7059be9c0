/* listen.h: a short-lived process, heard to its end: the probes. */
#ifndef AFTERFREE_LISTEN_H
#define AFTERFREE_LISTEN_H

#include <glib.h>
#include <stdbool.h>

#include "child.h"

/* One line of the protocol's, without its LF. The process may be answered with child_go. */
typedef void listen_line(struct child *child, const char *line, void *data);

struct listen_end {
    bool in_time; /* false: it was killed at the limit, and its status is unknown */
    int status;   /* as of wait4 */
    char *output; /* what it wrote to stdout and stderr, in one line; caller frees */
};

/* Starts it and gives each line to `take` until it closes the descriptor (or writes a line longer than the
 * protocol allows). False with error when it cannot be started; then `end` is not set. */
bool listen_run(const struct spawn_spec *spec, unsigned limit_ms, listen_line *take, void *data,
                struct listen_end *end, GError **error);

/* "exit code 3 and what it said": how it ended; caller frees. */
char *listen_describe(const struct listen_end *end);

#endif
