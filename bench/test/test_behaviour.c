/* behaviour.h: the bounds, and when nothing can be told. */
#include "behaviour.h"
#include "support.h"

static void assert_named(uint64_t left, uint64_t lazy, const char *expected)
{
    const struct behaviour behaviour = {.grown_bytes = 1000, .left_bytes = left, .lazy_bytes = lazy};
    if (strcmp(behaviour_name(&behaviour), expected) != 0)
        fail_msg("%u left, %u lazy: %s", (unsigned)left, (unsigned)lazy, behaviour_name(&behaviour));
}

static void the_bounds_are_a_quarter_and_two_halves(void **state)
{
    (void)state;
    assert_named(0, 0, "returns");
    assert_named(250, 0, "returns");
    assert_named(250, 250, "returns");
    assert_named(251, 0, "partly");
    assert_named(499, 0, "partly");
    assert_named(500, 0, "keeps");
    assert_named(1000, 499, "keeps");
    assert_named(1000, 500, "lazy");
    assert_named(1000, 1000, "lazy");
    assert_named(700, 400, "partly");
    assert_named(1100, 0, "keeps"); /* it grew on in the drop */
    assert_named(600, 900, "lazy"); /* the lazy of more than is over the baseline */
}

#define WORKLOADS TEST_BUILD_DIR "/workloads/"

static void what_does_not_grow_or_dies_tells_nothing(void **state)
{
    if (TEST_SANITIZED)
        skip(); /* nothing can be preloaded there */
    char preload[] = "LD_PRELOAD=" TEST_BUILD_DIR "/bench/floor/libfloor-bump.so";
    char failing[] = "LD_PRELOAD=" TEST_BUILD_DIR "/bench/controls/libcontrol-failing.so";
    char *environment[] = {preload, NULL, NULL}, some[] = "CONTROL_FAIL_BYTES=1000000";
    const struct behaviour_spec spec = {.program = WORKLOADS BEHAVIOUR_WORKLOAD, .environment = environment};
    struct behaviour seen;
    g_autofree char *why = NULL, *why_not = NULL;
    (void)state;
    /* Its arena is prefaulted, so RSS does not grow: nothing can be told. */
    assert_false(behaviour_watch(&seen, &spec, &why, NULL));
    support_assert_has(why, "did not grow");
    environment[0] = failing; /* it dies */
    environment[1] = some;
    assert_false(behaviour_watch(&seen, &spec, &why_not, NULL));
    support_assert_has(why_not, "the allocator returned NULL");
}

static void a_program_that_cannot_be_started_is_an_error(void **state)
{
    struct behaviour seen;
    char *why, *environment[] = {NULL};
    const struct behaviour_spec spec = {.program = "/no/such/program", .environment = environment};
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_false(behaviour_watch(&seen, &spec, &why, &error));
    assert_null(why);
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){"/no/such/program", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bounds_are_a_quarter_and_two_halves),
        cmocka_unit_test(what_does_not_grow_or_dies_tells_nothing),
        cmocka_unit_test(a_program_that_cannot_be_started_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
