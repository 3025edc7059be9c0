#include "driver/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct params params;
static const char *culprit;

/* Reads up to two arguments (NULL: none); returns what params_read returns. */
static const char *read_two(const char *first, const char *second)
{
    static char texts[2][4096];
    char *arguments[3] = {NULL};
    snprintf(texts[0], sizeof texts[0], "%s", first ? first : "");
    snprintf(texts[1], sizeof texts[1], "%s", second ? second : "");
    if (first)
        arguments[0] = texts[0];
    if (second)
        arguments[1] = texts[1];
    return params_read(&params, arguments, &culprit);
}

static void assert_good(const char *argument)
{
    const char *wrong = read_two(argument, NULL);
    if (wrong)
        fail_msg("%s: %s", culprit, wrong);
}

static void assert_bad(const char *argument)
{
    if (!read_two(argument, NULL))
        fail_msg("%s is accepted", argument);
    assert_string_equal(culprit, argument);
}

static void assert_walk(const char *argument, const struct step *steps, unsigned count)
{
    assert_good(argument);
    assert_int_equal(params.steps, count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(params.walk[i].phase, steps[i].phase);
        assert_int_equal(params.walk[i].window_ms, steps[i].window_ms);
    }
}

static void no_arguments_give_the_defaults(void **state)
{
    (void)state;
    static const struct step walk[] = {{PHASE_build, 0},     {PHASE_hold, 0},       {PHASE_drop, 0},
                                       {PHASE_silent, 1000}, {PHASE_ticking, 1000}, {PHASE_rebuild, 0},
                                       {PHASE_redrop, 0}};
    memset(&params, 0xff, sizeof params);
    assert_walk(NULL, walk, sizeof walk / sizeof *walk);
    assert_int_equal(params.shape.records, 1000);
    assert_int_equal(params.shape.strings_min, 1);
    assert_int_equal(params.shape.strings_max, 1);
    assert_int_equal(params.shape.length_min, 15);
    assert_int_equal(params.shape.length_max, 30);
    assert_int_equal(params.shape.order, ORDER_HASH);
    assert_int_equal(params.shape.removal, REMOVAL_FREE);
    assert_int_equal(params.shape.survivors_ppm, 0);
    assert_int_equal(params.shape.seed, 1);
    assert_null(params.purge);
}

static void each_key_sets_its_field(void **state)
{
    (void)state;
    assert_good("records=123");
    assert_int_equal(params.shape.records, 123);
    assert_good("strings=2..7");
    assert_int_equal(params.shape.strings_min, 2);
    assert_int_equal(params.shape.strings_max, 7);
    assert_good("length=3..9");
    assert_int_equal(params.shape.length_min, 3);
    assert_int_equal(params.shape.length_max, 9);
    assert_good("survivors_ppm=100000");
    assert_int_equal(params.shape.survivors_ppm, 100000);
    assert_good("seed=42");
    assert_int_equal(params.shape.seed, 42);
    assert_good("purge=malloc_trim(0)");
    assert_string_equal(params.purge, "malloc_trim(0)");
    assert_good("purge=");
    assert_null(params.purge);
}

static void each_word_of_order_and_removal_is_known(void **state)
{
    (void)state;
    assert_good("order=insertion");
    assert_int_equal(params.shape.order, ORDER_INSERTION);
    assert_good("order=reverse");
    assert_int_equal(params.shape.order, ORDER_REVERSE);
    assert_good("order=hash");
    assert_int_equal(params.shape.order, ORDER_HASH);
    assert_good("removal=free");
    assert_int_equal(params.shape.removal, REMOVAL_FREE);
    assert_good("removal=delete");
    assert_int_equal(params.shape.removal, REMOVAL_DELETE);
}

static void a_range_may_be_one_number(void **state)
{
    (void)state;
    assert_good("strings=4");
    assert_int_equal(params.shape.strings_min, 4);
    assert_int_equal(params.shape.strings_max, 4);
    assert_good("length=0..0");
    assert_int_equal(params.shape.length_max, 0);
}

