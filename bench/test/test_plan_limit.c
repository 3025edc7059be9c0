/* plan.h: the limit of a plan, the phase that needs one, and the workers of a shape. */
#include "plan.h"
#include "support.h"

#define TEXT(walk, limit, shape)                                                                             \
    "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 1 s\nticking = 1 s\n" walk limit                \
    "[shape s]\nrecords = 10M\nstrings = 1\nlength = 15..30\norder = hash\n" shape                           \
    "[cells c]\nallocators = *\nsettings = *\nworkloads = null\nshapes = s\n"

static struct plan *read_text(const char *folder, const char *text, GError **error)
{
    g_autofree char *path = support_new_file(folder, "plan.ini", text);
    return plan_read(path, error);
}

static struct plan *read_good(const char *folder, const char *text)
{
    g_autoptr(GError) error = NULL;
    struct plan *plan = read_text(folder, text, &error);
    if (!plan)
        fail_msg("%s", error->message);
    return plan;
}

static const struct allocator allocator, floor_allocator = {.is_floor = true};
static const struct allocator_setting setting = {.policy = ALLOCATOR_POLICY_DEFAULT};

static struct plan_cell cell_of(const struct plan *plan)
{
    return (struct plan_cell){
        .allocator = &allocator, .setting = &setting, .shape = plan->shapes->pdata[0], .walk = plan->walk};
}

static void a_plan_without_a_limit_has_none_and_one_worker(void **state)
{
    struct plan *plan = read_good(*state, TEXT("", "", ""));
    const struct plan_cell cell = cell_of(plan);
    assert_int_equal(plan->limit_bytes, 0);
    assert_false(plan->oom_is_answer);
    assert_int_equal(cell.shape->workers, 1);
    assert_int_equal(plan_admitted_bytes(plan, &cell), plan_expected_peak_bytes(plan, &cell));
    plan_free(plan);
}

static void a_limit_is_what_admission_counts(void **state)
{
    struct plan *plan = read_good(*state, TEXT("", "[limit]\nmemory = 2.5G\n", ""));
    const struct plan_cell cell = cell_of(plan);
    assert_int_equal(plan->limit_bytes, 5u << 29);
    assert_false(plan->oom_is_answer);
    assert_int_equal(plan_admitted_bytes(plan, &cell), 5u << 29);
    plan_free(plan);
}

static void an_oom_may_be_an_answer(void **state)
{
    struct plan *plan = read_good(*state, TEXT("", "[limit]\nmemory = 64M\noom = answer\n", ""));
    assert_true(plan->oom_is_answer);
    plan_free(plan);
    plan = read_good(*state, TEXT("", "[limit]\nmemory = 64M\noom = fault\n", ""));
    assert_false(plan->oom_is_answer);
    plan_free(plan);
}

static void several_workers_may_need_a_map_each(void **state)
{
    struct plan *one = read_good(*state, TEXT("", "", "workers = 1\n"));
    struct plan *two = read_good(*state, TEXT("", "", "workers = 2\n"));
    const struct plan_cell with_one = cell_of(one), with_two = cell_of(two);
    assert_int_equal(with_two.shape->workers, 2);
    assert_true(plan_expected_peak_bytes(two, &with_two) >
                3 * (plan_expected_peak_bytes(one, &with_one) / 2));
    plan_free(one);
    plan_free(two);
}

static void a_floor_needs_its_arena_however_few_the_records_are(void **state)
{
    struct plan *plan = read_good(*state, TEXT("", "", ""));
    struct plan_cell cell = cell_of(plan);
    uint64_t other = plan_expected_peak_bytes(plan, &cell);
    cell.allocator = &floor_allocator;
    assert_true(plan_expected_peak_bytes(plan, &cell) >= other + (UINT64_C(256) << 20));
    plan_free(plan);
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *text, *group, *key, *problem;
    } cases[] = {
        {TEXT("", "[limit]\n", ""), "[limit]", "memory", "missing"},
        {TEXT("", "[limit]\nmemory = 64\n", ""), "[limit]", "memory", "64"},
        {TEXT("", "[limit]\nmemory = 1M\n", ""), "[limit]", "memory", "at least"},
        {TEXT("", "[limit]\nmemory = 64M\nswap = 1M\n", ""), "[limit]", "swap", "unknown"},
        {TEXT("", "[limit]\nmemory = 64M\noom = fine\n", ""), "[limit]", "oom", "answer"},
        {TEXT("", "[limit x]\nmemory = 64M\n", ""), "[limit x]", "", "a group is"},
        {TEXT("", "", "workers = 0\n"), "[shape s]", "workers", "1 to 64"},
        {TEXT("", "", "workers = 65\n"), "[shape s]", "workers", "1 to 64"},
        {TEXT("walk = build drop pressure\n", "", ""), "[plan]", "walk", "limit"},
        {TEXT("walk = build drop pressure silent\n", "[limit]\nmemory = 64M\n", ""), "[plan]", "walk",
         "last"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        struct plan *plan = read_text(*state, cases[i].text, &error);
        if (plan)
            fail_msg("case %u is accepted", i);
        support_assert_error(
            &error, EXIT_BAD_DATA,
            (const char *const[]){"plan.ini:", cases[i].group, cases[i].key, cases[i].problem, NULL});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_plan_without_a_limit_has_none_and_one_worker),
        SUPPORT_TEST(a_limit_is_what_admission_counts),
        SUPPORT_TEST(an_oom_may_be_an_answer),
        SUPPORT_TEST(several_workers_may_need_a_map_each),
        SUPPORT_TEST(a_floor_needs_its_arena_however_few_the_records_are),
        SUPPORT_TEST(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
