/* `afterfree check` and `run` on descriptors that are wrong in one thing each: it is named, with the value that
 * was found, and costs no other setting. */
#include "program.h"

#define HEAD "[allocator]\nsummary = x\nversion = string: gnu_get_libc_version()\nread.two = int: abs(-2)\n"
#define DEFAULT "[setting default]\npolicy = default\n"
#define KNOBS TEST_BUILD_DIR "/bench/test/libknobs.so"
#define HALF TEST_BUILD_DIR "/bench/test/libhalf.so"

#define PLAN                                                                                                 \
    "[plan]\nsummary = x\nbaseline = one/default\nsilent = 100 ms\nticking = 100 ms\nwalk = build drop\n"    \
    "[shape s]\nrecords = 1000\nstrings = 1\nlength = 15\norder = hash\n"                                    \
    "[cells c]\nallocators = one\nsettings = *\nworkloads = null\nshapes = s\n"

/* Writes FOLDER/data/allocators/one.ini and checks it alone. */
static void check(program_outcome *outcome, const char *folder, const char *descriptor, const char *option)
{
    g_autofree char *data = g_build_filename(folder, "data", NULL);
    support_write(folder, "data/allocators/one.ini", descriptor);
    program_run(outcome, "check", "--data", data, "one", option);
}

static void assert_checked(const char *folder, const char *descriptor, int code, const char *part)
{
    g_auto(program_outcome) outcome = {0};
    check(&outcome, folder, descriptor, NULL);
    program_assert_code(&outcome, code);
    support_assert_has(outcome.out, part);
}

static void what_is_asked_and_in_force_passes(void **state)
{
    g_auto(program_outcome) outcome = {0};
    check(&outcome, *state, HEAD DEFAULT "[setting good]\npolicy = eager\nenv.X = 1\nexpect.two = 0x2\n",
          NULL);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.out, "good     two   0x2    2         in force");
    support_assert_has(outcome.out,
                       "1 allocator, 0 not installed, 0 refuted, 0 without its version\n"
                       "2 settings: 1 in force, 0 NOT in force, 0 not provable, 1 ask for nothing");
    support_assert_has(outcome.out, "owns      malloc free calloc realloc posix_memalign aligned_alloc");
}

static void what_is_not_in_force_fails_and_shows_the_value_found(void **state)
{
    g_auto(program_outcome) outcome = {0};
    check(&outcome, *state, HEAD DEFAULT "[setting bad]\npolicy = eager\nenv.X = 1\nexpect.two = 3\n", NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.out, "bad      two   3      2         NOT in force");
}

static void what_is_not_provable_is_no_failure_and_never_ok(void **state)
{
    g_auto(program_outcome) outcome = {0};
    check(&outcome, *state,
          HEAD "read.none = int: no_such_call()\n" DEFAULT "[setting blind]\npolicy = eager\nenv.X = 1\n"
               "[setting missing]\npolicy = eager\nenv.X = 1\nexpect.none = 1\n",
          "--strict");
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.out, "0 in force, 0 NOT in force, 2 not provable");
    support_assert_has(outcome.out, "(no no_such_call)");
}

/* The mistakes seen in the field: each is taken in silence by the C library. */
static void a_mistyped_variable_of_the_c_library_is_not_in_force(void **state)
{
    static const struct {
        const char *line, *verdict;
    } settings[] = {
        {"GLIBC_TUNABLES = glibc.malloc.trim_threshold=131072", "trim  131072  0x20000       in force"},
        {"MALLOC_TRIM_THRESHOLD_ = 131072", "trim  131072  0x20000       in force"},
        {"MALLOC_TRIM_THRESHOLD = 131072", "trim  131072  (unset or 0)  NOT in force"},
        {"GLIBC_TUNABLES = malloc.trim_threshold=131072", "trim  131072  (unset or 0)  NOT in force"},
        {"GLIBC_TUNABLES = glibc.malloc.trim_treshold=131072", "trim  131072  (unset or 0)  NOT in force"},
        {"GLIBC_TUNABLES = glibc.malloc.trim_threshold=128k", "trim  131072  0x80          NOT in force"},
    };
    g_auto(program_outcome) outcome = {0};
    g_autoptr(GString) text = g_string_new(HEAD "read.trim = tunable: glibc.malloc.trim_threshold\n" DEFAULT);
    for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++)
        g_string_append_printf(text, "[setting s%u]\npolicy = eager\nexpect.trim = 131072\nenv.%s\n", i,
                               settings[i].line);
    check(&outcome, *state, text->str, NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_autofree char *row = g_strdup_printf("s%u       %s", i, settings[i].verdict);
        support_assert_has(outcome.out, row);
    }
}

