/* run_request.h: the requests of a run whose program is a service: which of its phases have to be asked for, and at which
 * marks they must have been answered. Of all other runs there is nothing to do: each function says so. */
#ifndef AFTERFREE_RUN_REQUEST_H
#define AFTERFREE_RUN_REQUEST_H

#include "run.h"

/* The line on its port, before the baseline: the null request is made. False with error: it must not stand there, or
 * curl cannot be started. */
bool run_request_open(struct run *run, const char *line, GError **error);

/* Behind the go of its phase: asks for it, if it has to be. False with error when curl cannot be started. */
bool run_request_begin(struct run *run, GError **error);

enum run_request_state {
    RUN_REQUEST_GOOD,    /* there is none, or it is answered as it has to be, or its mark is still to come */
    RUN_REQUEST_AWAITED, /* it must have been answered at this mark, and curl has not ended yet */
    RUN_REQUEST_BAD,     /* *why, which the caller frees */
};
/* At the last mark. */
enum run_request_state run_request_judge(const struct run *run, char **why);

/* ", in POST /build (second request): the client saw …" of a process that has ended, or is to be ended, before it had
 * answered; "" when it owed no answer. The caller frees. */
char *run_request_owed(const struct run *run);
/* Of a run whose verdict stands. */
void run_request_measure(struct run *run);

#endif
