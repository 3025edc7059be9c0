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

#define GO_MAP TEST_BUILD_DIR "/workloads/go_map"
#define HASH_CHAINED TEST_BUILD_DIR "/workloads/hash_chained"

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
        "records=0 keys=fresh survivors_ppm=500000",
        "records=200 keys=fresh survivors_ppm=1000000 order=reverse",
        "records=50 seed=18446744073709551615",
        "records=20 strings=40 length=5000..9000",
    };
    require_go();
    for (unsigned i = 0; i < 24; i++) {
        char shape[200];
        snprintf(
            shape, sizeof shape,
            "records=500 strings=1..3 length=15..30 order=%s removal=%s survivors_ppm=%d keys=%s seed=11 "
            "workers=%u",
            orders[i % 3], i / 3 % 2 ? "delete" : "free", i / 6 % 2 ? 100000 : 0, i / 12 ? "fresh" : "same",
            1 + i % 2);
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
        cmocka_unit_test(a_closed_fd_4_ends_it_as_an_orphan),
        cmocka_unit_test(an_unread_fd_3_ends_it_as_an_orphan),
        cmocka_unit_test(a_probe_tells_the_owner_the_calls_and_the_version),
        cmocka_unit_test(a_probe_reads_settings_as_they_are_in_force),
    };
    return cmocka_run_group_tests_name("go_map", tests, NULL, NULL);
}
