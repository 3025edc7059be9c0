/* plan.h: what a plan may say, which cells it selects, and in which order they run. */
#include "plan.h"
#include "support.h"

#define HEAD "[plan]\nsummary = a question\nbaseline = one/default\nsilent = 12 s\nticking = 500 ms\n"
#define SHAPE "[shape s]\nrecords = 1M\nstrings = 15..30\nlength = 20\norder = hash\n"
#define CELLS "[cells c]\nallocators = *\nsettings = *\nworkloads = null\nshapes = s\n"

#define FIFTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"

static struct plan *read_text(const char *folder, const char *text, GError **error)
{
    g_autofree char *path = support_new_file(folder, "question.ini", text);
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

static void a_good_plan_is_read_with_its_units_and_defaults(void **state)
{
    struct plan *plan = read_good(*state, HEAD SHAPE CELLS);
    assert_string_equal(plan->name, "question");
    assert_string_equal(plan->summary, "a question");
    assert_string_equal(plan->baseline, "one/default");
    assert_int_equal(plan->silent_ms, 12000);
    assert_int_equal(plan->ticking_ms, 500);
    assert_int_equal(plan->repeat, 1);
    assert_int_equal(plan->timeout_ms, 600000);
    assert_false(plan->latency);
    assert_int_equal(plan->shapes->len, 1);
    const struct plan_shape *shape = plan->shapes->pdata[0];
    assert_string_equal(shape->name, "s");
    assert_int_equal(shape->records, 1000000);
    assert_int_equal(shape->strings.low, 15);
    assert_int_equal(shape->strings.high, 30);
    assert_int_equal(shape->length.low, 20);
    assert_int_equal(shape->length.high, 20);
    assert_string_equal(shape->order, "hash");
    assert_string_equal(shape->removal, "free");
    assert_string_equal(shape->keys, "same");
    assert_int_equal(shape->survivors_ppm, 0);
    assert_int_equal(shape->seed, 1);
    plan_free(plan);
}

static void what_a_plan_gives_replaces_the_defaults(void **state)
{
    struct plan *plan = read_good(*state, HEAD "seed = 7\nrepeat = 3\ntimeout = 2 min\n" SHAPE
                                               "survivors = 10%\nremoval = delete\nkeys = fresh\n"
                                               "[shape own]\nrecords = 5\nstrings = 1\nlength = 0\n"
                                               "order = reverse\nseed = 9\n" CELLS);
    assert_int_equal(plan->repeat, 3);
    assert_int_equal(plan->timeout_ms, 120000);
    const struct plan_shape *shape = plan->shapes->pdata[0], *own = plan->shapes->pdata[1];
    assert_int_equal(shape->survivors_ppm, 100000);
    assert_string_equal(shape->removal, "delete");
    assert_string_equal(shape->keys, "fresh");
    assert_int_equal(shape->seed, 7);
    assert_int_equal(own->seed, 9);
    plan_free(plan);
}

static void assert_walk(const GPtrArray *walk, const char *const *phases)
{
    for (guint i = 0; i < walk->len; i++) {
        const struct plan_step *step = walk->pdata[i];
        assert_string_equal(step->phase, phases[i]);
        bool silent = strcmp(step->phase, "silent") == 0, ticking = strcmp(step->phase, "ticking") == 0;
        assert_int_equal(step->waits, silent || ticking);
        assert_int_equal(step->builds, strstr(step->phase, "build") != NULL);
        assert_int_equal(step->window_ms, silent ? 12000 : ticking ? 500 : 0);
    }
    assert_null(phases[walk->len]);
}

static void the_walk_is_data_and_its_waiting_phases_get_the_windows(void **state)
{
    static const char *const usual[] = {"build",   "hold",   "drop",  "silent", "ticking",
                                        "rebuild", "redrop", "purge", NULL};
    static const char *const other[] = {"build", "drop", "ticking", "silent", "build", "drop", NULL};
    struct plan *plan = read_good(*state, HEAD SHAPE CELLS);
    assert_walk(plan->walk, usual);
    plan_free(plan);
    plan = read_good(*state, HEAD "walk = build drop ticking silent build drop\n" SHAPE CELLS);
    assert_walk(plan->walk, other);
    plan_free(plan);
}

/* Each is refused with the file, the group and the key in its message, and what is wrong there. */
static void a_bad_plan_is_refused_with_file_group_and_key(void **state)
{
    static const struct {
        const char *text, *group, *key, *what;
    } bad[] = {
        {HEAD "colour = red\n" SHAPE CELLS, "[plan]", "colour", "unknown key"},
        {HEAD SHAPE "colour = red\n" CELLS, "[shape s]", "colour", "unknown key"},
        {HEAD SHAPE CELLS "colour = red\n", "[cells c]", "colour", "unknown key"},
        {HEAD SHAPE CELLS "[shapes t]\n", "[shapes t]", "", ""},
        {HEAD SHAPE "[shape a/b]\n" CELLS, "[shape a/b]", "", "NAME"},
        {HEAD SHAPE "[shape " FIFTY "x]\n" CELLS, "[shape " FIFTY "x]", "", "50"},
        {HEAD SHAPE "[cells c]\nallocators = *\nsettings = *\nworkloads = " FIFTY "x\nshapes = s\n",
         "[cells c]", "workloads", "50"},
        {HEAD SHAPE CELLS "[cells a/b]\n", "[cells a/b]", "", "NAME"},
        {SHAPE CELLS, "[plan]", "", "missing"},
        {"[plan]\nsummary = x\nbaseline = a/b\nticking = 1 s\n" SHAPE CELLS, "[plan]", "silent", "missing"},
        {"[plan]\nbaseline = a/b\nsilent = 1 s\nticking = 1 s\n" SHAPE CELLS, "[plan]", "summary", "missing"},
        {"[plan]\nsummary = x\nbaseline = a\nsilent = 1 s\nticking = 1 s\n" SHAPE CELLS, "[plan]", "baseline",
         ""},
        {HEAD "repeat = \\q\n" SHAPE CELLS, "[plan]", "repeat", "interpreted"},
        {HEAD "repeat = 0\n" SHAPE CELLS, "[plan]", "repeat", ""},
        {HEAD "timeout = 5\n" SHAPE CELLS, "[plan]", "timeout", "5"},
        {HEAD "walk = build hold dorp\n" SHAPE CELLS, "[plan]", "walk", "dorp"},
        {HEAD "walk = build drop silent drop\n" SHAPE CELLS, "[plan]", "walk", "\"drop\" has no map"},
        {HEAD "walk = build rebuild\n" SHAPE CELLS, "[plan]", "walk", "\"rebuild\" has already a map"},
        {HEAD "walk = silent purge\n" SHAPE CELLS, "[plan]", "walk", "builds no map"},
        {HEAD "timeout = 4294967296 ms\n" SHAPE CELLS, "[plan]", "timeout", "1193 h"},
        {"[plan]\nsummary = x\nbaseline = a/b\nticking = 1 s\nsilent = 1194 h\n" SHAPE CELLS, "[plan]",
         "silent", "1193 h"},
        {HEAD "walk = silent hold\n" SHAPE CELLS, "[plan]", "walk", "\"hold\" has no map"},
        {HEAD "[shape s]\nrecords = 1\nstrings = 1\nlength = 1\n" CELLS, "[shape s]", "order", "missing"},
        {HEAD "[shape s]\norder = hash\nstrings = 1\nlength = 1\n" CELLS, "[shape s]", "records", "missing"},
        {HEAD "[shape s]\nrecords = 0\nstrings = 1\nlength = 1\norder = hash\n" CELLS, "[shape s]", "records",
         ""},
        {HEAD "[shape s]\nrecords = 1\nstrings = 9..3\nlength = 1\norder = hash\n" CELLS, "[shape s]",
         "strings", "9..3"},
        {HEAD "[shape s]\nrecords = 1\nstrings = 1\nlength = 1\norder = up\n" CELLS, "[shape s]", "order",
         "up"},
        {HEAD SHAPE "survivors = 2\n" CELLS, "[shape s]", "survivors", "2"},
        {HEAD SHAPE "keys = old\n" CELLS, "[shape s]", "keys", "old"},
        {HEAD SHAPE CELLS "walks =\n", "[cells c]", "walks", "empty"},
        {HEAD SHAPE CELLS "[walk w]\ncycles = 2\n", "[walk w]", "phases", "missing"},
        {HEAD SHAPE CELLS "[walk w]\nphases = build drop\ncolour = red\n", "[walk w]", "colour",
         "unknown key"},
        {HEAD SHAPE CELLS "[walk w]\nphases = build dorp\n", "[walk w]", "phases", "dorp"},
        {HEAD SHAPE CELLS "[walk w]\nphases = baseline build end\n", "[walk w]", "phases", "baseline"},
        {HEAD SHAPE CELLS "[walk w]\nphases = build hold\ncycles = 2\n", "[walk w]", "phases",
         "\"rebuild\" has already a map"},
        {HEAD SHAPE CELLS "[walk w]\nphases = build drop\ncycles = 0\n", "[walk w]", "cycles", "1"},
        {HEAD SHAPE CELLS "[walk w]\nphases = build drop\ncycles = 65\n", "[walk w]", "phases", "128"},
        {HEAD SHAPE CELLS "[walk w]\nphases = build drop\ncycles = 9223372036854775809\n", "[walk w]",
         "phases", "128"},
        {HEAD SHAPE CELLS "[walk w]\nphases = build drop pressure\n", "[walk w]", "phases", "limit"},
        {HEAD SHAPE CELLS "[walk a/b]\nphases = build drop\n", "[walk a/b]", "", "NAME"},
        {HEAD SHAPE CELLS "[walk seventeen-letters]\nphases = build drop\n", "[walk seventeen-letters]", "",
         "16"},
        {HEAD SHAPE CELLS "policies = *\n", "[cells c]", "settings", "policies"},
        {HEAD SHAPE "[cells c]\nallocators = *\nworkloads = null\nshapes = s\n", "[cells c]", "settings", ""},
        {HEAD SHAPE "[cells c]\nallocators = *\npolicies = keen\nworkloads = null\nshapes = s\n", "[cells c]",
         "policies", "keen"},
        {HEAD SHAPE "[cells c]\nallocators = *\nsettings = *\nworkloads = ../null\nshapes = s\n", "[cells c]",
         "workloads", "../null"},
        {HEAD SHAPE "[cells c]\nallocators = *\nsettings = *\nworkloads = null\n", "[cells c]", "shapes",
         "missing"},
        {HEAD SHAPE "[cells c]\nsettings = *\nworkloads = null\nshapes = s\n", "[cells c]", "allocators",
         "missing"},
        {HEAD SHAPE CELLS "thp = never sometimes\n", "[cells c]", "thp", "sometimes"},
        {HEAD SHAPE CELLS "thp =\n", "[cells c]", "thp", "empty"},
        {HEAD SHAPE, "[cells NAME]", "", "no"},
        {HEAD SHAPE CELLS "and a line that is none\n", "", "", ""},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        if (read_text(*state, bad[i].text, &error))
            fail_msg("was read:\n%s", bad[i].text);
        const char *const parts[] = {"question.ini", bad[i].group, bad[i].key, bad[i].what, NULL};
        support_assert_error(&error, EXIT_BAD_DATA, parts);
    }
}

static void a_plan_that_is_not_there_is_bad_data(void **state)
{
    g_autofree char *path = g_build_filename(*state, "none.ini", NULL);
    g_autoptr(GError) error = NULL;
    assert_null(plan_read(path, &error));
    support_assert_error(&error, EXIT_BAD_DATA, (const char *const[]){"none.ini", NULL});
}

/* --- expansion: two allocators and a floor, several settings of one policy --- */

static GPtrArray *two_allocators(const char *folder)
{
    g_autofree char *one =
        support_new_file(folder, "allocators/one.ini",
                         "[allocator]\nsummary = one\n[setting default]\npolicy = default\n"
                         "[setting fast]\npolicy = eager\ndelay-ms = 0\n"
                         "[setting faster]\npolicy = eager\n"
                         "[setting slow]\npolicy = delayed\ndelay-ms = 12000\n");
    support_write(folder, "allocators/two.ini",
                  "[allocator]\nsummary = two\npurge = trim(0)\n[setting default]\npolicy = default\n"
                  "[setting free]\npolicy = lazy\ndelay-ms = 11999\n");
    support_write(folder, "allocators/under.ini",
                  "[allocator]\nsummary = under\nrole = floor\n[setting default]\npolicy = default\n");
    support_write(folder, "allocators/own.ini",
                  "[allocator]\nsummary = own\nprograms = mine ours\n[setting default]\npolicy = default\n");
    g_autofree char *dir = g_path_get_dirname(one);
    const char *const dirs[] = {dir, NULL};
    g_autoptr(GError) error = NULL;
    GPtrArray *allocators = allocator_read_all(dirs, &error);
    if (!allocators)
        fail_msg("%s", error->message);
    return allocators;
}

static char *cell_names(const GPtrArray *cells)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < cells->len; i++)
        g_string_append_printf(names, "%s%s", i ? " " : "", ((struct plan_cell *)cells->pdata[i])->name);
    return g_string_free(names, FALSE);
}

