/* csv.h: tables as files (RFC 4180, a header row, LF line ends).
 *
 * Reading holds the whole table; columns are found by name. Writing is row by row: csv_add_* append fields
 * to a GString and csv_write_row makes the row one write(2), so that a killed run leaves whole rows. A last
 * line without its LF is torn: csv_read ignores it, csv_open_append cuts it off the file. Anything else that
 * is not RFC 4180, a NUL byte, a row longer than the header, two columns of one name, or no header is an
 * error; rows may be shorter, empty lines are no rows, CRLF is read as LF. */
#ifndef AFTERFREE_CSV_H
#define AFTERFREE_CSV_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct csv; /* a table in memory */

struct csv *csv_read(const char *path, GError **error); /* NULL and error naming file and line */
void csv_free(struct csv *csv);
typedef struct csv csv_table; /* g_autoptr(csv_table): GLib's macro takes no `struct` */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(csv_table, csv_free)
guint csv_rows(const struct csv *csv);
int csv_column(const struct csv *csv, const char *name); /* -1: no such column */
/* The field's text, owned by the table; "" when the column is absent (-1) or the row is short. */
const char *csv_text(const struct csv *csv, guint row, int column);
const char *csv_field(const struct csv *csv, guint row,
                      const char *name); /* the same, by its column's name */
/* False when the field is empty or no whole number: the value is then unknown, not 0. */
bool csv_u64(const struct csv *csv, guint row, int column, uint64_t *value);

/* Fields of one row under construction; text is quoted as needed. */
void csv_add_text(GString *row, const char *text); /* NULL: an empty field */
void csv_add_u64(GString *row, uint64_t value);
void csv_add_empty(GString *row);

/* Appends a row that was read, and its LF, as csv_write_row would have written it. */
void csv_copy_row(const struct csv *csv, guint row, GString *text);

/* Opens `path` for appending, writing `header` (comma-separated names, no LF) if the file is new or
 * empty. An existing file must begin with `header` and read well. Returns a descriptor or -1 with error. */
int csv_open_append(const char *path, const char *header, GError **error);
/* Appends the row (or several, with LF between) and LF in one write, then empties `row`. False with error (disk
 * full…): then the file is as it was before. One writer at a time. */
bool csv_write_row(int fd, GString *row, const char *path, GError **error);

#endif
