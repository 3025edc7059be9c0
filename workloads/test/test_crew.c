/* The shape `workers`: whose thread builds and drops, and that the others sleep. */
#include "harness.h"
#include "threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PROGRAM TEST_BUILD_DIR "/workloads/hash_chained"

/* At each mark, when it and all its threads sleep. */
static unsigned walk(const char *arguments, struct told *marks, struct threads *threads)
{
    struct child child;
    unsigned count = 0;
    child_start(&child, &(struct start){.program = PROGRAM, .arguments = arguments});
    for (; count < CHILD_MARKS_MAX && child_read_mark(&child, &marks[count]); count++) {
        child_await_parked(&child);
        threads_read(&child, &threads[count]);
        child_go(&child);
    }
    assert_int_equal(child_end(&child), 0);
    return count;
}

static struct told marks[CHILD_MARKS_MAX];
static struct threads threads[CHILD_MARKS_MAX];

static void one_worker_is_the_main_thread_and_there_is_no_other(void **state)
{
    (void)state;
    unsigned count = walk("records=1000 walk=build,drop,ticking:100,rebuild,redrop", marks, threads);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(threads[i].count, 1);
    count = walk("records=1000 workers=1 walk=build,drop", marks, threads);
    assert_int_equal(threads[count - 1].count, 1);
}

static void the_workers_are_there_at_the_baseline_and_no_other_comes(void **state)
{
    (void)state;
    unsigned count =
        walk("records=1000 workers=3 walk=build,drop,ticking:200,rebuild,redrop", marks, threads);
    assert_int_equal(count, 7);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(threads[i].count, TEST_SANITIZED ? threads[0].count : 4);
}

/* Which threads but the main one have run between two marks, a bit each. */
static unsigned who_ran(unsigned from, unsigned to)
{
    unsigned who = 0;
    for (unsigned i = 1; i < threads[to].count; i++)
        who |= (unsigned)(threads[to].ran_ns[i] > threads[from].ran_ns[i]) << (i - 1);
    return who;
}

static void a_cycle_is_one_workers_from_build_to_drop_and_the_next_cycle_the_next_ones(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip(); /* its runtime has threads of its own */
    enum { BASELINE, BUILD, HOLD, DROP, SILENT, REBUILD, HOLD_AGAIN, REDROP, THIRD_BUILD, THIRD_DROP };
    walk("records=20000 workers=2 walk=build,hold,drop,silent:20,rebuild,hold,redrop,build,drop", marks,
         threads);
    assert_int_equal(who_ran(BASELINE, BUILD), 1);
    assert_int_equal(who_ran(BUILD, HOLD), 1);
    assert_int_equal(who_ran(HOLD, DROP), 1);
    assert_int_equal(who_ran(DROP, SILENT), 0);
    assert_int_equal(who_ran(SILENT, REBUILD), 2);
    assert_int_equal(who_ran(REBUILD, HOLD_AGAIN), 2);
    assert_int_equal(who_ran(HOLD_AGAIN, REDROP), 2);
    assert_int_equal(who_ran(REDROP, THIRD_BUILD), 1);
    assert_int_equal(who_ran(THIRD_BUILD, THIRD_DROP), 1);
}

static void ticks_go_round_the_workers(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    walk("records=1000 workers=3 walk=build,drop,ticking:300,ticking:100", marks, threads);
    assert_int_equal(who_ran(2, 3), 7);
    assert_int_equal(who_ran(3, 4), 1);
}

static void a_purge_and_pressure_are_no_workers(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    walk("records=1000 workers=2 purge=malloc_trim(0) walk=build,drop,purge,pressure", marks, threads);
    assert_int_equal(who_ran(2, 4), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_worker_is_the_main_thread_and_there_is_no_other),
        cmocka_unit_test(the_workers_are_there_at_the_baseline_and_no_other_comes),
        cmocka_unit_test(a_cycle_is_one_workers_from_build_to_drop_and_the_next_cycle_the_next_ones),
        cmocka_unit_test(ticks_go_round_the_workers),
        cmocka_unit_test(a_purge_and_pressure_are_no_workers),
    };
    return cmocka_run_group_tests_name("crew", tests, NULL, NULL);
}