static void assert_expands_to(const char *folder, const char *groups, const char *const *only,
                              const char *names)
{
    g_autofree char *text = g_strconcat(HEAD SHAPE, groups, NULL);
    struct plan *plan = read_good(folder, text);
    g_autoptr(GPtrArray) allocators = two_allocators(folder);
    g_autoptr(GError) error = NULL;
    GPtrArray *cells = plan_expand(plan, allocators, only, &error);
    if (!cells)
        fail_msg("%s", error->message);
    g_autofree char *got = cell_names(cells);
    assert_string_equal(got, names);
    g_ptr_array_unref(cells);
    plan_free(plan);
}

static void assert_expands_not(const char *folder, const char *groups, const char *const *only, int code,
                               const char *const *parts)
{
    g_autofree char *text = g_strconcat(HEAD SHAPE, groups, NULL);
    struct plan *plan = read_good(folder, text);
    g_autoptr(GPtrArray) allocators = two_allocators(folder);
    g_autoptr(GError) error = NULL;
    assert_null(plan_expand(plan, allocators, only, &error));
    support_assert_error(&error, code, parts);
    plan_free(plan);
}

#define GROUP(name, allocators, settings, workloads)                                                         \
    "[cells " name "]\nallocators = " allocators "\n" settings "\nworkloads = " workloads "\nshapes = s\n"

