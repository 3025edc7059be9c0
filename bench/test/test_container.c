/* Runs under a limit, on the machine's own memory cgroups (root; whichever version there is): who is killed by the
 * kernel is told from who is killed by somebody, what a neighbour gets is what the process does not hold, and no
 * group stays behind. Skipped where no group can be made. */
#include <ftw.h>
#include <signal.h>
#include <unistd.h>

#include "cgroup.h"
#include "program.h"

#define MB (UINT64_C(1) << 20)
#define LIMIT_BYTES                                                                                          \
    (TEST_SANITIZED ? 96 * MB : 8 * MB) /* small: in user-mode Linux a page fault takes long */
#define HALF_BYTES (LIMIT_BYTES / 2)
#define STEP_BYTES (LIMIT_BYTES / 16)                      /* of the neighbour */
#define OVERHEAD_BYTES (TEST_SANITIZED ? 40 * MB : 3 * MB) /* page tables and libraries of two processes */
#define RECORD_BYTES 128                                   /* of the workload `mapped` */

static bool no_group_can_be_made(void)
{
    struct cgroup_site *site = cgroup_find(NULL, NULL, NULL);
    cgroup_site_close(site);
    if (!site)
        print_message("no memory cgroup can be made here\n");
    return !site;
}

/* A map of so many bytes that is given back, lazily, or not (`mapped`), or a workload that does wrong (`faulty`);
 * the C library's malloc. */
static char *write_plan(const char *folder, const char *workload, uint64_t bytes, const char *walk,
                        const char *limit)
{
    g_autofree char *text = g_strdup_printf(
        "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 100 ms\nticking = 100 ms\nwalk = %s\n"
        "[limit]\nmemory = %" G_GUINT64_FORMAT "B\n%s"
        "[shape s]\nrecords = %" G_GUINT64_FORMAT "\nstrings = 1\nlength = 15\norder = hash\nworkers = 2\n"
        "[cells c]\nallocators = %s\nsettings = *\nworkloads = %s\nshapes = s\n",
        walk, LIMIT_BYTES, limit, bytes / RECORD_BYTES, workload, workload);
    return support_new_file(folder, "plan.ini", text);
}

/* Into FOLDER/run; only the settings that match. */
static struct csv *run_plan(program_outcome *outcome, const char *folder, const char *plan, const char *only)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    program_run(outcome, "run", "--plan", plan, "--out", run, "--sample-hz", "20", "--data",
                TEST_SOURCE_DIR "/bench/test", "--only", only);
    return program_table(run, "runs.csv");
}

static guint row_of(const struct csv *runs, const char *setting)
{
    for (guint row = 0; row < csv_rows(runs); row++)
        if (strcmp(program_text(runs, row, "setting"), setting) == 0)
            return row;
    fail_msg("there is no row of %s", setting);
    return 0;
}

static void assert_text(const struct csv *runs, guint row, const char *column, const char *expected)
{
    if (strcmp(program_text(runs, row, column), expected) != 0)
        fail_msg("%s: %s is \"%s\", not \"%s\": %s", program_text(runs, row, "cell"), column,
                 program_text(runs, row, column), expected, program_text(runs, row, "reason"));
}

static void assert_between(const struct csv *runs, guint row, const char *column, uint64_t low, uint64_t high)
{
    uint64_t value = program_number(runs, row, column);
    if (value < low || value > high)
        fail_msg("%s: %s is %" G_GUINT64_FORMAT ", not %" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT,
                 program_text(runs, row, "cell"), column, value, low, high);
}

/* --- what stays behind --- */

static int groups_seen;
static char group_prefix[64];

static int count_group(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    groups_seen += kind == FTW_D && g_str_has_prefix(path + at->base, group_prefix);
    return 0;
}

/* Groups of the orchestrator `pid`. */
static int count_groups(pid_t pid)
{
    groups_seen = 0;
    snprintf(group_prefix, sizeof group_prefix, "afterfree-%d-", (int)pid);
    nftw("/sys/fs/cgroup", count_group, 32, FTW_PHYS);
    return groups_seen;
}

/* --- tests --- */

