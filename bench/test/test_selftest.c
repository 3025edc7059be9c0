/* `afterfree selftest`, as a user runs it: what the controls are known to do is found in the rows, to the
 * page, and a wrong answer or a control that does something else is found out. The answers here are computed
 * from the shape and the arena, beside those of expected.ini. */
#include <unistd.h>

#include "program.h"

#define CONTROLS TEST_SOURCE_DIR "/bench/test/controls"

/* Of plans/selftest.ini. */
#define RECORDS UINT64_C(100000)
#define SLOTS UINT64_C(262144) /* the power of two of which 100,000 are less than three quarters */
#define SLOT_BYTES 24          /* hash, key, strings */
#define RECORD_BYTES (17 + 16 + 16)
#define RECORD_ARENA_BYTES (3 * 32)
#define TICKS 5 /* of 100 records and tables up to 256 slots */
#define TICK_BYTES (UINT64_C(100) * RECORD_ARENA_BYTES + (2 * 256 - 16) * SLOT_BYTES)

#define SLACK_PAGES 4 /* rounding, stack, code used for the first time */
#define INTERVAL_MS 10
#define BATCHED_PAGES 62 /* freed lazily, and not yet marked so by the kernel */

static uint64_t page_bytes(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A map in the arena: its records, and all tables from 16 slots on, for it never gives one out again. */
static uint64_t map_bytes(void)
{
    return RECORDS * RECORD_ARENA_BYTES + (2 * SLOTS - 16) * SLOT_BYTES;
}

/* One run for all tests, which only read it. */
static struct {
    void *folder;
    char *run;
    program_outcome outcome;
    struct csv *runs;
} whole;

static int run_whole(void **state)
{
    (void)state;
    if (support_open_folder(&whole.folder) != 0)
        return -1;
    whole.run = g_build_filename(whole.folder, "run", NULL);
    program_run(&whole.outcome, "selftest", "--out", whole.run);
    whole.runs = program_table(whole.run, "runs.csv");
    return 0;
}

static int remove_whole(void **state)
{
    (void)state;
    csv_free(whole.runs);
    program_outcome_clear(&whole.outcome);
    g_free(whole.run);
    return support_remove_folder(&whole.folder);
}

static guint row_of(const char *control)
{
    g_autofree char *prefix = g_strconcat(control, "/", NULL);
    for (guint row = 0; row < csv_rows(whole.runs); row++)
        if (g_str_has_prefix(program_text(whole.runs, row, "cell"), prefix))
            return row;
    fail_msg("there is no row of %s", control);
    return 0;
}

static guint ok_row_of(const char *control)
{
    guint row = row_of(control);
    if (strcmp(program_text(whole.runs, row, "status"), "ok") != 0)
        fail_msg("%s is %s: %s", control, program_text(whole.runs, row, "status"),
                 program_text(whole.runs, row, "reason"));
    return row;
}

/* The column is `bytes` in whole pages and at most the slack more; RSS over the baseline. */
static void assert_pages(guint row, const char *column, uint64_t bytes)
{
    uint64_t least = (bytes + page_bytes() - 1) / page_bytes() * page_bytes();
    uint64_t most = least + SLACK_PAGES * page_bytes();
    uint64_t value =
        program_number(whole.runs, row, column) - program_number(whole.runs, row, "baseline_rss_bytes");
    if (value < least || value > most)
        fail_msg("%s: %s is %" G_GINT64_FORMAT " over the baseline, not %" G_GUINT64_FORMAT
                 "..%" G_GUINT64_FORMAT,
                 program_text(whole.runs, row, "cell"), column, (gint64)value, least, most);
}

static void assert_number(guint row, const char *column, uint64_t least, uint64_t most)
{
    uint64_t value = program_number(whole.runs, row, column);
    if (value < least || value > most)
        fail_msg("%s: %s is %" G_GUINT64_FORMAT ", not %" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT,
                 program_text(whole.runs, row, "cell"), column, value, least, most);
}

static void assert_empty(guint row, const char *column)
{
    assert_string_equal(program_text(whole.runs, row, column), "");
}

/* --- the whole --- */

static void every_control_is_as_expected(void **state)
{
    (void)state;
    program_assert_code(&whole.outcome, EXIT_PROVEN);
    support_assert_has(whole.outcome.out, "all as expected");
    support_assert_has_not(whole.outcome.out, "WRONG");
    g_autoptr(GPtrArray) descriptors = support_glob(CONTROLS "/allocators", "*.ini");
    assert_true(descriptors->len >= 12);
    for (guint i = 0; i < descriptors->len; i++) {
        g_autofree char *base = g_path_get_basename(descriptors->pdata[i]);
        g_autofree char *line = g_strdup_printf("\n%.*s/", (int)strlen(base) - 4, base);
        support_assert_has(whole.outcome.out, line);
    }
}

static void no_line_of_the_table_is_wider_than_100_columns(void **state)
{
    (void)state;
    g_auto(GStrv) lines = g_strsplit(whole.outcome.out, "\n", -1);
    for (char **line = lines; *line; line++)
        if (strlen(*line) > 100)
            fail_msg("%zu columns: %s", strlen(*line), *line);
}

static void what_is_compared_is_in_the_table_whole(void **state)
{
    (void)state;
    static const char *const parts[] = {"fault) in build", "ok, purge_settle_ms 200..210 +-",
                                        "\n                   sample_gap_ms",
                                        "shared object file): ignored."};
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++)
        support_assert_has(whole.outcome.out, parts[i]);
}