static void globs_select_in_the_order_of_the_file(void **state)
{
    assert_expands_to(*state, GROUP("c", "*", "settings = *", "null"), NULL,
                      "one/default/null/s one/fast/null/s one/faster/null/s one/slow/null/s "
                      "two/default/null/s two/free/null/s");
    assert_expands_to(*state, GROUP("c", "o*", "settings = f* default", "tree null"), NULL,
                      "one/default/tree/s one/default/null/s one/fast/tree/s one/fast/null/s "
                      "one/faster/tree/s one/faster/null/s");
}

static void the_first_setting_of_a_policy_stands_for_it(void **state)
{
    assert_expands_to(
        *state, GROUP("c", "*", "policies = *", "null"), NULL,
        "one/default/null/s one/fast/null/s one/slow/null/s two/default/null/s two/free/null/s");
    assert_expands_to(*state, GROUP("c", "*", "policies = eager lazy", "null"), NULL,
                      "one/fast/null/s two/free/null/s");
}

static void a_cell_named_by_two_groups_is_there_once(void **state)
{
    assert_expands_to(
        *state, GROUP("a", "*", "settings = default", "null") GROUP("b", "one", "settings = *", "null"), NULL,
        "one/default/null/s two/default/null/s one/fast/null/s one/faster/null/s "
        "one/slow/null/s");
}

