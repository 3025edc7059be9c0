/* paths.h: where plans and workloads are found. */
#include "paths.h"
#include "support.h"

/* A data folder with the plans `big` and `small`. */
static void open_paths(struct paths *paths, const char *folder)
{
    support_write(folder, "plans/big.ini", "");
    support_write(folder, "plans/small.ini", "");
    const char *const data[] = {folder, NULL};
    assert_true(paths_find(paths, data, NULL));
}

static void a_plan_is_found_by_name_and_by_file(void **state)
{
    struct paths paths;
    open_paths(&paths, *state);
    g_autofree char *expected = g_build_filename(*state, "plans", "big.ini", NULL);
    g_autofree char *by_name = paths_plan(&paths, "big", NULL);
    g_autofree char *by_file = paths_plan(&paths, expected, NULL);
    assert_string_equal(by_name, expected);
    assert_string_equal(by_file, expected);
    paths_clear(&paths);
}

static void an_unknown_plan_lists_those_there_are(void **state)
{
    struct paths paths;
    g_autoptr(GError) error = NULL;
    open_paths(&paths, *state);
    assert_null(paths_plan(&paths, "huge", &error));
    support_assert_error(&error, EXIT_USAGE, (const char *const[]){"\"huge\"", " big", " small", NULL});
    assert_null(paths_plan(&paths, "huge", &error));
    g_auto(GStrv) names = g_strsplit(strstr(error->message, "there are:"), " ", -1);
    for (guint i = 3; names[i]; i++) /* behind "there", "are:" and the first */
        assert_true(strcmp(names[i - 1], names[i]) < 0);
    g_clear_error(&error);
    assert_null(paths_plan(&paths, "./huge", &error));
    support_assert_error(&error, EXIT_USAGE, (const char *const[]){"./huge", "no such file", NULL});
    assert_null(paths_plan(&paths, "huge.ini", &error));
    support_assert_error(&error, EXIT_USAGE, (const char *const[]){"huge.ini", "no such file", NULL});
    paths_clear(&paths);
}

static void the_data_folder_given_first_wins(void **state)
{
    g_autofree char *first = g_build_filename(*state, "first", NULL);
    g_autofree char *second = g_build_filename(*state, "second", NULL);
    g_autofree char *in_first = support_new_file(first, "plans/same.ini", "");
    support_write(second, "plans/same.ini", "");
    g_autofree char *other = support_new_file(second, "plans/other.ini", "");
    struct paths paths;
    assert_true(paths_find(&paths, (const char *const[]){first, second, NULL}, NULL));
    g_autofree char *same = paths_plan(&paths, "same", NULL);
    g_autofree char *found = paths_plan(&paths, "other", NULL);
    assert_string_equal(same, in_first);
    assert_string_equal(found, other);
    g_autofree char *allocators = g_build_filename(first, "allocators", NULL);
    assert_string_equal(paths.allocator_dirs[0], allocators);
    paths_clear(&paths);
}

static void a_floors_library_is_found_by_its_name(void **state)
{
    const struct paths paths = {.floor_dir = *state};
    g_autofree char *library = support_new_file(*state, "libfloor-one.so", "");
    g_autofree char *found = paths_floor(&paths, "libfloor-one.so");
    assert_string_equal(found, library);
    assert_null(paths_floor(&paths, "libfloor-none.so"));
}

static void a_data_folder_that_is_not_there_is_a_usage_error(void **state)
{
    struct paths paths;
    g_autoptr(GError) error = NULL;
    g_autofree char *none = g_build_filename(*state, "none", NULL);
    assert_false(paths_find(&paths, (const char *const[]){none, NULL}, &error));
    support_assert_error(&error, EXIT_USAGE, (const char *const[]){"--data", none, NULL});
}

