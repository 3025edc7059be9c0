/* units.h: numbers with units, read strictly and written for people.
 *
 * Every parser takes the whole text (surrounding blanks allowed), refuses a missing or unknown unit, a
 * sign, an overflow, trailing text, a result that is not whole (1.5 of a count, 0.3K), sets `error`
 * (EXIT_BAD_DATA, the message quotes the text and says what is accepted) and returns false. Callers add file,
 * group and key with g_prefix_error. */
#ifndef AFTERFREE_UNITS_H
#define AFTERFREE_UNITS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* An inclusive range; a single number is a range of one. */
struct units_range {
    uint64_t low, high;
};

bool units_parse_count(const char *text, uint64_t *count, GError **error);    /* 1000, 250k, 10M, 1.5M */
bool units_parse_bytes(const char *text, uint64_t *bytes, GError **error);    /* 64K, 2.5G (of 1024), 4096B */
bool units_parse_duration_ms(const char *text, uint64_t *ms, GError **error); /* 500 ms, 12 s, 2 min, 1 h */
bool units_parse_fraction(const char *text, double *fraction, GError **error);       /* 0..1, or 10% */
bool units_parse_range(const char *text, struct units_range *range, GError **error); /* 15..30, or 15 */
bool units_parse_boolean(const char *text, bool *value, GError **error);             /* yes, no */

/* For tables: digits alone, no blanks, and no error to say why not. */
bool units_parse_digits(const char *text, uint64_t *value);

/* Written for people; the caller frees. Bytes in powers of ten as plots have them (MB = 10^6). */
char *units_format_bytes(uint64_t bytes); /* "1.83 GB", "950 MB", "12.4 MB", "0 B" */
char *
units_format_limit(uint64_t bytes); /* as a plan has it, "64 MiB", where that is whole; else the above */
char *units_format_duration_ms(uint64_t ms); /* "40 ms", "12.3 s", "4 min 10 s" */
/* "85 ns", "1.2 us", "12 ms", "628 ms", "9.9 s": at most six characters up to 1000 s, then as above. */
char *units_format_duration_ns(uint64_t ns);
char *units_format_count(uint64_t count); /* "10M", "250k", "1234567" (exact or in full) */
char *units_format_about(uint64_t count); /* "999", "1.23k", "45.6M": rounded */

#endif