/* By a data symbol, and by a call that stores. */
static void a_value_that_the_library_ignored_in_silence_is_not_in_force(void **state)
{
    if (TEST_SANITIZED)
        skip(); /* nothing can be preloaded there */
    g_auto(program_outcome) outcome = {0};
    check(&outcome, *state,
          "[allocator]\nsummary = x\npreload = " KNOBS "\nread.level = int: knobs_level\n"
          "read.got = int: knobs_get(\"knobs.level\", &)\nread.rate = double: knobs_rate\n" DEFAULT
          "[setting good]\npolicy = eager\nenv.KNOBS_LEVEL = 7\nexpect.level = 7\nexpect.got = 7\n"
          "expect.rate = 0.25\n"
          "[setting bad]\npolicy = eager\nenv.KNOBS_LEVEL = 7x\nexpect.level = 7\nexpect.got = 7\n",
          NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.out, "good     level  7      7         in force");
    support_assert_has(outcome.out, "         got    7      7         in force");
    support_assert_has(outcome.out, "         rate   0.25   0.25      in force");
    support_assert_has(outcome.out, "bad      level  7      3         NOT in force");
    support_assert_has(outcome.out, "         got    7      3         NOT in force");
}

static void behaviour_is_seen_where_nothing_reads_back(void **state)
{
    if (TEST_SANITIZED)
        skip(); /* the sanitizer owns malloc */
#define TUNED "env.GLIBC_TUNABLES = glibc.malloc.mxfast=0:glibc.malloc.trim_threshold=131072:glibc.malloc."
    g_auto(program_outcome) outcome = {0};
    check(&outcome, *state,
          HEAD DEFAULT "[setting good]\npolicy = eager\nbehaves = returns\n" TUNED "tcache_count=0\n"
                       "[setting typo]\npolicy = eager\nbehaves = returns\n" TUNED "tcache_cnt=0\n",
          NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.out, "behaviour  returns  returns (");
    support_assert_has(outcome.out, "behaviour  returns  keeps (");
    support_assert_has(outcome.out, "1 in force, 1 NOT in force");
}

/* The C library keeps such a map by itself: to behave so proves nothing of a setting, mistyped or not. */
static void behaviour_that_is_the_defaults_too_proves_nothing(void **state)
{
    if (TEST_SANITIZED)
        skip();
    g_auto(program_outcome) outcome = {0};
    check(&outcome, *state,
          HEAD DEFAULT "[setting typo]\npolicy = never\nbehaves = keeps\n" TUNED "tcache_cnt=0\n", NULL);
    program_assert_code(&outcome, EXIT_PROVEN);
    support_assert_has(outcome.out, "behaviour  keeps  keeps (");
    support_assert_has(outcome.out, "0 in force, 0 NOT in force, 1 not provable");
}

static void a_library_that_owns_malloc_but_not_its_kin_is_refuted(void **state)
{
    if (TEST_SANITIZED)
        skip();
    g_auto(program_outcome) outcome = {0};
    check(&outcome, *state, "[allocator]\nsummary = x\npreload = " HALF "\n" DEFAULT, NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.out, "REFUTED: calloc belongs to ");
    support_assert_has(outcome.out, ", but malloc to " HALF);
    support_assert_has(outcome.out, "free: " HALF);
}

