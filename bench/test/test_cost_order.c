/* In which order `afterfree cost` times the cells of a plan with shapes of two sizes. */
#include "program.h"

#define SETTINGS 2
#define ROUNDS 3

/* The larger shape is the plan's first. */
#define PLAN                                                                                                 \
    "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 100 ms\nticking = 100 ms\nrounds = 3\n"         \
    "[shape more]\nrecords = 2000\nstrings = 1\nlength = 15\norder = hash\n"                                 \
    "[shape few]\nrecords = 500\nstrings = 1\nlength = 15\norder = hash\n"                                   \
    "[cost c]\nallocators = glibc\nsettings = default arena-1\nworkloads = hash_open\nshapes = few more\n"

static void all_rounds_of_the_shape_with_fewer_records_come_first(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = support_new_file(*state, "plan.ini", PLAN);
    g_autofree char *out = g_build_filename(*state, "out", NULL);
    program_run(&outcome, "cost", "--plan", plan, "--out", out, "-q", "--no-table");
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) runs = program_table(out, "runs.csv");
    assert_int_equal(program_count_ok(runs), 2 * SETTINGS * ROUNDS);
    for (guint row = 0; row < csv_rows(runs); row++) {
        assert_string_equal(program_text(runs, row, "shape"), row < SETTINGS * ROUNDS ? "few" : "more");
        assert_int_equal(program_number(runs, row, "repeat"), row / SETTINGS % ROUNDS + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(all_rounds_of_the_shape_with_fewer_records_come_first),
    };
    return PROGRAM_UNPROVABLE ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
