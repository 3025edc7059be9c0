/* What of `api` can be seen from outside its sockets: whose thread works, and what libmicrohttpd asks of the allocator
 * beside the map, counted by the preload `count`. */
#include "count.h"
#include "served.h"
#include "threads.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define PROGRAM TEST_BUILD_DIR "/services/api"
#define CONTROL TEST_BUILD_DIR "/workloads/test/libcount.so"
#define ARGUMENTS                                                                                            \
    "records=20000 purge=malloc_trim(0) walk=build,hold,drop,silent:0,rebuild,hold,redrop,purge,silent:0"
#define BUILD "POST /build?records=20000"
/* At most so much is libmicrohttpd's while a request is going on: its connection and a pool of 32 KiB, and what a
 * thread takes from the allocator. */
#define REQUEST_BYTES_MAX 40000

/* The marks of ARGUMENTS. */
enum {
    BASELINE,
    BUILT,
    HELD,
    DROPPED,
    SILENT,
    REBUILT,
    HELD_AGAIN,
    REDROPPED,
    PURGED,
    SILENT_AGAIN,
    END,
    MARKS
};

static const char *const phases[MARKS] = {"baseline", "build",  "hold",  "drop",   "silent", "rebuild",
                                          "hold",     "redrop", "purge", "silent", "end"};

static struct told marks[MARKS];
static struct threads threads[MARKS];
static struct count counts[MARKS];
static struct count *shared;
static int shared_fd;

static int share_counters(void **state)
{
    (void)state;
    shared_fd = memfd_create("count", MFD_CLOEXEC);
    if (shared_fd < 0 || ftruncate(shared_fd, sizeof *shared) != 0)
        return -1;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd, 0);
    return shared == MAP_FAILED ? -1 : 0;
}

/* Which request is to be sent for the phase behind this mark. */
static const char *request_of(unsigned next)
{
    return next == BUILT || next == REBUILT ? BUILD : next == PURGED ? "POST /release" : NULL;
}

/* The whole walk; at each mark all threads sleep before they are read. */
static void walk_by(const struct start *start)
{
    struct served served;
    struct answer answer;
    int connection = -1;
    memset(shared, 0, sizeof *shared);
    served_start_to_baseline(&served, start, &marks[BASELINE]);
    for (unsigned i = BASELINE; i < MARKS; i++) {
        if (i > BASELINE)
            served_read_mark(&served, phases[i], &marks[i]);
        threads_read(&served.child, &threads[i]);
        counts[i] = *shared;
        if (i == DROPPED || i == REDROPPED || i == PURGED)
            served_receive(connection, &answer);
        if (request_of(i + 1))
            connection = served_send(&served, request_of(i + 1));
        child_go(&served.child);
    }
    assert_int_equal(child_end(&served.child), PROTOCOL_EXIT_DONE);
}

static void walk(const char *preload)
{
    walk_by(&(struct start){PROGRAM, ARGUMENTS, preload, .count_fd = preload ? shared_fd : 0});
}

static void a_request_has_a_thread_of_its_own_which_is_gone_at_the_mark_of_the_drop(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip(); /* its runtime may have threads of its own */
    enum { MAIN, LISTENER, WORKER };
    walk(NULL);
    assert_int_equal(threads[BASELINE].count, 2); /* the null request's is gone */
    assert_int_equal(threads[BUILT].count, 3);
    assert_int_equal(threads[HELD].ids[WORKER], threads[BUILT].ids[WORKER]);
    assert_true(threads[HELD].ran_ns[WORKER] > threads[BUILT].ran_ns[WORKER]);
    assert_true(threads[BUILT].ran_ns[WORKER] > threads[BUILT].ran_ns[MAIN] - threads[BASELINE].ran_ns[MAIN]);
    assert_int_equal(threads[DROPPED].count, 2);
    assert_int_equal(threads[REBUILT].count, 3);
    assert_int_not_equal(threads[REBUILT].ids[WORKER], threads[BUILT].ids[WORKER]);
    assert_int_equal(threads[REDROPPED].count, 2);
    assert_int_equal(threads[PURGED].count, 2);
    assert_int_equal(threads[END].count, 1);
}

