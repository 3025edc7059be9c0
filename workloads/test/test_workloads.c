/* The contract of a workload, for all there are: see workload.h and driver/protocol.h. */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RECORDS 500
#define CALLS "purge=malloc_trim(0) collect=malloc_trim(1) "
#define WALK(ticking_ms) "build,hold,drop,silent:0,ticking:" #ticking_ms ",rebuild,hold,redrop,collect,purge"

static const char *const phases[] = {"baseline", "build", "hold",   "drop",    "silent", "ticking",
                                     "rebuild",  "hold",  "redrop", "collect", "purge",  "end"};
enum {
    BASELINE,
    BUILD,
    HOLD,
    DROP,
    SILENT,
    TICKING,
    REBUILD,
    HOLD_AGAIN,
    REDROP,
    COLLECT,
    PURGE,
    END,
    MARKS
};

static struct told marks[CHILD_MARKS_MAX];
static char title[512]; /* of the walk the marks are from */

static void walk_through(const char *program, const char *arguments)
{
    snprintf(title, sizeof title, "%s %s", workloads_name(program), arguments);
    unsigned count = child_walk(&(struct start){.program = program, .arguments = arguments}, marks);
    if (count != MARKS)
        fail_msg("%s: %u marks", title, count);
    for (unsigned i = 0; i < MARKS; i++)
        if (strcmp(marks[i].phase, phases[i]) != 0)
            fail_msg("%s: mark %u is %s, not %s", title, i, marks[i].phase, phases[i]);
}

static void claim(bool holds, const char *what, unsigned at)
{
    if (!holds)
        fail_msg("%s: at mark %u (%s): %s does not hold", title, at, marks[at].phase, what);
}

#define CLAIM(at, condition) claim(condition, #condition, at)

static void assert_marks_agree(void)
{
    for (unsigned i = 0; i < MARKS; i++) {
        const struct mark *mark = &marks[i].mark;
        CLAIM(i, mark->live_bytes == mark->shape_bytes);
        CLAIM(i, mark->checksum == mark->shape_checksum);
        CLAIM(i, mark->scratch_bytes == marks[BASELINE].mark.scratch_bytes);
        CLAIM(i, (mark->live_bytes == 0) == (mark->live_blocks == 0));
        CLAIM(i, mark->begin_ns <= mark->end_ns);
        CLAIM(i, i == 0 || marks[i - 1].mark.end_ns <= mark->begin_ns);
    }
    CLAIM(BASELINE, marks[BASELINE].mark.live_bytes == 0);
    CLAIM(BASELINE, marks[BASELINE].mark.scratch_bytes > 0);
    CLAIM(END, marks[END].mark.live_bytes == 0);
    CLAIM(END, marks[END].mark.live_blocks == 0);
}

/* What a drop leaves must stay as it is until the rebuild, and come again with the redrop. */
static void assert_dropped(bool deletes, bool survivors)
{
    const struct mark *hold = &marks[HOLD].mark, *drop = &marks[DROP].mark;
    bool has_table = strncmp(title, "hash_", 5) == 0;
    for (unsigned i = DROP; i < END; i == TICKING ? i = REDROP : i++) {
        CLAIM(i, marks[i].mark.checksum == drop->checksum);
        CLAIM(i, i >= REDROP || marks[i].mark.live_blocks == drop->live_blocks);
    }
    if (hold->live_blocks == 0) /* this one asks the allocator for nothing */
        return;
    CLAIM(HOLD, hold->live_blocks >= 3 * RECORDS); /* key, slice and a string each, at the least */
    CLAIM(HOLD, hold->checksum != 0);
    CLAIM(BUILD, marks[BUILD].mark.live_bytes == hold->live_bytes);
    CLAIM(HOLD_AGAIN, marks[HOLD_AGAIN].mark.checksum == hold->checksum);
    CLAIM(DROP, drop->checksum != hold->checksum);
    CLAIM(DROP, (drop->checksum != 0) == survivors);
    if (survivors) {
        CLAIM(DROP, drop->live_blocks > 3 * RECORDS / 20 && drop->live_blocks < hold->live_blocks / 5);
        return;
    }
    CLAIM(DROP, hold->live_blocks - drop->live_blocks >= 3 * RECORDS);
    CLAIM(DROP, drop->live_blocks == 0 || deletes);
    CLAIM(DROP, drop->live_blocks > 0 || !deletes || !has_table);
    CLAIM(REDROP, marks[REDROP].mark.live_bytes == drop->live_bytes);
    CLAIM(REBUILD, marks[REBUILD].mark.live_bytes == hold->live_bytes);
}

