/* What the system refuses: each time a clear error that says what to do, the rows earned are kept, no process
 * is left. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "processes.h"
#include "program.h"

#define PLAN                                                                                                 \
    "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 50 ms\nticking = 100 ms\nrepeat = %d\n"         \
    "walk = build hold drop silent\n"                                                                        \
    "[shape %s]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n"                                   \
    "[shape large]\nrecords = 4M\nstrings = 1\nlength = 15\norder = hash\n"                                  \
    "[cells c]\nallocators = glibc\nsettings = default\nworkloads = null hash_chained\nshapes = %s large\n"

#define MARKS 6 /* of one run */

static char *shape; /* of this test alone: in the command line of its cells, and of no other process */
static bool can_mount;

/* FOLDER/plan.ini, with `repeat` runs a cell. */
static char *new_plan(const char *folder, int repeat)
{
    g_autofree char *text = g_strdup_printf(PLAN, repeat, shape, shape);
    return support_new_file(folder, "plan.ini", text);
}

static char *only_small(void)
{
    return g_strdup_printf("--only=*/%s", shape);
}

/* --- limits --- */

struct limits {
    int resource;
    rlim_t value;
    uid_t user; /* 0: as we are */
};

static void set_limits(gpointer data)
{
    const struct limits *limits = data;
    const struct rlimit limit = {.rlim_cur = limits->value, .rlim_max = limits->value};
    if (setrlimit((__rlimit_resource_t)limits->resource, &limit) != 0 ||
        (limits->user > 0 && (setgid(limits->user) != 0 || setuid(limits->user) != 0)))
        _exit(99);
}

static void run_limited(program_outcome *outcome, struct limits limits, const char *plan, const char *run,
                        const char *only)
{
    const char *const argv[] = {
        TEST_BUILD_DIR "/bench/afterfree", "run", "--plan", plan, "--out", run, only, NULL};
    g_autoptr(GError) error = NULL;
    int status;
    if (!g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DEFAULT, set_limits, &limits,
                      &outcome->out, &outcome->err, &status, &error))
        fail_msg("%s", error->message);
    outcome->code = program_exit_code(status);
}

static void assert_all_ok(const char *run, guint count)
{
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    assert_int_equal(csv_rows(runs), count);
    assert_int_equal(program_count_ok(runs), count);
}

static void with_few_descriptors_fewer_run_at_once(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = new_plan(*state, 3), *run = g_build_filename(*state, "run", NULL);
    g_autofree char *only = only_small();
    run_limited(&outcome, (struct limits){RLIMIT_NOFILE, 45, 0}, plan, run, only);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.err, "ulimit -n");
    assert_all_ok(run, 6);
}

static void with_too_few_descriptors_the_error_says_which_limit_to_raise(void **state)
{
    static const rlim_t too_few[] = {4, 6, 8, 12, 20, 30};
    g_autofree char *only = only_small();
    for (guint i = 0; i < G_N_ELEMENTS(too_few); i++) {
        g_auto(program_outcome) outcome = {0};
        g_autofree char *plan = new_plan(*state, 3);
        g_autofree char *run = g_strdup_printf("%s/run-%u", (char *)*state, i);
        run_limited(&outcome, (struct limits){RLIMIT_NOFILE, too_few[i], 0}, plan, run, only);
        if (outcome.code == 127 || strstr(outcome.err, "error while loading"))
            continue; /* the loader itself could not open a library */
        program_assert_code(&outcome, EXIT_SYSTEM);
        support_assert_has(outcome.err, "ulimit -n");
    }
    processes_assert_none(shape);
}

/* The shape `large` needs more than the limit; a sanitizer's shadow needs more than any. */
static void an_address_space_limit_fails_what_needs_more_and_is_warned_of(void **state)
{
    if (TEST_SANITIZED)
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = new_plan(*state, 1), *run = g_build_filename(*state, "run", NULL);
    run_limited(&outcome, (struct limits){RLIMIT_AS, 150 << 20, 0}, plan, run, NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.err, "ulimit -v");
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    assert_int_equal(csv_rows(runs), 4);
    for (guint row = 0; row < 4; row++) {
        bool fits = strcmp(program_text(runs, row, "cell"), "glibc/default/hash_chained/large") != 0;
        assert_string_equal(program_text(runs, row, "status"), fits ? "ok" : "failed");
        if (!fits)
            support_assert_has(program_text(runs, row, "reason"), "the allocator returned NULL");
    }
}

