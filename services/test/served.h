/* served.h: starts a service as the orchestrator does, and sends it requests through sockets. Whatever goes wrong
 * fails the cmocka test. */
#ifndef SERVED_H
#define SERVED_H

#include "harness.h"

struct served {
    struct child child;
    unsigned port;
    const char *program; /* its name */
};

struct answer {
    unsigned status;
    char text[2048];
    const char *headers, *body; /* both in it; headers from the status line on */
};

/* Until its line "service port=N". */
void served_start(struct served *served, const struct start *start);

/* The same, a null request more, and the baseline's mark. */
void served_start_to_baseline(struct served *served, const struct start *start, struct told *baseline);

/* The next mark, which must be that of `phase`. */
void served_read_mark(struct served *served, const char *phase, struct told *told);

/* A go, and the next mark. */
void served_go(struct served *served, const char *phase, struct told *told);

bool served_has_marked(const struct served *served); /* is there a mark, or the end, to be read now? */

/* A connection to it, or -1; `address` as 127.0.0.1. */
int served_connect(const struct served *served, const char *address);

/* Sends "METHOD TARGET HTTP/1.1" and returns the connection, e.g. served_send(served, "POST /release"). */
int served_send(const struct served *served, const char *method_and_target);
void served_send_text(int connection, const char *text, size_t length);

bool served_has_answered(int connection); /* is there a part of the answer, or the end, to be read now? */

/* The answer up to the end of the connection, which must come by itself. */
void served_receive(int connection, struct answer *answer);

/* Sends and receives. */
void served_ask(const struct served *served, const char *method_and_target, struct answer *answer);

/* As workloads_each: every program in services/. There must be some. */
void services_each(void (*check)(const char *program));

#endif
