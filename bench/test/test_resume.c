/* resume.h: what is kept of a run that goes on, what is not, and what is refused. */
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "program.h"

#define PLAN                                                                                                 \
    "[plan]\nsummary = x\nbaseline = mine/default\nsilent = 50 ms\nticking = 100 ms\n"                       \
    "walk = build hold drop silent\n"                                                                        \
    "[shape s]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n"                                    \
    "[cells c]\nallocators = mine\nsettings = *\nworkloads = hash_chained null\nshapes = s\n"
#define DESCRIPTOR                                                                                           \
    "[allocator]\nsummary = x\npackage = libc6\n[setting default]\npolicy = default\n"                       \
    "[setting other]\npolicy = eager\nenv.WHAT = one\n"

#define MARKS 6 /* of one run */

static char *in(const char *folder, const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* A whole run, FOLDER/run: two settings by two workloads, and by what `options` say. */
static void run_whole(const char *folder, const char *option, const char *option2)
{
    g_auto(program_outcome) outcome = {0};
    support_write(folder, "data/allocators/mine.ini", DESCRIPTOR);
    g_autofree char *plan = support_new_file(folder, "plan.ini", PLAN);
    g_autofree char *data = in(folder, "data"), *run = in(folder, "run");
    program_run(&outcome, "run", "--no-table", "--plan", plan, "--data", data, "--out", run, option, option2);
    program_assert_code(&outcome, EXIT_PROVEN);
}

static void resume(program_outcome *outcome, const char *folder)
{
    g_autofree char *run = in(folder, "run");
    program_run(outcome, "run", "--resume", run);
}

static void resume_well(const char *folder)
{
    g_auto(program_outcome) outcome = {0};
    resume(&outcome, folder);
    program_assert_code(&outcome, EXIT_PROVEN);
}

/* Refused with this code and these words, and runs.csv is as it was. */
static void assert_refused(const char *folder, int code, const char *const *parts)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *before = support_read(folder, "run/runs.csv");
    resume(&outcome, folder);
    program_assert_code(&outcome, code);
    for (; *parts; parts++)
        support_assert_has(outcome.err, *parts);
    g_autofree char *after = support_read(folder, "run/runs.csv");
    assert_string_equal(after, before);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Replaces the first `from` by `to` in a file. */
static void edit(const char *folder, const char *name, const char *from, const char *to)
{
    g_autofree char *text = support_read(folder, name);
    support_assert_has(text, from);
    g_auto(GStrv) parts = g_strsplit(text, from, 2);
    g_autofree char *edited = g_strconcat(parts[0], to, parts[1], NULL);
    support_write(folder, name, edited);
}

static void append(const char *folder, const char *name, const char *more)
{
    g_autofree char *text = support_read(folder, name);
    g_autofree char *longer = g_strconcat(text, more, NULL);
    support_write(folder, name, longer);
}

static struct csv *table(const char *folder, const char *name)
{
    g_autofree char *run = in(folder, "run");
    return program_table(run, name);
}

/* `count` rows, each of another run, all proven and with all their marks and samples, and no other. */
static void assert_whole(const char *folder, guint count)
{
    g_autoptr(csv_table) runs = table(folder, "runs.csv"), marks = table(folder, "marks.csv");
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *samples = in(folder, "run/samples"), *run = in(folder, "run");
    g_autoptr(GPtrArray) files = support_glob(samples, "*"), all = support_glob(run, "*");
    assert_int_equal(csv_rows(runs), count);
    assert_int_equal(program_count_ok(runs), count);
    assert_int_equal(csv_rows(marks), count * MARKS);
    for (guint row = 0; row < count; row++) {
        g_autofree char *path = in(run, program_text(runs, row, "samples_file"));
        assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
        assert_true(g_hash_table_add(seen, g_strdup(path)));
    }
    assert_int_equal(files->len, count);
    assert_int_equal(all->len, 7);
}

static char *machine_value(const char *folder, const char *group, const char *key)
{
    g_autofree char *path = in(folder, "run/machine.ini");
    g_autoptr(GKeyFile) machine = g_key_file_new();
    assert_true(g_key_file_load_from_file(machine, path, G_KEY_FILE_NONE, NULL));
    return g_key_file_get_string(machine, group, key, NULL);
}

static void a_finished_run_is_summarised_and_nothing_else_is_touched(void **state)
{
    static const char *const files[] = {"run/plan.ini", "run/machine.ini", "run/runs.csv", "run/marks.csv"};
    char *before[G_N_ELEMENTS(files)];
    run_whole(*state, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        before[i] = support_read(*state, files[i]);
    g_autofree char *summary = in(*state, "run/summary.csv");
    assert_int_equal(g_unlink(summary), 0);
    g_auto(program_outcome) outcome = {0};
    resume(&outcome, *state);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.err, "4 proven rows kept, 0 runs to go");
    support_assert_has(outcome.out, "mine/other");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *after = support_read(*state, files[i]);
        assert_string_equal(after, before[i]);
        g_free(before[i]);
    }
    assert_whole(*state, 4);
}

