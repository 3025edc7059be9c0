/* offspring.h: a child is seen while it lives and when it has been waited for; a process without one is clean. */
#include <signal.h>
#include <unistd.h>

#include "offspring.h"
#include "support.h"

static void faults_of_children_are_found_whatever_the_process_is_called(void **state)
{
    (void)state;
    static const char *const names[] = {"plain", "two words", "a) S 1 1 1 1 1 1 1 99 1 99", ")", "("};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *line = g_strdup_printf("12 (%s) S 1 12 12 0 -1 4194560 100 7 3 2 55 66", names[i]);
        guint64 faults = 0;
        assert_true(offspring_parse_stat(line, &faults));
        assert_int_equal(faults, 9);
    }
    guint64 faults;
    assert_false(offspring_parse_stat("", &faults));
    assert_false(offspring_parse_stat("12 (short) S 1 2 3", &faults));
}

/* A process of our own that does as `act` says, tells us, and waits. */
static pid_t start(void (*act)(void))
{
    int told[2];
    char byte;
    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        act();
        if (write(told[1], "x", 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    close(told[0]);
    close(told[1]);
    return pid;
}

static void do_nothing(void)
{
}

static void have_child(void)
{
    pid_t child = fork();
    while (child == 0)
        pause();
}

static void have_had_child(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
}

static bool is_seen(void (*act)(void))
{
    pid_t pid = start(act);
    bool seen = offspring_seen(pid);
    offspring_kill(pid);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return seen;
}

static void a_child_is_seen_alive_or_waited_for(void **state)
{
    (void)state;
    assert_false(is_seen(do_nothing));
    assert_true(is_seen(have_child));
    assert_true(is_seen(have_had_child));
    assert_false(offspring_seen(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_children_are_found_whatever_the_process_is_called),
        cmocka_unit_test(a_child_is_seen_alive_or_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
