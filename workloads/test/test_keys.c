/* keys=fresh: each build makes records that have never been, and the survivors of all builds stay. For all workloads. */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CYCLES 10
#define AGAIN ",rebuild,hold,redrop,ticking:0,purge"
#define WALK "build,hold,drop,ticking:100,purge" AGAIN AGAIN AGAIN AGAIN AGAIN AGAIN AGAIN AGAIN AGAIN
enum { BUILD = 1, HOLD, DROP, TICKING, PURGE, PHASES = 5, MARKS = 2 + CYCLES * PHASES };

static struct told marks[CHILD_MARKS_MAX];
static char title[CHILD_TITLE_MAX]; /* of the walk the marks are from */

static unsigned walk_through(const char *program, const char *arguments)
{
    snprintf(title, sizeof title, "%s %s", workloads_name(program), arguments);
    return child_walk(&(struct start){.program = program, .arguments = arguments}, marks);
}

static void claim(bool holds, const char *what, unsigned at)
{
    if (!holds)
        fail_msg("%s: at mark %u (%s): %s does not hold", title, at, marks[at].phase, what);
}

#define CLAIM(at, condition) claim(condition, #condition, at)

static const struct mark *mark_of(unsigned cycle, unsigned phase)
{
    return &marks[cycle * PHASES + phase].mark;
}

static void assert_marks_agree(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct mark *mark = &marks[i].mark;
        CLAIM(i, mark->live_bytes == mark->shape_bytes);
        CLAIM(i, mark->checksum == mark->shape_checksum);
        CLAIM(i, mark->scratch_bytes == marks[0].mark.scratch_bytes);
    }
    CLAIM(count - 1, marks[count - 1].mark.live_bytes == 0);
    CLAIM(count - 1, marks[count - 1].mark.live_blocks == 0);
}

/* 1 % of 2000 records in each cycle, chosen by their keys: some 20, of at least three blocks. */
static void assert_grows(void)
{
    uint64_t before = 0, checksum = 0;
    for (unsigned cycle = 0; cycle < CYCLES; cycle++) {
        unsigned at = cycle * PHASES + DROP;
        const struct mark *hold = mark_of(cycle, HOLD), *drop = mark_of(cycle, DROP);
        CLAIM(at, drop->live_blocks >= before + UINT64_C(5) * 3);
        CLAIM(at, drop->live_blocks <= before + UINT64_C(50) * 6);
        CLAIM(at, drop->checksum != checksum);
        CLAIM(at, hold->live_blocks >= before + UINT64_C(2000) * 3);
        CLAIM(at, mark_of(cycle, PURGE)->live_blocks == drop->live_blocks);
        CLAIM(at, mark_of(cycle, PURGE)->checksum == drop->checksum);
        before = drop->live_blocks;
        checksum = drop->checksum;
    }
}

static void walk_cycles(const char *program)
{
    static const char *const drops[] = {"order=hash", "order=insertion", "order=reverse workers=2",
                                        "order=hash removal=delete", "order=insertion removal=delete"};
    for (unsigned i = 0; i < sizeof drops / sizeof *drops; i++) {
        char arguments[700];
        snprintf(arguments, sizeof arguments,
                 "records=2000 strings=1..3 %s keys=fresh survivors_ppm=10000 seed=3 "
                 "purge=malloc_trim(0) walk=" WALK,
                 drops[i]);
        unsigned count = walk_through(program, arguments);
        CLAIM(0, count == MARKS);
        assert_marks_agree(count);
        if (mark_of(0, HOLD)->live_blocks > 0) /* else it asks the allocator for nothing */
            assert_grows();
    }
}

static void the_survivors_of_ten_builds_stay_and_every_mark_counts_them(void **state)
{
    (void)state;
    workloads_each(walk_cycles);
}