/* The text of the row whose cell begins so, with its LF. */
static char *row_text(const char *folder, const char *cell)
{
    g_autofree char *text = support_read(folder, "run/runs.csv");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, cell))
            return g_strconcat(*line, "\n", NULL);
    fail_msg("there is no row of %s", cell);
    return NULL;
}

static void what_is_not_proven_is_run_again_and_every_leftover_goes(void **state)
{
    run_whole(*state, NULL, NULL);
    g_autofree char *kept = row_text(*state, "mine/other/null");
    g_autofree char *failed = row_text(*state, "mine/default/null");
    g_autofree char *lost = row_text(*state, "mine/other/hash_chained");
    g_autofree char *torn = row_text(*state, "mine/default/hash_chained");
    g_autofree char *worse = g_strdup(failed);
    char *status = strstr(worse, ",ok,");
    memcpy(status, ",no,", 4);
    edit(*state, "run/runs.csv", failed, worse);
    edit(*state, "run/runs.csv", lost, "");
    edit(*state, "run/runs.csv", torn, "");
    torn[strlen(torn) / 2] = '\0';
    append(*state, "run/runs.csv", torn);
    append(*state, "run/marks.csv", "mine/other/no_such_cell/s,1,build,1,2\nmine/oth");
    support_write(*state, "run/samples/mine+other+gone+s-1.csv", "x");
    support_write(*state, "run/samples/mine+other+gone+s-1.csv.A1B2C3", "x");
    support_write(*state, "run/runs.csv.A1B2C3", "x");
    support_write(*state, "run/samples/notes.txt", "mine");
    resume_well(*state);
    g_autofree char *still = row_text(*state, "mine/other/null");
    assert_string_equal(still, kept);
    g_autofree char *notes = in(*state, "run/samples/notes.txt"); /* not ours: it stays */
    assert_int_equal(g_unlink(notes), 0);
    assert_whole(*state, 4);
}

static void a_row_whose_marks_or_samples_are_lost_is_run_again(void **state)
{
    run_whole(*state, NULL, NULL);
    g_autofree char *samples = in(*state, "run/samples/mine+default+null+s-1.csv");
    g_autofree char *before = row_text(*state, "mine/default/null");
    assert_int_equal(g_unlink(samples), 0);
    edit(*state, "run/marks.csv", "\nmine/other/null/s,1,hold", "\nmine/other/nil/s,1,hold");
    g_auto(program_outcome) outcome = {0};
    resume(&outcome, *state);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.err, "2 proven rows kept, 2 runs to go");
    assert_whole(*state, 4);
    g_autofree char *after = row_text(*state, "mine/default/null");
    assert_string_not_equal(after, before);
}

/* As many as there must be, but one phase twice and another not at all. */
static void a_row_whose_marks_are_not_its_walks_is_run_again(void **state)
{
    run_whole(*state, NULL, NULL);
    edit(*state, "run/marks.csv", "\nmine/other/null/s,1,hold", "\nmine/other/null/s,1,drop");
    g_auto(program_outcome) outcome = {0};
    resume(&outcome, *state);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.err, "3 proven rows kept, 1 runs to go");
    assert_whole(*state, 4);
}