static void each_ok_row_has_the_live_bytes_and_the_peak_of_its_shape(void **state)
{
    (void)state;
    guint ok = 0;
    for (guint row = 0; row < csv_rows(whole.runs); row++) {
        if (strcmp(program_text(whole.runs, row, "status"), "ok") != 0)
            continue;
        uint64_t live = RECORDS * RECORD_BYTES + SLOTS * SLOT_BYTES;
        assert_number(row, "live_bytes", live, live);
        assert_pages(row, "peak_rss_bytes", map_bytes());
        ok++;
    }
    assert_int_equal(ok, 9);
}

/* --- figures --- */

static void assert_gives_all_back_at_once(const char *control)
{
    guint row = ok_row_of(control);
    assert_pages(row, "drop_rss_bytes", 0);
    assert_pages(row, "silent_rss_bytes", 0);
    assert_pages(row, "ticking_rss_bytes", 0);
    assert_pages(row, "redrop_rss_bytes", 0);
    assert_pages(row, "purge_rss_bytes", 0);
    assert_pages(row, "rebuild_peak_rss_bytes", map_bytes());
    assert_number(row, "t50_ms", 0, 0);
    assert_number(row, "t90_ms", 0, 0);
    uint64_t pages = (map_bytes() + page_bytes() - 1) / page_bytes();
    assert_number(row, "rebuild_minor_faults", pages, pages + SLACK_PAGES);
}

static void perfect_is_back_at_its_baseline_when_the_drop_ends(void **state)
{
    (void)state;
    assert_gives_all_back_at_once("perfect/default");
}

static void chatty_is_perfect_whatever_it_says(void **state)
{
    (void)state;
    assert_gives_all_back_at_once("chatty/default");
}

static void leaky_keeps_all_and_grows_by_each_tick_and_the_second_map(void **state)
{
    (void)state;
    guint row = ok_row_of("leaky/default");
    assert_pages(row, "drop_rss_bytes", map_bytes());
    assert_pages(row, "silent_rss_bytes", map_bytes());
    assert_pages(row, "ticking_rss_bytes", map_bytes() + TICKS * TICK_BYTES);
    assert_pages(row, "redrop_rss_bytes", 2 * map_bytes() + TICKS * TICK_BYTES);
    assert_empty(row, "t50_ms");
    assert_empty(row, "t90_ms");
    assert_empty(row, "purge_rss_bytes");
}

