/* go_map: the contract of a workload on another runtime, and that it holds the very records of a C workload. */
#include "harness.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver/call_text.h"
#include "driver/params.h"

#define GO_MAP TEST_BUILD_DIR "/workloads/go_map"
#define HASH_CHAINED TEST_BUILD_DIR "/workloads/hash_chained"

static void require_go(void)
{
    if (!TEST_HAS_GO) {
        print_message("no go when this was configured (package golang-go), so there is no go_map\n");
        skip();
    }
}

static unsigned walk(const char *program, const char *arguments, struct told marks[CHILD_MARKS_MAX])
{
    return child_walk(&(struct start){.program = program, .arguments = arguments}, marks);
}

static void assert_marks_agree(const char *arguments, const struct told *marks, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct mark *mark = &marks[i].mark;
        if (mark->live_bytes != mark->shape_bytes || mark->checksum != mark->shape_checksum ||
            mark->scratch_bytes != marks[0].mark.scratch_bytes || mark->scratch_bytes == 0 ||
            (mark->live_bytes == 0) != (mark->live_blocks == 0) || mark->begin_ns > mark->end_ns ||
            (i > 0 && mark->begin_ns < marks[i - 1].mark.end_ns))
            fail_msg("%s: the mark %s does not agree", arguments, marks[i].phase);
    }
    assert_int_equal(marks[0].mark.live_bytes, 0);
    assert_int_equal(marks[count - 1].mark.live_bytes, 0);
}

/* Walks both, and compares what is in their maps at each mark. */
static void compare(const char *shape)
{
    static struct told ours[CHILD_MARKS_MAX], theirs[CHILD_MARKS_MAX];
    char arguments[400];
    snprintf(arguments, sizeof arguments,
             "%s walk=build,hold,drop,silent:0,ticking:100,rebuild,hold,redrop,rebuild,hold,redrop", shape);
    unsigned count = walk(GO_MAP, arguments, ours);
    assert_int_equal(walk(HASH_CHAINED, arguments, theirs), count);
    assert_marks_agree(arguments, ours, count);
    for (unsigned i = 0; i < count; i++) {
        assert_string_equal(ours[i].phase, theirs[i].phase);
        if (ours[i].mark.checksum != theirs[i].mark.checksum)
            fail_msg("%s: at the mark %s it holds other records than hash_chained", arguments, ours[i].phase);
    }
}

static void at_each_mark_it_holds_the_records_of_hash_chained(void **state)
{
    (void)state;
    static const char *const orders[] = {"insertion", "reverse", "hash"};
    static const char *const odd[] = {
        "records=0",
        "records=0 removal=delete survivors_ppm=500000",
        "records=1 survivors_ppm=1000000",
        "records=200 strings=0..3 length=0..2",
        "records=200 strings=0 removal=delete",
        "records=200 length=0 strings=2 order=reverse",
        "records=200 survivors_ppm=1000000 removal=delete order=insertion",
        "records=50 seed=0",
        "records=50 seed=18446744073709551615",
        "records=20 strings=40 length=5000..9000",
    };
    require_go();
    for (unsigned i = 0; i < 12; i++) {
        char shape[200];
        snprintf(shape, sizeof shape,
                 "records=500 strings=1..3 length=15..30 order=%s removal=%s survivors_ppm=%d seed=11 "
                 "workers=%u",
                 orders[i % 3], i / 3 % 2 ? "delete" : "free", i / 6 ? 100000 : 0, 1 + i % 2);
        compare(shape);
    }
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        compare(odd[i]);
}

static const struct told *at(const struct told *marks, unsigned count, const char *phase)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(marks[i].phase, phase) == 0)
            return &marks[i];
    fail_msg("no mark %s", phase);
    return NULL;
}

#define RECORDS 200000
#define CALLS " collect=runtime.GC() purge=debug.FreeOSMemory() walk=build,hold,drop,collect,purge"

static void the_heap_fields_tell_what_a_collection_frees_and_a_purge_gives_back(void **state)
{
    (void)state;
    static struct told marks[CHILD_MARKS_MAX];
    require_go();
    unsigned count = walk(GO_MAP, "records=200000" CALLS, marks);
    const struct told *hold = at(marks, count, "hold"), *drop = at(marks, count, "drop");
    const struct told *collect = at(marks, count, "collect"), *purge = at(marks, count, "purge");
    uint64_t live_bytes = hold->mark.live_bytes;
    assert_true(hold->heap_inuse_bytes > live_bytes);
    assert_true(drop->heap_inuse_bytes > live_bytes); /* what is dropped is not found yet */
    assert_true(collect->heap_inuse_bytes < live_bytes / 4);
    assert_true(collect->heap_idle_bytes > live_bytes);
    /* All but what its threads keep for the next allocation, up to 512 KiB each. */
    assert_true(purge->heap_idle_bytes - purge->heap_released_bytes < live_bytes / 4);
    assert_true(at(marks, count, "build")->mark.minor_faults > 0);
}

static void delete_keeps_the_buckets_and_nil_does_not(void **state)
{
    (void)state;
    static struct told marks[CHILD_MARKS_MAX];
    static const char *const deleting[] = {"order=hash", "order=insertion", "order=reverse"};
    require_go();
    for (size_t i = 0; i < sizeof deleting / sizeof *deleting; i++) {
        char arguments[200];
        snprintf(arguments, sizeof arguments, "records=%d removal=delete %s" CALLS, RECORDS, deleting[i]);
        unsigned count = walk(GO_MAP, arguments, marks);
        /* A key and a slice have 40 bytes of room in a bucket, and the table is at least as large as it is full. */
        assert_true(at(marks, count, "collect")->heap_inuse_bytes > RECORDS * 40);
        assert_int_equal(at(marks, count, "collect")->mark.live_bytes, 0);
    }
    unsigned count = walk(GO_MAP, "records=200000" CALLS, marks);
    assert_true(at(marks, count, "collect")->heap_inuse_bytes < RECORDS * 20);
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
                                            "threads=1"};
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

