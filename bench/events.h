/* events.h: what the loop over all runs waits for: marks and output of their processes, a signal that ends us, and
 * an instant. */
#ifndef AFTERFREE_EVENTS_H
#define AFTERFREE_EVENTS_H

#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct events {
    int signal_fd;   /* SIGINT, SIGTERM, SIGHUP */
    GArray *polls;   /* of struct pollfd: the signals, then those of each run */
    sigset_t before; /* the mask that is put back */
};

uint64_t events_now_ns(void); /* CLOCK_MONOTONIC */

/* From here on those signals are waited for, and a go to a process that has died is no signal. False with error
 * (EXIT_SYSTEM); it is to be closed all the same. */
bool events_open(struct events *events, GError **error);
void events_close(struct events *events);

/* Until `until_ns`, a signal, or a mark or output of any run (of struct run *), which is read. False with error
 * (EXIT_SYSTEM). The instant is the poll's own timeout: one system call less than a timer to read. */
bool events_wait(struct events *events, const GPtrArray *runs, uint64_t until_ns, GError **error);
/* Has the last wait seen one of the signals? */
bool events_signalled(struct events *events);

#endif
