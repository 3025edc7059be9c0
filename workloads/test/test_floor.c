/* Under the floor a build faults in nothing: what it costs is the harness. */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FLOOR TEST_BUILD_DIR "/bench/floor/libfloor-bump.so"

/* Pages of the driver's own, of its stack and its data, that a phase may be the first to touch. */
#define FAULTS_MAX 8

static struct told marks[CHILD_MARKS_MAX];

/* From the mark `first` on: 0 is the baseline's, 1 the first build's. */
static void assert_no_faults(const char *program, const char *records, unsigned first)
{
    char arguments[200];
    snprintf(arguments, sizeof arguments, "records=%s walk=build,hold,drop,rebuild,redrop", records);
    unsigned count =
        child_walk(&(struct start){.program = program, .arguments = arguments, .preload = FLOOR}, marks);
    assert_int_equal(count, 7);
    for (unsigned i = first; i < count; i++)
        if (marks[i].mark.minor_faults > FAULTS_MAX)
            fail_msg("%s %s: %llu minor faults in mark %u, %s", program, arguments,
                     (unsigned long long)marks[i].mark.minor_faults, i, marks[i].phase);
}

static void no_build_of_up_to_a_million_records_has_page_faults(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip(); /* nothing can be preloaded there */
    assert_no_faults(TEST_BUILD_DIR "/workloads/hash_chained", "250000", 0);
    assert_no_faults(TEST_BUILD_DIR "/workloads/hash_open", "1000000", 0);
}

/* A million and a half do not fit into what is prefaulted: the first build gets the rest, the second begins
 * again. */
static void a_second_build_finds_the_pages_of_the_first(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    assert_no_faults(TEST_BUILD_DIR "/workloads/hash_chained", "1500000", 2);
    assert_true(marks[1].mark.minor_faults > FAULTS_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_build_of_up_to_a_million_records_has_page_faults),
        cmocka_unit_test(a_second_build_finds_the_pages_of_the_first),
    };
    return cmocka_run_group_tests_name("floor", tests, NULL, NULL);
}
