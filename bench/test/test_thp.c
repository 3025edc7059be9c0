/* thp.h: the modes, and that a borrowed one comes back whatever happens to the borrower. The system's own file
 * is left alone: a file with the same words stands for it. */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include "support.h"
#include "thp.h"

static void the_mode_is_the_word_in_brackets_and_a_kernel_without_has_never(void **state)
{
    (void)state;
    assert_int_equal(thp_parse_system("always [madvise] never\n"), THP_MADVISE);
    assert_int_equal(thp_parse_system("[always] madvise never"), THP_ALWAYS);
    assert_int_equal(thp_parse_system("always madvise [never]\n"), THP_NEVER);
    assert_int_equal(thp_read("/no/such/file"), THP_NEVER);
}

static void a_mode_is_one_of_three_words(void **state)
{
    (void)state;
    enum thp_mode mode = THP_AS_IS;
    assert_true(thp_parse("always", &mode));
    assert_int_equal(mode, THP_ALWAYS);
    assert_false(thp_parse("", &mode)); /* the name of THP_AS_IS is no word of a plan */
    assert_false(thp_parse("Always", &mode));
    assert_false(thp_parse("inherit", &mode));
    assert_int_equal(mode, THP_ALWAYS);
}

static void never_holds_under_every_mode_and_the_others_need_the_systems(void **state)
{
    (void)state;
    for (int system = THP_NEVER; system < THP_MODES; system++) {
        assert_true(thp_suffices(THP_AS_IS, (enum thp_mode)system));
        assert_true(thp_suffices(THP_NEVER, (enum thp_mode)system));
        assert_true(thp_suffices(THP_ALWAYS, (enum thp_mode)system) == (system == THP_ALWAYS));
        assert_true(thp_suffices(THP_MADVISE, (enum thp_mode)system) == (system == THP_MADVISE));
    }
}

/* FOLDER/enabled */
static char *mode_file(const char *folder)
{
    return support_new_file(folder, "enabled", "always [madvise] never\n");
}

static struct thp *borrowed(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct thp *thp = thp_borrow(path, &error);
    if (!thp)
        fail_msg("%s", error->message);
    return thp;
}

static void a_borrowed_mode_is_changed_as_runs_need_it_and_given_back(void **state)
{
    g_autofree char *path = mode_file(*state);
    struct thp *thp = borrowed(path);
    assert_true(thp_holds(thp, THP_AS_IS) && thp_holds(thp, THP_MADVISE) && thp_holds(thp, THP_NEVER));
    assert_false(thp_holds(thp, THP_ALWAYS));
    assert_true(thp_set(thp, THP_NEVER, NULL)); /* private to the process: the system keeps its mode */
    assert_int_equal(thp_read(path), THP_MADVISE);
    assert_true(thp_set(thp, THP_ALWAYS, NULL));
    assert_int_equal(thp_read(path), THP_ALWAYS);
    assert_true(thp_holds(thp, THP_ALWAYS) && thp_holds(thp, THP_NEVER));
    assert_false(thp_holds(thp, THP_AS_IS)); /* as it was, not as it is now */
    assert_true(thp_set(thp, THP_AS_IS, NULL));
    assert_int_equal(thp_read(path), THP_MADVISE);
    assert_true(thp_set(thp, THP_ALWAYS, NULL));
    assert_true(thp_give_back(thp, NULL));
    assert_int_equal(thp_read(path), THP_MADVISE);
}

static void where_nothing_is_borrowed_every_mode_holds_and_nothing_is_changed(void **state)
{
    (void)state;
    assert_true(thp_holds(NULL, THP_ALWAYS));
    assert_true(thp_set(NULL, THP_ALWAYS, NULL));
    assert_true(thp_give_back(NULL, NULL));
}

static void only_one_run_borrows_the_mode_and_the_next_may_when_it_is_back(void **state)
{
    g_autofree char *path = mode_file(*state);
    g_autoptr(GError) error = NULL;
    struct thp *thp = borrowed(path);
    assert_null(thp_borrow(path, &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){path, "another run", NULL});
    assert_true(thp_give_back(thp, NULL));
    assert_true(thp_give_back(borrowed(path), NULL));
}

