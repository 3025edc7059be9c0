/* syscalls.h: every call of every thread is counted, each under its own name. The process that is counted is this
 * program itself, started again: it stands still until it is told to make its calls. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "driver/protocol.h"
#include "spawn.h"
#include "support.h"
#include "syscalls.h"

/* How often each thread makes each call: all different, so that none is taken for another. */
#define MAIN_CALLS                                                                                           \
    {                                                                                                        \
        [SYSCALLS_madvise] = 5, [SYSCALLS_munmap] = 11, [SYSCALLS_mmap] = 17, [SYSCALLS_brk] = 23            \
    }
#define EARLY_CALLS                                                                                          \
    {                                                                                                        \
        [SYSCALLS_madvise] = 101, [SYSCALLS_munmap] = 203, [SYSCALLS_mmap] = 307, [SYSCALLS_brk] = 409       \
    }
static const unsigned main_calls[SYSCALLS_COUNT] = MAIN_CALLS, early_calls[SYSCALLS_COUNT] = EARLY_CALLS;
#define LATER_ADVICE 1009

/* --- the process: at each go it makes its calls, and says so with a byte --- */

static int round_pipes[2][2]; /* main to its early thread, and back */
static char *page;

static void make_calls(const unsigned counts[SYSCALLS_COUNT])
{
    for (unsigned i = 0; i < counts[SYSCALLS_madvise]; i++)
        syscall(SYS_madvise, page, 1, MADV_NORMAL);
    for (unsigned i = 0; i < counts[SYSCALLS_munmap]; i++)
        syscall(SYS_munmap, page, 0); /* refused: a call all the same */
    for (unsigned i = 0; i < counts[SYSCALLS_mmap]; i++)
        syscall(SYS_mmap, NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < counts[SYSCALLS_brk]; i++)
        syscall(SYS_brk, 0);
}

static void pass_byte(int from, int to)
{
    char byte;
    if (read(from, &byte, 1) != 1 || write(to, &byte, 1) != 1)
        _exit(PROTOCOL_EXIT_ORPHAN);
}

/* Lives on behind its calls. */
static void *call_early(void *nothing)
{
    char byte;
    while (read(round_pipes[0][0], &byte, 1) == 1) {
        make_calls(early_calls);
        if (write(round_pipes[1][1], &byte, 1) != 1)
            break;
    }
    return nothing;
}

static void *call_later(void *ends)
{
    for (unsigned i = 0; i < LATER_ADVICE; i++)
        syscall(SYS_madvise, page, 1, MADV_NORMAL);
    pass_byte(round_pipes[0][0], round_pipes[1][1]);
    while (!ends)
        pause();
    return NULL;
}

static void start_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, argument) != 0)
        _exit(1);
}

/* Before main, as allocators do. */
__attribute__((constructor)) static void begin(void)
{
    const char *play = getenv("PLAY");
    if (!play)
        return;
    page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || pipe(round_pipes[0]) != 0 || pipe(round_pipes[1]) != 0)
        _exit(1);
    if (strcmp(play, "early") == 0)
        start_thread(call_early, NULL);
}

static int play_process(const char *play)
{
    const char byte = 'x';
    if (write(PROTOCOL_MARK_FD, &byte, 1) != 1)
        return PROTOCOL_EXIT_ORPHAN;
    for (;;) {
        pass_byte(PROTOCOL_GO_FD, round_pipes[0][1]);
        if (strcmp(play, "early") == 0)
            make_calls(main_calls);
        else
            start_thread(call_later, strcmp(play, "gone") == 0 ? &round_pipes : NULL);
        pass_byte(round_pipes[1][0], PROTOCOL_MARK_FD);
    }
}

/* --- its counters --- */

struct counted {
    pid_t pid;
    int mark_fd, go_fd;
    struct syscalls *syscalls;
};

static void open_counters(pid_t pid, void *data)
{
    struct counted *counted = data;
    g_autoptr(GError) error = NULL;
    counted->syscalls = syscalls_open(syscalls_tracefs, pid, &error);
    if (!counted->syscalls)
        fail_msg("%s", error->message);
}

static void await_byte(const struct counted *counted)
{
    char byte;
    assert_int_equal(read(counted->mark_fd, &byte, 1), 1);
}

static void open_counted(struct counted *counted, char *play)
{
    g_autoptr(GError) why = NULL;
    if (!syscalls_possible(syscalls_tracefs, &why)) {
        print_message("%s\n", why->message);
        skip();
    }
    int mark[2], go[2];
    char *environment[] = {play, NULL}, *arguments[] = {play, NULL};
    assert_int_equal(pipe2(mark, O_CLOEXEC), 0);
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL); /* ours, also under valgrind */
    const struct spawn_spec spec = {.program = program,
                                    .arguments = arguments,
                                    .environment = environment,
                                    .before_exec = open_counters,
                                    .data = counted};
    counted->pid = spawn(&spec, STDERR_FILENO, mark[1], go[0], &why);
    if (counted->pid == 0)
        fail_msg("%s", why->message);
    close(mark[1]);
    close(go[0]);
    counted->mark_fd = mark[0];
    counted->go_fd = go[1];
    await_byte(counted);
}

