/* Names become file names, values become environments: nothing leaves the run folder, and what a descriptor
 * says is what a process gets, to the byte. */
#include <unistd.h>

#include "program.h"

#define HEAD                                                                                                 \
    "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 50 ms\nticking = 100 ms\nwalk = build drop\n"
#define SHAPE(name) "[shape " name "]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n"
#define CELLS(allocator, workload, shape)                                                                    \
    "[cells c]\nallocators = " allocator "\nsettings = *\nworkloads = " workload "\nshapes = " shape "\n"
#define GOOD HEAD SHAPE("s") CELLS("glibc", "null", "s")

#define TEN "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN
#define LONG FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY

/* Names of what is in FOLDER, all the way down, sorted; the caller frees. */
static char *listing(const char *folder)
{
    g_autofree char *quoted = g_shell_quote(folder);
    g_autofree char *command = g_strdup_printf("find %s", quoted), *text = NULL;
    g_auto(GStrv) argv = NULL;
    assert_true(g_shell_parse_argv(command, NULL, &argv, NULL));
    assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text, NULL, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    qsort(lines, g_strv_length(lines), sizeof *lines, support_compare_names);
    return g_strjoinv("\n", lines);
}

/* With this plan and descriptor nothing runs, nothing is written. */
static void assert_refused(const char *folder, const char *plan_text, const char *descriptor,
                           const char *part)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = support_new_file(folder, "plan.ini", plan_text);
    g_autofree char *data = g_build_filename(folder, "data", NULL),
                    *allocators = g_build_filename(data, "allocators", NULL),
                    *run = g_build_filename(folder, "run", NULL);
    assert_int_equal(g_mkdir_with_parents(allocators, 0777), 0);
    if (descriptor)
        support_write(folder, descriptor, "[allocator]\nsummary = x\n[setting default]\npolicy = default\n");
    g_autofree char *before = listing(folder);
    program_run(&outcome, "run", "--plan", plan, "--data", data, "--out", run);
    g_autofree char *after = listing(folder);
    program_assert_code(&outcome, EXIT_BAD_DATA);
    support_assert_has(outcome.err, part);
    assert_string_equal(after, before);
}

