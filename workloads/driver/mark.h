/* mark.h: writes the lines of protocol.h and waits for the go. No stdio: it allocates. */
#ifndef MARK_H
#define MARK_H

#include <stdint.h>

#include "driver/protocol.h"

#define MARK_NUMBER_MAX 21 /* 2^64 in decimal, and a zero */

struct mark {
#define X(name) uint64_t name;
    PROTOCOL_MARK_FIELDS(X)
#undef X
};

#define MARK_LEFT_OUT UINT64_MAX

struct mark_latency {
#define X(name) uint64_t name;
    PROTOCOL_LATENCY_FIELDS(X)
#undef X
};

/* Decimal, zero-terminated; returns how many characters. */
unsigned mark_number(char text[MARK_NUMBER_MAX], uint64_t number);

/* Where marks go: fd 3 if it is open (and fd 4 is waited on), else standard output, and no waiting: so a
 * workload can be tried by hand. Call it first of all. */
void mark_open(void);

/* Writes "phase name=number …" and blocks until the go byte comes; dies with PROTOCOL_EXIT_ORPHAN when
 * either descriptor is closed. */
void mark_write(const char *phase, const struct mark *mark);

/* Writes "latency phase=… clock=… name=number …", without what is MARK_LEFT_OUT, and does not wait. */
void mark_write_latency(const char *phase, const char *clock, const struct mark_latency *latency);

/* Blocks until the go byte comes; returns at once where there is no fd 4. */
void mark_await_go(void);

/* Blocks until `fd` can be read; dies with PROTOCOL_EXIT_ORPHAN when fd 4 is closed meanwhile. */
void mark_await_fd(int fd);

/* Writes "key=value" as a line, and does not wait. */
void mark_write_line(const char *key, const char *value);

#endif
