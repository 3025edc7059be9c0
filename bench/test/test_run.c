/* run.h: a run on the test's own clock. The process under test is this program itself, started again by the run:
 * it writes the marks it is given in MARKS, a go after each, so instants are what the test says. All in ms. */
#include <poll.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <unistd.h>

#include "run.h"
#include "spawn.h"
#include "support.h"

#define MS UINT64_C(1000000)
#define BEGIN_MS UINT64_C(1000) /* of every walk: its baseline */

/* --- the process --- */

/* A line that begins with '+' does not wait for the go of the one before. */
static int play(const char *lines)
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
    const char *object;
    GString *marks;
    struct run *run;
};

static void say(struct scene *scene, const char *before, const char *phase, uint64_t begin_ms,
                uint64_t end_ms)
{
    g_string_append_printf(scene->marks,
                           "%s%s begin_ns=%" G_GUINT64_FORMAT " end_ns=%" G_GUINT64_FORMAT
                           " minor_faults=0 major_faults=0 user_ns=0 sys_ns=0 live_bytes=0 live_blocks=0"
                           " shape_bytes=0 checksum=0 shape_checksum=0 scratch_bytes=0\n",
                           before, phase, begin_ms * MS, end_ms * MS);
}

/* A walk of nothing but its baseline; what is below adds to it. */
static void open_scene(struct scene *scene)
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
    say(scene, "", "baseline", BEGIN_MS, BEGIN_MS);
}

static void add_phase(struct scene *scene, char *phase, bool waits, uint64_t begin_ms, uint64_t end_ms)
{
    struct plan_step *step = g_new0(struct plan_step, 1);
    *step = (struct plan_step){.phase = phase, .waits = waits, .window_ms = end_ms - begin_ms};
    g_ptr_array_add(scene->plan.walk, step);
    say(scene, "", phase, begin_ms, end_ms);
}

static void start(struct scene *scene)
{
    g_autoptr(GError) error = NULL;
    char *environment[] = {scene->marks->str, NULL};
    const struct run_spec spec = {.plan = &scene->plan,
                                  .what = {.cell = &scene->cell, .repeat = 1},
                                  .program = "/proc/self/exe",
                                  .object = scene->object,
                                  .environment = environment,
                                  .sample_hz = 100};
    scene->run = run_new(&spec);
    if (!run_start(scene->run, BEGIN_MS * MS, &error))
        fail_msg("%s", error->message);
}

static void close_scene(struct scene *scene)
{
    run_free(scene->run);
    g_ptr_array_unref(scene->plan.walk);
    g_string_free(scene->marks, TRUE);
}

/* Waits for the next mark; it is read at `at_ms`. */
static void take(struct scene *scene, uint64_t at_ms)
{
    struct pollfd mark = {.fd = scene->run->child.mark_fd, .events = POLLIN};
    assert_int_equal(poll(&mark, 1, -1), 1);
    run_read(scene->run, at_ms * MS);
}

/* Ticks behind `from_ms`, up to and with `until_ms`. */
static void tick(struct scene *scene, uint64_t from_ms, uint64_t until_ms, uint64_t every_ms)
{
    for (uint64_t ms = from_ms + every_ms; ms <= until_ms; ms += every_ms)
        run_tick(scene->run, ms * MS);
}

/* Once it is told to end, or is killed; a tick that killed it may have reaped it as well. */
static void end(struct scene *scene, uint64_t at_ms)
{
    siginfo_t info;
    if (scene->run->state == RUN_DONE)
        return;
    assert_int_equal(scene->run->state, RUN_ENDING);
    assert_int_equal(waitid(P_PID, (id_t)scene->run->child.pid, &info, WEXITED | WNOWAIT), 0);
    run_tick(scene->run, at_ms * MS);
    assert_int_equal(scene->run->state, RUN_DONE);
}

static void assert_verdict(const struct scene *scene, const char *status, const char *reason)
{
    const struct record *record = &scene->run->record;
    if (g_strcmp0(record->status, status) != 0)
        fail_msg("%s where %s was expected: %s", record->status, status, record->reason);
    support_assert_has(record->reason, reason);
}

static char silent[] = "silent", ticking[] = "ticking", drop[] = "drop", purge[] = "purge";

/* --- addresses --- */

/* Of a process by its number, or "self"; -1: not to be read. */
static long personality_of(const char *process)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/personality", process), *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? strtol(text, NULL, 16) : -1;
}

/* Has a process of this pass fixed addresses? */
static bool fixes_addresses(enum plan_pass pass)
{
    struct scene scene;
    open_scene(&scene);
    scene.plan.pass = pass;
    say(&scene, "", "end", BEGIN_MS, BEGIN_MS);
    start(&scene);
    g_autofree char *process = g_strdup_printf("%d", (int)scene.run->child.pid);
    long personality = personality_of(process);
    close_scene(&scene);
    assert_true(personality >= 0);
    return personality & ADDR_NO_RANDOMIZE;
}