static void modes_are_a_dimension_and_a_fifth_part_of_the_name_where_a_group_asks_for_them(void **state)
{
    assert_expands_to(*state,
                      GROUP("a", "two", "settings = *", "null")
                          GROUP("b", "two", "settings = default", "null") "thp = never always never\n",
                      NULL,
                      "two/default/null/s two/free/null/s two/default/null/s/thp-never "
                      "two/default/null/s/thp-always");
}

static void a_cell_carries_the_mode_it_asks_for(void **state)
{
    struct plan *plan = read_good(*state, HEAD SHAPE GROUP("a", "two", "settings = default", "null") GROUP(
                                              "b", "two", "settings = default", "null") "thp = madvise\n");
    g_autoptr(GPtrArray) allocators = two_allocators(*state);
    g_autoptr(GPtrArray) cells = plan_expand(plan, allocators, NULL, NULL);
    assert_int_equal(cells->len, 2);
    assert_int_equal(((const struct plan_cell *)cells->pdata[0])->thp, THP_AS_IS);
    assert_int_equal(((const struct plan_cell *)cells->pdata[1])->thp, THP_MADVISE);
    plan_free(plan);
}

#define WALKS                                                                                                \
    "[walk once]\nphases = build hold drop silent\n[walk thrice]\nphases = build drop ticking\ncycles = 3\n"

