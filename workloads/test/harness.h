/* harness.h: starts a workload as the orchestrator does, reads its marks, gives its go bytes. Whatever goes
 * wrong fails the cmocka test and names the program and its arguments; a child that hangs ends the test. */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "driver/mark.h"

#define CHILD_MARKS_MAX 64
#define CHILD_TITLE_MAX 1024
#define CHILD_COUNT_FD 5 /* where a child finds the descriptor of `count_fd` */

struct start {
    const char *program;   /* a path */
    const char *arguments; /* separated by blanks */
    const char *preload;   /* LD_PRELOAD of an otherwise empty environment; NULL: empty */
    int count_fd;          /* given on as CHILD_COUNT_FD, and COUNT_FD names it; 0: none */
    bool marks_unread;     /* fd 3 is a pipe that nobody reads */
    bool fixed_addresses;  /* randomisation off, as memory runs have it (where the kernel lets us) */
};

struct child {
    char title[CHILD_TITLE_MAX]; /* program and arguments */
    pid_t pid;
    int mark_fd, go_fd, error_fd;
};

struct told {
    char phase[16];
    struct mark mark;
#define X(name) uint64_t name;
    PROTOCOL_HEAP_FIELDS(X) /* 0 where they are not told */
#undef X
    char latency[PROTOCOL_LINE_MAX]; /* the line in front of it; "" where there was none */
};

void child_start(struct child *child, const struct start *start);

/* Without its newline; false at the end of file. */
bool child_read_line(struct child *child, char line[PROTOCOL_LINE_MAX]);

/* The same as a mark, of which every field must be there, in order, those of the heap all or none; and the line on
 * latency in front of it. */
bool child_read_mark(struct child *child, struct told *told);

void child_go(struct child *child);

/* Until it sleeps in a system call: after a mark, in the read of fd 4. */
void child_await_parked(const struct child *child);

/* Closes fd 4 and waits; returns the exit code, or 128 + the signal. */
int child_end(struct child *child);

/* As child_end; `errors` gets what it wrote to standard output and error. */
int child_end_with_errors(struct child *child, char *errors, size_t bytes);

/* The whole walk, every mark answered at once: returns how many marks there were; the child must have ended
 * with PROTOCOL_EXIT_DONE and without a word. */
unsigned child_walk(const struct start *start, struct told marks[CHILD_MARKS_MAX]);

/* The first mark of that phase. */
const struct mark *told_of(const struct told *marks, unsigned count, const char *phase);

/* Calls `check` with the path of every program that the pattern names, but tests; returns how many
 * there were. */
unsigned programs_each(const char *pattern, void (*check)(const char *program));

/* Calls `check` with the path of every workload of the build tree: workloads/ and workloads/test/, but those in
 * Go. There must be some. */
void workloads_each(void (*check)(const char *program));

/* Where go was not there at configuration: skips the test, and says so. */
void require_go(void);

/* The part of a path behind the last slash. */
const char *workloads_name(const char *program);

#endif
