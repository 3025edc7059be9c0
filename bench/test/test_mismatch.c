/* mismatch.h: runs under other conditions are not compared without being told so. */
#include "folders.h"
#include "mismatch.h"

#define CELL "other/default/w/s"
#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A pair with one cell each; what is NULL is as folders.h has it. */
struct made {
    const char *machine, *plan;
    struct folders_row row;
};

static void add_row(GString *rows, const struct made *made)
{
    struct folders_row row = made->row;
    row.cell = CELL;
    row.repeat = 1;
    row.silent_bytes = row.price_ns = 1e6;
    folders_add(rows, &row);
    row.cell = "other/second/w/s";
    folders_add(rows, &row);
}

static GPtrArray *find(const char *folder, struct made a, struct made b, struct pair **pair)
{
    const struct made *made[] = {&a, &b};
    static const char *const names[] = {"a", "b"};
    char *paths[PAIR_SIDES];
    for (int side = 0; side < PAIR_SIDES; side++) {
        GString *rows = folders_rows();
        add_row(rows, made[side]);
        paths[side] = folders_write_as(folder, names[side], rows, made[side]->machine, made[side]->plan);
    }
    *pair = folders_pair(paths[PAIR_A], paths[PAIR_B]);
    g_free(paths[PAIR_A]);
    g_free(paths[PAIR_B]);
    return mismatch_find(*pair);
}

/* A alone against B: refused, with key and both values; allowed by --despite KEY and by all. */
static void assert_refused(const char *folder, struct made a, struct made b, const char *key,
                           const char *first, const char *second)
{
    struct pair *pair;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = find(folder, a, b, &pair);
    assert_false(mismatch_allow(found, NULL, &error));
    support_assert_error(&error, EXIT_CONDITIONS, KEYS(key, first, second, "--despite"));
    assert_false(mismatch_allow(found, KEYS(strcmp(key, "cpu") == 0 ? "kernel" : "cpu"), &error));
    g_clear_error(&error);
    assert_true(mismatch_allow(found, KEYS(key), &error));
    g_ptr_array_unref(g_steal_pointer(&found));
    found = mismatch_find(pair);
    assert_true(mismatch_allow(found, KEYS("all"), &error));
    pair_free(pair);
}

static void assert_allowed(const char *folder, struct made a, struct made b, const char *told)
{
    struct pair *pair;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = find(folder, a, b, &pair);
    if (!mismatch_allow(found, NULL, &error))
        fail_msg("%s", error->message);
    assert_int_equal(found->len, told ? 1 : 0);
    g_autofree char *line = told ? mismatch_line(found->pdata[0]) : g_strdup("");
    assert_string_equal(line, told ? told : "");
    pair_free(pair);
}

static void every_condition_of_the_machine_that_differs_is_refused_with_both_values(void **state)
{
    static const struct {
        const char *key, *from, *to;
    } cases[] = {{"kernel", "6.1", "6.18"},
                 {"cpu", "A CPU", "B CPU"},
                 {"cores", "2", "4"},
                 {"memory_bytes", "1000000000", "2000000000"},
                 {"swap_bytes", "0", "4096"},
                 {"page_bytes", "4096", "16384"},
                 {"thp_enabled", "madvise", "always"},
                 {"thp_defrag", "madvise", "defer"},
                 {"overcommit_memory", "0", "1"},
                 {"cgroup_limit_bytes", "", "1000000"},
                 {"page_reporting", "no", "yes"},
                 {"afterfree_version", "0.1.0", "0.2.0"},
                 {"fixed_addresses", "yes", "no"}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *from = g_strdup_printf("%s=%s\n", cases[i].key, cases[i].from);
        g_autofree char *to = g_strdup_printf("%s=%s\n", cases[i].key, cases[i].to);
        g_autofree char *machine = folders_machine(from, to);
        assert_refused(*state, (struct made){0}, (struct made){.machine = machine}, cases[i].key,
                       *cases[i].from ? cases[i].from : "none", cases[i].to);
    }
}

static void a_run_whose_calls_were_counted_compares_with_none_whose_were_not(void **state)
{
    g_autofree char *machine =
        folders_machine("fixed_addresses=yes\n", "fixed_addresses=yes\ncount_calls=yes\n");
    assert_refused(*state, (struct made){0}, (struct made){.machine = machine}, "count_calls", "no", "yes");
    assert_allowed(*state, (struct made){.machine = machine}, (struct made){.machine = machine}, NULL);
}

static void a_little_less_memory_and_another_host_are_the_same_conditions(void **state)
{
    g_autofree char *memory = folders_machine("memory_bytes=1000000000", "memory_bytes=995000000");
    g_autofree char *host = folders_machine("host=one\nload_1min=0.5", "host=two\nload_1min=9");
    assert_allowed(*state, (struct made){0}, (struct made){.machine = memory}, NULL);
    assert_allowed(*state, (struct made){0}, (struct made){.machine = host}, NULL);
}

static void what_a_folder_does_not_know_is_not_held_against_it(void **state)
{
    g_autofree char *machine = folders_machine("page_reporting=no\n", "");
    assert_allowed(*state, (struct made){.machine = machine}, (struct made){0}, NULL);
}

static void a_walk_that_is_the_default_need_not_be_written(void **state)
{
    assert_allowed(*state, (struct made){0},
                   (struct made){.plan =
                                     "[plan]\nbaseline=base/default\nwalk = build hold  drop silent ticking "
                                     "rebuild redrop purge\n"},
                   NULL);
    assert_refused(*state, (struct made){0},
                   (struct made){.plan = "[plan]\nbaseline=base/default\nwalk=build drop\n"}, "walk",
                   "ticking rebuild", "build drop in B");
}

