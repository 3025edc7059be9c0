/* plan.h: the passes of a plan, and what [cost NAME] says. */
#include "plan.h"
#include "support.h"

#define HEAD "[plan]\nsummary = a question\nbaseline = one/default\nsilent = 12 s\nticking = 500 ms\n"
#define SHAPE "[shape s]\nrecords = 1M\nstrings = 1\nlength = 20\norder = hash\n"
#define LISTS "allocators = *\nsettings = *\nworkloads = null\nshapes = s\n"
#define CELLS "[cells c]\n" LISTS
#define COST "[cost d]\n" LISTS

static struct plan *read_text(const char *folder, const char *text, GError **error)
{
    g_autofree char *path = support_new_file(folder, "question.ini", text);
    return plan_read(path, error);
}

static struct plan *take(const char *folder, const char *text, enum plan_pass pass)
{
    g_autoptr(GError) error = NULL;
    struct plan *plan = read_text(folder, text, &error);
    if (!plan || !plan_take_pass(plan, pass, &error))
        fail_msg("%s", error->message);
    return plan;
}

static const char *only_group(const struct plan *plan)
{
    assert_int_equal(plan->groups->len, 1);
    return ((const struct plan_cells *)plan->groups->pdata[0])->group;
}

static void the_memory_pass_has_the_plans_own_cells_and_walk(void **state)
{
    struct plan *plan = take(*state, HEAD SHAPE CELLS COST, PLAN_MEMORY);
    assert_string_equal(only_group(plan), "cells c");
    assert_int_equal(plan->silent_ms, 12000);
    assert_int_equal(plan->repeat, 1);
    plan_free(plan);
}

static void the_timed_pass_has_the_cost_cells_its_rounds_and_a_walk_without_waits(void **state)
{
    struct plan *plan = take(*state, HEAD "rounds = 5\nrepeat = 2\n" SHAPE CELLS COST, PLAN_COST);
    g_autoptr(GString) walk = g_string_new(NULL);
    assert_string_equal(only_group(plan), "cost d");
    assert_int_equal(plan->repeat, 5);
    for (guint i = 0; i < plan->walk->len; i++) {
        const struct plan_step *step = plan->walk->pdata[i];
        g_string_append_printf(walk, "%s%s", i ? " " : "", step->phase);
        assert_false(step->waits);
    }
    assert_string_equal(walk->str, "build hold drop rebuild redrop purge rebuild redrop");
    plan_free(plan);
}

static void eight_rounds_are_the_default_and_the_counted_pass_has_one(void **state)
{
    struct plan *plan = take(*state, HEAD SHAPE COST, PLAN_COST);
    assert_int_equal(plan->repeat, 8);
    plan_free(plan);
    plan = take(*state, HEAD SHAPE COST, PLAN_CALLS);
    assert_int_equal(plan->repeat, 1);
    assert_string_equal(only_group(plan), "cost d");
    plan_free(plan);
}

static void only_the_memory_pass_times_single_operations(void **state)
{
    for (int pass = PLAN_MEMORY; pass <= PLAN_CALLS; pass++) {
        struct plan *plan = take(*state, HEAD "latency = yes\n" SHAPE CELLS COST, (enum plan_pass)pass);
        assert_int_equal(plan->latency, pass == PLAN_MEMORY); /* it would be part of every price */
        plan_free(plan);
    }
}

static void a_pass_without_a_group_for_it_is_refused_by_the_name_of_the_group(void **state)
{
    GError *no_cost = NULL, *no_cells = NULL;
    struct plan *plan = read_text(*state, HEAD SHAPE CELLS, &no_cost);
    assert_false(plan_take_pass(plan, PLAN_COST, &no_cost));
    support_assert_error(&no_cost, EXIT_NO_MATCH, (const char *const[]){"question.ini", "[cost NAME]", NULL});
    plan_free(plan);
    plan = read_text(*state, HEAD SHAPE COST, &no_cells);
    assert_false(plan_take_pass(plan, PLAN_MEMORY, &no_cells));
    support_assert_error(&no_cells, EXIT_NO_MATCH,
                         (const char *const[]){"question.ini", "[cells NAME]", NULL});
    plan_free(plan);
}

static void what_is_wrong_in_a_cost_group_is_named(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {HEAD SHAPE COST "thp = never\n", "[cost d] thp"},
        {HEAD SHAPE "[cost d]\nallocators = *\nsettings = *\nshapes = s\n", "[cost d] workloads"},
        {HEAD SHAPE "[cost no name]\n" LISTS, "[cost no name]"},
        {HEAD "rounds = 0\n" SHAPE COST, "[plan] rounds"},
        {HEAD "rounds = 1001\n" SHAPE COST, "[plan] rounds"},
        {HEAD SHAPE, "[cost NAME]"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GError *error = NULL;
        assert_null(read_text(*state, cases[i].text, &error));
        support_assert_error(&error, EXIT_BAD_DATA,
                             (const char *const[]){"question.ini", cases[i].says, NULL});
    }
}

static void the_name_of_each_pass_is_read_back(void **state)
{
    (void)state;
    enum plan_pass pass;
    for (int i = PLAN_MEMORY; i <= PLAN_CALLS; i++) {
        assert_true(plan_parse_pass(plan_pass_name((enum plan_pass)i), &pass));
        assert_int_equal(pass, i);
    }
    assert_false(plan_parse_pass("", &pass));
    assert_false(plan_parse_pass("costs", &pass));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(the_memory_pass_has_the_plans_own_cells_and_walk),
        SUPPORT_TEST(the_timed_pass_has_the_cost_cells_its_rounds_and_a_walk_without_waits),
        SUPPORT_TEST(eight_rounds_are_the_default_and_the_counted_pass_has_one),
        SUPPORT_TEST(only_the_memory_pass_times_single_operations),
        SUPPORT_TEST(a_pass_without_a_group_for_it_is_refused_by_the_name_of_the_group),
        SUPPORT_TEST(what_is_wrong_in_a_cost_group_is_named),
        cmocka_unit_test(the_name_of_each_pass_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
