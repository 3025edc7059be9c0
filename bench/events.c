#include "events.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "run.h"

#define POLLS 4u /* descriptors watched per run */

uint64_t events_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool events_open(struct events *events, GError **error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &events->before);
    signal(SIGPIPE, SIG_IGN); /* a go to a process that has died */
    events->polls = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    events->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (events->signal_fd >= 0)
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "signalfd: %s", g_strerror(errno));
    return false;
}

void events_close(struct events *events)
{
    if (events->signal_fd >= 0)
        close(events->signal_fd);
    g_array_unref(events->polls);
    sigprocmask(SIG_SETMASK, &events->before, NULL);
}

static void fill_polls(struct events *events, const GPtrArray *runs)
{
    const struct pollfd signals = {.fd = events->signal_fd, .events = POLLIN};
    g_array_set_size(events->polls, 0);
    g_array_append_val(events->polls, signals);
    for (guint i = 0; i < runs->len; i++) {
        const struct run *run = runs->pdata[i];
        const struct neighbour *neighbour = &run->limit.neighbour;
        const struct caller *caller = &run->caller;
        const struct pollfd its[POLLS] = {
            {.fd = run->child.mark_fd, .events = POLLIN},
            {.fd = child_wants_output(&run->child) ? run->child.output_fd : -1, .events = POLLIN},
            {.fd = neighbour->started ? neighbour->child.mark_fd : -1, .events = POLLIN},
            {.fd = caller->is_under_way ? caller->child.mark_fd : -1, .events = POLLIN}};
        g_array_append_vals(events->polls, its, POLLS);
    }
}

bool events_wait(struct events *events, const GPtrArray *runs, uint64_t until_ns, GError **error)
{
    fill_polls(events, runs);
    struct pollfd *polls = (struct pollfd *)(gpointer)events->polls->data;
    uint64_t now = events_now_ns(), wait = until_ns - MIN(now, until_ns);
    const struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000u),
                                     .tv_nsec = (long)(wait % 1000000000u)};
    int ready = ppoll(polls, events->polls->len, &timeout, NULL);
    if (ready < 0 && errno != EINTR) {
        g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "ppoll: %s", g_strerror(errno));
        return false;
    }
    for (guint i = 0; ready > 0 && i < runs->len; i++)
        for (guint j = 0; j < POLLS; j++)
            if (polls[1 + POLLS * i + j].revents) {
                run_read(runs->pdata[i], events_now_ns());
                break;
            }
    return true;
}

bool events_signalled(struct events *events)
{
    struct signalfd_siginfo info;
    bool any = false;
    if (!g_array_index(events->polls, struct pollfd, 0).revents)
        return false;
    while (read(events->signal_fd, &info, sizeof info) == sizeof info)
        any = true;
    return any;
}
