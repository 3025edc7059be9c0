/* Conditions and THP modes as a user meets them: what the program says, what reaches the processes, and what is
 * left of the system's mode when it is killed. */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "program.h"
#include "thp.h"

#define HEAD                                                                                                 \
    "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 100 ms\nticking = 100 ms\n"                     \
    "walk = build hold drop\ntimeout = 60 s\n"                                                               \
    "[shape s]\nrecords = 100k\nstrings = 1\nlength = 15\norder = hash\n"
#define CELLS(name, allocator, workload)                                                                     \
    "[cells " name "]\nallocators = " allocator "\nsettings = default\nworkloads = " workload "\nshapes = "  \
    "s\n"

/* The plan's run is FOLDER/run; `variable` (NULL: none) is in our environment, `option` (NULL) the last. */
static void run_plan(program_outcome *outcome, const char *folder, const char *plan_text,
                     const char *variable, const char *value, const char *option)
{
    g_autofree char *plan = support_new_file(folder, "plan.ini", plan_text);
    g_autofree char *data = g_build_filename(folder, "data", NULL);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    g_autofree char *allocators = g_build_filename(data, "allocators", NULL);
    assert_int_equal(g_mkdir_with_parents(allocators, 0777), 0);
    if (variable)
        assert_true(g_setenv(variable, value, TRUE));
    program_run(outcome, "run", "--plan", plan, "--out", run, "--data", data, "--data",
                TEST_SOURCE_DIR "/bench/test", option);
    if (variable)
        g_unsetenv(variable);
}

static struct csv *runs_of(const char *folder)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    return program_table(run, "runs.csv");
}

static guint count_of(const char *text, const char *part)
{
    guint count = 0;
    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

/* The workload `faulty` crashes when it finds FAULT=crash in its environment. */
static void an_allocators_variable_of_the_callers_is_told_once_and_does_not_reach_the_process(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, HEAD CELLS("c", "faulty", "faulty") CELLS("d", "glibc", "null"), "FAULT",
             "crash", NULL);
    g_autoptr(csv_table) runs = runs_of(*state);
    assert_int_equal(program_count_ok(runs), 2);
    assert_string_equal(program_text(runs, 0, "env"), "");
    assert_string_equal(program_text(runs, 1, "env"), "");
    assert_int_equal(count_of(outcome.err, "environment (FAULT)"), 1);
    support_assert_has(outcome.err, "NOT handed on");
    program_assert_code(&outcome, EXIT_PROVEN);
}

static void so_is_a_preload(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_plan(&outcome, *state, HEAD CELLS("c", "glibc", "null"), "LD_PRELOAD", "libdoesnotexist.so.9", NULL);
    g_autoptr(csv_table) runs = runs_of(*state);
    assert_int_equal(program_count_ok(runs), 1);
    assert_string_equal(program_text(runs, 0, "env"), "");
    assert_int_equal(count_of(outcome.err, "environment (LD_PRELOAD)"), 1);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autofree char *machine = support_read(run, "machine.ini");
    support_assert_has(machine, "environment=LD_PRELOAD");
}

static void a_strict_run_refuses_what_stands_before_anything_is_run(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    run_plan(&outcome, *state, HEAD CELLS("c", "glibc", "null"), "LD_PRELOAD", "libdoesnotexist.so.9",
             "--strict");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.err, "--strict: nothing was run");
    support_assert_has(outcome.err, "environment");
    support_assert_has(outcome.err, "unset it");
    assert_false(g_file_test(run, G_FILE_TEST_EXISTS));
}

/* A quarter of the CPUs and one more are kept busy by processes that are not the program's. */
static guint start_load(pid_t *pids, guint most)
{
    guint count = MIN(g_get_num_processors() / 4 + 1, most);
    for (guint i = 0; i < count; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                ;
        }
    }
    return count;
}

