/* go_map's arguments and calls: it takes and refuses what the C driver does, and says why. */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "driver/call_text.h"
#include "driver/params.h"

#define GO_MAP TEST_BUILD_DIR "/workloads/go_map"

/* Its exit code, when it has to do nothing but read that argument. */
static int try_argument(const char *first, const char *argument)
{
    char command[4096];
    snprintf(command, sizeof command, "exec %s %s '%s' 3>/dev/null 4<&- 2>/dev/null", GO_MAP, first,
             argument);
    int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void it_takes_and_refuses_the_very_arguments_that_the_c_driver_does(void **state)
{
    (void)state;
    static const char *const arguments[] = {"records=0",
                                            "records=",
                                            "records=-1",
                                            "records=+1",
                                            "records=0x10",
                                            "records= 1",
                                            "records=1 ",
                                            "records=1_000",
                                            "records=18446744073709551616",
                                            "records",
                                            "Records=1",
                                            "=1",
                                            "",
                                            "strings=3",
                                            "strings=0..3",
                                            "strings=3..0",
                                            "strings=1..",
                                            "strings=..1",
                                            "strings=1...2",
                                            "strings=1.2",
                                            "strings=0..1048577",
                                            "length=0",
                                            "length=16777217",
                                            "length=1..2..3",
                                            "order=reverse",
                                            "order=Hash",
                                            "order=",
                                            "removal=delete",
                                            "removal=none",
                                            "survivors_ppm=1000000",
                                            "survivors_ppm=1000001",
                                            "seed=18446744073709551615",
                                            "seed=18446744073709551616",
                                            "seed=",
                                            "workers=1",
                                            "workers=64",
                                            "workers=0",
                                            "workers=65",
                                            "latency=no",
                                            "latency=",
                                            "latency=true",
                                            "walk=",
                                            "walk=,",
                                            "walk=build,",
                                            "walk=build,,hold",
                                            "walk=build hold",
                                            "walk=Build",
                                            "walk=baseline",
                                            "walk=build,end",
                                            "walk=build:1",
                                            "walk=silent",
                                            "walk=silent:",
                                            "walk=silent:x",
                                            "walk=silent:0:0",
                                            "walk=silent:4294967296",
                                            "walk=ticking:1.5",
                                            "walk=silent:0,ticking:0,pressure",
                                            "walk=purge",
                                            "walk=collect",
                                            "purge=",
                                            "collect=",
                                            "purge",
                                            "survivors=1",
                                            "threads=1",
                                            "keys=same",
                                            "keys=fresh",
                                            "keys=new",
                                            "keys="};
    require_go();
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        char *const read[] = {(char *)(uintptr_t)arguments[i], NULL};
        const char *culprit;
        struct params params;
        const char *wrong = params_read(&params, read, &culprit);
        int code = try_argument("walk=silent:0", arguments[i]);
        if (code != (wrong ? PROTOCOL_EXIT_USAGE : PROTOCOL_EXIT_DONE))
            fail_msg("%s: exit code %d, but in C: %s", arguments[i], code, wrong ? wrong : "good");
    }
}

