#include "latency.h"

#include <string.h>

#include "error.h"
#include "units.h"

#define PREFIX "latency "
#define ROUNDING_NS 1000 /* both ends of a phase are read off two clocks, one behind the other */

static const struct field {
    const char *name;
    size_t offset;
    uint64_t least_count; /* it stands just where there are so many operations */
} fields[] = {
    {"count", offsetof(struct latency, count), 0},
    {"shape_count", offsetof(struct latency, shape_count), 0},
    {"p50_ns", offsetof(struct latency, p50_ns), 2},
    {"p99_ns", offsetof(struct latency, p99_ns), 100},
    {"p999_ns", offsetof(struct latency, p999_ns), 1000},
    {"p9999_ns", offsetof(struct latency, p9999_ns), 10000},
    {"max_ns", offsetof(struct latency, max_ns), 1},
    {"max_at_ns", offsetof(struct latency, max_at_ns), 1},
};
#define X(name) +1
G_STATIC_ASSERT(G_N_ELEMENTS(fields) == 0 PROTOCOL_LATENCY_FIELDS(X));
#undef X

static uint64_t *value_of(struct latency *latency, const struct field *field)
{
    return (uint64_t *)(gpointer)((char *)latency + field->offset);
}

bool latency_is_timed(const char *phase)
{
#define X(name) #name,
    static const char *const timed[] = {PROTOCOL_LATENCY_PHASES(X) NULL};
#undef X
    return g_strv_contains(timed, phase);
}

bool latency_is_line(const char *line)
{
    return g_str_has_prefix(line, PREFIX);
}

static bool bad(GError **error, const char *why, const char *what)
{
    return error_refuse(error, EXIT_BAD_DATA, "bad line on latency: %s \"%.40s\"", why, what);
}

/* "KEY=WORD" into `word`, once. */
static bool take_word(const char *part, const char *key, const char *const *words, char word[16],
                      GError **error)
{
    const char *value = part + strlen(key);
    if (*word)
        return bad(error, "a field twice:", part);
    if (!g_strv_contains(words, value))
        return bad(error, "unknown", part);
    g_strlcpy(word, value, 16);
    return true;
}

static bool take_number(struct latency *latency, const char *part, unsigned *seen, GError **error)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        size_t length = strlen(fields[i].name);
        if (strncmp(part, fields[i].name, length) != 0 || part[length] != '=')
            continue;
        if (*seen & 1u << i)
            return bad(error, "a field twice:", part);
        uint64_t *value = value_of(latency, &fields[i]);
        if (!units_parse_digits(part + length + 1, value) || *value == LATENCY_UNKNOWN)
            return bad(error, "not a number:", part);
        *seen |= 1u << i;
        return true;
    }
    return bad(error, "unknown field", part);
}

static bool take(struct latency *latency, const char *part, unsigned *seen, GError **error)
{
#define X(name) #name,
    static const char *const phases[] = {PROTOCOL_LATENCY_PHASES(X) NULL}, *const clocks[] = {
                                                                               "tsc", "monotonic", NULL};
#undef X
    if (g_str_has_prefix(part, "phase="))
        return take_word(part, "phase=", phases, latency->phase, error);
    if (g_str_has_prefix(part, "clock="))
        return take_word(part, "clock=", clocks, latency->clock, error);
    return take_number(latency, part, seen, error);
}

/* Those that must stand do, and no others; each is at least the one before. */
static bool makes_sense(struct latency *latency, unsigned seen, const char *line, GError **error)
{
    uint64_t before = 0;
    if (!*latency->phase || !*latency->clock || (seen & 3) != 3)
        return bad(error, "fields are missing in", line);
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        bool stands = seen & 1u << i, enough = latency->count >= fields[i].least_count;
        if (stands != enough)
            return bad(error, stands ? "more than its operations can tell:" : "fields are missing in", line);
        if (!stands || fields[i].least_count == 0 || fields[i].offset == offsetof(struct latency, max_at_ns))
            continue;
        uint64_t value = *value_of(latency, &fields[i]);
        if (value < before)
            return bad(error, "not in order:", line);
        before = value;
    }
    return true;
}

bool latency_parse(const char *line, struct latency *latency, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(line, " ", -1);
    unsigned seen = 0;
    *latency = (struct latency){.phase = ""};
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++)
        *value_of(latency, &fields[i]) = LATENCY_UNKNOWN;
    if (!latency_is_line(line))
        return bad(error, "it begins with", line);
    for (char **part = parts + 1; *part; part++)
        if (!take(latency, *part, &seen, error))
            return false;
    return makes_sense(latency, seen, line, error);
}

/* --- is it to be believed? --- */

/* LATENCY_UNKNOWN: the outside cannot tell. */
static uint64_t operations_of(const struct latency_expected *expected)
{
    if (strcmp(expected->phase, "ticking") == 0)
        return expected->window_ms / PROTOCOL_TICK_MS;
    return expected->spares ? LATENCY_UNKNOWN : expected->records;
}

static char *differ(const char *phase, uint64_t told, const char *who, uint64_t other)
{
    return g_strdup_printf("%s timed %" G_GUINT64_FORMAT " operations, %s %" G_GUINT64_FORMAT, phase, told,
                           who, other);
}

char *latency_verify(const struct latency *latency, const struct latency_expected *expected)
{
    if (!latency_is_timed(expected->phase))
        return NULL;
    if (!*latency->phase)
        return g_strdup_printf("nothing was told of the latency of %s", expected->phase);
    uint64_t operations = operations_of(expected);
    if (latency->count != latency->shape_count)
        return differ(expected->phase, latency->count, "the shape says", latency->shape_count);
    if (operations != LATENCY_UNKNOWN && latency->count != operations)
        return differ(expected->phase, latency->count, "the plan says", operations);
    if (latency->count > 0 && (latency->max_ns > expected->phase_ns + ROUNDING_NS ||
                               latency->max_at_ns > expected->phase_ns + ROUNDING_NS - latency->max_ns))
        return g_strdup_printf("an operation of %s took %" G_GUINT64_FORMAT " ns from %" G_GUINT64_FORMAT
                               " ns on, the phase %" G_GUINT64_FORMAT " ns",
                               expected->phase, latency->max_ns, latency->max_at_ns, expected->phase_ns);
    return NULL;
}