/* Where something stands on this machine, swap for one, the run is refused: the exit code is the same. */
static void a_strict_run_beside_a_load_is_not_proven(void **state)
{
    g_auto(program_outcome) outcome = {0};
    pid_t pids[256];
    guint count = start_load(pids, G_N_ELEMENTS(pids));
    run_plan(
        &outcome, *state,
        "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 700 ms\nticking = 100 ms\n"
        "[shape s]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n" CELLS("c", "glibc", "null"),
        NULL, NULL, "--strict");
    for (guint i = 0; i < count; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    if (strstr(outcome.err, "--strict: nothing was run"))
        return;
    support_assert_has(outcome.err, "load in 1 of 1 runs");
    const char *why = strstr(outcome.err, "--strict: exit code 1 because of: ");
    assert_non_null(why);
    support_assert_has(why, "load");
}

/* --- THP --- */

/* glibc asks for huge pages by madvise here, so that a system that has any gives them. */
static const char asking[] = "[allocator]\nsummary = glibc that asks for huge pages\n"
                             "[setting default]\npolicy = default\n"
                             "env.GLIBC_TUNABLES = glibc.malloc.hugetlb=1\n";

static guint row_of(const struct csv *runs, const char *cell)
{
    for (guint row = 0; row < csv_rows(runs); row++)
        if (strcmp(program_text(runs, row, "cell"), cell) == 0)
            return row;
    fail_msg("there is no row of %s", cell);
    return 0;
}

static void a_cell_that_asks_for_never_has_no_huge_pages_and_says_so(void **state)
{
    g_auto(program_outcome) outcome = {0};
    enum thp_mode system = thp_read(THP_PATH);
    support_write(*state, "data/allocators/asking.ini", asking);
    run_plan(&outcome, *state,
             HEAD CELLS("a", "asking", "hash_chained") CELLS("b", "asking", "hash_chained") "thp = never\n",
             NULL, NULL, NULL);
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = runs_of(*state);
    assert_int_equal(program_count_ok(runs), 2);
    guint never = row_of(runs, "asking/default/hash_chained/s/thp-never");
    guint as_is = row_of(runs, "asking/default/hash_chained/s");
    assert_string_equal(program_text(runs, never, "thp"), "never");
    assert_string_equal(program_text(runs, as_is, "thp"), thp_name(system));
    assert_int_equal(program_number(runs, never, "hold_anon_huge_bytes"), 0);
    if (system != THP_NEVER && !TEST_SANITIZED)
        assert_true(program_number(runs, as_is, "hold_anon_huge_bytes") > 0);
    support_assert_has(outcome.out, "asking/default/thp-never");
}

static enum thp_mode other_mode(void)
{
    return thp_read(THP_PATH) == THP_ALWAYS ? THP_MADVISE : THP_ALWAYS;
}

static void a_mode_the_system_has_not_is_skipped_and_says_what_to_do(void **state)
{
    g_auto(program_outcome) outcome = {0};
    enum thp_mode before = thp_read(THP_PATH);
    g_autofree char *plan =
        g_strdup_printf(HEAD CELLS("c", "glibc", "null") "thp = never %s\n", thp_name(other_mode()));
    run_plan(&outcome, *state, plan, NULL, NULL, NULL);
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = runs_of(*state);
    g_autofree char *cell = g_strdup_printf("glibc/default/null/s/thp-%s", thp_name(other_mode()));
    guint row = row_of(runs, cell);
    assert_string_equal(program_text(runs, row, "status"), "skipped");
    support_assert_has(program_text(runs, row, "reason"), "--set-thp");
    assert_string_equal(program_text(runs, row_of(runs, "glibc/default/null/s/thp-never"), "status"), "ok");
    assert_int_equal(thp_read(THP_PATH), before);
}

/* Starts a long run of cells that need the other mode; its stderr comes through a pipe. */
static GPid start_run(const char *folder, FILE **said)
{
    g_autofree char *text =
        g_strdup_printf(HEAD CELLS("c", "glibc", "null") "thp = %s\n", thp_name(other_mode()));
    g_autofree char *plan = support_new_file(folder, "plan.ini", text);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    const char *words[] = {TEST_BUILD_DIR "/bench/afterfree",
                           "run",
                           "--set-thp",
                           "--plan",
                           plan,
                           "--out",
                           run,
                           "--repeat",
                           "1000",
                           "--no-table",
                           NULL};
    g_auto(GStrv) argv = g_strdupv((char **)(uintptr_t)words);
    GPid pid;
    int from_it;
    assert_true(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL,
                                         NULL, &from_it, NULL));
    *said = fdopen(from_it, "r");
    assert_non_null(*said);
    return pid;
}

static void ended_by(const char *folder, int signal_number)
{
    FILE *said;
    char line[1000] = "";
    int status;
    enum thp_mode before = thp_read(THP_PATH), other = other_mode();
    GPid pid = start_run(folder, &said);
    while (!strstr(line, "] ok ") && fgets(line, sizeof line, said))
        ;
    enum thp_mode during = thp_read(THP_PATH);
    assert_int_equal(kill(pid, signal_number), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    fclose(said);
    int fd = open(THP_PATH, O_RDONLY | O_CLOEXEC); /* the guardian holds the lock until the mode is back */
    assert_int_equal(flock(fd, LOCK_EX), 0);
    close(fd);
    support_assert_has(line, "] ok ");
    assert_int_equal(during, other);
    assert_int_equal(thp_read(THP_PATH), before);
}

/* Changes the mode of the system for about a second; only where that is allowed. */
static void the_systems_mode_is_set_and_comes_back_when_the_program_is_killed(void **state)
{
    if (access(THP_PATH, W_OK) != 0)
        skip();
    ended_by(*state, SIGKILL);
}

static void and_when_it_is_interrupted(void **state)
{
    if (access(THP_PATH, W_OK) != 0)
        skip();
    ended_by(*state, SIGINT);
}

/* The system's mode is one for all: who else runs these tests now waits. A file beside it, for the program
 * locks the mode's own. */
static void wait_for_other_tests(void)
{
    int fd = open("/sys/kernel/mm/transparent_hugepage/defrag", O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        flock(fd, LOCK_EX); /* until the end */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(an_allocators_variable_of_the_callers_is_told_once_and_does_not_reach_the_process),
        SUPPORT_TEST(so_is_a_preload),
        SUPPORT_TEST(a_strict_run_refuses_what_stands_before_anything_is_run),
        SUPPORT_TEST(a_strict_run_beside_a_load_is_not_proven),
        SUPPORT_TEST(a_cell_that_asks_for_never_has_no_huge_pages_and_says_so),
        SUPPORT_TEST(a_mode_the_system_has_not_is_skipped_and_says_what_to_do),
        SUPPORT_TEST(the_systems_mode_is_set_and_comes_back_when_the_program_is_killed),
        SUPPORT_TEST(and_when_it_is_interrupted),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    wait_for_other_tests();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