static void a_purge_call_of_the_c_librarys_is_refuted_for_another_allocator(void **state)
{
    if (TEST_SANITIZED)
        skip();
    assert_checked(*state, "[allocator]\nsummary = x\npreload = " KNOBS "\npurge = malloc_trim(0)\n" DEFAULT,
                   EXIT_NOT_PROVEN, "purge call malloc_trim lies in /");
    assert_checked(*state, "[allocator]\nsummary = x\npreload = " KNOBS "\n" DEFAULT, EXIT_PROVEN,
                   "purge     none");
    assert_checked(*state, "[allocator]\nsummary = x\npurge = malloc_trim(0)\n" DEFAULT, EXIT_PROVEN,
                   "malloc_trim(0)\n            in /");
}

/* Lines with a version range would not apply, and nobody would know why. */
static void a_version_that_cannot_be_told_fails_and_says_why(void **state)
{
    static const char MISSING[] = "[allocator]\nsummary = x\nversion = int: nosuch()\n" DEFAULT;
    static const char FAILING[] =
        "[allocator]\nsummary = x\nversion = int: getenv(\"NO_SUCH_VARIABLE\", &)\n" DEFAULT;
    assert_checked(*state, MISSING, EXIT_NOT_PROVEN,
                   "version   not told (version: nosuch is not in the library)");
    assert_checked(*state, MISSING, EXIT_NOT_PROVEN,
                   "1 allocator, 0 not installed, 0 refuted, 1 without its version");
    assert_checked(*state, FAILING, EXIT_NOT_PROVEN, "(version: int: getenv(\"NO_SUCH_VARIABLE\", &) fails)");
    assert_checked(*state, "[allocator]\nsummary = x\n" DEFAULT, EXIT_PROVEN, "version   not told\n");
    assert_checked(*state, HEAD DEFAULT, EXIT_PROVEN, "0 refuted, 0 without its version");
}

static void a_release_build_is_told_by_an_answer_only(void **state)
{
    assert_checked(*state, HEAD "debug = bool: nosuch()\n" DEFAULT, EXIT_PROVEN,
                   "build     not told (debug: nosuch is not in the library)");
    assert_checked(*state, HEAD "debug = int: getenv(\"NO_SUCH_VARIABLE\", &)\n" DEFAULT, EXIT_PROVEN,
                   "build     not told (debug: int: getenv");
    if (!TEST_SANITIZED) /* nothing can be preloaded there */
        assert_checked(*state, "[allocator]\nsummary = x\npreload = " HALF "\ndebug = int: abs(0)\n" DEFAULT,
                       EXIT_NOT_PROVEN, "build     not told\n");
}

static void what_nobody_asks_for_and_nothing_tells_is_not_told_rather_than_shown(void **state)
{
    assert_checked(*state,
                   HEAD
                   "read.none = int: no_such_call()\nread.misnamed = tunable: glibc.malloc.trim_treshold\n"
                   "read.unset = tunable: glibc.malloc.trim_threshold\n" DEFAULT,
                   EXIT_PROVEN,
                   "none             (no no_such_call)                not told\n"
                   "           misnamed         (no glibc.malloc.trim_treshold)  not told\n"
                   "           unset            (unset or 0)                     shown\n");
}

static void a_debug_build_is_told(void **state)
{
    assert_checked(*state, HEAD "debug = int: abs(-1)\n" DEFAULT, EXIT_PROVEN, "build     DEBUG");
    assert_checked(*state, HEAD "debug = int: abs(0)\n" DEFAULT, EXIT_PROVEN, "build     release");
    assert_checked(*state, HEAD DEFAULT, EXIT_PROVEN, "build     not told");
}

static void a_setting_that_kills_the_process_is_refuted_alone(void **state)
{
    if (TEST_SANITIZED)
        skip();
    g_auto(program_outcome) outcome = {0};
    check(&outcome, *state,
          "[allocator]\nsummary = x\npreload = " KNOBS "\n" DEFAULT
          "[setting deadly]\npolicy = never\nenv.KNOBS_DIE = 1\n",
          NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.out, "deadly: the probe died: exit code 3");
    support_assert_has(outcome.out, "1 ask for nothing, 1 refuted");
}

