/* Ctrl-C in mid-run: finished rows are kept, the others leave nothing behind, no process is left. */
#include <signal.h>
#include <unistd.h>

#include "processes.h"
#include "program.h"

#define ROUNDS "200"

/* Starts a long run of a shape whose name no other process has; its stderr comes through a pipe. */
static GPid start_run(const char *folder, const char *shape, FILE **said)
{
    g_autofree char *text = g_strdup_printf(
        "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 300 ms\nticking = 100 ms\nrepeat = " ROUNDS
        "\n"
        "[shape %s]\nrecords = 50k\nstrings = 1\nlength = 15\norder = hash\n"
        "[cells c]\nallocators = glibc\nsettings = default\nworkloads = hash_chained null\nshapes = %s\n",
        shape, shape);
    g_autofree char *plan = support_new_file(folder, "plan.ini", text);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    char *argv[] = {g_strdup(TEST_BUILD_DIR "/bench/afterfree"),
                    g_strdup("run"),
                    g_strdup("--plan"),
                    g_strdup(plan),
                    g_strdup("--out"),
                    g_strdup(run),
                    g_strdup("--no-table"),
                    NULL};
    GPid pid;
    int from_it;
    assert_true(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL,
                                         NULL, &from_it, NULL));
    for (char **word = argv; *word; word++)
        g_free(*word);
    *said = fdopen(from_it, "r");
    assert_non_null(*said);
    return pid;
}

/* Until it has told of `count` finished runs. */
static void read_until_finished(FILE *said, unsigned count)
{
    char line[1000];
    while (count > 0 && fgets(line, sizeof line, said))
        count -= strstr(line, "] ok ") != NULL;
    assert_int_equal(count, 0);
}

static void end_it(GPid pid, int signal_number, int code)
{
    int status;
    assert_int_equal(kill(pid, signal_number), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(program_exit_code(status), code);
}

static void assert_kept(const char *folder)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    assert_true(csv_rows(runs) >= 3);
    assert_true(csv_rows(runs) < 2 * (guint)g_ascii_strtoull(ROUNDS, NULL, 10));
    assert_int_equal(program_count_ok(runs), csv_rows(runs)); /* what we ended ourselves is not a row */
    for (guint row = 0; row < csv_rows(runs); row++) {
        g_autofree char *samples = support_read(run, program_text(runs, row, "samples_file"));
        support_assert_has(samples, ",drop,");
    }
    g_auto(program_outcome) outcome = {0};
    program_run(&outcome, "summary", run);
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autofree char *first = g_strdup_printf("NOT THE WHOLE RUN: %u of ", csv_rows(runs));
    assert_true(g_str_has_prefix(outcome.out, first));
}

/* The last words count the rows there are. */
static void assert_says_how_to_go_on(FILE *said, const char *folder)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    g_autofree char *expected =
        g_strdup_printf("interrupted: %u of %u runs done; go on with `afterfree run --resume %s`\n",
                        csv_rows(runs), 2 * (guint)g_ascii_strtoull(ROUNDS, NULL, 10), run);
    char line[1000] = "";
    while (fgets(line, sizeof line, said))
        ;
    assert_string_equal(line, expected);
}

static void interrupted_by(const char *folder, int signal_number)
{
    FILE *said;
    g_autofree char *shape = g_strdup_printf("interrupted-%d", (int)getpid());
    g_autofree char *cell = g_strdup_printf("glibc/default/hash_chained/%s", shape);
    GPid pid = start_run(folder, shape, &said);
    read_until_finished(said, 3);
    while (processes_count(cell) == 0) /* on a busy machine the other cell may be alone just then */
        read_until_finished(said, 1);
    end_it(pid, signal_number, EXIT_INTERRUPTED);
    assert_int_equal(processes_count(cell), 0);
    assert_says_how_to_go_on(said, folder);
    fclose(said);
    assert_kept(folder);
}

static void ctrl_c_keeps_the_finished_rows_and_leaves_no_process(void **state)
{
    interrupted_by(*state, SIGINT);
}

static void so_does_a_sigterm(void **state)
{
    interrupted_by(*state, SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(ctrl_c_keeps_the_finished_rows_and_leaves_no_process),
        SUPPORT_TEST(so_does_a_sigterm),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
