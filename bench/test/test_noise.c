/* measure_noise, behind scripts/measure-noise: trials of known verdicts are counted. */
#include "program.h"

#define HEAD                                                                                                 \
    "cell,setting,build_of_default,build_of_default_verdict,cycle_of_default,cycle_of_default_verdict,"      \
    "purge_of_default,purge_of_default_verdict\n"
#define DEFAULT "a/default/w/s,default,,,,,,\n"
#define NONE "no difference shown: the interval includes 1"

static char *write_trial(const char *folder, const char *name, const char *rows)
{
    g_autofree char *text = g_strconcat(HEAD DEFAULT, rows, NULL);
    g_autofree char *table = g_build_filename(name, "summary.csv", NULL);
    support_write(folder, table, text);
    return g_build_filename(folder, name, NULL);
}

static void measure(program_outcome *outcome, const char *first, const char *second, const char *third)
{
    program_run_words(outcome, (const char *const[]){TEST_BUILD_DIR "/bench/test/measure_noise", first,
                                                     second, third, NULL});
}

static void trials_that_show_a_difference_are_counted_by_figure_and_once_by_cell(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *first = write_trial(*state, "1", "a/twin/w/s,twin,1.0300,more,0.9900,less,,\n");
    g_autofree char *second = write_trial(*state, "2", "a/twin/w/s,twin,1.0100," NONE ",1.0000," NONE ",,\n");
    g_autofree char *third = write_trial(*state, "3", "a/twin/w/s,twin,0.9800,less,1.0200," NONE ",,\n");
    measure(&outcome, first, second, third);
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_string_equal(outcome.out,
                        "a/twin/w/s: trials that show a difference\n"
                        "  build                  2 of   3  ratio 0.9800 to 1.0300, median 1.0100\n"
                        "  cycle                  1 of   3  ratio 0.9900 to 1.0200, median 1.0000\n"
                        "  any of them            2 of   3\n");
}

static void a_folder_without_prices_is_no_trial(void **state)
{
    g_auto(program_outcome) without = {0}, alone = {0};
    support_write(*state, "run/summary.csv", "cell,setting\na/twin/w/s,twin\n");
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autofree char *only_default = write_trial(*state, "default", "");
    measure(&without, run, NULL, NULL);
    program_assert_code(&without, EXIT_BAD_DATA);
    support_assert_has(without.err, "has no prices");
    measure(&alone, only_default, NULL, NULL);
    program_assert_code(&alone, EXIT_BAD_DATA);
    support_assert_has(alone.err, "no setting beside the default");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(trials_that_show_a_difference_are_counted_by_figure_and_once_by_cell),
        SUPPORT_TEST(a_folder_without_prices_is_no_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
