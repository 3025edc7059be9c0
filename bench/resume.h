/* resume.h: going on with a run whose orchestrator was ended: what is proven stays, all else is run again.
 *
 * machine.ini [run] keeps what the run began with: only= data= preload= (lists, absent when not given)
 * sample_hz= count_calls= (yes, or absent) plan_sha256= (of plan.ini, so that a plan changed since is not taken for the
 * one that was run) pass= */
#ifndef AFTERFREE_RESUME_H
#define AFTERFREE_RESUME_H

#include <glib.h>
#include <stdbool.h>

#include "conditions.h"
#include "folder.h"
#include "options.h"

/* Into [run] of `machine`; `plan`: what is written as plan.ini. */
void resume_store(GKeyFile *machine, const struct options *options, GKeyFile *plan);

/* From options->resume back into plan, only, data, preloads, sample_hz and count_calls. False with error (EXIT_USAGE: no
 * run began there; EXIT_BAD_DATA: it cannot be gone on with, and why). */
bool resume_restore(struct options *options, GError **error);

/* FOLDER/machine.ini; the caller frees. NULL with error: EXIT_USAGE when there is none, for no run began. */
GKeyFile *resume_read_machine(const char *folder, GError **error);

/* Takes out of `specs` (of struct run_spec *, the whole run) those whose row is in the folder, with its
 * samples, its marks up to the phase in ended_in and the latency of each that was timed, and is ok, or an oom that the
 * plan takes for an answer; *kept is how many, and `conditions` is shown the ok ones. All else goes from the folder:
 * other rows, marks, latency and samples without a kept row, what was half written. Kept rows stay byte for byte. A
 * kept row must agree with what plan, descriptors and probes say now, and its allocator's package version and
 * library_sha256 in `before` (the folder's machine.ini) with those in `now`: else EXIT_BAD_DATA names the cell, what
 * was and what is, and the folder stays as it was. */
bool resume_keep(struct folder *folder, GPtrArray *specs, GKeyFile *before, GKeyFile *now,
                 struct conditions *conditions, guint *kept, GError **error);

/* Adds to `machine`, the first part's, a group [resumed N], whose name it returns (the caller frees): of `now` the
 * command and what of [machine] differs. Groups [allocator NAME] become those of now. */
char *resume_merge(GKeyFile *machine, GKeyFile *now);

#endif
