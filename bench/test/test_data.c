/* The contract of bench/allocators/ and bench/plans/, one file at a time and by glob: a new one is tested by
 * being there. */
#include "allocator.h"
#include "plan.h"
#include "support.h"

#define ALLOCATORS TEST_SOURCE_DIR "/bench/allocators"
#define PLANS TEST_SOURCE_DIR "/bench/plans"

static GPtrArray *files_of(const char *folder)
{
    GPtrArray *files = support_glob(folder, "*.ini");
    assert_true(files->len > 0);
    return files;
}

static GPtrArray *all_allocators(void)
{
    const char *const dirs[] = {ALLOCATORS, NULL};
    g_autoptr(GError) error = NULL;
    GPtrArray *allocators = allocator_read_all(dirs, &error);
    if (!allocators)
        fail_msg("%s", error->message);
    return allocators;
}

static struct plan *read_plan(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct plan *plan = plan_read(path, &error);
    if (!plan)
        fail_msg("%s", error->message);
    return plan;
}

static GPtrArray *expand(const struct plan *plan, const GPtrArray *allocators)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *cells = plan_expand(plan, allocators, NULL, &error);
    if (!cells)
        fail_msg("%s", error->message);
    return cells;
}

static const struct allocator_setting *find_setting(const struct allocator *allocator, const char *name)
{
    for (guint i = 0; i < allocator->settings->len; i++) {
        const struct allocator_setting *setting = allocator->settings->pdata[i];
        if (strcmp(setting->name, name) == 0)
            return setting;
    }
    return NULL;
}

static void every_descriptor_is_read(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) files = files_of(ALLOCATORS);
    for (guint i = 0; i < files->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(allocator_descriptor) allocator = allocator_read(files->pdata[i], &error);
        if (!allocator)
            fail_msg("%s", error->message);
    }
}

/* Where the toolchain is missing a program is not built, and its cells are skipped: what is misspelt would be, too. */
static void every_program_of_a_descriptor_has_sources(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) allocators = all_allocators();
    for (guint i = 0; i < allocators->len; i++) {
        const struct allocator *allocator = allocators->pdata[i];
        for (char **name = allocator->programs; name && *name; name++) {
            g_autofree char *workload = g_build_filename(TEST_SOURCE_DIR, "workloads", *name, NULL);
            g_autofree char *service = g_build_filename(TEST_SOURCE_DIR, "services", *name, NULL);
            if (!g_file_test(workload, G_FILE_TEST_IS_DIR) && !g_file_test(service, G_FILE_TEST_IS_DIR))
                fail_msg("%s: [allocator] programs: there is neither %s nor %s", allocator->path, workload,
                         service);
        }
    }
}

/* So that on a machine without it a run says what to install, and is skipped instead of invalid. */
static void every_descriptor_has_a_summary_and_names_the_package_that_brings_its_library(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) allocators = all_allocators();
    for (guint i = 0; i < allocators->len; i++) {
        const struct allocator *allocator = allocators->pdata[i];
        assert_non_null(allocator->summary);
        bool is_brought = allocator->preload || allocator->programs;
        if (is_brought && !allocator->package && !allocator->is_floor) /* a floor is built here */
            fail_msg("%s: [allocator] package: is missing", allocator->path);
    }
}

static void every_allocator_has_a_default_setting_that_sets_nothing(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) allocators = all_allocators();
    for (guint i = 0; i < allocators->len; i++) {
        const struct allocator *allocator = allocators->pdata[i];
        const struct allocator_setting *setting = find_setting(allocator, "default");
        if (!setting || setting->policy != ALLOCATOR_POLICY_DEFAULT || setting->variables->len > 0)
            fail_msg("%s: needs [setting default] with policy = default and no variable", allocator->path);
        if (allocator->settings->pdata[0] != setting)
            fail_msg("%s: [setting default] stands first, it is the policy's choice", allocator->path);
    }
}

static void every_setting_but_default_sets_something_in_the_version_it_was_written_for(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) allocators = all_allocators();
    for (guint i = 0; i < allocators->len; i++) {
        const struct allocator *allocator = allocators->pdata[i];
        for (guint j = 0; j < allocator->settings->len; j++) {
            const struct allocator_setting *setting = allocator->settings->pdata[j];
            g_auto(GStrv) environment = allocator_environment(setting, allocator->written_for);
            if (strcmp(setting->name, "default") != 0 && !environment[0])
                fail_msg("%s: [setting %s] is the default by another name", allocator->path, setting->name);
        }
    }
}

