/* claim.h: what a plan claims, and what becomes of it in each cell of a run. */
#include <math.h>

#include "claim.h"
#include "plan.h"
#include "program.h"

#define FIFTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define CLAIM "[claim c]\ntext = it stays\ncells = a/*\nsays = keeps\n"

static GPtrArray *read_text(const char *folder, const char *text, GError **error)
{
    g_autofree char *path = support_new_file(folder, "plan.ini", text);
    return claim_read_all(path, error);
}

static void claims_are_read_in_the_order_of_the_file_whatever_else_stands_in_it(void **state)
{
    g_autoptr(GPtrArray) claims = read_text(
        *state, "[plan]\nx=1\n" CLAIM "[what else]\n[claim d]\ntext=y\ncells=a* b*\nsays=returns\n", NULL);
    assert_int_equal(claims->len, 2);
    const struct claim *first = claims->pdata[0], *second = claims->pdata[1];
    assert_string_equal(first->name, "c");
    assert_string_equal(first->text, "it stays");
    assert_int_equal(first->says, CLAIM_KEEPS);
    assert_int_equal(second->says, CLAIM_RETURNS);
    assert_true(claim_is_of(first, "a/b/walk-c"));
    assert_false(claim_is_of(first, "b/a/c"));
    assert_true(claim_is_of(second, "b/a/c"));
}

static void a_folder_without_a_plan_claims_nothing(void **state)
{
    g_autofree char *path = g_build_filename(*state, "plan.ini", NULL);
    g_autoptr(GPtrArray) claims = claim_read_all(path, NULL);
    assert_int_equal(claims->len, 0);
}

static void what_is_wrong_in_a_claim_is_named(void **state)
{
    static const struct {
        const char *text, *key, *problem;
    } cases[] = {
        {"[claim c]\ncells=a\nsays=keeps\n", "text", "missing"},
        {"[claim c]\ntext=\ncells=a\nsays=keeps\n", "text", "missing"},
        {"[claim c]\ntext=one\\ntwo\ncells=a\nsays=keeps\n", "text", "one line"},
        {"[claim c]\ntext=" FIFTY FIFTY "x\ncells=a\nsays=keeps\n", "text", "at most 100"},
        {"[claim c]\ntext=x\nsays=keeps\n", "cells", "missing"},
        {"[claim c]\ntext=x\ncells=a\n", "says", "missing"},
        {"[claim c]\ntext=x\ncells=a\nsays=holds\n", "says", "keeps, returns"},
        {CLAIM "cell=a\n", "cell", "unknown key"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        if (read_text(*state, cases[i].text, &error))
            fail_msg("case %u is accepted", i);
        support_assert_error(
            &error, EXIT_BAD_DATA,
            (const char *const[]){"plan.ini:", "[claim c]", cases[i].key, cases[i].problem, NULL});
    }
}

#define PLAN                                                                                                 \
    "[plan]\nsummary = x\nbaseline = one/default\nsilent = 1 s\nticking = 1 s\n"                             \
    "[shape s]\nrecords = 10\nstrings = 1\nlength = 9\norder = hash\n"                                       \
    "[cells c]\nallocators = one\nsettings = *\nworkloads = null\nshapes = s\n"                              \
    "[cost c]\nallocators = one\nsettings = default\nworkloads = null\nshapes = s\n"

static GPtrArray *expand(const char *folder, const char *claim, enum plan_pass pass, GError **error)
{
    g_autofree char *text = g_strconcat(PLAN, claim, NULL);
    g_autofree char *path = support_new_file(folder, "plan.ini", text);
    support_write(folder, "allocators/one.ini",
                  "[allocator]\nsummary = one\n[setting default]\npolicy = default\n"
                  "[setting never]\npolicy = never\nenv.A = 1\n");
    g_autofree char *allocators_path = g_build_filename(folder, "allocators", NULL);
    g_autoptr(GPtrArray) allocators = allocator_read_all((const char *const[]){allocators_path, NULL}, error);
    struct plan *plan = plan_read(path, error);
    GPtrArray *cells = NULL;
    if (plan && plan_take_pass(plan, pass, error))
        cells = plan_expand(plan, allocators, (const char *const[]){"one/default/*", NULL}, error);
    plan_free(plan);
    return cells;
}

static void a_claim_of_no_cell_of_the_plan_is_an_error_with_its_line(void **state)
{
    g_autoptr(GError) error = NULL;
    assert_null(
        expand(*state, "[claim c]\ntext = x\nsays = keeps\ncells = one/* one/nver/*\n", PLAN_MEMORY, &error));
    support_assert_error(
        &error, EXIT_BAD_DATA,
        (const char *const[]){"plan.ini:24: ", "[claim c]", "cells", "\"one/nver/*\" matches no cell", NULL});
}

/* --only selects a part of the plan, and the timed passes have cells of their own. */
static void a_claim_of_cells_that_are_not_run_this_time_is_none(void **state)
{
    static const char claim[] = "[claim c]\ntext = x\nsays = keeps\ncells = one/never/*\n";
    for (int pass = PLAN_MEMORY; pass <= PLAN_COST; pass++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) cells = expand(*state, claim, (enum plan_pass)pass, &error);
        if (!cells)
            fail_msg("%s", error->message);
        assert_int_equal(cells->len, 1);
    }
}