/* The call never returns: only who does not make it can still see that the orchestrator is gone. */
static void the_purge_is_made_by_the_thread_of_its_request(void **state)
{
    (void)state;
    struct served served;
    const struct start start = {.program = PROGRAM, .arguments = "purge=pause() walk=purge"};
    served_start_to_baseline(&served, &start, &marks[BASELINE]);
    child_go(&served.child);
    int releasing = served_send(&served, "POST /release");
    do
        threads_read(&served.child, &threads[0]);
    while (threads[0].count < 3);
    assert_int_equal(child_end(&served.child), PROTOCOL_EXIT_ORPHAN);
    close(releasing);
}

static uint64_t beside_the_map(unsigned mark)
{
    return counts[mark].live_bytes - marks[mark].mark.live_bytes;
}

static void beside_the_map_there_is_a_connection_while_one_is_open_and_nothing_behind_it(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    walk(CONTROL);
    uint64_t idle = beside_the_map(BASELINE);
    for (unsigned i = BASELINE; i < END; i++) {
        bool is_open = i == BUILT || i == HELD || i == REBUILT || i == HELD_AGAIN;
        uint64_t bytes = beside_the_map(i);
        if (is_open ? bytes <= idle || bytes > idle + REQUEST_BYTES_MAX : bytes != idle)
            fail_msg("at the mark %s (%u) %" PRIu64 " bytes beside the map, and %" PRIu64 " at the baseline",
                     phases[i], i, bytes, idle);
    }
    assert_int_equal(marks[END].mark.live_blocks, 0);
    assert_true(counts[END].live_bytes < idle); /* the listener's are gone as well */
    print_message("libmicrohttpd: %" PRIu64 " bytes in %" PRIu64
                  " blocks beside the map at the baseline, %" PRIu64 " more while a build is going on\n",
                  idle, (uint64_t)counts[BASELINE].live_blocks, beside_the_map(HELD) - idle);
}

static void silence_is_silent(void **state)
{
    (void)state;
    if (TEST_SANITIZED)
        skip();
    walk(CONTROL);
    assert_int_equal(counts[SILENT].calls, counts[DROPPED].calls);
    assert_int_equal(counts[SILENT_AGAIN].calls, counts[PURGED].calls);
}

static void each_mark_agrees_with_the_shape(void **state)
{
    (void)state;
    walk(NULL);
    for (unsigned i = BASELINE; i < MARKS; i++) {
        assert_int_equal(marks[i].mark.live_bytes, marks[i].mark.shape_bytes);
        assert_int_equal(marks[i].mark.checksum, marks[i].mark.shape_checksum);
        assert_int_equal(marks[i].mark.scratch_bytes, marks[BASELINE].mark.scratch_bytes);
    }
    assert_true(marks[HELD].mark.live_bytes > 0 && marks[HELD].mark.checksum > 0);
}

static void valgrind_finds_no_leak_and_no_error(void **state)
{
    (void)state;
    if (TEST_SANITIZED || access(VALGRIND, X_OK) != 0)
        skip();
    walk_by(&(struct start){.program = VALGRIND,
                            .arguments = "-q --leak-check=full --error-exitcode=9 " PROGRAM " " ARGUMENTS});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_a_thread_of_its_own_which_is_gone_at_the_mark_of_the_drop),
        cmocka_unit_test(the_purge_is_made_by_the_thread_of_its_request),
        cmocka_unit_test(beside_the_map_there_is_a_connection_while_one_is_open_and_nothing_behind_it),
        cmocka_unit_test(silence_is_silent),
        cmocka_unit_test(each_mark_agrees_with_the_shape),
        cmocka_unit_test(valgrind_finds_no_leak_and_no_error),
    };
    return cmocka_run_group_tests_name("api", tests, share_counters, NULL);
}