static void what_is_not_installed_is_listed_and_fails_only_a_strict_check(void **state)
{
    static const char GHOST[] =
        "[allocator]\nsummary = x\npreload = libdoesnotexist.so.9\npackage = libghost9\n" DEFAULT;
    g_auto(program_outcome) strict = {0};
    assert_checked(*state, GHOST, EXIT_PROVEN, "apt-get install libghost9");
    check(&strict, *state, GHOST, "--strict");
    program_assert_code(&strict, EXIT_NOT_PROVEN);
}

static void an_unknown_allocator_is_a_usage_error_that_lists_the_known(void **state)
{
    g_auto(program_outcome) outcome = {0};
    (void)state;
    program_run(&outcome, "check", "glibc", "nosuch*");
    program_assert_code(&outcome, EXIT_USAGE);
    support_assert_has(outcome.err, "\"nosuch*\"");
    support_assert_has(outcome.err, " glibc");
    assert_string_equal(outcome.out, "");
}

static void no_line_of_a_table_is_wider_than_100(void **state)
{
    g_auto(program_outcome) outcome = {0};
    check(&outcome, *state,
          HEAD
          "read.a_rather_long_name_of_a_read_back_that_fits_nowhere_else = int: abs(-1)\n" DEFAULT
          "[setting wide]\npolicy = eager\nenv.X = 1\nexpect.two = "
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
          NULL);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    const char *table = strstr(outcome.out, "  setting");
    assert_non_null(table);
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_utf8_strlen(*line, -1) > 100)
            fail_msg("%s", *line);
    support_assert_has(table, "aaaa…");
    support_assert_has(table, "NOT in force");
}

/* --- the same in a run --- */

static guint row_of(const struct csv *csv, const char *setting)
{
    for (guint row = 0; row < csv_rows(csv); row++)
        if (strcmp(program_text(csv, row, "setting"), setting) == 0)
            return row;
    fail_msg("there is no row of %s", setting);
    return 0;
}

static void assert_row(const struct csv *runs, const char *setting, const char *status, const char *proof,
                       const char *reason)
{
    guint row = row_of(runs, setting);
    assert_string_equal(program_text(runs, row, "status"), status);
    assert_string_equal(program_text(runs, row, "setting_proof"), proof);
    assert_string_equal(program_text(runs, row, "reason"), reason);
}

static void a_setting_that_is_not_in_force_makes_its_cells_invalid_and_no_other(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = support_new_file(*state, "plan.ini", PLAN);
    g_autofree char *data = g_build_filename(*state, "data", NULL);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    support_write(*state, "data/allocators/one.ini",
                  HEAD DEFAULT "[setting good]\npolicy = eager\nenv.X = 1\nexpect.two = 2\n"
                               "[setting bad]\npolicy = eager\nenv.X = 1\nexpect.two = 3\n"
                               "[setting blind]\npolicy = eager\nenv.X = 1\n");
    program_run(&outcome, "run", "--plan", plan, "--out", run, "--data", data);
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    g_autoptr(csv_table) runs = program_table(run, "runs.csv"), proofs = program_table(run, "proofs.csv");
    assert_row(runs, "default", "ok", "", "");
    assert_row(runs, "good", "ok", "read back", "");
    assert_row(runs, "bad", "invalid", "not in force", "two: asked 3, in force 2");
    assert_row(runs, "blind", "ok", "not provable", "");
    support_assert_has(outcome.out, "two: asked 3, in force 2");
    support_assert_has(outcome.err, "/4] invalid  one/bad/null/s: two: asked 3, in force 2\n");
    support_assert_has(outcome.err, "[4/4] ok ");

    assert_int_equal(csv_rows(proofs), 5); /* blind has two: what is shown, and its variable */
    guint row = row_of(proofs, "bad");
    assert_string_equal(program_text(proofs, row, "allocator"), "one");
    assert_string_equal(program_text(proofs, row, "name"), "two");
    assert_string_equal(program_text(proofs, row, "asked"), "3");
    assert_string_equal(program_text(proofs, row, "in_force"), "2");
    assert_string_equal(program_text(proofs, row, "verdict"), "NOT in force");
    assert_string_not_equal(program_text(proofs, row, "version"), "");
    assert_string_not_equal(program_text(proofs, row, "library"), "");
}