/* A user of our own, so that nobody else's processes count. Root is bound by no such limit. */
static void run_as_user(program_outcome *outcome, const char *folder, rlim_t processes, const char *run)
{
    const struct limits limits = {RLIMIT_NPROC, processes, 100000 + (uid_t)getpid()};
    g_autofree char *plan = new_plan(folder, 3), *only = only_small();
    assert_int_equal(chmod(folder, 0777), 0);
    run_limited(outcome, limits, plan, run, only);
    if (outcome->code == 99)
        skip(); /* there are no such users here */
}

static void where_few_processes_are_allowed_fewer_run_at_once(void **state)
{
    if (geteuid() != 0 || TEST_SANITIZED)
        skip(); /* a sanitizer starts a process of its own at the end */
    g_auto(program_outcome) outcome = {0};
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    run_as_user(&outcome, *state, 3, run);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.err, "from here on 2 at once");
    assert_all_ok(run, 6);
}

static void where_no_process_can_be_started_the_error_says_which_limit_to_raise(void **state)
{
    if (geteuid() != 0 || TEST_SANITIZED)
        skip(); /* a sanitizer starts a process of its own at the end */
    g_auto(program_outcome) outcome = {0};
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    run_as_user(&outcome, *state, 1, run);
    program_assert_code(&outcome, EXIT_SYSTEM);
    support_assert_has(outcome.err, "fork");
    support_assert_has(outcome.err, "ulimit -u");
}

/* --- disks --- */

/* Every row in the folder is whole, and so are its marks and samples; nothing is there of other runs. */
static guint assert_whole_rows(const char *run)
{
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    g_autoptr(csv_table) marks = program_table(run, "marks.csv");
    g_autofree char *text = support_read(run, "runs.csv");
    g_autofree char *folder = g_build_filename(run, "samples", NULL);
    g_autoptr(GPtrArray) samples = support_glob(folder, "*");
    assert_true(g_str_has_suffix(text, "\n"));
    assert_int_equal(program_count_ok(runs), csv_rows(runs));
    assert_int_equal(csv_rows(marks), MARKS * csv_rows(runs));
    assert_int_equal(samples->len, csv_rows(runs));
    return csv_rows(runs);
}

static void a_full_disk_keeps_the_rows_earned_and_resume_goes_on_when_there_is_room(void **state)
{
    if (!can_mount)
        skip();
    g_auto(program_outcome) full = {0}, resumed = {0};
    g_autofree char *disk = g_build_filename(*state, "disk", NULL),
                    *run = g_build_filename(disk, "run", NULL);
    g_autofree char *plan = new_plan(*state, 20), *only = only_small();
    assert_int_equal(g_mkdir(disk, 0777), 0);
    assert_int_equal(mount("none", disk, "tmpfs", 0, "size=80k"), 0);
    program_run(&full, "run", "--plan", plan, "--out", run, "--set-thp", only);
    guint rows = full.code == EXIT_SYSTEM ? assert_whole_rows(run) : 0;
    processes_assert_none(shape);
    bool grown = mount("none", disk, "tmpfs", MS_REMOUNT, "size=8m") == 0;
    g_autofree char *before = support_read(run, "runs.csv");
    program_run(&resumed, "run", "--resume", run);
    g_autofree char *after = support_read(run, "runs.csv");
    guint all = assert_whole_rows(run);
    umount2(disk, MNT_DETACH);
    program_assert_code(&full, EXIT_SYSTEM);
    support_assert_has(full.err, "No space left on device");
    support_assert_has(full.err, "disk/run --set-thp"); /* and so all cells can be run */
    support_assert_has(full.err, "afterfree run --resume");
    assert_true(rows > 0);
    assert_true(grown);
    program_assert_code(&resumed, EXIT_PROVEN);
    assert_true(g_str_has_prefix(after, before));
    assert_int_equal(all, 40);
}

static void a_read_only_results_folder_is_an_error_before_anything_runs(void **state)
{
    if (!can_mount)
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *disk = g_build_filename(*state, "disk", NULL),
                    *run = g_build_filename(disk, "run", NULL);
    g_autofree char *plan = new_plan(*state, 1);
    assert_int_equal(g_mkdir(disk, 0777), 0);
    assert_int_equal(mount("none", disk, "tmpfs", MS_RDONLY, NULL), 0);
    program_run(&outcome, "run", "--plan", plan, "--out", run);
    umount2(disk, MNT_DETACH);
    program_assert_code(&outcome, EXIT_SYSTEM);
    support_assert_has(outcome.err, run);
    support_assert_has(outcome.err, "Read-only file system");
    support_assert_has(outcome.err, "--out");
    support_assert_has_not(outcome.err, "[1/");
}

