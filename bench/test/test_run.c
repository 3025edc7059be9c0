/* run.h: a run on the test's own clock. */
#include <sys/personality.h>

#include "scene.h"
#include "spawn.h"

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
    scene_open(&scene);
    scene.plan.pass = pass;
    scene_say(&scene, "", "end", BEGIN_MS, BEGIN_MS);
    scene_start(&scene);
    g_autofree char *process = g_strdup_printf("%d", (int)scene.run->child.pid);
    long personality = personality_of(process);
    scene_close(&scene);
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
    scene_open(&scene);
    scene_add_phase(&scene, silent, true, BEGIN_MS, BEGIN_MS + 1000);
    scene_say(&scene, "", "end", BEGIN_MS + 1000, BEGIN_MS + 1000);
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    assert_int_equal(scene.run->state, RUN_WAITING);
    scene_tick(&scene, BEGIN_MS, BEGIN_MS + 999, every_ms);
    scene_take(&scene, BEGIN_MS + 1000);
    assert_int_equal(scene.run->state, RUN_PARKED);
    run_grant(scene.run, (BEGIN_MS + 1000) * MS);
    scene_take(&scene, BEGIN_MS + 1000);
    scene_end(&scene, BEGIN_MS + 1000);
    scene_assert_verdict(&scene, status, reason);
    scene_close(&scene);
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
    scene_open(&scene);
    scene.object = "/no/such/libc.so.6";
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    scene_end(&scene, BEGIN_MS);
    scene_assert_verdict(&scene, "invalid", "/no/such/libc.so.6 is not mapped in the process");
    assert_int_equal(scene.run->marks->len, 0);
    scene_close(&scene);
}

static void a_second_mark_while_it_is_parked_is_invalid(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    scene_add_phase(&scene, silent, true, BEGIN_MS, BEGIN_MS + 100);
    scene_add_phase(&scene, drop, false, BEGIN_MS + 100, BEGIN_MS + 110);
    char *last = strstr(scene.marks->str, "drop");
    g_string_truncate(scene.marks, (gsize)(last - scene.marks->str));
    scene_say(&scene, "+", "silent", BEGIN_MS, BEGIN_MS + 100);
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    scene_take(&scene, BEGIN_MS + 100);
    assert_int_equal(scene.run->state, RUN_PARKED);
    scene_take(&scene, BEGIN_MS + 110);
    scene_end(&scene, BEGIN_MS + 110);
    scene_assert_verdict(&scene, "invalid", "a mark nobody asked for: silent");
    assert_int_equal(scene.run->marks->len, 2);
    scene_close(&scene);
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
    scene_open(&scene);
    scene_add_phase(&scene, phase, true, BEGIN_MS, BEGIN_MS + 9000);
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    scene_tick(&scene, BEGIN_MS, BEGIN_MS + 9000, 10);
    assert_int_equal(scene.run->samples->len, 1 + 900);
    char *text = rollups(&scene);
    scene_close(&scene);
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
    scene_open(&scene);
    scene.setting.own_thread = own_thread;
    scene_add_phase(&scene, silent, true, BEGIN_MS, BEGIN_MS + 100);
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    scene_take(&scene, BEGIN_MS + 100 + late_ms);
    const GArray *samples = scene.run->samples;
    assert_int_equal(samples->len, 2);
    uint64_t at_ns = g_array_index(samples, struct record_sample, 1).monotonic_ns;
    scene_close(&scene);
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
    scene_open(scene);
    scene_add_phase(scene, purge, false, BEGIN_MS, BEGIN_MS + 100);
    scene_start(scene);
    scene_take(scene, BEGIN_MS);
    scene_take(scene, BEGIN_MS + 100);
    assert_int_equal(scene->run->state, RUN_SETTLING);
}

static void a_purge_has_settled_when_rss_has_stood_still_for_300_ms(void **state)
{
    (void)state;
    struct scene scene;
    open_purged(&scene);
    scene_tick(&scene, BEGIN_MS + 100, BEGIN_MS + 399, 1);
    assert_int_equal(scene.run->state, RUN_SETTLING);
    scene_tick(&scene, BEGIN_MS + 399, BEGIN_MS + 400, 1);
    assert_int_equal(scene.run->state, RUN_BUSY);
    assert_int_equal(scene.run->record.numbers[RECORD_purge_settle_ms], 0);
    scene_close(&scene);
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
    scene_tick(&scene, BEGIN_MS + 100, BEGIN_MS + 400, 1);
    assert_null(scene.run->record.status);
    assert_int_equal(mark->rss_bytes, before.rss_bytes);
    assert_int_equal(mark->rss_after_bytes, before.rss_bytes);
    assert_int_equal(mark->rollup_rss_bytes, before.rollup_rss_bytes);
    assert_int_equal(mark->lazy_bytes, before.lazy_bytes);
    scene_close(&scene);
}

/* No kernel here contradicts itself: all that verify_mark looks at serves as well. */
static void a_settled_purge_is_verified_again(void **state)
{
    (void)state;
    struct scene scene;
    open_purged(&scene);
    mark_of(&scene, 1)->mark.checksum = 1;
    scene_tick(&scene, BEGIN_MS + 100, BEGIN_MS + 400, 1);
    scene_end(&scene, BEGIN_MS + 400);
    scene_assert_verdict(&scene, "invalid", "checksum after purge is wrong");
    scene_close(&scene);
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
    return marks ? scene_play(marks) : cmocka_run_group_tests(tests, NULL, NULL);
}
