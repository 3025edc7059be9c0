/* run_verdict.h: what a run has come to: status and reason of its row, and why they are so. */
#ifndef AFTERFREE_RUN_VERDICT_H
#define AFTERFREE_RUN_VERDICT_H

#include "run.h"

/* The first verdict stays: its reason is the true one, what follows is its consequence. */
void run_verdict_set(struct run *run, const char *status, const char *reason);

/* Why a mark, just read, or the process parked at it is not to be believed; NULL: it is. The caller frees. */
char *run_verdict_of_mark(const struct run *run, const struct record_mark *mark);

/* What had not happened when the deadline passed; the caller frees. */
char *run_verdict_of_deadline(const struct run *run);

/* Sets the verdict of a process that was reaped, its samples sorted by time. `status` as of wait4. */
void run_verdict_of_exit(struct run *run, int status);

#endif