static void assert_delay(const char *control, uint64_t delay_ms)
{
    guint row = ok_row_of(control);
    uint64_t gap_ms = program_number(whole.runs, row, "sample_gap_ms");
    assert_number(row, "t50_ms", delay_ms - gap_ms, delay_ms + INTERVAL_MS + gap_ms);
    assert_number(row, "t90_ms", delay_ms - gap_ms, delay_ms + INTERVAL_MS + gap_ms);
    assert_pages(row, "drop_rss_bytes", map_bytes());
    assert_pages(row, "silent_rss_bytes", 0);
}

static void delayed_gives_back_when_its_delay_is_over_to_a_sampling_interval_or_two(void **state)
{
    (void)state;
    assert_delay("delayed/300ms", 300);
    assert_delay("delayed/1200ms", 1200);
}

static void a_purge_that_answers_before_it_has_worked_is_followed_and_timed(void **state)
{
    (void)state;
    guint row = ok_row_of("delayed/late-purge");
    uint64_t gap = program_number(whole.runs, row, "sample_gap_ms");
    assert_number(row, "purge_settle_ms", 200 - MIN(gap, 200), 200 + INTERVAL_MS + gap);
    assert_pages(row, "redrop_rss_bytes", map_bytes());
    assert_pages(row, "purge_rss_bytes", 0);
}

static void lazy_stays_resident_and_is_held_no_longer(void **state)
{
    (void)state;
    static const char *const instants[] = {"drop", "silent", "ticking", "redrop"};
    guint row = ok_row_of("lazy/default");
    for (unsigned i = 0; i < G_N_ELEMENTS(instants); i++) {
        g_autofree char *rss = g_strconcat(instants[i], "_rss_bytes", NULL);
        g_autofree char *lazy = g_strconcat(instants[i], "_lazy_bytes", NULL);
        assert_pages(row, rss, map_bytes());
        assert_number(row, lazy, map_bytes() - BATCHED_PAGES * page_bytes(), map_bytes() + page_bytes());
    }
    uint64_t held = program_number(whole.runs, row, "silent_rss_bytes") -
                    program_number(whole.runs, row, "silent_lazy_bytes");
    assert_number(row, "silent_held_bytes", held, held);
    assert_empty(row, "t90_ms");
    assert_pages(row, "purge_rss_bytes", 0);
}

static void a_lying_purge_gives_nothing_back_and_an_honest_one_all(void **state)
{
    (void)state;
    guint lying = ok_row_of("lying/default"), honest = ok_row_of("lying/honest");
    assert_pages(lying, "redrop_rss_bytes", map_bytes());
    assert_pages(lying, "purge_rss_bytes", map_bytes());
    assert_pages(honest, "redrop_rss_bytes", map_bytes());
    assert_pages(honest, "purge_rss_bytes", 0);
    assert_number(lying, "rebuild_minor_faults", 0, SLACK_PAGES);
}

/* --- verdicts --- */