static void a_cell_that_needs_more_than_its_limit_is_oom_and_says_where(void **state)
{
    if (no_group_can_be_made())
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(*state, "mapped", 2 * LIMIT_BYTES, "build drop", "");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/default/*");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    assert_text(runs, 0, "status", "oom");
    assert_text(runs, 0, "ended_in", "build");
    support_assert_has(program_text(runs, 0, "reason"), "killed by the kernel at the limit of");
    assert_int_equal(program_number(runs, 0, "oom_kills"), 1);
    assert_int_equal(program_number(runs, 0, "limit_bytes"), LIMIT_BYTES);
    assert_true(program_number(runs, 0, "cgroup_failures") > 0);
    assert_between(runs, 0, "cgroup_peak_bytes", LIMIT_BYTES - MB, LIMIT_BYTES);
    assert_between(runs, 0, "peak_rss_bytes", 1,
                   LIMIT_BYTES + OVERHEAD_BYTES); /* libraries are charged once */
    support_assert_has(outcome.out, "killed in build");
}

static void an_oom_that_is_an_answer_leaves_the_exit_code_0(void **state)
{
    if (no_group_can_be_made())
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(*state, "mapped", 2 * LIMIT_BYTES, "build drop", "oom = answer\n");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/default/*");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_text(runs, 0, "status", "oom");
    support_assert_has_not(outcome.out, "Not in the table");
}

static void a_kill_by_somebody_else_is_failed_and_no_oom(void **state)
{
    if (no_group_can_be_made() || TEST_SANITIZED)
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(*state, "faulty", 100 * RECORD_BYTES, "build drop", "oom = answer\n");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/kill/*");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    assert_text(runs, 0, "status", "failed");
    support_assert_has(program_text(runs, 0, "reason"), "signal 9");
    support_assert_has(program_text(runs, 0, "reason"), "not by the kernel");
    assert_int_equal(program_number(runs, 0, "oom_kills"), 0);
}

/* The map is half of the limit: given back the neighbour gets nearly all, kept it gets the other half, but for
 * what two processes have of their own; and what it got is known to a step. */
static void a_neighbour_gets_what_was_given_back_and_what_is_lazy_but_not_what_is_dirty(void **state)
{
    if (no_group_can_be_made() || PROGRAM_UNPROVABLE)
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(*state, "mapped", HALF_BYTES, "build drop pressure", "");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*");
    program_assert_code(&outcome, EXIT_PROVEN);
    uint64_t most = LIMIT_BYTES - OVERHEAD_BYTES - STEP_BYTES;
    guint given = row_of(runs, "default"), lazy = row_of(runs, "lazy"), dirty = row_of(runs, "dirty");
    assert_between(runs, given, "neighbour_got_bytes", most, LIMIT_BYTES);
    assert_between(runs, lazy, "neighbour_got_bytes", most, LIMIT_BYTES);
    assert_between(runs, dirty, "neighbour_got_bytes", most - HALF_BYTES, HALF_BYTES);
    assert_text(runs, given, "pressure_victim", "neighbour"); /* it is the larger one */
    assert_text(runs, lazy, "pressure_victim", "neighbour");
    assert_between(runs, dirty, "cgroup_drop_working_bytes", HALF_BYTES,
                   program_number(runs, dirty, "cgroup_drop_bytes"));
    assert_between(runs, lazy, "cgroup_drop_bytes", HALF_BYTES, LIMIT_BYTES);
    assert_between(runs, lazy, "cgroup_drop_working_bytes", 0,
                   OVERHEAD_BYTES); /* the kernel lists it with the cache */
    assert_between(runs, lazy, "drop_lazy_bytes", HALF_BYTES - MB, HALF_BYTES + MB);
    assert_between(runs, lazy, "pressure_rss_bytes", 0,
                   program_number(runs, lazy, "baseline_rss_bytes") + MB);
    for (guint row = 0; row < csv_rows(runs); row++)
        assert_between(runs, row, "oom_kills", 1, 2); /* the kernel may go on to the neighbour */
}

/* Five eighths of the limit are more than a neighbour can get. */
static void a_process_that_pressure_kills_has_an_ok_row(void **state)
{
    if (no_group_can_be_made() || PROGRAM_UNPROVABLE)
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan =
        write_plan(*state, "mapped", HALF_BYTES + LIMIT_BYTES / 8, "build drop pressure", "");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/dirty/*");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_text(runs, 0, "status", "ok");
    assert_text(runs, 0, "pressure_victim", "process");
    assert_text(runs, 0, "ended_in", "pressure");
    assert_text(runs, 0, "pressure_rss_bytes", "");
    uint64_t map = HALF_BYTES + LIMIT_BYTES / 8;
    assert_between(runs, 0, "cgroup_drop_bytes", map, map + OVERHEAD_BYTES);
    assert_true(program_number(runs, 0, "neighbour_got_bytes") <= LIMIT_BYTES - map);
}

/* The orchestrator stands still for so long in a silence that lasts longer: no samples, for nobody takes them. */
#define SILENT "4 s"
#define SILENT_SINCE_US 1000000
#define STOPPED_US 1500000

static struct csv *run_stopped_in_silence(const char *folder, const char *only, const char *walk)
{
    g_autofree char *plan =
        write_plan(folder, "mapped", HALF_BYTES + LIMIT_BYTES / 8, walk, "oom = answer\n");
    g_autofree char *text = support_read(folder, "plan.ini"), *run = g_build_filename(folder, "run", NULL);
    g_auto(GStrv) parts = g_strsplit(text, "silent = 100 ms", 2);
    g_autofree char *longer = g_strconcat(parts[0], "silent = " SILENT, parts[1], NULL);
    support_write(folder, "plan.ini", longer);
    const char *const argv[] = {
        TEST_BUILD_DIR "/bench/afterfree", "run", "--plan", plan, "--out",      run, "--data",
        TEST_SOURCE_DIR "/bench/test",     "-q",  "--only", only, "--no-table", NULL};
    GPid pid;
    int status;
    assert_true(g_spawn_async(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                              &pid, NULL));
    while (count_groups(pid) == 0)
        g_usleep(1000);
    g_usleep(SILENT_SINCE_US);
    kill(pid, SIGSTOP);
    g_usleep(STOPPED_US);
    kill(pid, SIGCONT);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    struct csv *runs = program_table(run, "runs.csv");
    if (program_exit_code(status) != EXIT_NOT_PROVEN)
        fail_msg("exit code %d: %s in %s, no sample for %s ms", program_exit_code(status),
                 program_text(runs, 0, "status"), program_text(runs, 0, "ended_in"),
                 program_text(runs, 0, "sample_gap_ms"));
    return runs;
}

static void whom_pressure_kills_is_believed_only_if_its_walk_was_watched(void **state)
{
    if (no_group_can_be_made() || PROGRAM_UNPROVABLE || g_getenv("AFTERFREE_TEST_GUEST"))
        skip();
    g_autoptr(csv_table) runs = run_stopped_in_silence(*state, "*/dirty/*", "build drop silent pressure");
    assert_text(runs, 0, "ended_in", "pressure");
    assert_text(runs, 0, "status", "invalid");
    support_assert_has(program_text(runs, 0, "reason"), "in silent");
}

static void whom_the_limit_kills_is_believed_only_if_its_walk_was_watched(void **state)
{
    if (no_group_can_be_made() || PROGRAM_UNPROVABLE || g_getenv("AFTERFREE_TEST_GUEST"))
        skip();
    g_autoptr(csv_table) runs = run_stopped_in_silence(*state, "*/leaked/*", "build drop silent rebuild");
    assert_text(runs, 0, "ended_in", "rebuild");
    assert_text(runs, 0, "status", "invalid");
    support_assert_has(program_text(runs, 0, "reason"), "in silent");
}

/* Goes on with the run: nothing is left to do, and its rows are as they were. */
static void assert_kept(const char *folder)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    g_autofree char *before = support_read(folder, "run/runs.csv");
    program_run(&outcome, "run", "--resume", run);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.err, "1 proven rows kept, 0 runs to go");
    g_autofree char *after = support_read(folder, "run/runs.csv");
    assert_string_equal(after, before);
}