static void a_file_where_the_folder_should_be_is_an_error_before_anything_runs(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *file = support_new_file(*state, "file", "mine");
    g_autofree char *run = g_build_filename(file, "run", NULL), *plan = new_plan(*state, 1);
    program_run(&outcome, "run", "--plan", plan, "--out", run);
    program_assert_code(&outcome, EXIT_SYSTEM);
    support_assert_has(outcome.err, run);
    support_assert_has_not(outcome.err, "[1/");
}

/* --- in mid-run --- */

/* Starts 2 * repeat runs; its stderr comes through a pipe. */
static GPid start(const char *folder, int repeat, char **environment, FILE **said)
{
    g_autofree char *plan = new_plan(folder, repeat), *only = only_small();
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    const char *const argv[] = {
        TEST_BUILD_DIR "/bench/afterfree", "run", "--no-table", "--plan", plan, "--out", run, only, NULL};
    GPid pid;
    int from_it;
    assert_true(g_spawn_async_with_pipes(NULL, (char **)(uintptr_t)argv, environment,
                                         G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, NULL, &from_it,
                                         NULL));
    *said = fdopen(from_it, "r");
    assert_non_null(*said);
    return pid;
}

static void read_until_finished(FILE *said, unsigned count)
{
    char line[1000];
    while (count > 0 && fgets(line, sizeof line, said))
        count -= strstr(line, "] ok ") != NULL;
    assert_int_equal(count, 0);
}

static char *read_rest(FILE *said)
{
    GString *text = g_string_new(NULL);
    for (int byte; (byte = getc(said)) != EOF;)
        g_string_append_c(text, (char)byte);
    return g_string_free(text, FALSE);
}

static int exit_code_of(GPid pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return program_exit_code(status);
}

/* The tables are open: without a look at the folder rows would go nowhere, in silence. */
static void a_run_folder_removed_in_mid_run_is_an_error(void **state)
{
    FILE *said;
    GPid pid = start(*state, 300, NULL, &said);
    g_autofree char *run = g_build_filename(*state, "run", NULL),
                    *gone = g_build_filename(*state, "gone", NULL);
    read_until_finished(said, 3);
    assert_int_equal(g_rename(run, gone), 0); /* at once; a file could come between a removal's */
    support_remove(gone);
    g_autofree char *rest = read_rest(said);
    fclose(said);
    assert_int_equal(exit_code_of(pid), EXIT_SYSTEM);
    support_assert_has(rest, "removed or moved");
    support_assert_has_not(rest, "--resume");
    processes_assert_none(shape);
    assert_false(g_file_test(run, G_FILE_TEST_EXISTS));
}

static void storms_of_signals_change_nothing(void **state)
{
    if (TEST_SANITIZED)
        skip(); /* nothing can be preloaded */
    static const int signals[] = {SIGALRM, SIGCHLD, SIGWINCH, SIGUSR1, SIGCONT};
    FILE *said;
    g_auto(GStrv) environment = g_get_environ();
    environment = g_environ_setenv(environment, "LD_PRELOAD", TEST_BUILD_DIR "/bench/test/libstorm.so", TRUE);
    GPid pid = start(*state, 10, environment, &said);
    int status;
    char byte;
    assert_int_equal(fread(&byte, 1, 1, said), 1); /* it has its handlers */
    for (guint sent = 0; waitpid(pid, &status, WNOHANG) == 0; sent++) {
        kill(pid, signals[sent % G_N_ELEMENTS(signals)]);
        if (sent % 10 == 0)
            g_usleep(1000);
    }
    fclose(said);
    assert_int_equal(program_exit_code(status), EXIT_PROVEN);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    assert_int_equal(assert_whole_rows(run), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(with_few_descriptors_fewer_run_at_once),
        SUPPORT_TEST(with_too_few_descriptors_the_error_says_which_limit_to_raise),
        SUPPORT_TEST(an_address_space_limit_fails_what_needs_more_and_is_warned_of),
        SUPPORT_TEST(where_few_processes_are_allowed_fewer_run_at_once),
        SUPPORT_TEST(where_no_process_can_be_started_the_error_says_which_limit_to_raise),
        SUPPORT_TEST(a_full_disk_keeps_the_rows_earned_and_resume_goes_on_when_there_is_room),
        SUPPORT_TEST(a_read_only_results_folder_is_an_error_before_anything_runs),
        SUPPORT_TEST(a_file_where_the_folder_should_be_is_an_error_before_anything_runs),
        SUPPORT_TEST(a_run_folder_removed_in_mid_run_is_an_error),
        SUPPORT_TEST(storms_of_signals_change_nothing),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    shape = g_strdup_printf("system-%d", (int)getpid());
    /* Mounts of our own, which go with us. */
    can_mount = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    if (!can_mount)
        print_message("tests of disks are skipped: mounting one takes root\n");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_free(shape);
    return failed;
}