static void a_name_that_could_leave_the_run_folder_is_refused_before_anything_runs(void **state)
{
    static const struct {
        const char *plan, *descriptor, *part;
    } bad[] = {
        {HEAD SHAPE("..") CELLS("glibc", "null", ".."), NULL, "[shape ..]"},
        {HEAD SHAPE(".") CELLS("glibc", "null", "."), NULL, "[shape .]"},
        {HEAD SHAPE("../../x") CELLS("glibc", "null", "../../x"), NULL, "[shape ../../x]"},
        {HEAD SHAPE("/tmp/x") CELLS("glibc", "null", "/tmp/x"), NULL, "[shape /tmp/x]"},
        {HEAD SHAPE("a/b") CELLS("glibc", "null", "a/b"), NULL, "[shape a/b]"},
        {HEAD SHAPE("a+b") CELLS("glibc", "null", "a+b"), NULL, "[shape a+b]"},
        {HEAD SHAPE("") CELLS("glibc", "null", "s"), NULL, "[shape ]"},
        {HEAD SHAPE("s") CELLS("glibc", "../null", "s"), NULL, "\"../null\""},
        {HEAD SHAPE("s") CELLS("glibc", "/bin/true", "s"), NULL, "\"/bin/true\""},
        {HEAD SHAPE("s") CELLS("glibc", "test/../null", "s"), NULL, "\"test/../null\""},
        {HEAD SHAPE(LONG) CELLS("glibc", "null", LONG), NULL, "at most 50 characters"},
        {HEAD SHAPE("s") CELLS("..", "null", "s"), NULL, "\"..\" matches no descriptor"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_refused(*state, bad[i].plan, bad[i].descriptor, bad[i].part);
    assert_refused(*state, GOOD, "data/allocators/A+B.ini", "A+B.ini");
    g_autofree char *descriptor = g_build_filename(*state, "data/allocators/A+B.ini", NULL);
    assert_int_equal(g_unlink(descriptor), 0);
    assert_refused(*state, GOOD, "data/allocators/-..ini", "-..ini");
}

static void names_as_long_as_they_may_be_run(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *data = g_build_filename(*state, "data", NULL);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autofree char *plan =
        support_new_file(*state, "plan.ini",
                         HEAD SHAPE(FIFTY) "[cells c]\nallocators = " FIFTY "\nsettings = *\n"
                                           "workloads = null\nshapes = " FIFTY "\nthp = never\n");
    support_write(*state, "data/allocators/" FIFTY ".ini",
                  "[allocator]\nsummary = x\n[setting " FIFTY "]\npolicy = default\n");
    program_run(&outcome, "run", "--plan", plan, "--data", data, "--out", run, "--repeat", "2");
    program_assert_code(&outcome, EXIT_PROVEN);
}

/* A NUL cuts no name short: it is no text. */
static void a_nul_in_a_plan_is_refused(void **state)
{
    static const char text[] = HEAD SHAPE("s\0../x") CELLS("glibc", "null", "s");
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = g_build_filename(*state, "plan.ini", NULL);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    assert_true(g_file_set_contents(plan, text, sizeof text - 1, NULL));
    program_run(&outcome, "run", "--plan", plan, "--out", run);
    program_assert_code(&outcome, EXIT_BAD_DATA);
    support_assert_has(outcome.err, "NUL");
    assert_false(g_file_test(run, G_FILE_TEST_EXISTS));
}

/* --- environments --- */

static const struct {
    const char *written, *meant;
} values[] = {
    {"plain", "plain"},
    {"two  words", "two  words"},
    {"'single' \"double\" `backticks`", "'single' \"double\" `backticks`"},
    {"$HOME ${HOME} $(touch leaked) ; touch leaked & * ? [a] ~ | > leaked",
     "$HOME ${HOME} $(touch leaked) ; touch leaked & * ? [a] ~ | > leaked"},
    {"a=b=c,d", "a=b=c,d"},
    {"one\\ntwo\\n", "one\ntwo\n"},
    {"\\s\\tblanks\\s\\s", " \tblanks  "},
    {"a \\\\ b \\\\n c", "a \\ b \\n c"},
    {"caf\xc3\xa9 %s %n %d", "caf\xc3\xa9 %s %n %d"},
    {"", ""},
};

static char *descriptor_that_echoes(const char *fault, const char *echo)
{
    GString *text = g_string_new("[allocator]\nsummary = x\n[setting default]\npolicy = default\n");
    g_string_append_printf(text, "env.FAULT = %s\nenv.ECHO = %s\n", fault, echo);
    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        g_string_append_printf(text, "env.VALUE_%u = %s\n", i, values[i].written);
    return g_string_free(text, FALSE);
}

/* The file has the environment and nothing else, each line closed by NUL. */
static void assert_echoed(const char *fault, const char *echo)
{
    g_autoptr(GString) meant = g_string_new(NULL);
    g_autofree char *got = NULL;
    gsize length;
    g_string_append_printf(meant, "FAULT=%s%cECHO=%s%c", fault, 0, echo, 0);
    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        g_string_append_printf(meant, "VALUE_%u=%s%c", i, values[i].meant, 0);
    if (!g_file_get_contents(echo, &got, &length, NULL))
        fail_msg("%s was not written", echo);
    if (length != meant->len || memcmp(got, meant->str, length) != 0) {
        for (gsize i = 0; i < length; i++)
            got[i] = got[i] ? got[i] : '|';
        fail_msg("%.*s", (int)length, got);
    }
}

static void run_echo(const char *folder, const char *fault, const char *echo, program_outcome *outcome)
{
    g_autofree char *descriptor = descriptor_that_echoes(fault, echo);
    g_autofree char *plan =
        support_new_file(folder, "plan.ini", HEAD SHAPE("s") CELLS("echo", "faulty", "s"));
    g_autofree char *data = g_build_filename(folder, "data", NULL),
                    *run = g_build_filename(folder, "run", NULL);
    support_write(folder, "data/allocators/echo.ini", descriptor);
    program_run(outcome, "run", "--plan", plan, "--data", data, "--out", run);
}

static void a_process_gets_the_environment_of_its_setting_to_the_byte(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *echo = g_build_filename(*state, "echo", NULL),
                    *run = g_build_filename(*state, "run", NULL);
    run_echo(*state, "echo", echo, &outcome);
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_echoed("echo", echo);
    assert_false(g_file_test("leaked", G_FILE_TEST_EXISTS));
    /* In the row it is one line, newlines by their escapes. */
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    support_assert_has(program_text(runs, 0, "env"), "VALUE_2='single' \"double\" `backticks` ");
    support_assert_has(program_text(runs, 0, "env"), "VALUE_5=one\\ntwo\\n ");
    support_assert_has(program_text(runs, 0, "env"), "VALUE_7=a \\\\ b \\\\n c ");
}

static void so_does_one_started_by_the_command_that_repeats_it(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *echo = g_build_filename(*state, "echo", NULL);
    run_echo(*state, "echo-exit", echo, &outcome);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    assert_int_equal(unlink(echo), 0);
    const char *line = strstr(outcome.err, "repeat it with: ");
    assert_non_null(line);
    line += strlen("repeat it with: ");
    const char *last = "'walk=build,drop'"; /* the values before it may span lines */
    support_assert_has(line, last);
    g_autofree char *command = g_strndup(line, (gsize)(strstr(line, last) - line) + strlen(last));
    const char *const argv[] = {"sh", "-c", command, NULL};
    assert_true(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                             NULL, NULL, NULL));
    assert_echoed("echo-exit", echo);
    assert_false(g_file_test("leaked", G_FILE_TEST_EXISTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_name_that_could_leave_the_run_folder_is_refused_before_anything_runs),
        SUPPORT_TEST(names_as_long_as_they_may_be_run),
        SUPPORT_TEST(a_nul_in_a_plan_is_refused),
        SUPPORT_TEST(a_process_gets_the_environment_of_its_setting_to_the_byte),
        SUPPORT_TEST(so_does_one_started_by_the_command_that_repeats_it),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