static void each_fault_has_its_status_and_its_reason_and_no_figure_of_a_drop(void **state)
{
    (void)state;
    static const struct {
        const char *control, *status, *reason;
    } faults[] = {
        {"crashing/in-build", "failed", "signal 11 (Segmentation fault) in build"},
        {"crashing/in-drop", "failed", "signal 11 (Segmentation fault) in drop"},
        {"failing/default", "failed", "exit code 65 (the allocator returned NULL) in build"},
        {"hanging/default", "timeout", "build did not end in time"},
        {"corrupting/default", "invalid", "checksum after hold is wrong"},
        {"bogus/default", "invalid", "/nonexistent/libcontrol-bogus.so does not own malloc"},
        {"missing/default", "skipped", "apt-get install control-missing"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        guint row = row_of(faults[i].control);
        assert_string_equal(program_text(whole.runs, row, "status"), faults[i].status);
        support_assert_has(program_text(whole.runs, row, "reason"), faults[i].reason);
        assert_empty(row, "drop_rss_bytes");
        assert_empty(row, "t90_ms");
    }
}

/* --- what must be found out: a small plan of two controls, in FOLDER --- */

#define SMALL_PLAN                                                                                           \
    "[plan]\nsummary = x\nbaseline = perfect/default\nsilent = 100 ms\nticking = 100 ms\n"                   \
    "[shape s]\nrecords = 20k\nstrings = 1\nlength = 15\norder = hash\n"                                     \
    "[cells c]\nallocators = perfect lying\nsettings = default\nworkloads = hash_open\nshapes = s\n"
#define RIGHT                                                                                                \
    "[perfect/default]\nstatus = ok\nsilent_rss_bytes = 0B..16K\n"                                           \
    "[lying/default]\nstatus = ok\npurge_rss_bytes = 1M..8M\n"

static void run_small(program_outcome *outcome, const char *folder, const char *answers, const char *option)
{
    support_write(folder, "data/plans/selftest.ini", SMALL_PLAN);
    support_write(folder, "data/expected.ini", answers);
    g_autofree char *data = g_build_filename(folder, "data", NULL);
    program_run(outcome, "selftest", "--data", data, option);
}

static void the_small_plan_is_as_expected(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_small(&outcome, *state, RIGHT, NULL);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.out, "2 controls, 2 figures of them: all as expected");
}