static void addresses_are_fixed_in_the_memory_pass_and_random_where_it_is_timed_or_counted(void **state)
{
    (void)state;
    long own = personality_of("self");
    if (own < 0 || own & ADDR_NO_RANDOMIZE || !spawn_can_fix_addresses())
        skip(); /* a process has what we have */
    assert_true(fixes_addresses(PLAN_MEMORY));
    assert_false(fixes_addresses(PLAN_COST));
    assert_false(fixes_addresses(PLAN_CALLS));
}

/* --- verdicts --- */

/* A second of silence, with a tick every so many ms. */
static void walk_silence(uint64_t every_ms, const char *status, const char *reason)
{
    struct scene scene;
    open_scene(&scene);
    add_phase(&scene, silent, true, BEGIN_MS, BEGIN_MS + 1000);
    say(&scene, "", "end", BEGIN_MS + 1000, BEGIN_MS + 1000);
    start(&scene);
    take(&scene, BEGIN_MS);
    assert_int_equal(scene.run->state, RUN_WAITING);
    tick(&scene, BEGIN_MS, BEGIN_MS + 999, every_ms);
    take(&scene, BEGIN_MS + 1000);
    assert_int_equal(scene.run->state, RUN_PARKED);
    run_grant(scene.run, (BEGIN_MS + 1000) * MS);
    take(&scene, BEGIN_MS + 1000);
    end(&scene, BEGIN_MS + 1000);
    assert_verdict(&scene, status, reason);
    close_scene(&scene);
}

static void a_walk_sampled_as_closely_as_allowed_is_ok_and_one_with_a_gap_is_not(void **state)
{
    (void)state;
    walk_silence(10, "ok", "");
    walk_silence(500, "ok", "");
    walk_silence(501, "invalid", "no sample for 501 ms in silent");
}

static void a_process_that_has_not_mapped_the_probes_library_is_invalid(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    scene.object = "/no/such/libc.so.6";
    start(&scene);
    take(&scene, BEGIN_MS);
    end(&scene, BEGIN_MS);
    assert_verdict(&scene, "invalid", "/no/such/libc.so.6 is not mapped in the process");
    assert_int_equal(scene.run->marks->len, 0);
    close_scene(&scene);
}

static void a_second_mark_while_it_is_parked_is_invalid(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    add_phase(&scene, silent, true, BEGIN_MS, BEGIN_MS + 100);
    add_phase(&scene, drop, false, BEGIN_MS + 100, BEGIN_MS + 110);
    char *last = strstr(scene.marks->str, "drop");
    g_string_truncate(scene.marks, (gsize)(last - scene.marks->str));
    say(&scene, "+", "silent", BEGIN_MS, BEGIN_MS + 100);
    start(&scene);
    take(&scene, BEGIN_MS);
    take(&scene, BEGIN_MS + 100);
    assert_int_equal(scene.run->state, RUN_PARKED);
    take(&scene, BEGIN_MS + 110);
    end(&scene, BEGIN_MS + 110);
    assert_verdict(&scene, "invalid", "a mark nobody asked for: silent");
    assert_int_equal(scene.run->marks->len, 2);
    close_scene(&scene);
}

/* --- readings --- */

/* Instants of the samples that have lazy bytes, behind the first mark. */
static char *rollups(const struct scene *scene)
{
    GString *text = g_string_new(NULL);
    for (guint i = 1; i < scene->run->samples->len; i++) {
        const struct record_sample *sample = &g_array_index(scene->run->samples, struct record_sample, i);
        if (sample->lazy_bytes != RECORD_UNKNOWN)
            g_string_append_printf(text, "%" G_GUINT64_FORMAT " ", sample->monotonic_ns / MS - BEGIN_MS);
    }
    return g_string_free(text, FALSE);
}

static char *rollups_of(char *phase)
{
    struct scene scene;
    open_scene(&scene);
    add_phase(&scene, phase, true, BEGIN_MS, BEGIN_MS + 9000);
    start(&scene);
    take(&scene, BEGIN_MS);
    tick(&scene, BEGIN_MS, BEGIN_MS + 9000, 10);
    assert_int_equal(scene.run->samples->len, 1 + 900);
    char *text = rollups(&scene);
    close_scene(&scene);
    return text;
}

static void lazy_bytes_are_read_in_silence_on_a_log_scale_and_never_while_it_ticks(void **state)
{
    (void)state;
    g_autofree char *in_silence = rollups_of(silent), *while_ticking = rollups_of(ticking);
    assert_string_equal(in_silence, "500 1000 2000 4000 8000 ");
    assert_string_equal(while_ticking, "");
}