static void walk_all_shapes(const char *program)
{
    static const char *const orders[] = {"insertion", "reverse", "hash"};
    uint64_t checksum = 0;
    for (unsigned i = 0; i < 12; i++) {
        bool deletes = i / 3 % 2, survivors = i / 6;
        char arguments[400];
        snprintf(arguments, sizeof arguments,
                 "records=%d strings=1..3 length=15..30 order=%s removal=%s survivors_ppm=%d seed=11 "
                 "workers=%u " CALLS "walk=%s",
                 RECORDS, orders[i % 3], deletes ? "delete" : "free", survivors ? 100000 : 0, 1 + i % 2,
                 WALK(100));
        walk_through(program, arguments);
        assert_marks_agree();
        assert_dropped(deletes, survivors);
        if (i == 0)
            checksum = marks[HOLD].mark.checksum;
        CLAIM(HOLD, marks[HOLD].mark.checksum == checksum); /* however it will be dropped */
    }
}

static void every_workload_keeps_the_contract_in_every_shape(void **state)
{
    (void)state;
    workloads_each(walk_all_shapes);
}

static void walk_odd_shapes(const char *program)
{
    static const char *const odd[] = {"records=0",
                                      "records=0 removal=delete",
                                      "records=0 survivors_ppm=500000",
                                      "records=1",
                                      "records=1 survivors_ppm=1000000",
                                      "records=200 strings=0..3",
                                      "records=200 strings=0 removal=delete",
                                      "records=200 length=0..2 order=reverse",
                                      "records=200 length=0 strings=2",
                                      "records=13",
                                      "records=200 survivors_ppm=1000000",
                                      "records=200 survivors_ppm=1000000 removal=delete order=insertion",
                                      "records=50 seed=0",
                                      "records=50 seed=18446744073709551615",
                                      "records=20 strings=40 length=5000..9000"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char arguments[400];
        snprintf(arguments, sizeof arguments, "%s " CALLS "walk=%s", odd[i], WALK(0));
        walk_through(program, arguments);
        assert_marks_agree();
    }
}

static void every_workload_walks_odd_shapes(void **state)
{
    (void)state;
    workloads_each(walk_odd_shapes);
}

static void walk_twice_and_once_more(const char *program)
{
    uint64_t checksums[3];
    static const char *const seeds[3] = {"seed=5 " CALLS "walk=" WALK(0), "seed=5 " CALLS "walk=" WALK(0),
                                         "seed=6 " CALLS "walk=" WALK(0)};
    for (unsigned i = 0; i < 3; i++) {
        walk_through(program, seeds[i]);
        checksums[i] = marks[HOLD].mark.checksum;
    }
    CLAIM(HOLD, checksums[0] == checksums[1]);
    CLAIM(HOLD, checksums[0] != checksums[2] || marks[HOLD].mark.live_blocks == 0);
}

static void one_seed_gives_one_checksum_and_another_another(void **state)
{
    (void)state;
    workloads_each(walk_twice_and_once_more);
}

/* Starts, lets it pass `go` marks, and leaves it there. */
static int leave_after(const char *program, unsigned go)
{
    struct child child;
    struct told told;
    char errors[1024];
    child_start(&child, &(struct start){.program = program, .arguments = "records=50 walk=build,hold,drop"});
    for (unsigned i = 0; i <= go; i++) {
        assert_true(child_read_mark(&child, &told));
        if (i < go)
            child_go(&child);
    }
    return child_end_with_errors(&child, errors, sizeof errors);
}

