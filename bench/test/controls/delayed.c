/* delayed: a thread of its own gives every page back CONTROL_DELAY_MS after the last free (without it: not by
 * itself), and CONTROL_PURGE_DELAY_MS after a purge call, which returns at once; unless something is asked for
 * before. */
#include "arena.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

static pthread_cond_t changed;
static uint64_t due_ns; /* CLOCK_MONOTONIC; 0: there is nothing to give back */
static uint64_t delay_ns, purge_delay_ns;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *give_back_when_due(void *nothing)
{
    pthread_mutex_lock(&arena_mutex);
    for (;;) {
        const struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000u),
                                     .tv_nsec = (long)(due_ns % 1000000000u)};
        if (due_ns == 0) {
            pthread_cond_wait(&changed, &arena_mutex);
        } else if (now_ns() < due_ns) {
            pthread_cond_timedwait(&changed, &arena_mutex, &due);
        } else {
            arena_give_back();
            due_ns = 0;
        }
    }
    return nothing;
}

static void arm(uint64_t in_ns)
{
    due_ns = now_ns() + in_ns;
    pthread_cond_signal(&changed);
}

static void all_free(void)
{
    if (delay_ns > 0)
        arm(delay_ns);
}

static void purge(void)
{
    arm(purge_delay_ns);
}

static bool disarm(size_t bytes)
{
    (void)bytes;
    due_ns = 0;
    return true;
}

/* One round before main, so that the thread's stack and all it calls are in the baseline. */
static void start(void)
{
    pthread_condattr_t clock;
    pthread_t thread;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &clock);
    arm(1000000);
    if (pthread_create(&thread, NULL, give_back_when_due, NULL) != 0)
        _exit(127);
    for (bool done = false; !done; sched_yield()) {
        pthread_mutex_lock(&arena_mutex);
        done = due_ns == 0;
        pthread_mutex_unlock(&arena_mutex);
    }
    delay_ns = arena_setting("CONTROL_DELAY_MS") * 1000000u;
    purge_delay_ns = arena_setting("CONTROL_PURGE_DELAY_MS") * 1000000u;
}

const struct control control = {
    .start = start, .before_malloc = disarm, .all_free = all_free, .purge = purge};