static void walks_are_a_dimension_and_a_further_part_of_the_name_in_front_of_the_mode(void **state)
{
    assert_expands_to(*state,
                      WALKS GROUP("a", "two", "settings = *", "null") "walks = once thrice once\n" GROUP(
                          "b", "two", "settings = default", "null")
                          GROUP("c", "two", "settings = default", "null") "walks = thrice\n"
                                                                          "thp = never\n",
                      NULL,
                      "two/default/null/s/walk-once two/default/null/s/walk-thrice "
                      "two/free/null/s/walk-once two/free/null/s/walk-thrice two/default/null/s "
                      "two/default/null/s/walk-thrice/thp-never");
}

static void a_cell_carries_its_walk_and_every_cycle_of_it(void **state)
{
    static const char *const usual[] = {"build",   "hold",   "drop",  "silent", "ticking",
                                        "rebuild", "redrop", "purge", NULL};
    static const char *const once[] = {"build", "hold", "drop", "silent", NULL};
    static const char *const thrice[] = {"build",   "drop",    "ticking", "rebuild", "redrop",
                                         "ticking", "rebuild", "redrop",  "ticking", NULL};
    struct plan *plan =
        read_good(*state, HEAD SHAPE WALKS GROUP("a", "two", "settings = default", "null")
                              GROUP("b", "two", "settings = default", "null") "walks = once thrice\n");
    g_autoptr(GPtrArray) allocators = two_allocators(*state);
    g_autoptr(GPtrArray) cells = plan_expand(plan, allocators, NULL, NULL);
    const struct plan_cell *const *cell = (const struct plan_cell *const *)cells->pdata;
    assert_int_equal(cells->len, 3);
    assert_null(cell[0]->walk_name);
    assert_walk(cell[0]->walk, usual);
    assert_string_equal(cell[1]->walk_name, "once");
    assert_walk(cell[1]->walk, once);
    assert_walk(cell[2]->walk, thrice);
    plan_free(plan);
}

static void the_timed_pass_has_one_walk_for_all(void **state)
{
    struct plan *plan = read_good(
        *state, HEAD SHAPE WALKS GROUP(
                    "a", "two", "settings = default",
                    "null") "walks = once\n"
                            "[cost c]\nallocators = two\nsettings = default\nworkloads = null\nshapes = s\n");
    g_autoptr(GPtrArray) allocators = two_allocators(*state);
    assert_true(plan_take_pass(plan, PLAN_COST, NULL));
    g_autoptr(GPtrArray) cells = plan_expand(plan, allocators, NULL, NULL);
    const struct plan_cell *cell = cells->pdata[0];
    assert_string_equal(cell->name, "two/default/null/s");
    assert_ptr_equal(cell->walk, plan->walk);
    plan_free(plan);
}

#define REMEDIES                                                                                             \
    "[walk drop]\nphases = build drop\n[walk purge]\nphases = build drop purge\n"                            \
    "[walk collect]\nphases = build drop collect\n"

static void a_walk_that_has_a_name_is_walked_whole_or_not_at_all(void **state)
{
    assert_expands_to(
        *state, REMEDIES GROUP("c", "one two", "settings = default", "null") "walks = drop purge\n", NULL,
        "one/default/null/s/walk-drop two/default/null/s/walk-drop "
        "two/default/null/s/walk-purge");
    assert_expands_to(*state, "[cells c]\nallocators = *\nsettings = default\nworkloads = null\nshapes = s\n",
                      NULL, "one/default/null/s two/default/null/s"); /* the plan's own has a purge */
    assert_expands_not(
        *state, REMEDIES GROUP("c", "one two", "settings = default", "null") "walks = purge collect\n", NULL,
        EXIT_BAD_DATA, (const char *const[]){"question.ini", "[cells c]", "walks", "\"collect\"", NULL});
}

static void a_floor_is_there_where_its_name_is(void **state)
{
    assert_expands_to(*state, GROUP("c", "t* under", "settings = default", "null"), NULL,
                      "two/default/null/s under/default/null/s");
}

static void what_has_an_allocator_built_in_meets_that_one_alone(void **state)
{
    assert_expands_to(*state, GROUP("c", "*", "settings = default", "null mine"), NULL,
                      "one/default/null/s own/default/mine/s two/default/null/s");
    assert_expands_to(*state, GROUP("c", "o*", "policies = *", "ours mine tree"),
                      (const char *const[]){"own/*", NULL}, "own/default/ours/s own/default/mine/s");
}