static void a_file_that_cannot_be_written_is_told_with_what_it_needs(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(thp_borrow("/no/such/file", &error));
    support_assert_error(&error, EXIT_SYSTEM,
                         (const char *const[]){"--set-thp", "/no/such/file", "root", NULL});
}

/* --- whatever happens to the borrower --- */

/* The guardian holds the lock until it has put the mode back. */
static void wait_for_guardian(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    close(fd);
}

/* A process that borrows the mode, sets it to always, and then sleeps, in a process group of its own. */
static pid_t start_borrower(const char *path)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        struct thp *thp = thp_borrow(path, NULL);
        if (!thp || !thp_set(thp, THP_ALWAYS, NULL) || write(ready[1], "r", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(thp_read(path), THP_ALWAYS);
    return pid;
}

/* `whom` as kill(2) has it, from the borrower's pid: itself, or its group. */
static void comes_back_after(const char *folder, int signal_number, bool group)
{
    int status;
    g_autofree char *path = mode_file(folder);
    pid_t pid = start_borrower(path);
    assert_int_equal(kill(group ? -pid : pid, signal_number), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal_number);
    wait_for_guardian(path);
    assert_int_equal(thp_read(path), THP_MADVISE);
}

static void the_mode_comes_back_when_the_borrower_is_killed(void **state)
{
    comes_back_after(*state, SIGKILL, false);
}

static void it_comes_back_when_the_whole_process_group_is_killed(void **state)
{
    comes_back_after(*state, SIGKILL, true);
}

static void it_comes_back_when_the_borrower_crashes(void **state)
{
    comes_back_after(*state, SIGABRT, false);
}

/* The one child of this process; 0 where the kernel does not tell. */
static pid_t only_child(void)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
    g_autofree char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? (pid_t)g_ascii_strtoll(text, NULL, 10) : 0;
}

static void the_terminals_signals_do_not_end_the_guardian(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    g_autofree char *path = mode_file(*state);
    struct thp *thp = borrowed(path);
    pid_t guardian = only_child();
    assert_true(thp_set(thp, THP_ALWAYS, NULL));
    for (unsigned i = 0; guardian > 0 && i < G_N_ELEMENTS(signals); i++)
        assert_int_equal(kill(guardian, signals[i]), 0);
    assert_true(thp_give_back(thp, NULL));
    assert_int_equal(thp_read(path), THP_MADVISE);
}

static void a_guardian_that_was_killed_is_told_with_the_command_that_mends_it(void **state)
{
    g_autofree char *path = mode_file(*state);
    g_autoptr(GError) error = NULL;
    struct thp *thp = borrowed(path);
    pid_t guardian = only_child();
    assert_true(thp_set(thp, THP_ALWAYS, NULL));
    if (guardian == 0) {
        assert_true(thp_give_back(thp, NULL));
        return;
    }
    assert_int_equal(kill(guardian, SIGKILL), 0);
    assert_false(thp_give_back(thp, &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){"echo madvise > ", path, NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mode_is_the_word_in_brackets_and_a_kernel_without_has_never),
        cmocka_unit_test(a_mode_is_one_of_three_words),
        cmocka_unit_test(never_holds_under_every_mode_and_the_others_need_the_systems),
        SUPPORT_TEST(a_borrowed_mode_is_changed_as_runs_need_it_and_given_back),
        cmocka_unit_test(where_nothing_is_borrowed_every_mode_holds_and_nothing_is_changed),
        SUPPORT_TEST(only_one_run_borrows_the_mode_and_the_next_may_when_it_is_back),
        cmocka_unit_test(a_file_that_cannot_be_written_is_told_with_what_it_needs),
        SUPPORT_TEST(the_mode_comes_back_when_the_borrower_is_killed),
        SUPPORT_TEST(it_comes_back_when_the_whole_process_group_is_killed),
        SUPPORT_TEST(it_comes_back_when_the_borrower_crashes),
        SUPPORT_TEST(the_terminals_signals_do_not_end_the_guardian),
        SUPPORT_TEST(a_guardian_that_was_killed_is_told_with_the_command_that_mends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
