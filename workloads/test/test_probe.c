/* "NAME probe …": which allocator a workload runs on. */
#include "harness.h"

#include <gnu/libc-version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CONTROL TEST_BUILD_DIR "/workloads/test/libcount.so"

static char answer[4 * PROTOCOL_LINE_MAX]; /* the lines, each with its newline */

static void probe(const char *program, const char *arguments, const char *preload)
{
    struct child child;
    char line[PROTOCOL_LINE_MAX];
    size_t length = 0;
    child_start(&child, &(struct start){.program = program, .arguments = arguments, .preload = preload});
    answer[0] = '\0';
    while (child_read_line(&child, line))
        length += (size_t)snprintf(answer + length, sizeof answer - length, "%s\n", line);
    int code = child_end(&child);
    if (code != PROTOCOL_EXIT_DONE)
        fail_msg("%s: ended with %d", child.title, code);
}

static void assert_owner_is_libc(const char *program)
{
    probe(program, "probe", NULL);
    const char *name = strrchr(answer, '/');
    assert_int_equal(strncmp(answer, "malloc=/", 8), 0);
    assert_non_null(name);
    assert_string_equal(name, "/libc.so.6\n");
}

static void without_a_preload_libc_owns_malloc(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip(); /* the sanitizer owns it */
    workloads_each(assert_owner_is_libc);
}

static void assert_owner_is_control(const char *program)
{
    probe(program, "probe", CONTROL);
    assert_string_equal(answer, "malloc=" CONTROL "\n");
}

static void with_a_preload_that_library_owns_malloc(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    workloads_each(assert_owner_is_control);
}

/* What follows the line of malloc. */
static const char *behind_owner(void)
{
    assert_int_equal(strncmp(answer, "malloc=", 7), 0);
    return strchr(answer, '\n') + 1;
}

static void assert_version_and_purge(const char *program)
{
    char expected[128];
    snprintf(expected, sizeof expected, "version=%s\npurge=found\n", gnu_get_libc_version());
    probe(program, "probe version=string:gnu_get_libc_version() purge=malloc_trim(0)", NULL);
    assert_string_equal(behind_owner(), expected);
    probe(program, "probe purge=malloc_trim(0);no_such_purge()", NULL);
    assert_string_equal(behind_owner(), "purge=missing\n");
    probe(program, "probe version=string:no_such_version()", NULL);
    assert_string_equal(behind_owner(), ""); /* no line: nothing is known */
}

static void version_and_purge_are_told_as_this_process_has_them(void **state)
{
    (void)state;
    workloads_each(assert_version_and_purge);
}

static void assert_bad_probe(const char *program)
{
    static const char *const bad[] = {"probe walk=build", "probe version=f", "probe purge=f(1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct child child;
        char line[PROTOCOL_LINE_MAX], errors[1024];
        child_start(&child, &(struct start){.program = program, .arguments = bad[i]});
        while (child_read_line(&child, line))
            ;
        assert_int_equal(child_end_with_errors(&child, errors, sizeof errors), PROTOCOL_EXIT_USAGE);
        assert_ptr_equal(strchr(errors, '\n'), errors + strlen(errors) - 1);
    }
}

static void a_bad_probe_argument_is_wrong_usage(void **state)
{
    (void)state;
    workloads_each(assert_bad_probe);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_preload_libc_owns_malloc),
        cmocka_unit_test(with_a_preload_that_library_owns_malloc),
        cmocka_unit_test(version_and_purge_are_told_as_this_process_has_them),
        cmocka_unit_test(a_bad_probe_argument_is_wrong_usage),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
