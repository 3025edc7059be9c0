/* scene.h: a run on the test's own clock. The process under test is the test program itself, started again by the run: it
 * writes the marks it is given in MARKS, a go after each, so instants are what the test says. All in ms. main() returns
 * scene_play(getenv("MARKS")) where that is set. */
#ifndef AFTERFREE_TEST_SCENE_H
#define AFTERFREE_TEST_SCENE_H

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "run.h"
#include "support.h"

#define MS UINT64_C(1000000)
#define BEGIN_MS UINT64_C(1000) /* of every walk: its baseline */

/* --- the process --- */

/* A line that begins with '+' does not wait for the go of the one before. */
static inline int scene_play(const char *lines)
{
    char go;
    for (const char *line = lines; *line; line = strchr(line, '\n') + 1) {
        if (line > lines && *line != '+' && read(PROTOCOL_GO_FD, &go, 1) != 1)
            return PROTOCOL_EXIT_ORPHAN;
        line += *line == '+';
        size_t length = (size_t)(strchr(line, '\n') + 1 - line);
        if (write(PROTOCOL_MARK_FD, line, length) != (ssize_t)length)
            return PROTOCOL_EXIT_ORPHAN;
    }
    return read(PROTOCOL_GO_FD, &go, 1) == 1 ? 0 : PROTOCOL_EXIT_ORPHAN;
}

/* --- the run --- */

struct scene {
    struct plan plan;
    struct plan_shape shape;
    struct allocator allocator;
    struct allocator_setting setting;
    struct plan_cell cell;
    const char *object, *client; /* client: NULL: it is no service */
    GString *marks;
    struct run *run;
};

static inline void scene_say(struct scene *scene, const char *before, const char *phase, uint64_t begin_ms,
                             uint64_t end_ms)
{
    g_string_append_printf(scene->marks,
                           "%s%s begin_ns=%" G_GUINT64_FORMAT " end_ns=%" G_GUINT64_FORMAT
                           " minor_faults=0 major_faults=0 user_ns=0 sys_ns=0 live_bytes=0 live_blocks=0"
                           " shape_bytes=0 checksum=0 shape_checksum=0 scratch_bytes=0\n",
                           before, phase, begin_ms * MS, end_ms * MS);
}

/* A walk of nothing but its baseline; what is below adds to it. */
static inline void scene_open(struct scene *scene)
{
    static char none[] = "none", order[] = "order=hash", purge[] = "purge()";
    *scene = (struct scene){
        .plan = {.timeout_ms = 60000, .walk = g_ptr_array_new_with_free_func(g_free)},
        .shape = {.name = none, .workers = 1, .order = order, .removal = none, .keys = none},
        .allocator = {.name = none, .purge = purge},
        .setting = {.name = none},
        .object = "libc.so.6",
        .marks = g_string_new("MARKS="),
    };
    scene->cell = (struct plan_cell){.name = none,
                                     .workload = none,
                                     .allocator = &scene->allocator,
                                     .setting = &scene->setting,
                                     .shape = &scene->shape,
                                     .walk = scene->plan.walk};
    scene_say(scene, "", "baseline", BEGIN_MS, BEGIN_MS);
}

static inline void scene_add_phase(struct scene *scene, char *phase, bool waits, uint64_t begin_ms,
                                   uint64_t end_ms)
{
    struct plan_step *step = g_new0(struct plan_step, 1);
    *step = (struct plan_step){.phase = phase, .waits = waits, .window_ms = end_ms - begin_ms};
    g_ptr_array_add(scene->plan.walk, step);
    scene_say(scene, "", phase, begin_ms, end_ms);
}

static inline void scene_start(struct scene *scene)
{
    g_autoptr(GError) error = NULL;
    char *environment[] = {scene->marks->str, NULL};
    const struct run_spec spec = {.plan = &scene->plan,
                                  .what = {.cell = &scene->cell, .repeat = 1},
                                  .program = "/proc/self/exe",
                                  .object = scene->object,
                                  .is_service = scene->client != NULL,
                                  .client = scene->client,
                                  .environment = environment,
                                  .sample_hz = 100};
    scene->run = run_new(&spec);
    if (!run_start(scene->run, BEGIN_MS * MS, &error))
        fail_msg("%s", error->message);
}

static inline void scene_close(struct scene *scene)
{
    run_free(scene->run);
    g_ptr_array_unref(scene->plan.walk);
    g_string_free(scene->marks, TRUE);
}

/* Waits for the next mark; it is read at `at_ms`. */
static inline void scene_take(struct scene *scene, uint64_t at_ms)
{
    struct pollfd mark = {.fd = scene->run->child.mark_fd, .events = POLLIN};
    assert_int_equal(poll(&mark, 1, -1), 1);
    run_read(scene->run, at_ms * MS);
}

/* Ticks behind `from_ms`, up to and with `until_ms`. */
static inline void scene_tick(struct scene *scene, uint64_t from_ms, uint64_t until_ms, uint64_t every_ms)
{
    for (uint64_t ms = from_ms + every_ms; ms <= until_ms; ms += every_ms)
        run_tick(scene->run, ms * MS);
}

/* Once it is told to end, or is killed; a tick that killed it may have reaped it as well. */
static inline void scene_end(struct scene *scene, uint64_t at_ms)
{
    siginfo_t info;
    if (scene->run->state == RUN_DONE)
        return;
    assert_int_equal(scene->run->state, RUN_ENDING);
    assert_int_equal(waitid(P_PID, (id_t)scene->run->child.pid, &info, WEXITED | WNOWAIT), 0);
    run_tick(scene->run, at_ms * MS);
    assert_int_equal(scene->run->state, RUN_DONE);
}

static inline void scene_assert_verdict(const struct scene *scene, const char *status, const char *reason)
{
    const struct record *record = &scene->run->record;
    if (g_strcmp0(record->status, status) != 0)
        fail_msg("%s where %s was expected: %s", record->status, status, record->reason);
    support_assert_has(record->reason ? record->reason : "", reason);
}

#endif
