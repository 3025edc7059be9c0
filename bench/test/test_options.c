/* options.h: what the command lines say, and that a bad one is a usage error. */
#include "options.h"
#include "support.h"

typedef bool reader(struct options *options, int argc, char **argv, GError **error);

/* `words` ends with NULL; the first is the subcommand. GLib's parser moves argv's pointers: a copy is read.
 */
static bool read_words(reader *read, struct options *options, const char *const *words, GError **error)
{
    g_auto(GStrv) copy = g_strdupv((char **)(uintptr_t)words);
    g_autofree char **argv = g_memdup2(copy, (g_strv_length(copy) + 1) * sizeof *copy);
    return read(options, (int)g_strv_length(copy), argv, error);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(reader *read, const char *const *words, const char *part)
{
    struct options options;
    g_autoptr(GError) error = NULL;
    if (read_words(read, &options, words, &error))
        fail_msg("was accepted: … %s", words[g_strv_length((char **)(uintptr_t)words) - 1]);
    options_clear(&options);
    support_assert_error(&error, EXIT_USAGE, WORDS(part));
}

static void a_run_without_options_has_the_documented_defaults(void **state)
{
    (void)state;
    struct options options;
    assert_true(read_words(options_read_run, &options, WORDS("run"), NULL));
    assert_string_equal(options.plan, "default");
    assert_null(options.only);
    assert_null(options.data);
    assert_null(options.out);
    assert_int_equal(options.repeat, 0);
    assert_false(options.strict);
    assert_false(options.set_thp);
    assert_false(options.no_table);
    assert_int_equal(options.matrix.jobs, MATRIX_DEFAULT_JOBS);
    assert_int_equal(options.matrix.sample_hz, MATRIX_DEFAULT_HZ);
    assert_int_equal(g_hash_table_size(options.preloads), 0);
    assert_false(options.count_calls);
    options_clear(&options);
}

static void every_option_of_a_run_is_taken(void **state)
{
    g_autofree char *library = support_new_file(*state, "lib.so", "");
    g_autofree char *preload = g_strconcat("one=", library, NULL);
    struct options options;
    assert_true(read_words(options_read_run, &options,
                           WORDS("run", "--plan=smoke", "--only=a/*", "--only=b/*", "--repeat=3", "--data=x",
                                 "--preload", preload, "--jobs=2", "--out=somewhere", "--sample-hz=0",
                                 "--strict", "--set-thp", "--count-calls", "--quiet", "--no-table"),
                           NULL));
    assert_string_equal(options.plan, "smoke");
    assert_int_equal(g_strv_length(options.only), 2);
    assert_string_equal(options.only[1], "b/*");
    assert_string_equal(options.data[0], "x");
    assert_string_equal(options.out, "somewhere");
    assert_int_equal(options.repeat, 3);
    assert_string_equal(g_hash_table_lookup(options.preloads, "one"), library);
    assert_true(options.strict && options.set_thp && options.count_calls && options.no_table &&
                options.matrix.quiet);
    assert_int_equal(options.matrix.jobs, 2);
    assert_int_equal(options.matrix.sample_hz, 0);
    options_clear(&options);
}

static void bad_options_are_usage_errors_that_name_them(void **state)
{
    (void)state;
    assert_refused(options_read_run, WORDS("run", "--colour"), "colour");
    assert_refused(options_read_run, WORDS("run", "smoke"), "smoke");
    assert_refused(options_read_run, WORDS("run", "--repeat", "often"), "often");
    assert_refused(options_read_run, WORDS("run", "--repeat=-1"), "--repeat");
    assert_refused(options_read_run, WORDS("run", "--repeat=1001"), "--repeat");
    assert_refused(options_read_run, WORDS("run", "--jobs=0"), "--jobs");
    assert_refused(options_read_run, WORDS("run", "--jobs=257"), "--jobs");
    assert_refused(options_read_run, WORDS("run", "--sample-hz=1001"), "--sample-hz");
    assert_refused(options_read_run, WORDS("run", "--plan"), "--plan");
    assert_refused(options_read_list, WORDS("list", "--strict"), "strict");
    assert_refused(options_read_list, WORDS("list", "smoke"), "smoke");
    assert_refused(options_read_summary, WORDS("summary"), "run folder");
    assert_refused(options_read_summary, WORDS("summary", "one", "two"), "run folder");
}

static void a_preload_must_be_name_and_an_existing_file(void **state)
{
    g_autofree char *blank = support_new_file(*state, "a lib.so", "");
    g_autofree char *with_blank = g_strconcat("one=", blank, NULL);
    g_autofree char *a_folder = g_strconcat("one=", (char *)*state, NULL);
    assert_refused(options_read_run, WORDS("run", "--preload=one=/no/such/file"), "/no/such/file");
    assert_refused(options_read_list, WORDS("list", "--preload=one=/no/such/file"), "/no/such/file");
    assert_refused(options_read_run, WORDS("run", "--preload", a_folder), "no such file");
    assert_refused(options_read_run, WORDS("run", "--preload=/usr/lib/libc.so.6"), "NAME=PATH");
    assert_refused(options_read_run, WORDS("run", "--preload=one="), "NAME=PATH");
    assert_refused(options_read_run, WORDS("run", "--preload==/usr"), "NAME=PATH");
    assert_refused(options_read_run, WORDS("run", "--preload", with_blank), "blanks");
}

static void a_relative_preload_is_made_absolute(void **state)
{
    (void)state;
    g_autofree char *here = g_get_current_dir();
    struct options options;
    assert_int_equal(g_chdir("/proc/self"), 0);
    bool good = read_words(options_read_run, &options, WORDS("run", "--preload=one=./status"), NULL);
    assert_int_equal(g_chdir(here), 0);
    assert_true(good);
    assert_true(g_path_is_absolute(g_hash_table_lookup(options.preloads, "one")));
    options_clear(&options);
}

static void a_resumed_run_is_the_run_it_was(void **state)
{
    (void)state;
    struct options options;
    assert_true(read_words(options_read_run, &options,
                           WORDS("run", "--resume=a/run", "-q", "-j", "2", "--strict", "--no-table"), NULL));
    assert_string_equal(options.resume, "a/run");
    assert_int_equal(options.matrix.jobs, 2);
    options_clear(&options);
    static const char *const others[] = {
        "--plan=smoke", "--only=x",        "--repeat=2",    "--data=/", "--preload=one=/x.so",
        "--out=x",      "--sample-hz=100", "--count-calls", NULL};
    for (const char *const *other = others; *other; other++) {
        g_autofree char *name = g_strndup(*other, strcspn(*other, "="));
        assert_refused(options_read_run, WORDS("run", "--resume=a/run", *other), name);
    }
}

static void a_summary_takes_its_folder(void **state)
{
    (void)state;
    struct options options;
    assert_true(read_words(options_read_summary, &options, WORDS("summary", "a/run"), NULL));
    assert_string_equal(options.run_folder, "a/run");
    options_clear(&options);
}

static void a_check_takes_any_number_of_allocators(void **state)
{
    (void)state;
    struct options options;
    assert_true(read_words(options_read_check, &options, WORDS("check"), NULL));
    assert_null(options.allocators);
    assert_false(options.strict);
    options_clear(&options);
    assert_true(read_words(
        options_read_check, &options,
        WORDS("check", "one", "--strict", "t*", "--data=x", "--preload=one=/proc/self/exe"), NULL));
    assert_int_equal(g_strv_length(options.allocators), 2);
    assert_string_equal(options.allocators[1], "t*");
    assert_string_equal(options.data[0], "x");
    assert_true(options.strict);
    assert_non_null(g_hash_table_lookup(options.preloads, "one"));
    options_clear(&options);
    assert_refused(options_read_check, WORDS("check", "--plan=smoke"), "plan");
    assert_refused(options_read_check, WORDS("check", "--preload=one=/no/such/file"), "/no/such/file");
}

static void a_selftest_runs_its_own_plan_and_takes_a_folder_and_quiet(void **state)
{
    (void)state;
    struct options options;
    assert_true(read_words(options_read_selftest, &options, WORDS("selftest"), NULL));
    assert_true(options.controls && options.no_table);
    assert_false(options.quiet);
    assert_string_equal(options.plan, "selftest");
    assert_null(options.out);
    options_clear(&options);
    assert_true(read_words(options_read_selftest, &options,
                           WORDS("selftest", "--out=here", "--data=there", "-q"), NULL));
    assert_string_equal(options.out, "here");
    assert_string_equal(options.data[0], "there");
    assert_true(options.quiet);
    options_clear(&options);
    assert_refused(options_read_selftest, WORDS("selftest", "--plan=smoke"), "plan");
    assert_refused(options_read_selftest, WORDS("selftest", "perfect"), "perfect");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_without_options_has_the_documented_defaults),
        SUPPORT_TEST(every_option_of_a_run_is_taken),
        cmocka_unit_test(bad_options_are_usage_errors_that_name_them),
        SUPPORT_TEST(a_preload_must_be_name_and_an_existing_file),
        cmocka_unit_test(a_relative_preload_is_made_absolute),
        cmocka_unit_test(a_resumed_run_is_the_run_it_was),
        cmocka_unit_test(a_summary_takes_its_folder),
        cmocka_unit_test(a_check_takes_any_number_of_allocators),
        cmocka_unit_test(a_selftest_runs_its_own_plan_and_takes_a_folder_and_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