/* Else a typo in the variable would be measured as the setting. */
static void every_setting_that_sets_something_says_how_it_is_proven(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) allocators = all_allocators();
    for (guint i = 0; i < allocators->len; i++) {
        const struct allocator *allocator = allocators->pdata[i];
        for (guint j = 0; j < allocator->settings->len; j++) {
            const struct allocator_setting *setting = allocator->settings->pdata[j];
            g_autoptr(GPtrArray) expected = allocator_applying(setting->expectations, allocator->written_for);
            if (setting->variables->len > 0 && expected->len == 0 && !setting->behaves)
                fail_msg("%s: [setting %s] has neither an expectation nor a behaviour", allocator->path,
                         setting->name);
        }
    }
}

/* Calls `check` with each plan, turned to each pass it has groups for, and the cells of that pass. */
static void for_each_pass(void (*check)(const struct plan *plan, const GPtrArray *cells))
{
    g_autoptr(GPtrArray) allocators = all_allocators();
    g_autoptr(GPtrArray) files = files_of(PLANS);
    for (guint i = 0; i < files->len; i++)
        for (enum plan_pass pass = PLAN_MEMORY; pass <= PLAN_COST; pass++) {
            struct plan *plan = read_plan(files->pdata[i]);
            if ((pass == PLAN_MEMORY ? plan->groups : plan->costs)->len > 0) {
                assert_true(plan_take_pass(plan, pass, NULL));
                g_autoptr(GPtrArray) cells = expand(plan, allocators);
                check(plan, cells);
            }
            plan_free(plan);
        }
}

/* A file, or a folder of a program in another language. */
static bool has_source(const char *side, const char *name)
{
    g_autofree char *file = g_strdup_printf("%s/%s/%s.c", TEST_SOURCE_DIR, side, name);
    g_autofree char *folder = g_build_filename(TEST_SOURCE_DIR, side, name, NULL);
    return g_file_test(file, G_FILE_TEST_EXISTS) || g_file_test(folder, G_FILE_TEST_IS_DIR);
}

static void assert_workloads(const struct plan *plan, const GPtrArray *cells)
{
    for (guint i = 0; i < cells->len; i++) {
        const struct plan_cell *cell = cells->pdata[i];
        if (!has_source("workloads", cell->workload) && !has_source("services", cell->workload))
            fail_msg("%s: %s: %s is neither in workloads/ nor in services/", plan->path, cell->name,
                     cell->workload);
    }
}

static void every_plan_is_read_and_selects_cells(void **state)
{
    (void)state;
    for_each_pass(assert_workloads);
}

static void assert_baseline(const struct plan *plan, const GPtrArray *cells)
{
    g_autofree char *prefix = g_strconcat(plan->baseline, "/", NULL);
    for (guint i = 0; i < cells->len; i++) {
        const struct plan_cell *cell = cells->pdata[i];
        bool found = false;
        for (guint j = 0; j < cells->len && !found; j++) {
            const struct plan_cell *other = cells->pdata[j];
            found = other->shape == cell->shape && g_str_has_prefix(other->name, prefix);
        }
        if (!found)
            fail_msg("%s: the %s pass does not run %s in [shape %s]", plan->path, plan_pass_name(plan->pass),
                     plan->baseline, cell->shape->name);
    }
}

/* What the others are compared to must be among them, in each block. */
static void every_plan_runs_its_own_baseline(void **state)
{
    (void)state;
    for_each_pass(assert_baseline);
}

static void every_silent_window_is_longer_than_the_delays_or_says_that_it_is_short(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) allocators = all_allocators();
    g_autoptr(GPtrArray) files = files_of(PLANS);
    for (guint i = 0; i < files->len; i++) {
        struct plan *plan = read_plan(files->pdata[i]);
        g_autoptr(GPtrArray) cells = plan->groups->len > 0 ? expand(plan, allocators) : g_ptr_array_new();
        for (guint j = 0; j < cells->len; j++) { /* the timed pass does not wait */
            const struct plan_cell *cell = cells->pdata[j];
            bool longer = !cell->setting->has_delay || plan->silent_ms > cell->setting->delay_ms;
            assert_int_equal(plan_window_is_short(plan, cell->setting), !longer);
            if (!longer && strcmp(plan->name, "smoke") != 0)
                fail_msg("%s: silent is not longer than the delay of %s", plan->path, cell->name);
        }
        plan_free(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_descriptor_is_read),
        cmocka_unit_test(every_program_of_a_descriptor_has_sources),
        cmocka_unit_test(every_descriptor_has_a_summary_and_names_the_package_that_brings_its_library),
        cmocka_unit_test(every_allocator_has_a_default_setting_that_sets_nothing),
        cmocka_unit_test(every_setting_but_default_sets_something_in_the_version_it_was_written_for),
        cmocka_unit_test(every_setting_that_sets_something_says_how_it_is_proven),
        cmocka_unit_test(every_plan_is_read_and_selects_cells),
        cmocka_unit_test(every_plan_runs_its_own_baseline),
        cmocka_unit_test(every_silent_window_is_longer_than_the_delays_or_says_that_it_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