static void a_wrong_answer_fails_the_selftest_and_is_named(void **state)
{
    static const struct {
        const char *answers, *named;
    } wrong[] = {
        {"[perfect/default]\nstatus = ok\nsilent_rss_bytes = 1M..2M\n[lying/default]\nstatus = ok\n",
         "silent_rss_bytes 0 B, expected 1.05 MB..2.10 MB"},
        {"[perfect/default]\nstatus = ok\nt90_ms = none\n[lying/default]\nstatus = ok\n",
         "t90_ms 0, expected none"},
        {"[perfect/default]\nstatus = timeout\n[lying/default]\nstatus = ok\n", "perfect/default"},
        {"[perfect/default]\nstatus = ok\n", "lying/default"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(program_outcome) outcome = {0};
        run_small(&outcome, *state, wrong[i].answers, "--quiet");
        program_assert_code(&outcome, EXIT_NOT_PROVEN);
        support_assert_has(outcome.out, wrong[i].named);
        support_assert_has(outcome.out, "1 of 2 controls are NOT as expected");
    }
}

/* The descriptor says perfect, the library is another. */
static void a_control_that_does_something_else_fails_the_selftest(void **state)
{
    static const struct {
        const char *library, *named;
    } wrong[] = {{"libcontrol-leaky.so", "silent_rss_bytes"},
                 {"libcontrol-lazy.so", "silent_rss_bytes"},
                 {"libcontrol-nowhere.so", "libcontrol-nowhere.so does not own malloc"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(program_outcome) outcome = {0};
        g_autofree char *descriptor = g_strdup_printf(
            "[allocator]\nsummary = x\npreload = %s\n[setting default]\npolicy = eager\n", wrong[i].library);
        support_write(*state, "data/allocators/perfect.ini", descriptor);
        run_small(&outcome, *state, RIGHT, "--quiet");
        program_assert_code(&outcome, EXIT_NOT_PROVEN);
        support_assert_has(outcome.out, "perfect/default");
        support_assert_has(outcome.out, wrong[i].named);
        support_assert_has_not(outcome.out, "lying/default");
    }
}

static void a_bad_answer_file_is_refused_before_anything_runs(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    g_autofree char *option = g_strconcat("--out=", out, NULL);
    run_small(&outcome, *state, RIGHT "colour = red\n", option);
    program_assert_code(&outcome, EXIT_BAD_DATA);
    support_assert_has(outcome.err, "expected.ini:7: [lying/default] colour");
    assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
}

static void without_out_nothing_is_left_behind(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *tmp = g_build_filename(*state, "tmp", NULL);
    assert_int_equal(g_mkdir(tmp, 0777), 0);
    g_setenv("TMPDIR", tmp, TRUE);
    run_small(&outcome, *state, RIGHT, NULL);
    g_unsetenv("TMPDIR");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_int_equal(g_rmdir(tmp), 0); /* it is empty */
}

/* --- the rest of the program, and the installed one --- */

static void run_and_list_do_not_know_the_controls(void **state)
{
    g_auto(program_outcome) list = {0}, run = {0};
    g_autofree char *out = g_build_filename(*state, "run", NULL);
    program_run(&list, "list", "--plan", "smoke");
    program_assert_code(&list, EXIT_PROVEN);
    support_assert_has_not(list.out, "perfect");
    support_assert_has_not(list.out, "libcontrol");
    program_run(&run, "run", "--plan", "smoke", "--only", "perfect/*", "--out", out);
    program_assert_code(&run, EXIT_NO_MATCH);
}

static void an_installed_selftest_finds_its_controls(void **state)
{
    g_auto(program_outcome) install = {0}, selftest = {0};
    g_autofree char *prefix = g_build_filename(*state, "prefix", NULL);
    g_autofree char *program = g_build_filename(prefix, "bin", "afterfree", NULL);
    g_autofree char *data = g_build_filename(*state, "data", NULL);
    g_autofree char *answers =
        g_build_filename(prefix, "share", "afterfree", "controls", "expected.ini", NULL);
    program_run_words(&install, (const char *const[]){"/usr/bin/env", "cmake", "--install", TEST_BUILD_DIR,
                                                      "--prefix", prefix, NULL});
    program_assert_code(&install, 0);
    assert_true(g_file_test(answers, G_FILE_TEST_IS_REGULAR));
    support_write(*state, "data/plans/selftest.ini", SMALL_PLAN);
    support_write(*state, "data/expected.ini", RIGHT);
    program_run_words(&selftest, (const char *const[]){program, "selftest", "--data", data, NULL});
    program_assert_code(&selftest, EXIT_PROVEN);
    support_assert_has(selftest.out, "all as expected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_control_is_as_expected),
        cmocka_unit_test(no_line_of_the_table_is_wider_than_100_columns),
        cmocka_unit_test(what_is_compared_is_in_the_table_whole),
        cmocka_unit_test(each_ok_row_has_the_live_bytes_and_the_peak_of_its_shape),
        cmocka_unit_test(perfect_is_back_at_its_baseline_when_the_drop_ends),
        cmocka_unit_test(chatty_is_perfect_whatever_it_says),
        cmocka_unit_test(leaky_keeps_all_and_grows_by_each_tick_and_the_second_map),
        cmocka_unit_test(delayed_gives_back_when_its_delay_is_over_to_a_sampling_interval_or_two),
        cmocka_unit_test(a_purge_that_answers_before_it_has_worked_is_followed_and_timed),
        cmocka_unit_test(lazy_stays_resident_and_is_held_no_longer),
        cmocka_unit_test(a_lying_purge_gives_nothing_back_and_an_honest_one_all),
        cmocka_unit_test(each_fault_has_its_status_and_its_reason_and_no_figure_of_a_drop),
        SUPPORT_TEST(the_small_plan_is_as_expected),
        SUPPORT_TEST(a_wrong_answer_fails_the_selftest_and_is_named),
        SUPPORT_TEST(a_control_that_does_something_else_fails_the_selftest),
        SUPPORT_TEST(a_bad_answer_file_is_refused_before_anything_runs),
        SUPPORT_TEST(without_out_nothing_is_left_behind),
        SUPPORT_TEST(run_and_list_do_not_know_the_controls),
        SUPPORT_TEST(an_installed_selftest_finds_its_controls),
    };
    if (TEST_SANITIZED)
        return 0; /* nothing can be preloaded there */
    return cmocka_run_group_tests(tests, run_whole, remove_whole);
}
