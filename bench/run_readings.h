/* run_readings.h: the memory of a run's process, read from outside (rss.h): its marks and its samples. */
#ifndef AFTERFREE_RUN_READINGS_H
#define AFTERFREE_RUN_READINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

/* From here on its calls are counted, if they can be (spawn.h, before_exec). `run`: a struct run *. */
void run_readings_begin_calls(pid_t pid, void *run);

/* All readings of a parked process, into its mark. False: it cannot be read. */
bool run_readings_at_mark(struct run *run, struct record_mark *mark);
/* Adds a mark that is proven, and the sample that it is. From here on its RSS may settle. */
void run_readings_keep(struct run *run, const struct record_mark *mark, uint64_t now_ns);

/* One on a timer: statm, and in the silence now and then smaps_rollup. */
void run_readings_sample(struct run *run, uint64_t now_ns);
/* The silence's rollups are counted from here. */
void run_readings_begin_step(struct run *run, uint64_t now_ns);

/* Some purge calls answer before they have worked: RSS is followed until it stands still. Then *steady, and the
 * last mark has what is left, read like any mark's and to be proven like it. False: it cannot be read. */
bool run_readings_settle(struct run *run, uint64_t now_ns, bool *steady);

/* What the neighbour got, whom the pressure took ("process", "neighbour", "none"), and what the process has left,
 * if it lives. `victim` NULL: its end will tell. */
void run_readings_end_pressure(struct run *run, const char *victim, uint64_t now_ns);

/* The process is gone. Sorts the samples by time, for that of a mark is of its phase's end, and was added later; and tells
 * the record of the phase it did not finish, if there is one. */
void run_readings_end(struct run *run);

#endif
