#include "driver/walk.h"

#include <errno.h>
#include <sys/resource.h>
#include <time.h>

#include "driver/crew.h"
#include "driver/die.h"
#include "driver/latency.h"
#include "driver/mark.h"
#include "driver/scratch.h"
#include "workload.h"

struct walk {
    const struct walk_actions *actions;
    bool is_timed;                     /* latency=yes */
    const struct workload *twin;       /* what builds and drops the map: the workload, or workload_timed */
    struct batch batch;                /* what the last build made, or the first will make */
    struct shape tick_shape;           /* the same records, fewer of them, none of them surviving */
    uint64_t tick_first;               /* index behind those of all builds */
    uint64_t ticks;                    /* so far: each has keys of its own from there on */
    struct record_sums all, survivors; /* of the batch */
    struct record_sums kept;           /* survivors of the batches before it */
    struct record_sums present;        /* what is in the map */
    bool dropped;                      /* and that is survivors alone */
    void *map, *tick_map;
    uint64_t held_checksum;
    unsigned builds; /* so far: the cycle's number, which chooses the worker, is one less */
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
    struct timespec until = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

static uint64_t timeval_ns(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

static struct record_sums sum_of(struct record_sums a, struct record_sums b)
{
    return (struct record_sums){a.records + b.records, a.bytes + b.bytes, a.checksum + b.checksum};
}

/* Chooses the records of the build that is to come, and what will be expected of them. Not in the build's time. */
static void choose_batch(struct walk *walk)
{
    bool again = walk->builds++ > 0, fresh = walk->batch.shape->keys == KEYS_FRESH;
    if (again && fresh) {
        walk->kept = walk->present;
        walk->batch.first = walk->batch.end;
        walk->batch.end += walk->batch.shape->records;
    }
    walk->batch.skip_survivors = again && !fresh;
    if ((!again || fresh) && (workload.table_bytes || walk->is_timed))
        record_expect(&walk->batch, &walk->all, &walk->survivors);
}

static void build(struct walk *walk)
{
    walk->twin->build(walk->map, &walk->batch);
    walk->present = sum_of(walk->kept, walk->all);
    walk->dropped = false;
}

static void drop(struct walk *walk)
{
    walk->twin->drop(walk->map, &walk->batch);
    walk->present = sum_of(walk->kept, walk->survivors);
    walk->dropped = true;
}

/* Everything goes at the end: the survivors of every build, found in the table, and a table that was kept. */
static void drop_all(struct walk *walk)
{
    struct shape shape = *walk->batch.shape;
    struct batch batch = walk->batch;
    shape.survivors_ppm = 0;
    shape.removal = REMOVAL_FREE;
    shape.order = ORDER_HASH;
    batch.shape = &shape;
    workload.drop(walk->map, &batch);
    walk->present = (struct record_sums){0};
}

static void tick(struct walk *walk)
{
    struct batch batch = walk->batch;
    batch.shape = &walk->tick_shape;
    batch.first = walk->tick_first + walk->ticks++ * WALK_TICK_RECORDS;
    batch.end = batch.first + WALK_TICK_RECORDS;
    if (walk->is_timed)
        latency_begin(latency_clock());
    workload.build(walk->tick_map, &batch);
    workload.drop(walk->tick_map, &batch);
    if (walk->is_timed)
        latency_done(latency_clock());
}

static void cycle(struct walk *walk, enum phase phase)
{
    if (walk->is_timed)
        latency_begin(latency_clock());
    if (phase == PHASE_drop || phase == PHASE_redrop)
        drop(walk);
    else
        build(walk);
    if (walk->is_timed)
        latency_extend(latency_clock());
}

static void act(const struct call_list *action, enum phase phase)
{
    if (!call_run(action, NULL, 0))
        die(PROTOCOL_EXIT_MISSING, "the ", params_phase_names[phase], " call reports an error", NULL);
}

/* What a worker does: a phase of the map's cycle, one tick, or a call. */
struct job {
    struct walk *walk;
    enum phase phase;
};

static void work(void *opaque)
{
    const struct job *job = opaque;
    struct walk *walk = job->walk;
    switch (job->phase) {
    case PHASE_build:
    case PHASE_rebuild:
    case PHASE_drop:
    case PHASE_redrop:
        cycle(walk, job->phase);
        break;
    case PHASE_hold:
        walk->held_checksum = workload.check(walk->map);
        break;
    case PHASE_ticking:
        tick(walk);
        break;
    case PHASE_collect:
        act(&walk->actions->collect, job->phase);
        break;
    case PHASE_purge:
        act(&walk->actions->purge, job->phase);
        break;
    default: /* end */
        drop_all(walk);
        break;
    }
}

static void hand_over(struct walk *walk, enum phase phase, uint64_t worker)
{
    crew_run(phase, (unsigned)worker, work, &(struct job){walk, phase});
}

static void tick_for(struct walk *walk, uint64_t begin_ns, uint32_t window_ms)
{
    for (uint32_t ms = PROTOCOL_TICK_MS; ms <= window_ms; ms += PROTOCOL_TICK_MS) {
        sleep_until(begin_ns + ms * UINT64_C(1000000));
        hand_over(walk, PHASE_ticking, walk->ticks);
    }
}

static void run_phase(struct walk *walk, const struct step *step, uint64_t begin_ns)
{
    switch (step->phase) {
    case PHASE_baseline:
    case PHASE_pressure:
    case PHASE_COUNT:
        break;
    case PHASE_build:
    case PHASE_rebuild:
        hand_over(walk, step->phase, walk->builds - 1);
        break;
    case PHASE_silent:
        sleep_until(begin_ns + step->window_ms * UINT64_C(1000000));
        break;
    case PHASE_ticking:
        tick_for(walk, begin_ns, step->window_ms);
        break;
    case PHASE_hold:
    case PHASE_drop:
    case PHASE_redrop:
    case PHASE_collect:
    case PHASE_purge:
    case PHASE_end:
        hand_over(walk, step->phase, walk->builds > 0 ? walk->builds - 1 : 0);
        break;
    }
}

/* What the mark says of the map, found outside the phase's time. After a drop the survivors are read. */
static void describe_map(struct walk *walk, enum phase phase, struct mark *mark)
{
    mark->live_bytes = block_live_bytes;
    mark->live_blocks = block_live_count;
    mark->scratch_bytes = scratch_bytes;
    if (!workload.table_bytes)
        return;
    mark->shape_bytes = walk->present.bytes + workload.table_bytes(walk->map, walk->present.records);
    if (phase != PHASE_hold && !walk->dropped)
        return;
    mark->checksum = phase == PHASE_hold ? walk->held_checksum : workload.check(walk->map);
    mark->shape_checksum = walk->present.checksum;
}

/* How many operations the phase is to have, by shape and window alone; false: it has none to be timed. */
static bool times(const struct walk *walk, const struct step *step, uint64_t *operations)
{
    uint64_t all = walk->all.records, others = all - walk->survivors.records;
    switch (step->phase) {
    case PHASE_build:
    case PHASE_rebuild:
        *operations = walk->batch.skip_survivors ? others : all;
        return walk->is_timed;
    case PHASE_drop:
    case PHASE_redrop:
        *operations = others;
        return walk->is_timed;
    case PHASE_ticking:
        *operations = step->window_ms / PROTOCOL_TICK_MS;
        return walk->is_timed;
    default:
        return false;
    }
}

static void step(struct walk *walk, const struct step *step)
{
    struct mark mark = {0};
    struct mark_latency latency;
    struct rusage before, after;
    if (step->phase == PHASE_build || step->phase == PHASE_rebuild)
        choose_batch(walk);
    bool timed = times(walk, step, &latency.shape_count);
    crew_begin(step->phase);
    getrusage(RUSAGE_SELF, &before);
    if (timed)
        latency_begin_phase(latency_clock());
    mark.begin_ns = now_ns();
    run_phase(walk, step, mark.begin_ns);
    mark.end_ns = now_ns();
    if (timed)
        latency_end_phase(latency_clock());
    getrusage(RUSAGE_SELF, &after);
    mark.minor_faults = (uint64_t)(after.ru_minflt - before.ru_minflt);
    mark.major_faults = (uint64_t)(after.ru_majflt - before.ru_majflt);
    mark.user_ns = timeval_ns(after.ru_utime) - timeval_ns(before.ru_utime);
    mark.sys_ns = timeval_ns(after.ru_stime) - timeval_ns(before.ru_stime);
    crew_end(step->phase, walk->held_checksum);
    describe_map(walk, step->phase, &mark);
    if (timed) {
        latency_tell(mark.begin_ns, mark.end_ns, &latency);
        mark_write_latency(params_phase_names[step->phase], latency_clock_name(), &latency);
    }
    mark_write(params_phase_names[step->phase], &mark);
}

static void *new_map(const struct shape *shape)
{
    return scratch_new(workload.map_bytes + (workload.more_map_bytes ? workload.more_map_bytes(shape) : 0));
}

static uint64_t count_builds(const struct params *params)
{
    uint64_t builds = 0;
    for (unsigned i = 0; i < params->steps; i++)
        builds += params->walk[i].phase == PHASE_build || params->walk[i].phase == PHASE_rebuild;
    return builds;
}

void walk_run(const struct params *params, const struct walk_actions *actions)
{
    bool fresh = params->shape.keys == KEYS_FRESH;
    struct walk walk = {.actions = actions,
                        .is_timed = params->latency,
                        .twin = params->latency ? &workload_timed : &workload,
                        .batch = {.shape = &params->shape, .end = params->shape.records},
                        .tick_shape = params->shape,
                        .tick_first = params->shape.records * (fresh ? count_builds(params) : 1)};
    walk.tick_shape.survivors_ppm = 0;
    walk.tick_shape.removal = REMOVAL_FREE;
    walk.batch.pool = record_pool_new(&params->shape);
    crew_start(params);
    walk.map = new_map(&params->shape);
    walk.tick_map = new_map(&params->shape);
    if (params->latency)
        latency_open();
    step(&walk, &(struct step){.phase = PHASE_baseline});
    for (unsigned i = 0; i < params->steps; i++)
        step(&walk, &params->walk[i]);
    step(&walk, &(struct step){.phase = PHASE_end});
}
