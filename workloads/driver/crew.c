#include "driver/crew.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "driver/die.h"
#include "driver/protocol.h"
#include "driver/scratch.h"

enum { IDLE, WORKING };

struct worker {
    _Atomic uint32_t state; /* the futex both sides sleep on */
    void (*job)(void *);
    void *argument;
};

static struct worker crew[PARAMS_WORKERS_MAX];
static unsigned size = 1;

static void sleep_while(struct worker *worker, uint32_t state)
{
    while (atomic_load(&worker->state) == state)
        syscall(SYS_futex, &worker->state, FUTEX_WAIT_PRIVATE, state, NULL, NULL, 0);
}

static void set(struct worker *worker, uint32_t state)
{
    atomic_store(&worker->state, state);
    syscall(SYS_futex, &worker->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *work(void *opaque)
{
    struct worker *worker = opaque;
    set(worker, IDLE); /* it has started */
    for (;;) {
        sleep_while(worker, IDLE);
        worker->job(worker->argument);
        set(worker, IDLE);
    }
    return NULL;
}

static void start(struct worker *worker)
{
    pthread_attr_t attributes;
    pthread_t thread;
    worker->state = WORKING;
    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstack(&attributes, scratch_new(CREW_STACK_BYTES), CREW_STACK_BYTES) != 0 ||
        pthread_create(&thread, &attributes, work, worker) != 0)
        die(PROTOCOL_EXIT_MEMORY, "a worker thread cannot be started", NULL);
    pthread_attr_destroy(&attributes);
    sleep_while(worker, WORKING);
}

void crew_start(const struct params *params)
{
    if (params->port != PARAMS_NO_PORT)
        die(PROTOCOL_EXIT_USAGE, "port: a workload listens to nobody, only a service does", NULL);
    size = params->workers;
    for (unsigned i = 0; size > 1 && i < size; i++)
        start(&crew[i]);
}

void crew_begin(enum phase phase)
{
    (void)phase;
}

void crew_end(enum phase phase, uint64_t held_checksum)
{
    (void)phase;
    (void)held_checksum;
}

void crew_run(enum phase phase, unsigned number, void (*job)(void *), void *argument)
{
    struct worker *worker = &crew[number % size];
    if (size == 1 || phase == PHASE_purge || phase == PHASE_collect) {
        job(argument);
        return;
    }
    worker->job = job;
    worker->argument = argument;
    set(worker, WORKING);
    sleep_while(worker, WORKING);
}