static void leave_alone(const char *program)
{
    for (unsigned go = 0; go < 5; go++)
        if (leave_after(program, go) != PROTOCOL_EXIT_ORPHAN)
            fail_msg("%s goes on after mark %u, though fd 4 is closed", program, go);
}

static void a_closed_fd_4_ends_every_workload_as_an_orphan(void **state)
{
    (void)state;
    workloads_each(leave_alone);
}

/* Must end without a mark, with that code and one line that begins with its name. */
static void assert_refuses(const char *program, const char *arguments, int expected)
{
    struct child child;
    struct told told;
    char errors[1024];
    child_start(&child, &(struct start){.program = program, .arguments = arguments});
    bool marked = child_read_mark(&child, &told);
    int code = child_end_with_errors(&child, errors, sizeof errors);
    const char *name = workloads_name(program), *newline = strchr(errors, '\n');
    if (marked || code != expected || !newline || newline[1] || strncmp(errors, name, strlen(name)) != 0)
        fail_msg("%s: %s, ended with %d instead of %d and said: %s", child.title,
                 marked ? "marks" : "no mark", code, expected, errors);
}

static void refuse_arguments(const char *program)
{
    static const char *const bad[] = {
        "records=x",          "unknown=1",         "records=1 walk=build,nowhere",
        "walk=purge",         "walk=collect",      "walk=collect purge=malloc_trim(0)",
        "purge=malloc_trim(", "walk=build,silent", "port=8080"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refuses(program, bad[i], PROTOCOL_EXIT_USAGE);
}

static void a_bad_argument_ends_every_workload_with_one_line(void **state)
{
    (void)state;
    workloads_each(refuse_arguments);
}

static void miss_purge(const char *program)
{
    assert_refuses(program, "walk=build,drop,purge purge=no_such_purge(0)", PROTOCOL_EXIT_MISSING);
    assert_refuses(program, "walk=build,drop,purge purge=getpid();no_such_purge()", PROTOCOL_EXIT_MISSING);
    assert_refuses(program, "walk=build,drop,purge purge=debug.FreeOSMemory()", PROTOCOL_EXIT_MISSING);
    assert_refuses(program, "walk=build,drop,collect collect=no_such_collect()", PROTOCOL_EXIT_MISSING);
}

static void a_missing_purge_call_ends_every_workload_before_its_baseline(void **state)
{
    (void)state;
    workloads_each(miss_purge);
}

static void call_one(const char *program)
{
    static const char *const arguments[] = {
        "records=10 purge=malloc_trim(0) collect=abort() walk=build,drop,purge",
        "records=10 purge=abort() collect=malloc_trim(0) walk=build,drop,collect"};
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++)
        child_walk(&(struct start){.program = program, .arguments = arguments[i]}, marks);
}

static void a_purge_and_a_collect_run_each_their_own_call(void **state)
{
    (void)state;
    workloads_each(call_one);
}

static void deafen(const char *program)
{
    struct child child;
    char errors[1024];
    child_start(&child, &(struct start){.program = program, .marks_unread = true});
    if (child_end_with_errors(&child, errors, sizeof errors) != PROTOCOL_EXIT_ORPHAN)
        fail_msg("%s is no orphan, though nobody reads fd 3: %s", child.title, errors);
}

static void an_unread_fd_3_ends_every_workload_as_an_orphan(void **state)
{
    (void)state;
    workloads_each(deafen);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_workload_keeps_the_contract_in_every_shape),
        cmocka_unit_test(every_workload_walks_odd_shapes),
        cmocka_unit_test(one_seed_gives_one_checksum_and_another_another),
        cmocka_unit_test(a_closed_fd_4_ends_every_workload_as_an_orphan),
        cmocka_unit_test(an_unread_fd_3_ends_every_workload_as_an_orphan),
        cmocka_unit_test(a_bad_argument_ends_every_workload_with_one_line),
        cmocka_unit_test(a_purge_and_a_collect_run_each_their_own_call),
        cmocka_unit_test(a_missing_purge_call_ends_every_workload_before_its_baseline),
    };
    return cmocka_run_group_tests_name("workloads", tests, NULL, NULL);
}