static void a_data_folder_without_data_is_refused_and_the_one_above_is_named_if_it_has_some(void **state)
{
    struct paths paths;
    g_autoptr(GError) error = NULL;
    g_autofree char *bare = g_build_filename(*state, "bare", NULL);
    g_autofree char *too_deep = g_build_filename(*state, "data", "allocators", NULL);
    support_write(*state, "bare/one.ini", "");
    support_write(*state, "data/allocators/one.ini", "");
    assert_false(paths_find(&paths, (const char *const[]){bare, NULL}, &error));
    support_assert_has_not(error->message, "did you mean");
    support_assert_error(&error, EXIT_USAGE, (const char *const[]){bare, "neither allocators/ nor", NULL});
    assert_false(paths_find(&paths, (const char *const[]){too_deep, NULL}, &error));
    g_autofree char *named = g_strdup_printf("did you mean %s/data?", (const char *)*state);
    support_assert_error(&error, EXIT_USAGE, (const char *const[]){named, NULL});
}

/* Two folders as paths_find makes them in a build tree. */
static void a_workload_is_an_executable_file_in_one_of_the_folders(void **state)
{
    g_autofree char *first = g_build_filename(*state, "workloads", NULL);
    g_autofree char *second = g_build_filename(*state, "workloads", "test", NULL);
    g_autofree char *map = support_new_file(second, "map", "");
    support_write(first, "notes", "");
    char *dirs[] = {first, second, NULL};
    const struct paths paths = {.workload_dirs = dirs};
    g_autoptr(GError) error = NULL;
    assert_int_equal(g_chmod(map, 0755), 0);
    g_autofree char *found = paths_workload(&paths, "map", NULL);
    assert_string_equal(found, map);
    static const char *const none[] = {"tree", "notes", "test", ""}; /* no file, not executable, folders */
    for (unsigned i = 0; i < G_N_ELEMENTS(none); i++) {
        assert_null(paths_workload(&paths, none[i], &error));
        support_assert_error(&error, EXIT_BAD_DATA, (const char *const[]){"no workload", none[i], NULL});
    }
}

static void the_controls_have_folders_of_their_own_and_no_other_descriptors(void **state)
{
    const char *const data[] = {*state, NULL};
    support_write(*state, "plans/some.ini", "");
    struct paths paths, controls;
    assert_true(paths_find(&paths, data, NULL));
    assert_true(paths_find_controls(&controls, data, NULL));
    assert_int_equal(g_strv_length(controls.allocator_dirs), 2);
    assert_string_equal(controls.allocator_dirs[0], paths.allocator_dirs[0]); /* of --data */
    assert_string_not_equal(controls.allocator_dirs[1], paths.allocator_dirs[1]);
    assert_string_not_equal(controls.plan_dirs[1], paths.plan_dirs[1]);
    assert_string_equal(controls.workload_dirs[0], paths.workload_dirs[0]);
    paths_clear(&paths);
    paths_clear(&controls);
}

static void the_first_answers_there_are_win_and_none_is_an_error(void **state)
{
    g_autofree char *first = g_build_filename(*state, "first", "expected.ini", NULL);
    g_autofree char *second = support_new_file(*state, "second/expected.ini", "");
    char *files[] = {first, second, NULL}, *none[] = {first, NULL};
    const struct paths paths = {.answer_files = files}, without = {.answer_files = none};
    g_autoptr(GError) error = NULL;
    g_autofree char *only = paths_answers(&paths, NULL);
    assert_string_equal(only, second);
    assert_null(paths_answers(&without, &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){first, "no such file", NULL});
    support_write(*state, "first/expected.ini", "");
    g_autofree char *both = paths_answers(&paths, NULL);
    assert_string_equal(both, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_plan_is_found_by_name_and_by_file),
        SUPPORT_TEST(an_unknown_plan_lists_those_there_are),
        SUPPORT_TEST(the_data_folder_given_first_wins),
        SUPPORT_TEST(a_floors_library_is_found_by_its_name),
        SUPPORT_TEST(a_data_folder_that_is_not_there_is_a_usage_error),
        SUPPORT_TEST(a_data_folder_without_data_is_refused_and_the_one_above_is_named_if_it_has_some),
        SUPPORT_TEST(a_workload_is_an_executable_file_in_one_of_the_folders),
        SUPPORT_TEST(the_controls_have_folders_of_their_own_and_no_other_descriptors),
        SUPPORT_TEST(the_first_answers_there_are_win_and_none_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