/* The mark of a silence that ended at 100 ms, read `late_ms` later: when its sample is said to be of. */
static uint64_t stamp(bool own_thread, uint64_t late_ms)
{
    struct scene scene;
    open_scene(&scene);
    scene.setting.own_thread = own_thread;
    add_phase(&scene, silent, true, BEGIN_MS, BEGIN_MS + 100);
    start(&scene);
    take(&scene, BEGIN_MS);
    take(&scene, BEGIN_MS + 100 + late_ms);
    const GArray *samples = scene.run->samples;
    assert_int_equal(samples->len, 2);
    uint64_t at_ns = g_array_index(samples, struct record_sample, 1).monotonic_ns;
    close_scene(&scene);
    return at_ns / MS - BEGIN_MS;
}

static void a_marks_sample_is_of_its_phases_end_unless_a_thread_had_time_to_work_since(void **state)
{
    (void)state;
    assert_int_equal(stamp(false, 0), 100);
    assert_int_equal(stamp(false, 500), 100);
    assert_int_equal(stamp(true, 10), 100); /* less than a sampling interval */
    assert_int_equal(stamp(true, 11), 111);
    assert_int_equal(stamp(true, 500), 600);
}

/* --- purge --- */

/* Parked behind a purge that ended at 100 ms. */
static void open_purged(struct scene *scene)
{
    open_scene(scene);
    add_phase(scene, purge, false, BEGIN_MS, BEGIN_MS + 100);
    start(scene);
    take(scene, BEGIN_MS);
    take(scene, BEGIN_MS + 100);
    assert_int_equal(scene->run->state, RUN_SETTLING);
}

static void a_purge_has_settled_when_rss_has_stood_still_for_300_ms(void **state)
{
    (void)state;
    struct scene scene;
    open_purged(&scene);
    tick(&scene, BEGIN_MS + 100, BEGIN_MS + 399, 1);
    assert_int_equal(scene.run->state, RUN_SETTLING);
    tick(&scene, BEGIN_MS + 399, BEGIN_MS + 400, 1);
    assert_int_equal(scene.run->state, RUN_BUSY);
    assert_int_equal(scene.run->record.numbers[RECORD_purge_settle_ms], 0);
    close_scene(&scene);
}

static struct record_mark *mark_of(const struct scene *scene, guint nth)
{
    return &g_array_index(scene->run->marks, struct record_mark, nth);
}

/* Readings of before that must all be replaced, for they disagree. */
static void what_is_read_when_a_purge_has_settled_is_all_of_that_instant(void **state)
{
    (void)state;
    struct scene scene;
    open_purged(&scene);
    struct record_mark *mark = mark_of(&scene, 1), before = *mark;
    mark->rss_bytes = mark->rss_after_bytes = mark->rollup_rss_bytes = mark->lazy_bytes = 1;
    tick(&scene, BEGIN_MS + 100, BEGIN_MS + 400, 1);
    assert_null(scene.run->record.status);
    assert_int_equal(mark->rss_bytes, before.rss_bytes);
    assert_int_equal(mark->rss_after_bytes, before.rss_bytes);
    assert_int_equal(mark->rollup_rss_bytes, before.rollup_rss_bytes);
    assert_int_equal(mark->lazy_bytes, before.lazy_bytes);
    close_scene(&scene);
}

/* No kernel here contradicts itself: all that verify_mark looks at serves as well. */
static void a_settled_purge_is_verified_again(void **state)
{
    (void)state;
    struct scene scene;
    open_purged(&scene);
    mark_of(&scene, 1)->mark.checksum = 1;
    tick(&scene, BEGIN_MS + 100, BEGIN_MS + 400, 1);
    end(&scene, BEGIN_MS + 400);
    assert_verdict(&scene, "invalid", "checksum after purge is wrong");
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_fixed_in_the_memory_pass_and_random_where_it_is_timed_or_counted),
        cmocka_unit_test(a_walk_sampled_as_closely_as_allowed_is_ok_and_one_with_a_gap_is_not),
        cmocka_unit_test(a_process_that_has_not_mapped_the_probes_library_is_invalid),
        cmocka_unit_test(a_second_mark_while_it_is_parked_is_invalid),
        cmocka_unit_test(lazy_bytes_are_read_in_silence_on_a_log_scale_and_never_while_it_ticks),
        cmocka_unit_test(a_marks_sample_is_of_its_phases_end_unless_a_thread_had_time_to_work_since),
        cmocka_unit_test(a_purge_has_settled_when_rss_has_stood_still_for_300_ms),
        cmocka_unit_test(what_is_read_when_a_purge_has_settled_is_all_of_that_instant),
        cmocka_unit_test(a_settled_purge_is_verified_again),
    };
    const char *marks = getenv("MARKS");
    return marks ? play(marks) : cmocka_run_group_tests(tests, NULL, NULL);
}