#define BLIND HEAD DEFAULT "[setting blind]\npolicy = eager\nenv.X = 1\n"

static void run_blind(program_outcome *outcome, const char *folder, const char *option)
{
    g_autofree char *plan = support_new_file(folder, "plan.ini", PLAN);
    g_autofree char *data = g_build_filename(folder, "data", NULL);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    support_write(folder, "data/allocators/one.ini", BLIND);
    program_run(outcome, "run", "--plan", plan, "--out", run, "--data", data, option);
}

static void a_setting_that_is_not_provable_is_named_at_the_start_and_marked_in_the_table(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_blind(&outcome, *state, NULL);
    program_assert_code(&outcome, EXIT_PROVEN);
    const char *warning = strstr(outcome.err, "warning: not-provable (one/blind): ");
    assert_non_null(warning);
    assert_null(strstr(warning + 1, "warning: not-provable"));
    assert_true(warning < strstr(outcome.err, "run folder"));
    support_assert_has(outcome.out, "\none/blind ? ");
    support_assert_has(outcome.out, "\none/default ");
    support_assert_has_not(outcome.out, "one/default ?");
    support_assert_has(outcome.out, "\n? not provable: nothing tells whether the setting took effect\n");
    support_assert_has_not(outcome.err, "expected over measured peak"); /* it was not too low */
}

static void a_strict_run_refuses_a_setting_that_is_not_provable(void **state)
{
    g_auto(program_outcome) outcome = {0};
    run_blind(&outcome, *state, "--strict");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    support_assert_has(outcome.err, "--strict: nothing was run");
    support_assert_has(strstr(outcome.err, "--strict: nothing was run"), "not-provable");
}

/* What is packaged here is proven as it stands; where a package is not installed it is listed. */
static void every_packaged_setting_is_in_force_or_not_provable(void **state)
{
    g_auto(program_outcome) outcome = {0};
    (void)state;
    program_run(&outcome, "check", PROGRAM_ALLOCATORS);
    program_assert_code(&outcome, EXIT_PROVEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(what_is_asked_and_in_force_passes),
        SUPPORT_TEST(what_is_not_in_force_fails_and_shows_the_value_found),
        SUPPORT_TEST(what_is_not_provable_is_no_failure_and_never_ok),
        SUPPORT_TEST(a_mistyped_variable_of_the_c_library_is_not_in_force),
        SUPPORT_TEST(a_value_that_the_library_ignored_in_silence_is_not_in_force),
        SUPPORT_TEST(behaviour_is_seen_where_nothing_reads_back),
        SUPPORT_TEST(behaviour_that_is_the_defaults_too_proves_nothing),
        SUPPORT_TEST(a_library_that_owns_malloc_but_not_its_kin_is_refuted),
        SUPPORT_TEST(a_purge_call_of_the_c_librarys_is_refuted_for_another_allocator),
        SUPPORT_TEST(a_version_that_cannot_be_told_fails_and_says_why),
        SUPPORT_TEST(a_release_build_is_told_by_an_answer_only),
        SUPPORT_TEST(what_nobody_asks_for_and_nothing_tells_is_not_told_rather_than_shown),
        SUPPORT_TEST(a_debug_build_is_told),
        SUPPORT_TEST(a_setting_that_kills_the_process_is_refuted_alone),
        SUPPORT_TEST(what_is_not_installed_is_listed_and_fails_only_a_strict_check),
        SUPPORT_TEST(an_unknown_allocator_is_a_usage_error_that_lists_the_known),
        SUPPORT_TEST(no_line_of_a_table_is_wider_than_100),
        SUPPORT_TEST(a_setting_that_is_not_provable_is_named_at_the_start_and_marked_in_the_table),
        SUPPORT_TEST(a_strict_run_refuses_a_setting_that_is_not_provable),
        SUPPORT_TEST(a_setting_that_is_not_in_force_makes_its_cells_invalid_and_no_other),
        cmocka_unit_test(every_packaged_setting_is_in_force_or_not_provable),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