/* A walk that pressure ended is whole up to the phase in ended_in. */
static void marks_are_wanted_up_to_where_the_row_says_it_ended(void **state)
{
    run_whole(*state, "--only=mine/default/null/*", NULL);
    g_autofree char *row = row_text(*state, "mine/default/null");
    g_auto(GStrv) parts = g_strsplit(row, ",end,,ok,", 2);
    g_autofree char *ended = g_strconcat(parts[0], ",silent,process,ok,", parts[1], NULL);
    edit(*state, "run/runs.csv", row, ended);
    edit(*state, "run/marks.csv", "\nmine/default/null/s,1,end,", "\nmine/default/nil/s,1,end,");
    g_auto(program_outcome) whole = {0}, less = {0};
    resume(&whole, *state);
    support_assert_has(whole.err, "1 proven rows kept, 0 runs to go");
    edit(*state, "run/marks.csv", "\nmine/default/null/s,1,silent,", "\nmine/default/nil/s,1,silent,");
    resume(&less, *state);
    support_assert_has(less.err, "0 proven rows kept, 1 runs to go");
}

static void machine_ini_keeps_the_first_part_and_tells_of_each_other(void **state)
{
    run_whole(*state, NULL, NULL);
    g_autofree char *command = machine_value(*state, "run", "command");
    g_autofree char *started = machine_value(*state, "machine", "started_utc");
    g_autofree char *wall = machine_value(*state, "run", "wall_ms");
    for (guint part = 1; part <= 2; part++) {
        g_autofree char *row = row_text(*state, "mine/other/null");
        g_autofree char *group = g_strdup_printf("resumed %u", part);
        edit(*state, "run/runs.csv", row, "");
        edit(*state, "run/machine.ini", "\nkernel=", "\nkernel=other than ");
        resume_well(*state);
        g_autofree char *its_command = machine_value(*state, group, "command");
        g_autofree char *its_wall = machine_value(*state, group, "wall_ms");
        g_autofree char *its_kernel = machine_value(*state, group, "kernel");
        support_assert_has(its_command, "--resume");
        assert_non_null(its_wall);
        assert_non_null(its_kernel); /* it differs */
    }
    g_autofree char *still_command = machine_value(*state, "run", "command");
    g_autofree char *still_started = machine_value(*state, "machine", "started_utc");
    g_autofree char *still_wall = machine_value(*state, "run", "wall_ms");
    g_autofree char *cores = machine_value(*state, "resumed 1", "cores");
    assert_string_equal(still_command, command);
    assert_string_equal(still_started, started);
    assert_string_equal(still_wall, wall);
    assert_null(cores); /* it does not */
}

/* Kept rows count in what is told and judged at the end; what the first part has told stays. */
static void conditions_are_those_of_all_rows_of_the_folder(void **state)
{
    g_auto(program_outcome) strict = {0}, outcome = {0};
    run_whole(*state, NULL, NULL);
    g_autofree char *kept = row_text(*state, "mine/other/hash_chained");
    g_autofree char *lost = row_text(*state, "mine/other/null");
    g_auto(GStrv) parts = g_strsplit(kept, ",1,,end,,ok,", 2);
    g_autofree char *stolen = g_strconcat(parts[0], " steal,1,,end,,ok,", parts[1], NULL);
    edit(*state, "run/runs.csv", kept, stolen);
    g_autofree char *run = in(*state, "run"), *first = machine_value(*state, "conditions", "load");
    program_run(&strict, "run", "--strict", "--no-table", "--resume", run);
    program_assert_code(&strict, EXIT_NOT_PROVEN);
    edit(*state, "run/runs.csv", lost, "");
    resume(&outcome, *state);
    support_assert_has(outcome.err, "afterfree: warning: steal in ");
    g_autofree char *still = machine_value(*state, "conditions", "load");
    g_autofree char *steal = machine_value(*state, "conditions 1", "steal");
    g_autofree char *early = machine_value(*state, "conditions", "steal");
    assert_true(g_strcmp0(first, still) == 0);
    assert_non_null(steal);
    support_assert_has(steal, " of 4 runs");
    assert_true(!early || !strstr(early, "since"));
}

