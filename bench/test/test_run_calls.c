/* run_readings.h: counted calls, by counters that the test itself puts in place of those of syscalls.c. */
#include <unistd.h>

#include "run_readings.h"
#include "support.h"

/* --- syscalls.h, all of it, so that the linker takes no other --- */

struct syscalls {
    uint64_t calls; /* of each kind, since it was opened */
    bool fails;
};

static struct syscalls counters;

const char *const syscalls_names[SYSCALLS_COUNT] = {"one", "two", "three", "four"};
const char *const syscalls_tracefs[] = {NULL};

struct syscalls *syscalls_open(const char *const *tracefs, pid_t pid, GError **error)
{
    (void)tracefs;
    (void)pid;
    (void)error;
    counters = (struct syscalls){.calls = 0};
    return &counters;
}

void syscalls_close(struct syscalls *syscalls)
{
    (void)syscalls;
}

bool syscalls_read(const struct syscalls *syscalls, uint64_t calls[SYSCALLS_COUNT])
{
    for (int i = 0; i < SYSCALLS_COUNT; i++)
        calls[i] = syscalls->calls;
    return !syscalls->fails;
}

bool syscalls_possible(const char *const *tracefs, GError **error)
{
    (void)tracefs;
    (void)error;
    return true;
}

/* --- marks of our own process --- */

struct scene {
    struct plan_shape shape;
    struct plan_cell cell;
    struct run run;
};

static void open_scene(struct scene *scene)
{
    static const struct allocator allocator;
    *scene = (struct scene){.shape = {.workers = 1}};
    scene->cell.shape = &scene->shape;
    scene->cell.allocator = &allocator;
    scene->run.what.cell = &scene->cell;
    scene->run.rss = rss_open(getpid(), NULL);
    assert_non_null(scene->run.rss);
    run_readings_begin_calls(getpid(), &scene->run);
}

/* The mark behind a phase with so many calls of each kind. */
static uint64_t calls_at_mark(struct scene *scene, uint64_t made)
{
    struct record_mark mark = {.settle_ns = 0};
    counters.calls += made;
    assert_true(run_readings_at_mark(&scene->run, &mark));
    for (int i = 1; i < SYSCALLS_COUNT; i++)
        assert_true(mark.calls[i] == mark.calls[0]);
    return mark.calls[0];
}

static void a_mark_has_the_calls_since_the_one_before(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    assert_int_equal(calls_at_mark(&scene, 5), 5);
    assert_int_equal(calls_at_mark(&scene, 3), 3);
    assert_int_equal(calls_at_mark(&scene, 0), 0);
    rss_close(scene.run.rss);
}

static void behind_a_failed_reading_no_mark_of_the_run_has_calls(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    assert_int_equal(calls_at_mark(&scene, 5), 5);
    counters.fails = true;
    assert_true(calls_at_mark(&scene, 3) == RECORD_UNKNOWN);
    counters.fails = false;
    assert_true(calls_at_mark(&scene, 2) == RECORD_UNKNOWN);
    assert_true(calls_at_mark(&scene, 1) == RECORD_UNKNOWN);
    rss_close(scene.run.rss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_has_the_calls_since_the_one_before),
        cmocka_unit_test(behind_a_failed_reading_no_mark_of_the_run_has_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