static void a_closed_fd_4_ends_it_as_an_orphan(void **state)
{
    (void)state;
    require_go();
    for (unsigned go = 0; go < 5; go++) {
        struct child child;
        struct told told;
        char errors[1024];
        child_start(&child,
                    &(struct start){.program = GO_MAP, .arguments = "records=50 walk=build,hold,drop"});
        for (unsigned i = 0; i <= go; i++) {
            assert_true(child_read_mark(&child, &told));
            if (i < go)
                child_go(&child);
        }
        assert_int_equal(child_end_with_errors(&child, errors, sizeof errors), PROTOCOL_EXIT_ORPHAN);
    }
}

static void an_unread_fd_3_ends_it_as_an_orphan(void **state)
{
    (void)state;
    struct child child;
    char errors[1024];
    require_go();
    child_start(&child, &(struct start){.program = GO_MAP, .marks_unread = true});
    assert_int_equal(child_end_with_errors(&child, errors, sizeof errors), PROTOCOL_EXIT_ORPHAN);
}

static char answer[4096];

/* Its standard output under that environment, by the shell: it knows no fd 3 then. */
static void probe(const char *environment, const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "env -i %s %s probe %s 3>&- 4<&-", environment, GO_MAP, arguments);
    FILE *stream = popen(command, "r");
    assert_non_null(stream);
    answer[fread(answer, 1, sizeof answer - 1, stream)] = '\0';
    assert_int_equal(pclose(stream), 0);
}

static void assert_line(const char *line)
{
    size_t length = strlen(line);
    for (const char *at = answer; (at = strstr(at, line)); at++)
        if ((at == answer || at[-1] == '\n') && at[length] == '\n')
            return;
    fail_msg("\"%s\" is not told: %s", line, answer);
}

static void a_probe_tells_the_owner_the_calls_and_the_version(void **state)
{
    (void)state;
    char self[4096], line[5000];
    require_go();
    assert_non_null(realpath(GO_MAP, self));
    probe("", "'purge=debug.FreeOSMemory()' 'collect=runtime.GC()' 'version=string: runtime.Version()' "
              "'a=int: no.such(1)' 'b=int: debug.SetGCPercent(100)' 'c=string: debug.SetGCPercent(-1)' "
              "'d=int: debug.SetGCPercent(-1)' 'e=bool: debug.SetMemoryLimit(-1)'");
    snprintf(line, sizeof line, "owner=%s", self);
    assert_line(line);
    snprintf(line, sizeof line, "purge.debug.FreeOSMemory=%s", self);
    assert_line(line);
    snprintf(line, sizeof line, "collect.runtime.GC=%s", self);
    assert_line(line);
    assert_non_null(strstr(answer, "\nversion=go1."));
    assert_line("missing.a=no.such");
    assert_line("missing.b=debug.SetGCPercent");
    assert_line("failed.c=string: debug.SetGCPercent(-1)");
    assert_line("d=100");
    assert_line("e=1");
    assert_null(strstr(answer, "malloc="));
    probe("", "purge='debug.freeOSMemory()'");
    assert_line("missing.purge=debug.freeOSMemory");
}

#define SETTINGS                                                                                             \
    "'gogc=int: debug.SetGCPercent(-1); int: debug.SetGCPercent(-1)' "                                       \
    "'limit=long: debug.SetMemoryLimit(-1)' 'madvdontneed=int: madvdontneed()'"

static void a_probe_reads_settings_as_they_are_in_force(void **state)
{
    (void)state;
    require_go();
    probe("", SETTINGS);
    assert_line("gogc=100");
    assert_line("limit=9223372036854775807");
    assert_line("madvdontneed=1");
    probe("GOGC=off GOMEMLIMIT=2250MiB GODEBUG=madvdontneed=0", SETTINGS);
    assert_line("gogc=-1");
    assert_line("limit=2359296000");
    assert_line("madvdontneed=0");
    probe("GODEBUG=madvdontned=0", SETTINGS); /* a misspelt one is ignored in silence */
    assert_line("madvdontneed=1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_each_mark_it_holds_the_records_of_hash_chained),
        cmocka_unit_test(the_heap_fields_tell_what_a_collection_frees_and_a_purge_gives_back),
        cmocka_unit_test(delete_keeps_the_buckets_and_nil_does_not),
        cmocka_unit_test(a_bad_argument_ends_it_with_one_line),
        cmocka_unit_test(it_takes_and_refuses_the_very_arguments_that_the_c_driver_does),
        cmocka_unit_test(its_language_of_calls_is_that_of_c),
        cmocka_unit_test(timing_single_operations_is_refused_and_the_reason_told),
        cmocka_unit_test(a_call_that_go_does_not_have_is_missing),
        cmocka_unit_test(a_closed_fd_4_ends_it_as_an_orphan),
        cmocka_unit_test(an_unread_fd_3_ends_it_as_an_orphan),
        cmocka_unit_test(a_probe_tells_the_owner_the_calls_and_the_version),
        cmocka_unit_test(a_probe_reads_settings_as_they_are_in_force),
    };
    return cmocka_run_group_tests_name("go_map", tests, NULL, NULL);
}
