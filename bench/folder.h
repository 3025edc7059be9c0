/* folder.h: a run folder: plan.ini machine.ini runs.csv marks.csv samples/, and latency.csv
 * where operations were timed. It is whole: it can be moved,
 * compared, plotted again and thrown away. Each row is on disk when its run ends. */
#ifndef AFTERFREE_FOLDER_H
#define AFTERFREE_FOLDER_H

#include <glib.h>
#include <stdbool.h>

#include "record.h"

struct folder;

/* Creates `path` (parents too) with its samples folder; an existing folder must be empty. NULL with error
 * (EXIT_SYSTEM, or EXIT_USAGE when it holds something). It is ours alone (flock) until it is closed. */
struct folder *folder_create(const char *path, GError **error);
/* Opens an existing one to add rows; a torn last line of its tables is cut off. NULL with error: EXIT_USAGE
 * when another process has it, EXIT_BAD_DATA when its tables are not this version's. */
struct folder *folder_open(const char *path, GError **error);
/* After its tables were replaced. */
bool folder_reopen(struct folder *folder, GError **error);
void folder_close(struct folder *folder); /* NULL is fine */
const char *folder_path(const struct folder *folder);

/* RESULTS/<utc>-<host>, with -2, -3 … behind it when that is taken; caller frees. */
char *folder_default_path(const char *results);
/* Makes RESULTS/latest point to `path`, which lies in RESULTS. */
bool folder_set_latest(const char *results, const char *path, GError **error);

/* Writes NAME (plan.ini, machine.ini) whole or not at all. */
bool folder_write_ini(const struct folder *folder, const char *name, GKeyFile *file, GError **error);

/* Where the samples of a run lie, relative to the folder; caller frees. */
char *folder_samples_name(const char *cell, const char *repeat);

/* Writes samples, marks, latency and the row, in this order: where a row is, all of it is, and where one fails all is
 * taken back. Sets record->samples_file. `marks` and `samples` may be NULL (a cell that was skipped). */
bool folder_add(struct folder *folder, struct record *record, const GArray *marks, const GArray *samples,
                GError **error);

#endif