static void resume_keeps_the_row_of_a_process_that_pressure_killed(void **state)
{
    if (no_group_can_be_made() || PROGRAM_UNPROVABLE)
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan =
        write_plan(*state, "mapped", HALF_BYTES + LIMIT_BYTES / 8, "build drop pressure", "");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/dirty/*");
    assert_text(runs, 0, "pressure_victim", "process");
    assert_kept(*state);
}

static void resume_keeps_an_oom_that_is_an_answer(void **state)
{
    if (no_group_can_be_made() || PROGRAM_UNPROVABLE)
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(*state, "mapped", 2 * LIMIT_BYTES, "build drop", "oom = answer\n");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/default/*");
    assert_text(runs, 0, "status", "oom");
    assert_kept(*state);
}

/* Starts a run of many cells, and returns when the first has ended: then there is a group. */
static GPid start_long_run(const char *folder, FILE **said)
{
    g_autofree char *plan = write_plan(folder, "mapped", 100 * RECORD_BYTES, "build drop silent", "");
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    const char *const argv[] = {
        TEST_BUILD_DIR "/bench/afterfree", "run",      "--plan", plan,         "--out", run, "--data",
        TEST_SOURCE_DIR "/bench/test",     "--repeat", "500",    "--no-table", NULL};
    char line[1000] = "";
    GPid pid;
    int from_it;
    assert_true(g_spawn_async_with_pipes(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                         NULL, NULL, &pid, NULL, NULL, &from_it, NULL));
    *said = fdopen(from_it, "r");
    while (!strstr(line, "] ok ") && fgets(line, sizeof line, *said))
        ;
    support_assert_has(line, "] ok ");
    return pid;
}

static void end_run(GPid pid, int signal_number, int code)
{
    int status;
    assert_int_equal(kill(pid, signal_number), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(program_exit_code(status), code);
}

static void ctrl_c_leaves_no_group_behind(void **state)
{
    if (no_group_can_be_made() || PROGRAM_UNPROVABLE)
        skip();
    FILE *said;
    GPid pid = start_long_run(*state, &said);
    end_run(pid, SIGINT, EXIT_INTERRUPTED);
    fclose(said);
    assert_int_equal(count_groups(pid), 0);
}

static void the_groups_of_a_killed_orchestrator_are_removed_by_the_next_run(void **state)
{
    if (no_group_can_be_made() || PROGRAM_UNPROVABLE)
        skip();
    FILE *said;
    GPid pid = start_long_run(*state, &said);
    end_run(pid, SIGKILL, 128 + SIGKILL);
    fclose(said);
    assert_true(count_groups(pid) > 0);
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(*state, "mapped", 100 * RECORD_BYTES, "build drop", "");
    g_autofree char *next = g_build_filename(*state, "next", NULL);
    program_run(&outcome, "run", "--plan", plan, "--out", next, "--data", TEST_SOURCE_DIR "/bench/test");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_int_equal(count_groups(pid), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_cell_that_needs_more_than_its_limit_is_oom_and_says_where),
        SUPPORT_TEST(an_oom_that_is_an_answer_leaves_the_exit_code_0),
        SUPPORT_TEST(a_kill_by_somebody_else_is_failed_and_no_oom),
        SUPPORT_TEST(a_neighbour_gets_what_was_given_back_and_what_is_lazy_but_not_what_is_dirty),
        SUPPORT_TEST(a_process_that_pressure_kills_has_an_ok_row),
        SUPPORT_TEST(whom_pressure_kills_is_believed_only_if_its_walk_was_watched),
        SUPPORT_TEST(whom_the_limit_kills_is_believed_only_if_its_walk_was_watched),
        SUPPORT_TEST(resume_keeps_the_row_of_a_process_that_pressure_killed),
        SUPPORT_TEST(resume_keeps_an_oom_that_is_an_answer),
        SUPPORT_TEST(ctrl_c_leaves_no_group_behind),
        SUPPORT_TEST(the_groups_of_a_killed_orchestrator_are_removed_by_the_next_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
