/* Every fault gets its own verdict, the exit code tells, and a bad cell never costs the others. The faults
 * are those of the control workload `faulty`. */
#include <unistd.h>

#include "processes.h"
#include "program.h"

#define PLAN                                                                                                 \
    "[plan]\nsummary = x\nbaseline = faulty/default\nsilent = 100 ms\nticking = 100 ms\ntimeout = 1 s\n"     \
    "[shape %s]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n"                                   \
    "[cells c]\nallocators = faulty\nsettings = *\nworkloads = faulty\nshapes = %s\n"

static const struct {
    const char *setting, *status, *reason;
} expected[] = {
    {"default", "ok", ""},
    {"crash", "failed", "signal 11"},
    {"kill", "oom", "signal 9"},
    {"exit", "failed", "exit code 3 in drop"},
    {"hang", "timeout", "build did not end"},
    {"miscount", "invalid", "live bytes"},
    {"corrupt", "invalid", "checksum after hold"},
    {"garbage", "invalid", "nonsense"},
    {"half", "timeout", "build did not end in time, with half a mark written: \"build begin_ns=\""},
    {"closed", "timeout", "build closed the mark descriptor, and the process lived on"},
    {"heap", "invalid", "a mark longer than 1024 bytes"},
    {"lines", "invalid", "bad mark: unknown phase \"line\""},
    {"fork", "invalid", "the process has forked"},
    {"fork-session", "invalid", "the process has forked"},
    {"fork-gone", "invalid", "the process has forked"},
    {"fork-exit", "failed", "exit code 6 in build"},
    {"deaf", "timeout", "build did not end in time"},
    {"stop", "timeout", "build did not end in time; the process was stopped"},
    /* It is listened to at the pace of the ticks: 200 MB would take it half a minute. */
    {"flood", "timeout", "build did not end in time"},
    {"chatty", "ok", ""},
};

static void assert_verdict(const struct csv *runs, unsigned i)
{
    for (guint row = 0; row < csv_rows(runs); row++) {
        if (strcmp(program_text(runs, row, "setting"), expected[i].setting) != 0)
            continue;
        if (strcmp(program_text(runs, row, "status"), expected[i].status) != 0)
            fail_msg("%s is %s: %s", expected[i].setting, program_text(runs, row, "status"),
                     program_text(runs, row, "reason"));
        support_assert_has(program_text(runs, row, "reason"), expected[i].reason);
        return;
    }
    fail_msg("there is no row of %s", expected[i].setting);
}

static guint64 run_value(const char *run, const char *key)
{
    g_autofree char *path = g_build_filename(run, "machine.ini", NULL);
    g_autoptr(GKeyFile) machine = g_key_file_new();
    assert_true(g_key_file_load_from_file(machine, path, G_KEY_FILE_NONE, NULL));
    return g_key_file_get_uint64(machine, "run", key, NULL);
}

static void every_fault_has_its_verdict_and_costs_no_other_cell(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *shape = g_strdup_printf("faults-%d", (int)getpid()); /* no other process has it */
    g_autofree char *text = g_strdup_printf(PLAN, shape, shape);
    g_autofree char *plan = support_new_file(*state, "plan.ini", text);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    program_run(&outcome, "run", "--plan", plan, "--out", run, "--data", TEST_SOURCE_DIR "/bench/test");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    g_autoptr(csv_table) runs = program_table(run, "runs.csv");
    assert_int_equal(csv_rows(runs), G_N_ELEMENTS(expected));
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_verdict(runs, i);
    /* On failure the exact command that repeats it is printed. */
    support_assert_has(outcome.err, "repeat it with: env -i 'FAULT=crash' setarch -R");
    /* The table has the good cell as a row, the others behind it with their reasons. */
    const char *behind = strstr(outcome.out, "Not in the table");
    assert_non_null(behind);
    g_autofree char *row =
        g_strdup_printf("timeout  faulty/hang/faulty/%s: build did not end in time", shape);
    support_assert_has(behind, row);
    processes_assert_none(shape); /* nor what they have forked */
    assert_in_range(run_value(run, "orchestrator_peak_rss_bytes"), 1, 30000000); /* of 100 MB none is kept */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(every_fault_has_its_verdict_and_costs_no_other_cell),
    };
    if (TEST_SANITIZED)
        return 0; /* a sanitizer takes the signals for itself */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
