#include "behaviour.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "listen.h"
#include "rss.h"

#define RECORDS "records=200000"
#define GROWN_MIN_BYTES (UINT64_C(8) << 20) /* less is noise beside an allocator's own tables */
#define LIMIT_MS 20000                      /* beside the silence */

const char *behaviour_name(const struct behaviour *behaviour)
{
    uint64_t held = behaviour->left_bytes - MIN(behaviour->lazy_bytes, behaviour->left_bytes);
    if (behaviour->left_bytes <= behaviour->grown_bytes / 4)
        return "returns";
    if (behaviour->lazy_bytes >= behaviour->grown_bytes / 2)
        return "lazy";
    return held >= behaviour->grown_bytes / 2 ? "keeps" : "partly";
}

struct watch {
    struct behaviour *behaviour;
    const char *last_phase;
    struct rss *rss;
    uint64_t baseline_bytes;
    bool complete;
};

static uint64_t over(uint64_t bytes, uint64_t baseline)
{
    return bytes - MIN(bytes, baseline);
}

/* It is parked at a mark. */
static void take_mark(struct child *child, const char *line, void *data)
{
    struct watch *watch = data;
    struct child_mark mark;
    struct rss_rollup rollup;
    if (!watch->rss)
        watch->rss = rss_open(child->pid, NULL);
    if (!watch->rss || !child_parse_mark(line, &mark, NULL) || !rss_read_rollup(watch->rss, &rollup)) {
        kill(child->pid, SIGKILL);
        return;
    }
    if (strcmp(mark.phase, "baseline") == 0)
        watch->baseline_bytes = rollup.rss_bytes;
    else if (strcmp(mark.phase, "hold") == 0)
        watch->behaviour->grown_bytes = over(rollup.rss_bytes, watch->baseline_bytes);
    else if (strcmp(mark.phase, watch->last_phase) == 0) {
        watch->behaviour->left_bytes = over(rollup.rss_bytes, watch->baseline_bytes);
        watch->behaviour->lazy_bytes = rollup.lazy_bytes;
        watch->complete = true;
    }
    child_go(child);
}

/* "walk=build,hold,drop[,purge][,silent:MS]"; *last is the phase that is read. */
static char *walk_of(const struct behaviour_spec *spec, uint64_t silent_ms, const char **last)
{
    g_autofree char *silence =
        silent_ms > 0 ? g_strdup_printf(",silent:%" G_GUINT64_FORMAT, silent_ms) : g_strdup("");
    *last = silent_ms > 0 ? "silent" : spec->purge ? "purge" : "drop";
    return g_strconcat("walk=build,hold,drop", spec->purge ? ",purge" : "", silence, NULL);
}

bool behaviour_watch(struct behaviour *behaviour, const struct behaviour_spec *spec, char **why,
                     GError **error)
{
    uint64_t silent_ms = spec->delay_ms + spec->delay_ms / 2;
    struct watch watch = {.behaviour = behaviour};
    char title[] = "behaviour", records[] = RECORDS;
    g_autofree char *walk = walk_of(spec, silent_ms, &watch.last_phase);
    g_autofree char *purge = spec->purge ? g_strconcat("purge=", spec->purge, NULL) : NULL;
    char *const arguments[] = {title, records, walk, purge, NULL};
    const struct spawn_spec process = {.program = spec->program,
                                       .arguments = arguments,
                                       .environment = spec->environment,
                                       .fixed_addresses = true,
                                       .no_huge_pages = true};
    struct listen_end end;
    *why = NULL;
    *behaviour = (struct behaviour){.grown_bytes = 0};
    if (!listen_run(&process, (unsigned)(silent_ms + LIMIT_MS), take_mark, &watch, &end, error))
        return false;
    rss_close(watch.rss);
    if (!end.in_time || !WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0 || !watch.complete)
        *why = listen_describe(&end);
    else if (behaviour->grown_bytes < GROWN_MIN_BYTES)
        *why = g_strdup("RSS did not grow");
    g_free(end.output);
    return !*why;
}
