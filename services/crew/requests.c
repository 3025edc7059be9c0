#include "crew/requests.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include "driver/crew.h"
#include "driver/die.h"
#include "driver/mark.h"
#include "service.h"

/* A request that the walk's thread has taken; it lies on the stack of its own thread. */
struct taken {
    const void *connection;
    void (*job)(void *); /* NULL: none to do */
    void *argument;
    uint64_t checksum;
    bool is_over, is_turned_away;
};

/* Requests sleep on `changed`, the walk's thread on the eventfd `bell`, for it watches fd 4, too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int bell;

static enum request wanted;             /* by the walk's thread */
static struct taken *come;              /* the last that was wanted */
static unsigned waiting[REQUEST_COUNT]; /* until they are wanted */
static const void *leaving;             /* the connection whose end is awaited */
static bool is_closed;

/* Of the walk's thread alone. */
static struct taken *cycle, *release;
static uint64_t checksum_held;

static void ring(void)
{
    eventfd_write(bell, 1);
}

static void await_bell(void)
{
    eventfd_t rung;
    pthread_mutex_unlock(&lock);
    mark_await_fd(bell);
    eventfd_read(bell, &rung);
    pthread_mutex_lock(&lock);
}

static void want(enum request request)
{
    pthread_mutex_lock(&lock);
    wanted = request;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static struct taken *await_wanted(void)
{
    pthread_mutex_lock(&lock);
    while (wanted != REQUEST_NONE)
        await_bell();
    pthread_mutex_unlock(&lock);
    return come;
}

static struct taken *take(enum request request)
{
    want(request);
    return await_wanted();
}

static void give(struct taken *taken, void (*job)(void *), void *argument)
{
    pthread_mutex_lock(&lock);
    taken->argument = argument;
    taken->job = job;
    pthread_cond_broadcast(&changed);
    while (taken->job)
        await_bell();
    pthread_mutex_unlock(&lock);
}

/* Has it answered, and waits until its connection is gone; `taken` is gone, too, then. */
static void finish(struct taken *taken, bool is_turned_away)
{
    pthread_mutex_lock(&lock);
    leaving = taken->connection;
    taken->checksum = checksum_held;
    taken->is_turned_away = is_turned_away;
    taken->is_over = true;
    pthread_cond_broadcast(&changed);
    while (leaving)
        await_bell();
    pthread_mutex_unlock(&lock);
}

static void finish_cycle(void)
{
    if (cycle)
        finish(cycle, false);
    cycle = NULL;
}

/* Until it is wanted; false: it will not be, any more. */
static bool await_turn(enum request request)
{
    waiting[request]++;
    while (wanted != request && !is_closed)
        pthread_cond_wait(&changed, &lock);
    waiting[request]--;
    return wanted == request;
}

static void work(struct taken *taken)
{
    wanted = REQUEST_NONE;
    come = taken;
    ring();
    while (!taken->is_over) {
        if (!taken->job) {
            pthread_cond_wait(&changed, &lock);
            continue;
        }
        pthread_mutex_unlock(&lock);
        taken->job(taken->argument);
        pthread_mutex_lock(&lock);
        taken->job = NULL;
        ring();
    }
}

bool requests_serve(enum request request, const void *connection, uint64_t *checksum)
{
    struct taken taken = {.connection = connection};
    pthread_mutex_lock(&lock);
    bool is_wanted = request == REQUEST_HEALTH ? wanted == request : await_turn(request);
    if (is_wanted)
        work(&taken);
    pthread_mutex_unlock(&lock);
    *checksum = taken.checksum;
    return request == REQUEST_HEALTH || (is_wanted && !taken.is_turned_away);
}

void requests_gone(const void *connection)
{
    pthread_mutex_lock(&lock);
    if (leaving == connection) {
        leaving = NULL;
        ring();
    }
    pthread_mutex_unlock(&lock);
}

static void refuse(const struct params *params)
{
    if (params->workers > 1)
        die(PROTOCOL_EXIT_USAGE, "workers: a service has a worker for each request, and no others", NULL);
    if (params->latency)
        die(PROTOCOL_EXIT_USAGE, "latency: a service's operations are not timed, its map's workload's are",
            NULL);
    for (unsigned i = 0; i < params->steps; i++)
        if (params->walk[i].phase == PHASE_ticking)
            die(PROTOCOL_EXIT_USAGE,
                "walk: a service has no ticking, its small requests are GET /healthz: give a walk= without "
                "it",
                NULL);
}

void crew_start(const struct params *params)
{
    char text[MARK_NUMBER_MAX];
    refuse(params);
    bell = eventfd(0, EFD_CLOEXEC);
    if (bell < 0)
        die(PROTOCOL_EXIT_MEMORY, "no eventfd can be made", NULL);
    want(REQUEST_HEALTH);
    uint16_t port = params->port == PARAMS_NO_PORT ? 0 : (uint16_t)params->port;
    mark_number(text, service.open(port, params->shape.records));
    mark_write_line("service port", text);
    finish(await_wanted(), false);
}

void crew_begin(enum phase phase)
{
    if (phase == PHASE_build || phase == PHASE_rebuild) {
        finish_cycle();
        cycle = take(REQUEST_BUILD);
    }
    if (phase == PHASE_purge)
        release = take(REQUEST_RELEASE);
}

/* Where there is no request (before the first build, and behind a drop) it is the walk's own thread that works. */
void crew_run(enum phase phase, unsigned number, void (*job)(void *), void *argument)
{
    struct taken *taken = phase == PHASE_purge ? release : cycle;
    (void)number;
    if (taken)
        give(taken, job, argument);
    else
        job(argument);
}

static void turn_away(enum request request)
{
    for (;;) {
        pthread_mutex_lock(&lock);
        bool is_waited = waiting[request] > 0;
        pthread_mutex_unlock(&lock);
        if (!is_waited)
            return;
        finish(take(request), true);
    }
}

static void close_all(void)
{
    turn_away(REQUEST_BUILD);
    turn_away(REQUEST_RELEASE);
    pthread_mutex_lock(&lock);
    is_closed = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    service.close();
}

void crew_end(enum phase phase, uint64_t held_checksum)
{
    checksum_held = held_checksum;
    if (phase == PHASE_drop || phase == PHASE_redrop || phase == PHASE_end)
        finish_cycle();
    if (phase == PHASE_purge)
        finish(release, false);
    if (phase == PHASE_end)
        close_all();
}