/* Where all survive, three builds make what one of three times as many records makes. */
static void build_in_parts(const char *program)
{
    uint64_t checksums[2], blocks[2];
    static const char *const walks[] = {
        "records=3000 walk=build,hold",
        "records=1000 keys=fresh survivors_ppm=1000000 walk=build,drop,rebuild,redrop,rebuild,hold"};
    for (unsigned i = 0; i < 2; i++) {
        unsigned count = walk_through(program, walks[i]);
        assert_marks_agree(count);
        checksums[i] = told_of(marks, count, "hold")->checksum;
        blocks[i] = told_of(marks, count, "hold")->live_blocks;
    }
    assert_int_equal(checksums[1], checksums[0]);
    if (strcmp(workloads_name(program), "hash_open") == 0 ||
        strcmp(workloads_name(program), "hash_chained") == 0)
        assert_int_equal(blocks[1], blocks[0]);
}

static void build_number_i_makes_the_records_from_i_times_records_on(void **state)
{
    (void)state;
    workloads_each(build_in_parts);
}

static void walk_odd_shapes(const char *program)
{
    static const char *const odd[] = {"records=0 survivors_ppm=500000", "records=1 survivors_ppm=1000000",
                                      "records=200", "records=200 removal=delete",
                                      "records=200 survivors_ppm=1000000 removal=delete order=insertion"};
    for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
        char arguments[700];
        snprintf(arguments, sizeof arguments, "%s keys=fresh purge=malloc_trim(0) walk=" WALK, odd[i]);
        unsigned count = walk_through(program, arguments);
        CLAIM(0, count == MARKS);
        assert_marks_agree(count);
    }
}

static void odd_shapes_have_fresh_keys_too(void **state)
{
    (void)state;
    workloads_each(walk_odd_shapes);
}

/* The same records again, but for those that are there: also where the walk calls it a build. */
static void build_twice(const char *program)
{
    unsigned count =
        walk_through(program, "records=1000 survivors_ppm=500000 walk=build,hold,drop,build,hold");
    assert_marks_agree(count);
    assert_int_equal(marks[5].mark.checksum, marks[2].mark.checksum);
    assert_int_equal(marks[5].mark.live_blocks, marks[2].mark.live_blocks);
}

static void the_same_keys_are_never_there_twice(void **state)
{
    (void)state;
    workloads_each(build_twice);
}

static void assert_counts(const char *line, unsigned count)
{
    char expected[64];
    snprintf(expected, sizeof expected, " count=%u shape_count=%u ", count, count);
    if (!strstr(line, expected))
        fail_msg("%s: \"%s\" has not%s", title, line, expected);
}

/* Every insert and delete of the build's own records is timed, and those that survived others are not. */
static void time_cycles(const char *program)
{
    if (strcmp(workloads_name(program), "mapped") == 0)
        return; /* it has no records */
    const char *arguments = "records=1000 keys=fresh survivors_ppm=200000 latency=yes "
                            "walk=build,drop,rebuild,redrop,rebuild,redrop";
    walk_through(program, arguments);
    for (unsigned at = 1; at < 7; at += 2) {
        const char *count = strstr(marks[at + 1].latency, " count=");
        unsigned dropped = 0;
        assert_counts(marks[at].latency, 1000);
        assert_true(count && sscanf(count, " count=%u", &dropped) == 1);
        assert_counts(marks[at + 1].latency, dropped);
        assert_true(dropped > 700 && dropped < 900);
    }
}

static void every_workload_times_the_records_of_each_build_alone(void **state)
{
    (void)state;
    workloads_each(time_cycles);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_survivors_of_ten_builds_stay_and_every_mark_counts_them),
        cmocka_unit_test(build_number_i_makes_the_records_from_i_times_records_on),
        cmocka_unit_test(odd_shapes_have_fresh_keys_too),
        cmocka_unit_test(the_same_keys_are_never_there_twice),
        cmocka_unit_test(every_workload_times_the_records_of_each_build_alone),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