static void the_last_of_a_key_counts(void **state)
{
    (void)state;
    assert_null(read_two("records=5", "records=6"));
    assert_int_equal(params.shape.records, 6);
}

static void latency_is_yes_or_no_and_no_by_itself(void **state)
{
    (void)state;
    assert_good("seed=1");
    assert_false(params.latency);
    assert_good("latency=yes");
    assert_true(params.latency);
    assert_good("latency=no");
    assert_false(params.latency);
    static const char *const bad[] = {"latency=", "latency=1", "latency=true", "latency=yes "};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_bad(bad[i]);
}

static void workers_are_one_to_64(void **state)
{
    (void)state;
    assert_good("records=1");
    assert_int_equal(params.workers, 1);
    assert_good("workers=2");
    assert_int_equal(params.workers, 2);
    assert_good("workers=64");
    static const char *const bad[] = {"workers=0", "workers=65", "workers=", "workers=-1", "workers=2x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_bad(bad[i]);
}

static void limits_are_inclusive(void **state)
{
    (void)state;
    assert_good("records=0");
    assert_good("records=4294967295");
    assert_int_equal(params.shape.records, UINT32_MAX);
    assert_bad("records=4294967296");
    assert_good("strings=0..1048576");
    assert_bad("strings=0..1048577");
    assert_bad("strings=1048577..1048577");
    assert_good("length=16777216");
    assert_bad("length=16777217");
    assert_good("survivors_ppm=1000000");
    assert_bad("survivors_ppm=1000001");
    assert_good("seed=18446744073709551615");
    assert_true(params.shape.seed == UINT64_MAX);
    assert_good("walk=silent:4294967295");
    assert_bad("walk=silent:4294967296");
}

static void numbers_that_overflow_are_wrong(void **state)
{
    (void)state;
    assert_bad("seed=18446744073709551616");
    assert_bad("seed=99999999999999999999");
    assert_bad("records=18446744073709551617"); /* 1 modulo 2^64 */
    assert_bad("strings=1..18446744073709551617");
    assert_bad("walk=silent:18446744073709551617");
}

static void bad_arguments_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "records",
                                      "records=",
                                      "records=1k",
                                      "records=-1",
                                      "records=+1",
                                      "records= 1",
                                      "records=1 ",
                                      "records=0x10",
                                      "records=1e3",
                                      "Records=1",
                                      "record=1",
                                      "recordsx=1",
                                      "=1",
                                      "strings=",
                                      "strings=1..",
                                      "strings=..2",
                                      "strings=2..1",
                                      "strings=1.2",
                                      "strings=1...2",
                                      "strings=1..2..3",
                                      "strings=1-2",
                                      "length=30..15",
                                      "length=x",
                                      "order=",
                                      "order=random",
                                      "order=Hash",
                                      "order=hash ",
                                      "removal=",
                                      "removal=clear",
                                      "seed=",
                                      "seed=-1",
                                      "seed=one",
                                      "survivors_ppm=",
                                      "survivors_ppm=10%",
                                      "survivors=10",
                                      "threads=2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_bad(bad[i]);
    assert_non_null(read_two("records=1", "records=x"));
    assert_string_equal(culprit, "records=x");
}

static void a_walk_keeps_its_order_and_windows(void **state)
{
    (void)state;
    static const struct step steps[] = {{PHASE_build, 0},    {PHASE_silent, 12000}, {PHASE_drop, 0},
                                        {PHASE_ticking, 50}, {PHASE_silent, 0},     {PHASE_rebuild, 0},
                                        {PHASE_hold, 0},     {PHASE_redrop, 0}};
    assert_walk("walk=build,silent:12000,drop,ticking:50,silent:0,rebuild,hold,redrop", steps, 8);
    assert_walk("walk=build", steps, 1);
}

