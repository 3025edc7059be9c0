/* section.h: one group of an INI file, read key by key.
 *
 * Each reader gives false with error (EXIT_BAD_DATA; file, line, group and key) when the value is none, or when
 * the key is absent and `needed`. An absent key that is not needed leaves *value as it is: the default. */
#ifndef AFTERFREE_SECTION_H
#define AFTERFREE_SECTION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ini.h"
#include "units.h"

struct section {
    const struct ini *ini;
    const char *group;
};

/* As ini_refuse: false always, for the caller to return. */
#define section_refuse(in, key, error, ...) ini_refuse((in)->ini, (in)->group, (key), (error), __VA_ARGS__)

bool section_has_only(const struct section *in, const char *const *known, GError **error);

char *section_text(const struct section *in, const char *key); /* NULL: the key is absent; caller frees */
char **section_list(const struct section *in,
                    const char *key); /* separated by blanks; NULL: absent or empty */

bool section_count(const struct section *in, const char *key, bool needed, uint64_t *value, GError **error);
bool section_bytes(const struct section *in, const char *key, bool needed, uint64_t *value, GError **error);
bool section_range(const struct section *in, const char *key, bool needed, struct units_range *value,
                   GError **error);
bool section_fraction(const struct section *in, const char *key, bool needed, double *value, GError **error);
/* A duration in ms that driver/params.c can take: 32 bits. */
bool section_window_ms(const struct section *in, const char *key, bool needed, uint64_t *value,
                       GError **error);
/* One of `words`; *value is freed when another takes its place. */
bool section_word(const struct section *in, const char *key, bool needed, const char *const *words,
                  char **value, GError **error);

#endif