/* What is not installed is asked for each time, and is no part of the run's cost. */
static void a_part_that_runs_nothing_is_not_told_in_machine_ini(void **state)
{
    g_auto(program_outcome) first = {0}, again = {0};
    g_auto(GStrv) parts = g_strsplit(PLAN, "allocators = mine", 2);
    g_autofree char *text = g_strconcat(parts[0], "allocators = mine absent", parts[1], NULL);
    g_autofree char *plan = support_new_file(*state, "plan.ini", text);
    g_autofree char *data = in(*state, "data"), *run = in(*state, "run");
    support_write(*state, "data/allocators/mine.ini", DESCRIPTOR);
    support_write(*state, "data/allocators/absent.ini",
                  "[allocator]\nsummary = x\npreload = libabsent-here.so\npackage = libabsent-here\n"
                  "[setting default]\npolicy = default\n");
    program_run(&first, "run", "--no-table", "--plan", plan, "--data", data, "--out", run);
    program_assert_code(&first, EXIT_PROVEN);
    g_autofree char *before = support_read(*state, "run/machine.ini");
    resume(&again, *state);
    program_assert_code(&again, EXIT_PROVEN);
    support_assert_has(again.err, "4 proven rows kept, 2 runs to go");
    g_autofree char *after = support_read(*state, "run/machine.ini");
    g_autoptr(csv_table) runs = table(*state, "runs.csv");
    assert_string_equal(after, before);
    assert_int_equal(csv_rows(runs), 6); /* with the skipped ones, as they are now */
    assert_int_equal(program_count_ok(runs), 4);
}

static void help_names_all_options_that_go_along(void **state)
{
    g_auto(program_outcome) outcome = {0};
    (void)state;
    program_run(&outcome, "run", "--help");
    support_assert_has(
        outcome.out,
        "--count-calls are those it began with; only\n-j, -q, --strict, --set-thp and --no-table go along");
}

static void selection_and_options_are_those_it_began_with(void **state)
{
    run_whole(*state, "--only=*/hash_chained/*", "--repeat=2");
    assert_whole(*state, 4);
    g_autofree char *row = row_text(*state, "mine/other/hash_chained");
    edit(*state, "run/runs.csv", row, "");
    resume_well(*state);
    assert_whole(*state, 4);
}

static void sampling_is_as_it_began(void **state)
{
    run_whole(*state, "--sample-hz=0", NULL);
    g_autofree char *row = row_text(*state, "mine/other/null");
    edit(*state, "run/runs.csv", row, "");
    resume_well(*state);
    g_autoptr(csv_table) runs = table(*state, "runs.csv");
    assert_string_equal(program_text(runs, 3, "cell"), "mine/other/null/s");
    assert_int_equal(program_number(runs, 3, "samples"), MARKS); /* at marks only */
}

static void a_row_that_agrees_no_more_is_refused_with_what_was_and_what_is(void **state)
{
    run_whole(*state, NULL, NULL);
    edit(*state, "data/allocators/mine.ini", "WHAT = one", "WHAT = two");
    assert_refused(*state, EXIT_BAD_DATA, WORDS("mine/other/", "env", "\"WHAT=one\"", "\"WHAT=two\""));
    edit(*state, "data/allocators/mine.ini", "WHAT = two", "WHAT = one");
    edit(*state, "data/allocators/mine.ini", "policy = eager", "policy = lazy");
    assert_refused(*state, EXIT_BAD_DATA, WORDS("mine/other/", "policy", "\"eager\"", "\"lazy\""));
    edit(*state, "data/allocators/mine.ini", "policy = lazy", "policy = eager");
    edit(*state, "data/allocators/mine.ini", "[setting other]", "[setting another]");
    assert_refused(*state, EXIT_BAD_DATA, WORDS("mine/other/", "no such run"));
    edit(*state, "data/allocators/mine.ini", "[setting another]", "[setting other]");
    edit(*state, "run/machine.ini", "package_version=", "package_version=0");
    assert_refused(*state, EXIT_BAD_DATA, WORDS("mine/", "package version \"0"));
    edit(*state, "run/machine.ini", "package_version=0", "package_version=");
    g_autofree char *row = row_text(*state, "mine/other/null");
    g_autofree char *other = g_strdup(row);
    memcpy(strstr(other, ".so"), ".to", 3);
    edit(*state, "run/runs.csv", row, other);
    assert_refused(*state, EXIT_BAD_DATA, WORDS("mine/other/null/s (repeat 1)", "library", ".to", ".so"));
    edit(*state, "run/runs.csv", other, row);
    assert_refused(*state, EXIT_PROVEN, WORDS("0 runs to go")); /* all is as it was again */
}

/* By its content: its path and the package it came from would be the same. */
static void a_library_built_anew_at_the_same_path_is_refused(void **state)
{
    run_whole(*state, NULL, NULL);
    g_autofree char *sum = machine_value(*state, "allocator mine", "library_sha256");
    assert_non_null(sum);
    assert_int_equal(strlen(sum), 64);
    edit(*state, "run/machine.ini", "library_sha256=", "library_sha256=0");
    assert_refused(*state, EXIT_BAD_DATA, WORDS("mine/", "library_sha256 \"0", sum));
    edit(*state, "run/machine.ini", "library_sha256=0", "sum_of_no_version=");
    assert_refused(*state, EXIT_PROVEN, WORDS("0 runs to go")); /* made before it was recorded */
}

