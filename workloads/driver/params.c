#include "driver/params.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define X(name, kind) #name,
const char *const params_phase_names[PHASE_COUNT] = {PROTOCOL_PHASES(X)};
#undef X

/* Reads a decimal number up to `limit`, moves *text behind it. */
static bool take_number(const char **text, uint64_t limit, uint64_t *number)
{
    const char *at = *text;
    uint64_t value = 0;
    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *text = at;
    *number = value;
    return value <= limit;
}

static bool read_number(const char *text, uint64_t limit, uint64_t *number)
{
    return take_number(&text, limit, number) && *text == '\0';
}

/* "15..30" or "15". */
static bool read_range(const char *text, uint32_t limit, uint32_t *low, uint32_t *high)
{
    uint64_t first, last;
    if (!take_number(&text, limit, &first))
        return false;
    last = first;
    if (strncmp(text, "..", 2) == 0) {
        text += 2;
        if (!take_number(&text, limit, &last))
            return false;
    }
    *low = (uint32_t)first;
    *high = (uint32_t)last;
    return *text == '\0' && first <= last;
}

static bool read_word(const char *text, const char *const *words, unsigned count, unsigned *index)
{
    for (*index = 0; *index < count; ++*index)
        if (strcmp(text, words[*index]) == 0)
            return true;
    return false;
}

static bool waits(enum phase phase)
{
    return phase == PHASE_silent || phase == PHASE_ticking;
}

/* "build,hold,silent:12000,…" */
static bool read_walk(const char *text, struct params *params)
{
    params->steps = 0;
    while (params->steps < PROTOCOL_WALK_MAX) {
        size_t length = strcspn(text, ":,");
        enum phase phase = PHASE_COUNT;
        for (int i = PHASE_build; i < PHASE_end; i++)
            if (strlen(params_phase_names[i]) == length && strncmp(text, params_phase_names[i], length) == 0)
                phase = (enum phase)i;
        if (phase == PHASE_COUNT)
            return false;
        text += length;
        uint64_t window = 0;
        if (waits(phase) != (*text == ':'))
            return false;
        if (*text == ':' && (++text, !take_number(&text, UINT32_MAX, &window)))
            return false;
        params->walk[params->steps++] = (struct step){.phase = phase, .window_ms = (uint32_t)window};
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

/* Is `argument` "KEY=…"? Then *value is what follows. */
static bool has_key(const char *argument, const char *key, const char **value)
{
    size_t length = strlen(key);
    if (strncmp(argument, key, length) != 0 || argument[length] != '=')
        return false;
    *value = argument + length + 1;
    return true;
}

static const char *read_argument(struct params *params, const char *argument)
{
    static const char *const orders[] = {"insertion", "reverse", "hash"};
    static const char *const removals[] = {"free", "delete"};
    static const char *const keys[] = {"same", "fresh"};
    static const char *const answers[] = {"no", "yes"};
    struct shape *shape = &params->shape;
    const char *value;
    uint64_t number;
    unsigned word;
    if (has_key(argument, "records", &value)) {
        if (!read_number(value, UINT32_MAX, &shape->records))
            return "records must be a whole number up to 4294967295";
    } else if (has_key(argument, "strings", &value)) {
        if (!read_range(value, 1u << 20, &shape->strings_min, &shape->strings_max))
            return "strings must be LOW..HIGH, at most 1048576";
    } else if (has_key(argument, "length", &value)) {
        if (!read_range(value, 1u << 24, &shape->length_min, &shape->length_max))
            return "length must be LOW..HIGH, at most 16777216";
    } else if (has_key(argument, "order", &value)) {
        if (!read_word(value, orders, 3, &word))
            return "order must be insertion, reverse or hash";
        shape->order = (enum order)word;
    } else if (has_key(argument, "removal", &value)) {
        if (!read_word(value, removals, 2, &word))
            return "removal must be free or delete";
        shape->removal = (enum removal)word;
    } else if (has_key(argument, "keys", &value)) {
        if (!read_word(value, keys, 2, &word))
            return "keys must be same or fresh";
        shape->keys = (enum keys)word;
    } else if (has_key(argument, "survivors_ppm", &value)) {
        if (!read_number(value, 1000000, &number))
            return "survivors_ppm must be 0 to 1000000";
        shape->survivors_ppm = (uint32_t)number;
    } else if (has_key(argument, "seed", &value)) {
        if (!read_number(value, UINT64_MAX, &shape->seed))
            return "seed must be a whole number";
    } else if (has_key(argument, "workers", &value)) {
        if (!read_number(value, PARAMS_WORKERS_MAX, &number) || number == 0)
            return "workers must be 1 to 64";
        params->workers = (unsigned)number;
    } else if (has_key(argument, "latency", &value)) {
        if (!read_word(value, answers, 2, &word))
            return "latency must be yes or no";
        params->latency = word == 1;
    } else if (has_key(argument, "port", &value)) {
        if (!read_number(value, UINT16_MAX, &number))
            return "port must be 0 to 65535";
        params->port = (uint32_t)number;
    } else if (has_key(argument, "walk", &value)) {
        if (!read_walk(value, params))
            return "walk must be PHASE,PHASE,… with silent:MS and ticking:MS";
    } else if (has_key(argument, "purge", &value)) {
        params->purge = *value ? value : NULL;
    } else if (has_key(argument, "collect", &value)) {
        params->collect = *value ? value : NULL;
    } else {
        return "unknown argument";
    }
    return NULL;
}

static const char *find_missing_call(const struct params *params, const char **culprit)
{
    for (unsigned i = 0; i < params->steps; i++) {
        enum phase phase = params->walk[i].phase;
        *culprit = params_phase_names[phase];
        if (phase == PHASE_purge && !params->purge)
            return "the walk has a purge, but no purge= is given";
        if (phase == PHASE_collect && !params->collect)
            return "the walk has a collect, but no collect= is given";
    }
    return NULL;
}

const char *params_read(struct params *params, char *const *arguments, const char **culprit)
{
    *params = (struct params){.shape = {.records = 1000,
                                        .strings_min = 1,
                                        .strings_max = 1,
                                        .length_min = 15,
                                        .length_max = 30,
                                        .order = ORDER_HASH,
                                        .removal = REMOVAL_FREE,
                                        .keys = KEYS_SAME,
                                        .seed = 1},
                              .workers = 1,
                              .port = PARAMS_NO_PORT};
    *culprit = "walk";
    if (!read_walk("build,hold,drop,silent:1000,ticking:1000,rebuild,redrop", params))
        return "the default walk is broken";
    for (; *arguments; arguments++) {
        *culprit = *arguments;
        const char *wrong = read_argument(params, *arguments);
        if (wrong)
            return wrong;
    }
    return find_missing_call(params, culprit);
}