static void a_group_in_which_nobody_meets_is_refused(void **state)
{
    static const char *const parts[] = {"question.ini", "[cells b]", "workloads", "programs", NULL};
    assert_expands_not(
        *state, GROUP("a", "*", "settings = *", "null") GROUP("b", "one two", "settings = *", "mine ours"),
        NULL, EXIT_BAD_DATA, parts);
    assert_expands_not(*state, GROUP("b", "own", "policies = *", "null tree"), NULL, EXIT_BAD_DATA, parts);
}

static void only_keeps_what_matches_and_its_star_crosses_slashes(void **state)
{
    assert_expands_to(*state, GROUP("c", "*", "settings = *", "null"), (const char *const[]){"two/*", NULL},
                      "two/default/null/s two/free/null/s");
    assert_expands_to(*state, GROUP("c", "*", "settings = *", "null"),
                      (const char *const[]){"*/s*/s", "two/free/null/s", NULL},
                      "one/slow/null/s two/free/null/s");
}

static void only_without_a_match_says_so(void **state)
{
    assert_expands_not(*state, GROUP("c", "*", "settings = *", "null"),
                       (const char *const[]){"one/*", "three/*", NULL}, EXIT_NO_MATCH,
                       (const char *const[]){"--only", "three/*", NULL});
}

static void a_name_that_selects_nothing_is_refused_with_its_group_and_key(void **state)
{
    assert_expands_not(*state, GROUP("c", "one three", "settings = *", "null"), NULL, EXIT_BAD_DATA,
                       (const char *const[]){"question.ini", "[cells c]", "allocators", "three", NULL});
    assert_expands_not(*state, GROUP("c", "one und*", "settings = *", "null"), NULL, EXIT_BAD_DATA,
                       (const char *const[]){"question.ini", "[cells c]", "allocators", "und*", NULL});
    assert_expands_not(*state, GROUP("c", "two", "settings = default fast", "null"), NULL, EXIT_BAD_DATA,
                       (const char *const[]){"question.ini", "[cells c]", "settings", "fast", NULL});
    assert_expands_not(*state, "[cells c]\nallocators = *\nsettings = *\nworkloads = null\nshapes = s t\n",
                       NULL, EXIT_BAD_DATA,
                       (const char *const[]){"question.ini", "[cells c]", "shapes", "t", NULL});
    assert_expands_not(*state, GROUP("c", "one", "settings = *", "null") "walks = round\n", NULL,
                       EXIT_BAD_DATA,
                       (const char *const[]){"question.ini", "[cells c]", "walks", "round", NULL});
    assert_expands_not(*state, GROUP("c", "one", "policies = never", "null"), NULL, EXIT_NO_MATCH,
                       (const char *const[]){"question.ini", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_good_plan_is_read_with_its_units_and_defaults),
        SUPPORT_TEST(what_a_plan_gives_replaces_the_defaults),
        SUPPORT_TEST(the_walk_is_data_and_its_waiting_phases_get_the_windows),
        SUPPORT_TEST(a_bad_plan_is_refused_with_file_group_and_key),
        SUPPORT_TEST(a_plan_that_is_not_there_is_bad_data),
        SUPPORT_TEST(globs_select_in_the_order_of_the_file),
        SUPPORT_TEST(the_first_setting_of_a_policy_stands_for_it),
        SUPPORT_TEST(a_cell_named_by_two_groups_is_there_once),
        SUPPORT_TEST(modes_are_a_dimension_and_a_fifth_part_of_the_name_where_a_group_asks_for_them),
        SUPPORT_TEST(a_cell_carries_the_mode_it_asks_for),
        SUPPORT_TEST(walks_are_a_dimension_and_a_further_part_of_the_name_in_front_of_the_mode),
        SUPPORT_TEST(a_cell_carries_its_walk_and_every_cycle_of_it),
        SUPPORT_TEST(the_timed_pass_has_one_walk_for_all),
        SUPPORT_TEST(a_walk_that_has_a_name_is_walked_whole_or_not_at_all),
        SUPPORT_TEST(a_floor_is_there_where_its_name_is),
        SUPPORT_TEST(what_has_an_allocator_built_in_meets_that_one_alone),
        SUPPORT_TEST(a_group_in_which_nobody_meets_is_refused),
        SUPPORT_TEST(only_keeps_what_matches_and_its_star_crosses_slashes),
        SUPPORT_TEST(only_without_a_match_says_so),
        SUPPORT_TEST(a_name_that_selects_nothing_is_refused_with_its_group_and_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
