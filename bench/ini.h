/* ini.h: an INI file that knows its lines. Values are GKeyFile's; but GKeyFile forgets where they stood, and
 * merges a group or key given twice without a word (a typo hides there), so the text is looked through first.
 */
#ifndef AFTERFREE_INI_H
#define AFTERFREE_INI_H

#include <glib.h>
#include <stdbool.h>

struct ini; /* a file in memory */

typedef struct ini ini_file; /* g_autoptr(ini_file) */

/* NULL and error (EXIT_BAD_DATA, names file and line): unreadable, no INI, a group or key given twice, a
 * malformed value. */
struct ini *ini_read(const char *path, GError **error);
void ini_free(struct ini *ini);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ini_file, ini_free)

GKeyFile *ini_values(const struct ini *ini); /* owned by ini */

/* The value without blanks around, then GKeyFile's escapes (\s \t \n \\) undone; the caller frees. NULL with
 * error: the key is missing. */
char *ini_text(const struct ini *ini, const char *group, const char *key, GError **error);

/* Sets "FILE:LINE: [GROUP] KEY: problem" (EXIT_BAD_DATA); `key` NULL: the group as such. Returns false
 * always, for the caller to return. */
bool ini_refuse(const struct ini *ini, const char *group, const char *key, GError **error, const char *format,
                ...) G_GNUC_PRINTF(5, 6);

#endif
