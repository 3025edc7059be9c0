/* SIGKILL at any point: no process is left, and --resume finishes the run; what was proven stays byte for
 * byte, and at the end every cell is there exactly once. AFTERFREE_KILLS: how many times (default 100). */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "processes.h"
#include "program.h"

#define SEED 20260101
#define KILLS 100
#define LATEST_MS 300 /* the kill comes at a random time up to then: a part of the run takes about as long */

#define REPEAT 4
#define RUNS (2 * REPEAT)
#define MARKS 6
#define TIMED 2 /* build and drop */
#define PLAN                                                                                                 \
    "[plan]\nsummary = x\nbaseline = %s/default\nsilent = 60 ms\nticking = 100 ms\nrepeat = 4\n"             \
    "latency = yes\n"                                                                                        \
    "walk = build hold drop silent\n"                                                                        \
    "[shape s]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n"                                    \
    "[cells c]\nallocators = %s\nsettings = default\nworkloads = hash_chained null\nshapes = s\n"

struct scene {
    const char *folder;
    char *allocator; /* a name that no other process on this machine has */
    char *plan, *data, *run;
};

static void set_scene(struct scene *scene, const char *folder, const char *preload)
{
    scene->folder = folder;
    scene->allocator = g_strdup_printf("killed-%d", (int)getpid());
    g_autofree char *file = g_strdup_printf("data/allocators/%s.ini", scene->allocator);
    g_autofree char *text = g_strdup_printf("[allocator]\nsummary = x\npreload = %s\n"
                                            "[setting default]\npolicy = default\n",
                                            preload);
    g_autofree char *plan = g_strdup_printf(PLAN, scene->allocator, scene->allocator);
    support_write(folder, file, text);
    scene->plan = support_new_file(folder, "plan.ini", plan);
    scene->data = g_build_filename(folder, "data", NULL);
    scene->run = g_build_filename(folder, "run", NULL);
}

static void clear_scene(struct scene *scene)
{
    g_free(scene->allocator);
    g_free(scene->plan);
    g_free(scene->data);
    g_free(scene->run);
}

static bool has_begun(const struct scene *scene)
{
    g_autofree char *machine = g_build_filename(scene->run, "machine.ini", NULL);
    return g_file_test(machine, G_FILE_TEST_EXISTS);
}