static void a_bad_walk_is_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"walk=",
                                      "walk=,",
                                      "walk=build,",
                                      "walk=,build",
                                      "walk=build,,hold",
                                      "walk=build hold",
                                      "walk=build, hold",
                                      "walk=grow",
                                      "walk=buil",
                                      "walk=builds",
                                      "walk=Build",
                                      "walk=build;hold",
                                      "walk=baseline",
                                      "walk=build,end",
                                      "walk=build:",
                                      "walk=build:100",
                                      "walk=drop:0",
                                      "walk=rebuild:1",
                                      "walk=silent",
                                      "walk=silent:",
                                      "walk=silent,build",
                                      "walk=silent:x",
                                      "walk=silent:5ms",
                                      "walk=silent:-1",
                                      "walk=ticking",
                                      "walk=ticking:1:2",
                                      "walk=silent:1.5",
                                      "walk=build,hold,ticking"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_bad(bad[i]);
}

static void a_walk_has_at_most_its_room_of_steps(void **state)
{
    (void)state;
    char argument[PROTOCOL_WALK_MAX * 5 + 16] = "walk=hold";
    for (unsigned i = 1; i < PROTOCOL_WALK_MAX; i++)
        strcat(argument, ",hold");
    assert_good(argument);
    assert_int_equal(params.steps, PROTOCOL_WALK_MAX);
    strcat(argument, ",hold");
    assert_bad(argument);
}

static void a_walk_with_a_purge_needs_the_call(void **state)
{
    (void)state;
    assert_non_null(read_two("walk=build,drop,purge", NULL));
    assert_string_equal(culprit, "purge");
    assert_non_null(read_two("walk=build,drop,purge", "purge="));
    assert_null(read_two("walk=build,drop,purge", "purge=malloc_trim(0)"));
    assert_null(read_two("purge=malloc_trim(0)", "walk=build,drop,purge")); /* in either order */
    assert_int_equal(params.walk[2].phase, PHASE_purge);
}

static void a_walk_with_a_collect_needs_its_call(void **state)
{
    (void)state;
    assert_non_null(read_two("walk=build,drop,collect", "purge=malloc_trim(0)"));
    assert_string_equal(culprit, "collect");
    assert_non_null(read_two("walk=build,drop,collect", "collect="));
    assert_null(read_two("walk=build,drop,collect", "collect=malloc_trim(0)"));
    assert_int_equal(params.walk[2].phase, PHASE_collect);
    assert_string_equal(params.collect, "malloc_trim(0)");
    assert_null(params.purge);
}

static void a_port_is_0_to_65535_and_none_by_itself(void **state)
{
    (void)state;
    assert_good("records=1");
    assert_int_equal(params.port, PARAMS_NO_PORT);
    assert_good("port=0");
    assert_int_equal(params.port, 0);
    assert_good("port=65535");
    assert_int_equal(params.port, 65535);
    static const char *const bad[] = {"port=65536", "port=", "port=-1", "port=80x", "port= 80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_bad(bad[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_arguments_give_the_defaults),
        cmocka_unit_test(each_key_sets_its_field),
        cmocka_unit_test(each_word_of_order_and_removal_is_known),
        cmocka_unit_test(a_range_may_be_one_number),
        cmocka_unit_test(the_last_of_a_key_counts),
        cmocka_unit_test(latency_is_yes_or_no_and_no_by_itself),
        cmocka_unit_test(workers_are_one_to_64),
        cmocka_unit_test(a_port_is_0_to_65535_and_none_by_itself),
        cmocka_unit_test(limits_are_inclusive),
        cmocka_unit_test(numbers_that_overflow_are_wrong),
        cmocka_unit_test(bad_arguments_are_named),
        cmocka_unit_test(a_walk_keeps_its_order_and_windows),
        cmocka_unit_test(a_bad_walk_is_named),
        cmocka_unit_test(a_walk_has_at_most_its_room_of_steps),
        cmocka_unit_test(a_walk_with_a_purge_needs_the_call),
        cmocka_unit_test(a_walk_with_a_collect_needs_its_call),
    };
    return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