/* --- the verdict --- */

#define NEVER G_MAXUINT64

static void a_verdict_follows_from_what_is_there_at_once_and_at_the_end(void **state)
{
    (void)state;
    static const struct {
        enum claim_says says;
        struct claim_facts facts;
        const char *verdict;
    } cases[] = {
        {CLAIM_KEEPS, {1, 0.5, 0, NEVER, 5000, false}, "holds"},
        {CLAIM_KEEPS, {1, 0.49, 0, 3100, 5000, false}, "only at once, for 3.1 s"},
        {CLAIM_KEEPS, {1, 0.49, 0, NEVER, 5000, false}, "only at once"},
        {CLAIM_KEEPS, {0.49, 0.3, 0, 0, 5000, false}, "does not hold"},
        {CLAIM_KEEPS, {0.49, 0.6, 0, 0, 5000, false}, "only later"},
        {CLAIM_RETURNS, {0.49, 0.3, 0, 0, 5000, false}, "holds"},
        {CLAIM_RETURNS, {0.5, 0.3, 0, 3100, 5000, false}, "only after 3.1 s"},
        {CLAIM_RETURNS, {1, 0.5, 0, NEVER, 300000, false}, "does not hold within 5 min"},
        {CLAIM_RETURNS, {0.4, 0.6, 0, 0, 5000, false}, "only at once"},
        /* A tenth lives: half of what was freed is gone below 0.55, before half of all is. */
        {CLAIM_KEEPS, {1, 0.54, 0.1, NEVER, 5000, false}, "only at once"},
        {CLAIM_KEEPS, {1, 0.56, 0.1, NEVER, 5000, false}, "holds"},
        {CLAIM_RETURNS, {1, 0.4, 0.1, 3100, 5000, false}, "only after at most 3.1 s"},
        /* A runtime's own few objects: half of the peak is half of what was freed. */
        {CLAIM_RETURNS, {1, 0.04, 0.0002, 3100, 5000, false}, "only after 3.1 s"},
        {CLAIM_RETURNS, {1, 0.54, 0.1, NEVER, 5000, false}, "only later"},
        /* Nothing, or next to nothing, was freed: neither kept nor returned. */
        {CLAIM_KEEPS, {1, 1, 1, NEVER, 5000, false}, "not asked: 100 % of it is alive"},
        {CLAIM_RETURNS, {1, 0.94, 0.95, NEVER, 5000, false}, "not asked: 95 % of it is alive"},
        {CLAIM_KEEPS, {1, 1, 0, NEVER, 500, true}, "not asked: the window is too short"},
        {CLAIM_KEEPS, {NAN, NAN, 0, NEVER, 5000, false}, "not asked: no silent phase behind a peak"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *verdict = claim_verdict(cases[i].says, &cases[i].facts);
        if (strcmp(verdict, cases[i].verdict) != 0)
            fail_msg("case %u: \"%s\" where \"%s\" was expected", i, verdict, cases[i].verdict);
    }
}

static void the_time_of_the_fall_is_counted_from_at_once(void **state)
{
    (void)state;
    assert_int_equal(claim_half_gone_ms(3100, 3000), 100);
    assert_int_equal(claim_half_gone_ms(3000, 3100), 0);
    assert_true(claim_half_gone_ms(NEVER, 3000) == NEVER);
    assert_int_equal(claim_half_gone_ms(3100, NEVER), 3100); /* of older rows */
}

/* --- a run folder --- */

#define RUNS                                                                                                 \
    "cell,allocator,setting,policy,workload,shape,walk,repeat,window_ms,status,reason,baseline_rss_bytes,"   \
    "live_bytes,peak_rss_bytes,at_once_rss_bytes,at_once_held_bytes,at_once_live_bytes,silent_rss_bytes,"    \
    "silent_held_bytes,at_once_ms,t50_ms,t90_ms\n"

static void summarise(program_outcome *outcome, const char *folder, const char *plan, const char *runs)
{
    support_write(folder, "run/plan.ini", plan);
    support_write(folder, "run/runs.csv", runs);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    program_run(outcome, "summary", run);
    program_assert_code(outcome, EXIT_PROVEN);
}

static void each_claim_has_a_row_for_each_of_its_cells(void **state)
{
    g_auto(program_outcome) outcome = {0};
    summarise(
        &outcome, *state,
        "[plan]\n[claim stays]\ntext = it stays, at first\nsays = keeps\ncells = */walk-drop\n"
        "[claim goes]\ntext = it goes\nsays = returns\ncells = */walk-purge b/*\n"
        "[claim none]\ntext = it is red\nsays = returns\ncells = */walk-paint\n",
        RUNS
        "b/s/w/x/"
        "walk-drop,b,s,lazy,w,x,drop,1,300000,ok,,1000,800,2000,2000,2000,0,1100,1050,30000,152000,152500\n"
        "b/s/w/x/"
        "walk-drop,b,s,lazy,w,x,drop,2,300000,ok,,1000,800,2000,1900,1900,0,1100,1050,30000,152000,152500\n"
        "a/s/w/x/walk-drop,a,s,lazy,w,x,drop,1,300000,oom,killed,,,,,,,,,,,\n"
        "b/s/w/x/"
        "walk-purge,b,s,lazy,w,x,purge,1,300000,ok,,1000,800,2000,1000,900,0,900,900,30000,29000,29500\n");
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autoptr(csv_table) claims = program_table(run, "claims.csv");
    assert_int_equal(csv_rows(claims), 4);
    assert_string_equal(program_text(claims, 0, "claim"), "stays");
    assert_string_equal(program_text(claims, 0, "text"), "it stays, at first");
    assert_string_equal(program_text(claims, 0, "says"), "keeps");
    assert_string_equal(program_text(claims, 0, "cell"), "a/s/w/x/walk-drop");
    assert_string_equal(program_text(claims, 0, "at_once_rss_share"), "");
    assert_string_equal(program_text(claims, 0, "verdict"), "oom");
    assert_string_equal(program_text(claims, 1, "walk"), "drop");
    assert_string_equal(program_text(claims, 1, "live_share"), "0.0000");
    assert_string_equal(program_text(claims, 1, "at_once_rss_share"),
                        "0.9500"); /* of the median of two runs */
    assert_string_equal(program_text(claims, 1, "end_rss_share"), "0.1000");
    assert_string_equal(program_text(claims, 1, "end_held_share"), "0.0500");
    assert_int_equal(program_number(claims, 1, "at_once_ms"), 30000);
    assert_int_equal(program_number(claims, 1, "t50_ms"), 152000);
    assert_int_equal(program_number(claims, 1, "window_ms"), 300000);
    assert_string_equal(program_text(claims, 1, "verdict"), "only at once, for 2 min 2 s");
    assert_string_equal(program_text(claims, 2, "verdict"), "only after 2 min 2 s");
    assert_string_equal(program_text(claims, 3, "at_once_held_share"), "-0.1000");
    assert_string_equal(program_text(claims, 3, "verdict"), "holds");
    support_assert_has(outcome.out, "it stays, at first (keeps): holds in 0 of 1, not proven in 1\n");
    support_assert_has(outcome.out, "it goes (returns): holds in 1 of 2");
    support_assert_has(outcome.out, "it is red: none of its cells was run");
    support_assert_has(outcome.out, "\n  b/s drop  "); /* beside its other walk in that claim */
    support_assert_has(outcome.out, "\n  b/s       ");
}

/* Dropped from 2000 over a baseline of 1000, of which 400 had been asked for, and 0 is alive by the process's own count. */
static void buckets_that_a_runtime_keeps_live_and_garbage_nobody_has_looked_for_does_not(void **state)
{
    static const char runs[] =
        "cell,allocator,setting,policy,workload,shape,walk,repeat,window_ms,status,reason,baseline_rss_bytes,"
        "live_bytes,peak_rss_bytes,at_once_rss_bytes,at_once_live_bytes,silent_rss_bytes,"
        "silent_heap_inuse_bytes\n"
        "a/s/w/x,a,s,lazy,w,x,,1,5000,ok,,1000,400,2000,2000,0,1500,420\n"  /* buckets; .5 of .58 is back */
        "b/s/w/x,b,s,lazy,w,x,,1,5000,ok,,1000,400,2000,2000,0,1500,601\n"  /* has let go of 399: garbage */
        "c/s/w/x,c,s,lazy,w,x,,1,5000,ok,,1000,400,2000,2000,40,1500,420\n" /* holes beside survivors */
        "d/s/w/x,d,s,lazy,w,x,,1,5000,ok,,1000,400,2000,2000,0,1500,\n";    /* does not tell */
    static const char *const live[] = {"0.4200", "0.0000", "0.1000", "0.0000"};
    static const char *const inuse[] = {"0.4200", "0.6010", "0.4200", ""};
    static const char *const verdicts[] = {"only at once", "holds", "only at once", "holds"};
    g_auto(program_outcome) outcome = {0};
    summarise(&outcome, *state, "[plan]\n[claim c]\ntext = it stays\nsays = keeps\ncells = *\n", runs);
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autoptr(csv_table) claims = program_table(run, "claims.csv");
    assert_int_equal(csv_rows(claims), G_N_ELEMENTS(live));
    for (guint i = 0; i < csv_rows(claims); i++) {
        assert_string_equal(program_text(claims, i, "live_share"), live[i]);
        assert_string_equal(program_text(claims, i, "end_heap_inuse_share"), inuse[i]);
        assert_string_equal(program_text(claims, i, "verdict"), verdicts[i]);
    }
}

static void only_who_was_asked_is_counted(void **state)
{
    g_auto(program_outcome) outcome = {0};
    summarise(&outcome, *state,
              "[plan]\n[claim some]\ntext = it stays\nsays = keeps\ncells = *\n"
              "[claim none]\ntext = b stays\nsays = keeps\ncells = b/*\n"
              "[claim unproven]\ntext = d stays\nsays = keeps\ncells = d/*\n",
              RUNS "a/s/w/x,a,s,lazy,w,x,,1,1000,ok,,1000,800,2000,2000,2000,0,2000,2000,0,,\n"
                   "b/s/w/x,b,s,lazy,w,x,,1,1000,ok,,1000,800,2000,2000,2000,800,2000,2000,0,,\n"
                   "c/s/w/x,c,s,lazy,w,x,,1,1000,ok,,1000,800,2000,1000,1000,0,1000,1000,0,0,0\n"
                   "d/s/w/x,d,s,lazy,w,x,,1,1000,skipped,not installed,,,,,,,,,,,\n");
    support_assert_has(outcome.out, "it stays (keeps): holds in 1 of 2, not asked in 1, not proven in 1\n");
    support_assert_has(outcome.out, "b stays (keeps): not asked in 1\n");
    support_assert_has(outcome.out, "d stays (keeps): not proven in 1\n");
}

/* The window is the plan's; that no silence is in this walk is the answer. */
static void a_walk_without_a_silent_phase_is_not_asked(void **state)
{
    g_auto(program_outcome) outcome = {0};
    summarise(&outcome, *state, CLAIM, RUNS "a/s/w/x,a,s,lazy,w,x,,1,1000,ok,,1,1,2,,,,,,,,\n");
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autoptr(csv_table) claims = program_table(run, "claims.csv");
    assert_string_equal(program_text(claims, 0, "verdict"), "not asked: no silent phase behind a peak");
}

static void no_line_is_wider_than_100_columns(void **state)
{
    g_auto(program_outcome) outcome = {0};
    summarise(&outcome, *state, "[plan]\n[claim c]\ntext = " FIFTY FIFTY "\nsays = keeps\ncells = *\n",
              RUNS "a/s/w/x,a,s,lazy,w,x,,1,240000,ok,,1000,800,2000,2000,2000,400,1300,1300,0,184000,\n"
                   "b/s/w/x,b,s,lazy,w,x,,1,240000,ok,,1000,800,2000,,,,,,,,\n");
    support_assert_has(outcome.out,
                       "3 min 4 s\n                           only at once, for at most 3 min 4 s\n");
    g_auto(GStrv) lines = g_strsplit(outcome.out, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_utf8_strlen(*line, -1) > 100)
            fail_msg("too wide: %s", *line);
}

static bool has_claims(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "run", "claims.csv", NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void a_plan_that_claims_nothing_has_no_such_file(void **state)
{
    g_auto(program_outcome) outcome = {0};
    summarise(&outcome, *state, "[plan]\n", RUNS "a/s/w/x,a,s,lazy,w,x,,1,1000,ok,,1,1,2,2,2,0,2,2,0,,\n");
    assert_false(has_claims(*state));
    support_assert_has_not(outcome.out, "claims");
}

static void a_timed_pass_which_has_no_window_is_not_judged(void **state)
{
    g_auto(program_outcome) outcome = {0};
    summarise(&outcome, *state, CLAIM, RUNS "a/s/w/x,a,s,lazy,w,x,,1,0,ok,,1,1,2,,,,,,,,\n");
    assert_false(has_claims(*state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(claims_are_read_in_the_order_of_the_file_whatever_else_stands_in_it),
        SUPPORT_TEST(a_folder_without_a_plan_claims_nothing),
        SUPPORT_TEST(what_is_wrong_in_a_claim_is_named),
        SUPPORT_TEST(a_claim_of_no_cell_of_the_plan_is_an_error_with_its_line),
        SUPPORT_TEST(a_claim_of_cells_that_are_not_run_this_time_is_none),
        cmocka_unit_test(a_verdict_follows_from_what_is_there_at_once_and_at_the_end),
        cmocka_unit_test(the_time_of_the_fall_is_counted_from_at_once),
        SUPPORT_TEST(each_claim_has_a_row_for_each_of_its_cells),
        SUPPORT_TEST(buckets_that_a_runtime_keeps_live_and_garbage_nobody_has_looked_for_does_not),
        SUPPORT_TEST(only_who_was_asked_is_counted),
        SUPPORT_TEST(a_walk_without_a_silent_phase_is_not_asked),
        SUPPORT_TEST(no_line_is_wider_than_100_columns),
        SUPPORT_TEST(a_plan_that_claims_nothing_has_no_such_file),
        SUPPORT_TEST(a_timed_pass_which_has_no_window_is_not_judged),
    };
    return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
