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

/* "KEY=VALUE" is one of the lines. */
static bool has_line(const char *line)
{
    size_t length = strlen(line);
    for (const char *at = answer; *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, line, length) == 0 && at[length] == '\n')
            return true;
    return false;
}

static void assert_line(const char *format, const char *value)
{
    char line[PROTOCOL_LINE_MAX];
    snprintf(line, sizeof line, format, value);
    if (!has_line(line))
        fail_msg("\"%s\" is not told, but:\n%s", line, answer);
}

/* The value of KEY, copied. */
static const char *value_of(const char *key)
{
    static char value[PROTOCOL_LINE_MAX];
    size_t length = strlen(key);
    for (const char *at = answer; *at; at = strchr(at, '\n') + 1)
        if (strncmp(at, key, length) == 0 && at[length] == '=') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(at + length + 1, "\n"), at + length + 1);
            return value;
        }
    fail_msg("%s is not told, but:\n%s", key, answer);
    return NULL;
}

static void assert_libc_owns_all(const char *program)
{
    probe(program, "probe", NULL);
    const char *libc = value_of("libc"), *name = strrchr(libc, '/');
    assert_true(libc[0] == '/' && name && strcmp(name, "/libc.so.6") == 0);
#define X(function) assert_line(#function "=%s", libc);
    PROTOCOL_OWNED(X)
#undef X
}

static void without_a_preload_libc_owns_malloc_and_its_kin(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip(); /* the sanitizer owns it */
    workloads_each(assert_libc_owns_all);
}

static void assert_control_owns(const char *program)
{
    probe(program, "probe", CONTROL);
    assert_line("malloc=%s", CONTROL);
    assert_line("free=%s", CONTROL);
    const char *name = strrchr(value_of("libc"), '/');
    assert_string_equal(name, "/libc.so.6"); /* stays what it is */
}

static void with_a_preload_that_library_owns_what_it_defines(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    workloads_each(assert_control_owns);
}

static void assert_answers(const char *program)
{
    probe(program, "probe version=string:gnu_get_libc_version() read.two=int:abs(-2) read.four=int:f()",
          NULL);
    assert_line("version=%s", gnu_get_libc_version());
    assert_line("read.two=%s", "2");
    assert_line("missing.read.four=%s", "f");
    assert_null(strstr(answer, "purge"));
    probe(program, "probe purge=malloc_trim(0);no_such_purge()", NULL);
    assert_line("missing.purge=%s", "no_such_purge");
    assert_null(strstr(answer, "purge.malloc_trim"));
    probe(program, "probe purge=debug.FreeOSMemory() collect=runtime.GC()", NULL);
    assert_line("missing.purge=%s", "debug.FreeOSMemory");
    assert_line("missing.collect=%s", "runtime.GC");
    probe(program, "probe purge=malloc_trim(0)", NULL);
    assert_string_equal(strrchr(value_of("purge.malloc_trim"), '/'), "/libc.so.6");
    probe(program, "probe collect=malloc_trim(0)", NULL);
    assert_string_equal(strrchr(value_of("collect.malloc_trim"), '/'), "/libc.so.6");
    assert_null(strstr(answer, "purge"));
}

static void every_call_is_answered_and_a_purge_is_only_looked_up(void **state)
{
    (void)state;
    workloads_each(assert_answers);
}

static void assert_failure_is_told(const char *program)
{
    /* getenv reads as a property: it returns NULL, which is 0. */
    probe(program, "probe read.x=int:getenv(\"NO_SUCH_VARIABLE\",&)", NULL);
    assert_line("failed.read.x=%s", "int:getenv(\"NO_SUCH_VARIABLE\",&)");
}

static void a_call_that_reports_an_error_is_told_as_failed(void **state)
{
    (void)state;
    workloads_each(assert_failure_is_told);
}

static void assert_bad_probe(const char *program)
{
    static const char *const bad[] = {"probe walk=build",
                                      "probe version=f",
                                      "probe purge=f(1",
                                      "probe =f()",
                                      "probe version",
                                      "probe version=abs()",
                                      "probe read.x=mallctl(\"x\")",
                                      "probe purge=int:abs(1)"};
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
        cmocka_unit_test(without_a_preload_libc_owns_malloc_and_its_kin),
        cmocka_unit_test(with_a_preload_that_library_owns_what_it_defines),
        cmocka_unit_test(every_call_is_answered_and_a_purge_is_only_looked_up),
        cmocka_unit_test(a_call_that_reports_an_error_is_told_as_failed),
        cmocka_unit_test(a_bad_probe_argument_is_wrong_usage),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