#define WALK_W(keys) FOLDERS_PLAN "[walk w]\n" keys

static void a_named_walk_of_other_phases_or_cycles_is_refused_and_one_alone_is_not(void **state)
{
    static const char walk[] = WALK_W("phases = build  drop\n");
    assert_allowed(*state, (struct made){.plan = walk},
                   (struct made){.plan = WALK_W("phases=build drop\ncycles=1\n")}, NULL);
    assert_allowed(*state, (struct made){.plan = walk}, (struct made){0}, NULL);
    assert_refused(*state, (struct made){.plan = walk},
                   (struct made){.plan = WALK_W("phases = build drop silent\n")}, "walk",
                   "walk of w: build drop in A", "build drop silent in B");
    assert_refused(*state, (struct made){.plan = walk},
                   (struct made){.plan = WALK_W("phases = build drop\ncycles = 8\n")}, "walk",
                   "walk of w: 1 in A", "8 in B");
}

static void a_run_whose_operations_were_timed_is_not_compared_to_another(void **state)
{
    assert_allowed(*state, (struct made){0},
                   (struct made){.plan = "[plan]\nbaseline=base/default\nlatency = no\n"}, NULL);
    assert_refused(*state, (struct made){0},
                   (struct made){.plan = "[plan]\nbaseline=base/default\nlatency=yes\n"}, "latency",
                   "no in A", "yes in B");
}

static void a_cell_of_another_shape_is_refused_and_counted_once(void **state)
{
    assert_refused(*state, (struct made){0}, (struct made){.row = {.records = "20"}}, "records",
                   "records of " CELL " and 1 more: 10 in A", "20 in B");
}

static void what_a_run_that_is_not_proven_never_reached_is_no_other_condition(void **state)
{
    assert_allowed(*state, (struct made){0}, (struct made){.row = {.thp = "", .status = "invalid"}}, NULL);
    assert_refused(*state, (struct made){0}, (struct made){.row = {.thp = ""}}, "thp", "madvise in A",
                   "none in B");
    assert_refused(*state, (struct made){0}, (struct made){.row = {.thp = "never", .status = "failed"}},
                   "thp", "madvise in A", "never in B");
    assert_refused(*state, (struct made){.row = {.records = "10"}},
                   (struct made){.row = {.records = "20", .thp = "", .status = "failed"}}, "records",
                   "10 in A", "20 in B");
}

static void another_environment_of_the_same_version_is_refused(void **state)
{
    assert_refused(*state, (struct made){.row = {.env = "LD_PRELOAD=x DECAY=0"}},
                   (struct made){.row = {.env = "LD_PRELOAD=x DECAY=9"}}, "env", "DECAY=0 in A",
                   "DECAY=9 in B");
}

static void another_version_or_library_is_what_people_compare_and_is_told(void **state)
{
    g_autofree char *version = folders_machine("version=5\n", "version=6\n");
    g_autofree char *library = folders_machine("/lib/other.so", "/tmp/other.so");
    assert_allowed(*state, (struct made){0}, (struct made){.machine = version},
                   "version of other: 5 in A, 6 in B");
    assert_allowed(*state, (struct made){0}, (struct made){.machine = library},
                   "library of other: /lib/other.so in A, /tmp/other.so in B");
    assert_allowed(*state, (struct made){.row = {.env = "LD_PRELOAD=other.so DECAY=0"}},
                   (struct made){.row = {.env = "LD_PRELOAD=/tmp/other.so DECAY=0"}}, NULL);
    assert_allowed(*state, (struct made){.row = {.env = "DELAY=0"}},
                   (struct made){.row = {.env = "PURGE=0", .version = "6"}},
                   "env of " CELL " and 1 more: DELAY=0 in A, PURGE=0 in B");
}

static void what_is_no_condition_cannot_be_overlooked(void **state)
{
    struct pair *pair;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = find(*state, (struct made){0}, (struct made){0}, &pair);
    assert_false(mismatch_allow(found, KEYS("colour"), &error));
    support_assert_error(&error, EXIT_USAGE, KEYS("colour", "kernel", "window_ms", "walk", "env"));
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(every_condition_of_the_machine_that_differs_is_refused_with_both_values),
        SUPPORT_TEST(a_run_whose_calls_were_counted_compares_with_none_whose_were_not),
        SUPPORT_TEST(a_little_less_memory_and_another_host_are_the_same_conditions),
        SUPPORT_TEST(what_a_folder_does_not_know_is_not_held_against_it),
        SUPPORT_TEST(a_walk_that_is_the_default_need_not_be_written),
        SUPPORT_TEST(a_named_walk_of_other_phases_or_cycles_is_refused_and_one_alone_is_not),
        SUPPORT_TEST(a_run_whose_operations_were_timed_is_not_compared_to_another),
        SUPPORT_TEST(a_cell_of_another_shape_is_refused_and_counted_once),
        SUPPORT_TEST(what_a_run_that_is_not_proven_never_reached_is_no_other_condition),
        SUPPORT_TEST(another_environment_of_the_same_version_is_refused),
        SUPPORT_TEST(another_version_or_library_is_what_people_compare_and_is_told),
        SUPPORT_TEST(what_is_no_condition_cannot_be_overlooked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