/* The run, or what is left of it. */
static GPid start(const struct scene *scene)
{
    const char *const begin[] = {TEST_BUILD_DIR "/bench/afterfree",
                                 "run",
                                 "-q",
                                 "--no-table",
                                 "--plan",
                                 scene->plan,
                                 "--data",
                                 scene->data,
                                 "--out",
                                 scene->run,
                                 NULL};
    const char *const resume[] = {begin[0], "run", "-q", "--no-table", "--resume", scene->run, NULL};
    GPid pid;
    assert_true(g_spawn_async(NULL, (char **)(uintptr_t)(has_begun(scene) ? resume : begin), NULL,
                              G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
    return pid;
}

static int end_of(GPid pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* Lines of runs.csv that are proven rows, each once; every line that was there before still is. */
static void assert_rows_survive(const struct scene *scene, GHashTable *proven)
{
    if (!has_begun(scene))
        return;
    g_autoptr(csv_table) runs = program_table(scene->run, "runs.csv");
    g_autofree char *text = support_read(scene->run, "runs.csv");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) now = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint row = 0; row < csv_rows(runs); row++) {
        assert_string_equal(program_text(runs, row, "status"), "ok");
        assert_true(g_hash_table_add(now, lines[row + 1]));
    }
    GHashTableIter iter;
    gpointer line;
    g_hash_table_iter_init(&iter, proven);
    while (g_hash_table_iter_next(&iter, &line, NULL))
        if (!g_hash_table_contains(now, line))
            fail_msg("a proven row is gone: %s", (char *)line);
    for (guint row = 0; row < csv_rows(runs); row++)
        g_hash_table_add(proven, g_strdup(lines[row + 1]));
}

static void assert_files(const char *folder, const char *below, guint count)
{
    g_autofree char *path = g_build_filename(folder, below, NULL);
    g_autoptr(GPtrArray) files = support_glob(path, "*");
    if (files->len == count)
        return;
    for (guint i = 0; i < files->len; i++)
        fprintf(stderr, "%s\n", (char *)files->pdata[i]);
    fail_msg("%u files in %s where %u were expected", files->len, path, count);
}

static void assert_complete(const struct scene *scene)
{
    g_autoptr(csv_table) runs = program_table(scene->run, "runs.csv");
    g_autoptr(csv_table) marks = program_table(scene->run, "marks.csv");
    g_autoptr(csv_table) latency = program_table(scene->run, "latency.csv");
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    assert_int_equal(csv_rows(runs), RUNS);
    assert_int_equal(csv_rows(marks), RUNS * MARKS);
    assert_int_equal(csv_rows(latency), RUNS * TIMED);
    for (guint row = 0; row < RUNS; row++) {
        assert_string_equal(program_text(runs, row, "status"), "ok");
        assert_true(g_hash_table_add(seen, g_strconcat(program_text(runs, row, "cell"), " ",
                                                       program_text(runs, row, "repeat"), NULL)));
    }
    assert_files(scene->run, "samples", RUNS);
    assert_files(
        scene->run, ".",
        9); /* plan and machine, proofs, runs, marks and latency, two summaries, samples: nothing half */
}

/* Runs, is killed, goes on, is killed … until it is through. */
static void run_through(const struct scene *scene, GRand *rand, guint wanted, guint *kills, guint *parts)
{
    g_autoptr(GHashTable) proven = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (;; ++*parts) {
        GPid pid = start(scene);
        if (*kills < wanted) {
            g_usleep((gulong)g_rand_int_range(rand, 0, LATEST_MS * 1000));
            kill(pid, SIGKILL);
        }
        int status = end_of(pid);
        bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        if (!killed)
            assert_int_equal(program_exit_code(status), EXIT_PROVEN);
        *kills += killed;
        processes_assert_none(scene->allocator); /* cells and probes */
        processes_assert_none(scene->folder);    /* what was to become one */
        assert_rows_survive(scene, proven);
        if (!killed)
            return;
        if (!has_begun(scene)) /* nothing to go on with */
            support_remove(scene->run);
    }
}

static void killed_at_random_points_a_run_is_finished_by_resume_and_loses_no_row(void **state)
{
    struct scene scene;
    const char *asked = g_getenv("AFTERFREE_KILLS");
    guint wanted = asked ? (guint)g_ascii_strtoull(asked, NULL, 10) : KILLS;
    guint kills = 0, runs = 0, parts = 0;
    GRand *rand = g_rand_new_with_seed(SEED);
    set_scene(&scene, *state, "");
    while (kills < wanted) {
        run_through(&scene, rand, wanted, &kills, &parts);
        assert_complete(&scene);
        support_remove(scene.run);
        runs++;
    }
    print_message("seed %d: %u runs, killed %u times, complete after %u parts\n", SEED, runs, kills,
                  parts + runs);
    g_rand_free(rand);
    clear_scene(&scene);
}

/* Is there a process whose name is `text`? */
static bool is_named(const char *text)
{
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    for (const char *name; (name = g_dir_read_name(proc));) {
        g_autofree char *path = g_build_filename("/proc", name, "comm", NULL);
        g_autofree char *comm = NULL;
        if (g_ascii_isdigit(*name) && g_file_get_contents(path, &comm, NULL, NULL) && strcmp(comm, line) == 0)
            return true;
    }
    return false;
}

static void a_process_that_is_still_in_an_allocators_constructor_dies_with_us(void **state)
{
    if (TEST_SANITIZED)
        skip(); /* nothing can be preloaded */
    struct scene scene;
    set_scene(&scene, *state, TEST_BUILD_DIR "/bench/test/libstuck.so");
    GPid pid = start(&scene);
    while (!is_named("in-constructor") || processes_count(scene.allocator) == 0)
        g_usleep(1000);
    kill(pid, SIGKILL);
    end_of(pid);
    processes_assert_none(scene.allocator);
    clear_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(killed_at_random_points_a_run_is_finished_by_resume_and_loses_no_row),
        SUPPORT_TEST(a_process_that_is_still_in_an_allocators_constructor_dies_with_us),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
