/* scope.h: who may make no cgroup is sent through systemd-run once; where that does not help, cells are skipped and
 * say what to do. Run as a user without rights; systemd-run is a stub that writes down how it was called. */
#include <unistd.h>

#include "program.h"

#define NOBODY "65534"

static bool cannot_become_nobody(void)
{
    g_autofree char *setpriv = g_find_program_in_path("setpriv");
    bool cannot = geteuid() != 0 || !setpriv;
    if (cannot)
        print_message("needs root and setpriv\n");
    return cannot;
}

/* FOLDER/systemd-run: writes FOLDER/calls, then does as `rest` says. */
static void write_stub(const char *folder, const char *rest)
{
    g_autofree char *text =
        g_strdup_printf("#!/bin/sh\necho \"scope=$AFTERFREE_SCOPE $*\" >>%s/calls\n%s\n", folder, rest);
    g_autofree char *stub = support_new_file(folder, "systemd-run", text);
    assert_int_equal(g_chmod(stub, 0755), 0);
    assert_int_equal(g_chmod(folder, 0777), 0);
}

static void run_as_nobody(program_outcome *outcome, const char *folder)
{
    g_autofree char *path = g_strdup_printf("PATH=%s:/usr/bin:/bin", folder);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    program_run_words(outcome,
                      (const char *const[]){"/usr/bin/env", "-u", "AFTERFREE_SCOPE", path, "setpriv",
                                            "--reuid=" NOBODY, "--clear-groups",
                                            TEST_BUILD_DIR "/bench/afterfree", "run", "--out", run, "--data",
                                            TEST_SOURCE_DIR "/bench/test", "--plan", "limit", NULL});
}

static void assert_skipped(const program_outcome *outcome, const char *folder)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    program_assert_code(outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    assert_int_equal(csv_rows(runs), 1);
    assert_string_equal(program_text(runs, 0, "status"), "skipped");
    support_assert_has(program_text(runs, 0, "reason"), "no memory cgroup can be made");
    support_assert_has(program_text(runs, 0, "reason"),
                       "run it as root, or as a user of a machine with systemd");
    support_assert_has(outcome->out, "no memory cgroup can be made");
}

static void a_scope_is_asked_for_once_with_the_same_arguments(void **state)
{
    if (cannot_become_nobody() || PROGRAM_UNPROVABLE)
        skip();
    g_auto(program_outcome) outcome = {0};
    write_stub(*state, "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"");
    run_as_nobody(&outcome, *state);
    assert_skipped(&outcome, *state);
    g_autofree char *calls = support_read(*state, "calls");
    g_auto(GStrv) lines = g_strsplit(calls, "\n", -1);
    assert_int_equal(g_strv_length(lines), 3); /* the last is empty */
    assert_string_equal(lines[0], "scope= --user --scope --quiet --property=Delegate=yes -- true");
    support_assert_has(lines[1], "scope=1 --user --scope --quiet --property=Delegate=yes -- /");
    support_assert_has(lines[1], "/bench/afterfree run --out ");
    support_assert_has(lines[1], " --plan limit");
}

static void a_systemd_run_that_gives_no_scope_is_tried_and_left_alone(void **state)
{
    if (cannot_become_nobody() || PROGRAM_UNPROVABLE)
        skip();
    g_auto(program_outcome) outcome = {0};
    write_stub(*state, "exit 1");
    run_as_nobody(&outcome, *state);
    assert_skipped(&outcome, *state);
    g_autofree char *calls = support_read(*state, "calls");
    assert_string_equal(calls, "scope= --user --scope --quiet --property=Delegate=yes -- true\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_scope_is_asked_for_once_with_the_same_arguments),
        SUPPORT_TEST(a_systemd_run_that_gives_no_scope_is_tried_and_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
