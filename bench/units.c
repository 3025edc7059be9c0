#include "units.h"

#include "error.h"

#include <string.h>

struct unit {
    const char *name;
    uint64_t scale;
};

static const struct unit COUNT_UNITS[] = {{"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {NULL, 0}};

static const struct unit BYTE_UNITS[] = {
    {"B", 1},
    {"K", UINT64_C(1) << 10},
    {"M", UINT64_C(1) << 20},
    {"G", UINT64_C(1) << 30},
    {"T", UINT64_C(1) << 40},
    {NULL, 0},
};

static const struct unit DURATION_UNITS[] = {
    {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {NULL, 0}};

static const char COUNT[] = "a whole number, alone or with k, M or G (of 1000): 1000, 250k, 1.5M";
static const char BYTES[] =
    "a whole number of bytes with the unit B, K, M, G or T (of 1024): 4096B, 64K, 2.5G";
static const char DURATION[] = "a whole number of ms with the unit ms, s, min or h: 500 ms, 1.5 s, 2 min";
static const char FRACTION[] = "a fraction from 0 to 1 or 0% to 100%: 0.1, 10%";
static const char RANGE[] = "a whole number or a range LOW..HIGH with LOW <= HIGH: 15, 15..30";
static const char BOOLEAN[] = "yes or no";

static bool refuse(const char *text, const char *accepted, GError **error)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "\"%s\" is not %s", text, accepted);
    return false;
}

static char *without_blanks(const char *text)
{
    return g_strstrip(g_strdup(text));
}

/* digits / 10^places, so that 1.5M is exact: no double is involved. */
struct decimal {
    uint64_t digits;
    unsigned places;
    const char *rest;
};

static bool push_digit(uint64_t *digits, char digit)
{
    return g_uint64_checked_mul(digits, *digits, 10) &&
           g_uint64_checked_add(digits, *digits, (uint64_t)(digit - '0'));
}

static bool read_decimal(const char *text, struct decimal *number)
{
    const char *at = text;
    *number = (struct decimal){0};
    if (!g_ascii_isdigit(*at))
        return false;
    for (; g_ascii_isdigit(*at); at++)
        if (!push_digit(&number->digits, *at))
            return false;
    if (*at == '.' && g_ascii_isdigit(at[1])) {
        for (at++; g_ascii_isdigit(*at); at++, number->places++)
            if (!push_digit(&number->digits, *at))
                return false;
    }
    number->rest = at;
    return true;
}

static bool scale_decimal(const struct decimal *number, uint64_t scale, uint64_t *value)
{
    if (!g_uint64_checked_mul(value, number->digits, scale))
        return false;
    for (unsigned i = 0; i < number->places; i++) {
        if (*value % 10 != 0)
            return false;
        *value /= 10;
    }
    return true;
}

static bool parse_scaled(const char *text, const struct unit *units, uint64_t *value, const char *accepted,
                         GError **error)
{
    g_autofree char *word = without_blanks(text);
    struct decimal number;
    if (!read_decimal(word, &number))
        return refuse(text, accepted, error);
    while (g_ascii_isspace(*number.rest))
        number.rest++;
    for (; units->name; units++) {
        uint64_t scaled;
        if (strcmp(number.rest, units->name) != 0)
            continue;
        if (!scale_decimal(&number, units->scale, &scaled))
            break;
        *value = scaled;
        return true;
    }
    return refuse(text, accepted, error);
}

/* GLib's parser alone takes "\v-1" for 18446744073709551615: it looks for blanks and signs at the first
 * character only, and knows no vertical tab there. */
bool units_parse_digits(const char *text, uint64_t *value)
{
    return g_ascii_isdigit(*text) && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, value, NULL);
}

bool units_parse_count(const char *text, uint64_t *count, GError **error)
{
    return parse_scaled(text, COUNT_UNITS, count, COUNT, error);
}

bool units_parse_bytes(const char *text, uint64_t *bytes, GError **error)
{
    return parse_scaled(text, BYTE_UNITS, bytes, BYTES, error);
}

bool units_parse_duration_ms(const char *text, uint64_t *ms, GError **error)
{
    return parse_scaled(text, DURATION_UNITS, ms, DURATION, error);
}

bool units_parse_fraction(const char *text, double *fraction, GError **error)
{
    g_autofree char *word = without_blanks(text);
    struct decimal number;
    if (!read_decimal(word, &number))
        return refuse(text, FRACTION, error);
    while (g_ascii_isspace(*number.rest))
        number.rest++;
    double value = g_ascii_strtod(word, NULL);
    if (strcmp(number.rest, "%") == 0)
        value /= 100;
    else if (*number.rest != '\0')
        return refuse(text, FRACTION, error);
    if (value > 1)
        return refuse(text, FRACTION, error);
    *fraction = value;
    return true;
}

