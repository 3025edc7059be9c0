/* caller.h: the client of a service under test (driver/protocol.h): curl, one request at a time.
 *
 * It is a process of its own, outside the run's cgroup, and its environment is empty: no proxy, no settings of the user's.
 * It is never waited for: caller_watch looks whether it has ended. How long it may take is the caller's to say. */
#ifndef AFTERFREE_CALLER_H
#define AFTERFREE_CALLER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "child.h"

#define CALLER_PROGRAM "curl" /* in PATH; so is its package called */

enum caller_request {
    CALLER_NONE,
    CALLER_HEALTH,  /* GET /healthz */
    CALLER_BUILD,   /* POST /build?records=N */
    CALLER_RELEASE, /* POST /release */
};

struct caller {
    char *program;               /* NULL: nothing is to be called */
    unsigned port;               /* 0: not told yet */
    enum caller_request request; /* the last */
    bool is_under_way;           /* then child is valid */
    struct child child;
    guint builds;   /* POST /build so far, the last included */
    guint answered; /* of them, by HTTP 200 */
    char *text;     /* the last request's answer; NULL: none by HTTP 200 */
    char *failure;  /* why there is none: what curl said; NULL */
};

/* `program`: path of curl; NULL: no service. */
void caller_open(struct caller *caller, const char *program);
void caller_close(struct caller *caller); /* kills what is under way; fine when closed */

/* The last one is over and done with. `records`: of a build. False with error (EXIT_SYSTEM). */
bool caller_ask(struct caller *caller, enum caller_request request, uint64_t records, GError **error);
/* Ends what is under way, and what was asked is a failure. */
void caller_give_up(struct caller *caller);
/* Has the request ended since the last call? Then text or failure is set. */
bool caller_watch(struct caller *caller);

/* "POST /build (second request)"; the caller frees. */
char *caller_describe(const struct caller *caller);
/* NULL: the last request was answered as it has to be, "records=N checksum=C" and the like. Else why it was not, in
 * words for a row; the caller frees. Nothing was asked: NULL. */
char *caller_judge(const struct caller *caller, uint64_t records, uint64_t checksum);

/* --- texts --- */

/* What a service says before its baseline: "service port=N". */
static inline bool caller_is_line(const char *line)
{
    return g_str_has_prefix(line, "service ");
}
bool caller_parse_line(const char *line, unsigned *port, GError **error);

/* What curl wrote, and how it ended, as of wait4: *text is the body of an answer by HTTP 200, else NULL and *failure says
 * why there is none. The caller frees both. */
void caller_parse_output(const char *output, int status, char **text, char **failure);

#endif
