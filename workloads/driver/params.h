/* params.h: the arguments of a workload (protocol.h lists them), read strictly and without allocating. */
#ifndef PARAMS_H
#define PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/protocol.h"

enum order {
    ORDER_INSERTION,
    ORDER_REVERSE,
    ORDER_HASH, /* as the table lies in memory */
};

enum removal {
    REMOVAL_FREE,   /* records and table; with survivors the table stays, for it holds them */
    REMOVAL_DELETE, /* every record; the table stays as large as it is */
};

enum keys {
    KEYS_SAME,  /* each build makes the same records */
    KEYS_FRESH, /* each build makes records that have never been */
};

#define PARAMS_WORKERS_MAX 64 /* workers */
#define PARAMS_NO_PORT UINT32_MAX

/* What is built and how it is dropped. */
struct shape {
    uint64_t records;
    uint32_t strings_min, strings_max; /* per slice */
    uint32_t length_min, length_max;   /* characters of a string */
    enum order order;
    enum removal removal;
    enum keys keys;
    uint32_t survivors_ppm; /* 0..1000000 */
    uint64_t seed;
};

enum phase {
#define X(name, kind) PHASE_##name,

    PROTOCOL_PHASES(X)
#undef X
        PHASE_COUNT
};

struct step {
    enum phase phase;
    uint32_t window_ms; /* silent and ticking only */
};

struct params {
    struct shape shape;
    struct step walk[PROTOCOL_WALK_MAX];
    unsigned steps;
    const char *purge, *collect; /* NULL: none; owned by argv */
    unsigned workers;            /* 1..PARAMS_WORKERS_MAX, see crew.h */
    bool latency;                /* operations are timed, see latency.h */
    uint32_t port;               /* 0: any; PARAMS_NO_PORT: not given */
};

extern const char *const params_phase_names[PHASE_COUNT];

/* Fills `params` from key=value arguments over the defaults. Returns NULL, or what is wrong in static
 * words; *culprit is then the argument it is wrong with. */
const char *params_read(struct params *params, char *const *arguments, const char **culprit);

#endif