/* One go: what it has called when it stands still again. */
static void count_round(const struct counted *counted, uint64_t calls[SYSCALLS_COUNT])
{
    uint64_t before[SYSCALLS_COUNT];
    assert_true(syscalls_read(counted->syscalls, before));
    assert_int_equal(write(counted->go_fd, "g", 1), 1);
    await_byte(counted);
    assert_true(syscalls_read(counted->syscalls, calls));
    for (int i = 0; i < SYSCALLS_COUNT; i++)
        calls[i] -= before[i];
}

static void close_counted(struct counted *counted)
{
    kill(counted->pid, SIGKILL);
    waitpid(counted->pid, NULL, 0);
    close(counted->mark_fd);
    close(counted->go_fd);
    syscalls_close(counted->syscalls);
}

/* --- claims --- */

/* Its runtime makes calls of its own when a thread begins, or ends. */
static void skip_where_sanitized(void)
{
    if (TEST_SANITIZED)
        skip();
}

static void every_call_is_counted_by_its_name_also_of_a_thread_started_before_main(void **state)
{
    (void)state;
    static char play[] = "PLAY=early";
    skip_where_sanitized();
    struct counted counted;
    open_counted(&counted, play);
    for (int round = 0; round < 2; round++) {
        uint64_t calls[SYSCALLS_COUNT];
        count_round(&counted, calls);
        for (int i = 0; i < SYSCALLS_COUNT; i++)
            if (calls[i] != main_calls[i] + early_calls[i])
                fail_msg("%s: %" G_GUINT64_FORMAT " calls where %u were made", syscalls_names[i], calls[i],
                         main_calls[i] + early_calls[i]);
    }
    close_counted(&counted);
}

/* Its stack is mapped, so of the others only the least is known. */
static void count_later_thread(char *play)
{
    struct counted counted;
    open_counted(&counted, play);
    uint64_t calls[SYSCALLS_COUNT];
    count_round(&counted, calls);
    assert_int_equal(calls[SYSCALLS_madvise], LATER_ADVICE);
    assert_true(calls[SYSCALLS_mmap] >= 1);
    close_counted(&counted);
}

static void a_thread_started_later_is_counted_while_it_lives(void **state)
{
    (void)state;
    static char play[] = "PLAY=lives";
    skip_where_sanitized();
    count_later_thread(play);
}

/* What a process has called stays known when it is gone, its threads first. */
static void calls_of_a_process_that_is_gone_can_still_be_read(void **state)
{
    (void)state;
    static char play[] = "PLAY=gone";
    struct counted counted;
    open_counted(&counted, play);
    uint64_t before[SYSCALLS_COUNT], after[SYSCALLS_COUNT];
    count_round(&counted, before);
    assert_true(syscalls_read(counted.syscalls, before));
    kill(counted.pid, SIGKILL);
    assert_int_equal(waitpid(counted.pid, NULL, 0), counted.pid);
    assert_true(syscalls_read(counted.syscalls, after));
    for (int i = 0; i < SYSCALLS_COUNT; i++)
        assert_true(after[i] >= before[i]);
    assert_true(after[SYSCALLS_madvise] >= LATER_ADVICE);
    close_counted(&counted);
}

static void assert_not_possible(const char *folder, const char *const *parts)
{
    const char *const tracefs[] = {folder, NULL};
    g_autoptr(GError) error = NULL;
    assert_false(syscalls_possible(tracefs, &error));
    support_assert_error(&error, EXIT_SYSTEM, parts);
}

static void what_is_missing_is_told_with_what_to_do(void **state)
{
    const char *folder = *state;
    g_autofree char *absent = g_build_filename(folder, "absent", NULL);
    assert_not_possible(absent, (const char *const[]){absent, "no such folder", "container", NULL});
    assert_not_possible(folder, (const char *const[]){folder, "not mounted", "mount -t tracefs", NULL});
    support_write(folder, "events/sched/enable", "0\n");
    assert_not_possible(folder, (const char *const[]){"CONFIG_FTRACE_SYSCALLS", NULL});
    support_write(folder, "events/syscalls/sys_enter_madvise/id", "many\n");
    assert_not_possible(folder, (const char *const[]){"sys_enter_madvise/id", "not a number", NULL});
    support_write(folder, "events/syscalls/sys_enter_madvise/id", "18446744073709551615\n");
    assert_not_possible(folder, (const char *const[]){"perf_event_open", NULL});
}

static void tracefs_is_looked_for_in_the_second_folder_when_it_is_not_in_the_first(void **state)
{
    g_autofree char *second = g_build_filename(*state, "second", NULL);
    const char *const tracefs[] = {*state, second, NULL};
    g_autoptr(GError) error = NULL;
    support_write(second, "events/syscalls/sys_enter_madvise/id", "many\n");
    assert_false(syscalls_possible(tracefs, &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){second, "not a number", NULL});
}

static void a_process_that_is_not_there_is_not_counted(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(syscalls_open(syscalls_tracefs, G_MAXINT, &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){"system calls cannot be counted", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_is_counted_by_its_name_also_of_a_thread_started_before_main),
        cmocka_unit_test(a_thread_started_later_is_counted_while_it_lives),
        cmocka_unit_test(calls_of_a_process_that_is_gone_can_still_be_read),
        SUPPORT_TEST(what_is_missing_is_told_with_what_to_do),
        SUPPORT_TEST(tracefs_is_looked_for_in_the_second_folder_when_it_is_not_in_the_first),
        cmocka_unit_test(a_process_that_is_not_there_is_not_counted),
    };
    const char *play = getenv("PLAY");
    return play ? play_process(play) : cmocka_run_group_tests(tests, NULL, NULL);
}