bool units_parse_range(const char *text, struct units_range *range, GError **error)
{
    g_auto(GStrv) ends = g_strsplit(text, "..", 2);
    struct units_range parsed;
    if (!ends[0] || !units_parse_count(ends[0], &parsed.low, NULL))
        return refuse(text, RANGE, error);
    parsed.high = parsed.low;
    if (ends[1] && !units_parse_count(ends[1], &parsed.high, NULL))
        return refuse(text, RANGE, error);
    if (parsed.low > parsed.high)
        return refuse(text, RANGE, error);
    *range = parsed;
    return true;
}

bool units_parse_boolean(const char *text, bool *value, GError **error)
{
    g_autofree char *word = without_blanks(text);
    bool yes = strcmp(word, "yes") == 0;
    if (!yes && strcmp(word, "no") != 0)
        return refuse(text, BOOLEAN, error);
    *value = yes;
    return true;
}

/* printf would write the decimal comma of the user's locale. */
static char *with_decimals(double value, const char *format, const char *unit)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(number, sizeof number, format, value);
    return g_strdup_printf("%s%s", number, unit);
}

/* 1000 or more, in three significant digits; the limits are where rounding would show a fourth. */
static char *in_thousands(uint64_t number, const char *const units[6])
{
    double value = (double)number / 1000;
    guint unit = 0;
    for (; value >= 999.5 && unit < 5; unit++)
        value /= 1000;
    return with_decimals(value, value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", units[unit]);
}

char *units_format_bytes(uint64_t bytes)
{
    static const char *const UNITS[] = {" kB", " MB", " GB", " TB", " PB", " EB"};
    return bytes < 1000 ? g_strdup_printf("%" G_GUINT64_FORMAT " B", bytes) : in_thousands(bytes, UNITS);
}

char *units_format_about(uint64_t count)
{
    static const char *const UNITS[] = {"k", "M", "G", "T", "P", "E"};
    return count < 1000 ? g_strdup_printf("%" G_GUINT64_FORMAT, count) : in_thousands(count, UNITS);
}

char *units_format_limit(uint64_t bytes)
{
    static const char *const UNITS[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    for (guint unit = G_N_ELEMENTS(UNITS); unit-- > 0;) {
        uint64_t scale = UINT64_C(1) << (10 * (unit + 1)), count = bytes / scale;
        if (bytes % scale == 0 && count > 0 && count < 10000)
            return g_strdup_printf("%" G_GUINT64_FORMAT " %s", count, UNITS[unit]);
    }
    return units_format_bytes(bytes);
}

static char *two_units(uint64_t large, const char *large_unit, uint64_t small, const char *small_unit)
{
    if (small == 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT " %s", large, large_unit);
    return g_strdup_printf("%" G_GUINT64_FORMAT " %s %" G_GUINT64_FORMAT " %s", large, large_unit, small,
                           small_unit);
}

char *units_format_duration_ms(uint64_t ms)
{
    if (ms < 1000)
        return g_strdup_printf("%" G_GUINT64_FORMAT " ms", ms);
    if (ms < 59950)
        return with_decimals((double)ms / 1000, ms % 1000 == 0 ? "%.0f" : "%.1f", " s");
    uint64_t seconds = ms / 1000 + (ms % 1000 >= 500);
    if (seconds < 3600)
        return two_units(seconds / 60, "min", seconds % 60, "s");
    uint64_t minutes = seconds / 60 + (seconds % 60 >= 30);
    return two_units(minutes / 60, "h", minutes % 60, "min");
}

char *units_format_duration_ns(uint64_t ns)
{
    static const char *const names[] = {"us", "ms", "s"};
    double value = (double)ns / 1000;
    guint unit = 0;
    if (ns < 1000)
        return g_strdup_printf("%" G_GUINT64_FORMAT " ns", ns);
    for (; value >= 999.5 && unit + 1 < G_N_ELEMENTS(names); unit++)
        value /= 1000;
    if (value >= 999.5)
        return units_format_duration_ms(ns / 1000000);
    return g_strdup_printf(value < 9.95 ? "%.1f %s" : "%.0f %s", value, names[unit]);
}

char *units_format_count(uint64_t count)
{
    const struct unit *best = COUNT_UNITS;
    for (const struct unit *unit = COUNT_UNITS; unit->name; unit++)
        if (count > 0 && count % unit->scale == 0)
            best = unit;
    return g_strdup_printf("%" G_GUINT64_FORMAT "%s", count / best->scale, best->name);
}