static void its_language_of_calls_is_that_of_c(void **state)
{
    (void)state;
    static const char *const texts[] = {"int: f()",
                                        "int:f(1)",
                                        "int: f( 1 , -2,3,4 )",
                                        "int: f(1,2,3,4,5)",
                                        "int: f(",
                                        "int: f(1",
                                        "int: f(1,)",
                                        "int: f(x)",
                                        "int: f(1.5)",
                                        "int: f(+1)",
                                        "int: f(- 1)",
                                        "int: f(123456789012345678)",
                                        "int: f(1234567890123456789)",
                                        "f()",
                                        "f(); int: g()",
                                        "f(); int: g();",
                                        "f();; int: g()",
                                        "int: f() g()",
                                        "int: f() ;g() ;h(); i()",
                                        "int: f();g();h();i();j()",
                                        "int: symbol",
                                        "symbol",
                                        "int: 2f()",
                                        "int: f2()",
                                        "int: _()",
                                        "int f()",
                                        "unsigned: f()",
                                        "int: int: f()",
                                        "double: f()",
                                        "string: f()",
                                        "bool: f()",
                                        "long: f()",
                                        "long : f()",
                                        "int: mallctl(\"a.b\")",
                                        "int: mallctl(\"\")",
                                        "int: mallctl(\"a)",
                                        "int: mallctl()",
                                        "int: mallctl(1)",
                                        "double: mallctl(\"a\")",
                                        "int: f(\"a\", &)",
                                        "int: f(\"a\")",
                                        "int: f(\"a\", 1)",
                                        "double: f(\"a\", &)",
                                        "f(\"a\", &); int: g()",
                                        "",
                                        " ",
                                        "int:",
                                        "int: f()\t",
                                        "int: f()\v",
                                        "int: f\t()",
                                        "int: runtime.GC()",
                                        "int: a.b.c(1)",
                                        "int: .f()",
                                        "int: f.()",
                                        "int: f..g()",
                                        "int: a.2b()",
                                        "int: a.b",
                                        "int: a.b ()",
                                        "int: a. b()",
                                        "int: f-g()",
                                        "int: f(\"a\",&;)"};
    require_go();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char argument[200];
        struct call_list list;
        const char *wrong = call_parse_read_back(&list, texts[i]);
        snprintf(argument, sizeof argument, "x=%s", texts[i]);
        int code = try_argument("probe", argument);
        if (code != (wrong ? PROTOCOL_EXIT_USAGE : PROTOCOL_EXIT_DONE))
            fail_msg("%s: exit code %d, but in C: %s", texts[i], code, wrong ? wrong : "good");
    }
}

/* Must end without a mark, with that code and one line that begins with its name and tells `reason`. */
static void assert_refuses(const char *arguments, int expected, const char *reason)
{
    struct child child;
    struct told told;
    char errors[1024];
    child_start(&child, &(struct start){.program = GO_MAP, .arguments = arguments});
    bool marked = child_read_mark(&child, &told);
    int code = child_end_with_errors(&child, errors, sizeof errors);
    const char *newline = strchr(errors, '\n');
    if (marked || code != expected || !newline || newline[1] || strncmp(errors, "go_map: ", 8) != 0 ||
        !strstr(errors, reason))
        fail_msg("%s: %s, ended with %d instead of %d and said: %s", child.title,
                 marked ? "marks" : "no mark", code, expected, errors);
}

static void a_bad_argument_ends_it_with_one_line(void **state)
{
    (void)state;
    static const char *const bad[] = {"records=x",
                                      "records=4294967296",
                                      "unknown=1",
                                      "records",
                                      "walk=purge",
                                      "walk=collect",
                                      "purge=runtime.GC(",
                                      "walk=build,silent",
                                      "records=1 walk=build,nowhere",
                                      "purge=int:runtime.GC()",
                                      "port=0",
                                      "workers=65",
                                      "keys=new"};
    require_go();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refuses(bad[i], PROTOCOL_EXIT_USAGE, "");
}

static void timing_single_operations_is_refused_and_the_reason_told(void **state)
{
    (void)state;
    require_go();
    assert_refuses("latency=yes", PROTOCOL_EXIT_USAGE, "times no single operations");
}

static void a_call_that_go_does_not_have_is_missing(void **state)
{
    (void)state;
    require_go();
    assert_refuses("walk=build,drop,purge purge=malloc_trim(0)", PROTOCOL_EXIT_MISSING, "malloc_trim");
    assert_refuses("purge=runtime.GC();debug.FreeOsMemory()", PROTOCOL_EXIT_MISSING, "debug.FreeOsMemory");
    assert_refuses("walk=collect collect=runtime.GC(1)", PROTOCOL_EXIT_MISSING, "collect call runtime.GC");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_takes_and_refuses_the_very_arguments_that_the_c_driver_does),
        cmocka_unit_test(its_language_of_calls_is_that_of_c),
        cmocka_unit_test(a_bad_argument_ends_it_with_one_line),
        cmocka_unit_test(timing_single_operations_is_refused_and_the_reason_told),
        cmocka_unit_test(a_call_that_go_does_not_have_is_missing),
    };
    return cmocka_run_group_tests_name("go_arguments", tests, NULL, NULL);
}