static void a_library_that_is_given_is_of_no_package(void **state)
{
    if (TEST_SANITIZED)
        skip(); /* nothing can be preloaded there */
    run_whole(*state, "--preload=mine=" TEST_BUILD_DIR "/bench/test/libknobs.so", NULL);
    g_autofree char *version = machine_value(*state, "allocator mine", "package_version");
    assert_string_equal(version, "");
    resume_well(*state);
}

static void a_plan_changed_since_is_refused(void **state)
{
    run_whole(*state, NULL, NULL);
    edit(*state, "run/plan.ini", "walk=build hold drop silent", "walk=build drop silent");
    assert_refused(*state, EXIT_BAD_DATA, WORDS("plan.ini", "changed"));
}

static void a_run_of_a_version_that_could_not_resume_is_refused(void **state)
{
    run_whole(*state, NULL, NULL);
    edit(*state, "run/machine.ini", "plan_sha256", "plan_md5");
    assert_refused(*state, EXIT_BAD_DATA, WORDS("machine.ini", "plan_sha256"));
}

static void where_no_run_began_there_is_none_to_go_on_with(void **state)
{
    g_auto(program_outcome) nothing = {0}, empty = {0};
    g_autofree char *run = in(*state, "run");
    resume(&nothing, *state);
    program_assert_code(&nothing, EXIT_USAGE);
    support_assert_has(nothing.err, "no run has begun");
    assert_false(g_file_test(run, G_FILE_TEST_EXISTS));
    assert_int_equal(g_mkdir(run, 0777), 0);
    resume(&empty, *state);
    program_assert_code(&empty, EXIT_USAGE);
}

static void two_orchestrators_never_write_into_one_folder(void **state)
{
    run_whole(*state, NULL, NULL);
    g_autofree char *run = in(*state, "run"), *plan = in(*state, "plan.ini"), *data = in(*state, "data");
    g_autofree char *row = row_text(*state, "mine/other/null");
    edit(*state, "run/runs.csv", row, "");
    int fd = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0); /* as the first one has it */
    assert_refused(*state, EXIT_USAGE, WORDS("another afterfree"));
    g_auto(program_outcome) fresh = {0};
    program_run(&fresh, "run", "--plan", plan, "--data", data, "--out", run);
    program_assert_code(&fresh, EXIT_USAGE);
    support_assert_has(fresh.err, "another afterfree");
    close(fd);
    resume_well(*state);
    assert_whole(*state, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_finished_run_is_summarised_and_nothing_else_is_touched),
        SUPPORT_TEST(what_is_not_proven_is_run_again_and_every_leftover_goes),
        SUPPORT_TEST(a_row_whose_marks_or_samples_are_lost_is_run_again),
        SUPPORT_TEST(a_row_whose_marks_are_not_its_walks_is_run_again),
        SUPPORT_TEST(marks_are_wanted_up_to_where_the_row_says_it_ended),
        SUPPORT_TEST(machine_ini_keeps_the_first_part_and_tells_of_each_other),
        SUPPORT_TEST(conditions_are_those_of_all_rows_of_the_folder),
        SUPPORT_TEST(a_part_that_runs_nothing_is_not_told_in_machine_ini),
        SUPPORT_TEST(help_names_all_options_that_go_along),
        SUPPORT_TEST(selection_and_options_are_those_it_began_with),
        SUPPORT_TEST(sampling_is_as_it_began),
        SUPPORT_TEST(a_row_that_agrees_no_more_is_refused_with_what_was_and_what_is),
        SUPPORT_TEST(a_library_built_anew_at_the_same_path_is_refused),
        SUPPORT_TEST(a_library_that_is_given_is_of_no_package),
        SUPPORT_TEST(a_plan_changed_since_is_refused),
        SUPPORT_TEST(a_run_of_a_version_that_could_not_resume_is_refused),
        SUPPORT_TEST(where_no_run_began_there_is_none_to_go_on_with),
        SUPPORT_TEST(two_orchestrators_never_write_into_one_folder),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
