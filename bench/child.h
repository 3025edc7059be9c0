/* child.h: one process under test: started clean, speaking driver/protocol.h, reaped with wait4. */
#ifndef AFTERFREE_CHILD_H
#define AFTERFREE_CHILD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "driver/protocol.h"
#include "spawn.h"

#define CHILD_UNKNOWN UINT64_MAX

struct child_mark {
    char phase[16];
#define X(name) uint64_t name;
    PROTOCOL_MARK_FIELDS(X)
    PROTOCOL_HEAP_FIELDS(X) /* CHILD_UNKNOWN: it has no runtime that tells */
#undef X
};

/* One line without its LF. Strict: a known phase, every field once, in any order, those of the heap all or none,
 * nothing else. */
bool child_parse_mark(const char *line, struct child_mark *mark, GError **error);

#define CHILD_OUTPUT_MAX 4096 /* bytes of stdout and stderr kept; the rest is read and dropped */

struct child {
    pid_t pid;
    int mark_fd, go_fd, output_fd; /* ours; non-blocking but for go_fd; -1 once closed */
    GString *line;                 /* a mark still incomplete, or the one handed out last */
    bool line_handed_out;
    GString *output; /* the first CHILD_OUTPUT_MAX bytes of stdout and stderr */
};

enum child_event {
    CHILD_NOTHING, /* no whole line yet */
    CHILD_LINE,    /* *line is one, without LF; valid until the next call */
    CHILD_CLOSED,  /* end of file: it has exited or is about to */
    CHILD_GARBAGE, /* a line longer than the protocol allows, or with a NUL byte */
};

/* False with error (EXIT_SYSTEM) when it cannot be started; nothing is left open then. */
bool child_start(struct child *child, const struct spawn_spec *spec, GError **error);
enum child_event child_read(struct child *child, const char **line);
/* At most a pipe's capacity a call. */
void child_read_output(struct child *child);
/* False: what it says is not kept any more, and it need not be listened to but now and then. */
static inline bool child_wants_output(const struct child *child)
{
    return child->output->len < CHILD_OUTPUT_MAX;
}
bool child_go(struct child *child); /* false: it is gone */
/* Kills it, its process group and what it has forked, and hears its marks no more. It is still to be reaped. */
void child_stop(struct child *child);
bool child_has_exited(const struct child *child);
bool child_is_stopped(const struct child *child); /* by SIGSTOP or the like */
/* Has it exited? *status as of wait4. With `wait`, blocks until it has. What is left of its process group ends
 * with it. */
bool child_reap(struct child *child, bool wait, int *status);
/* Closes descriptors; kills and reaps if it still runs. */
void child_close(struct child *child);

/* "signal 11 (Segmentation fault)", "exit code 65 (the allocator returned NULL)"; caller frees. */
char *child_describe_status(int status);

#endif
