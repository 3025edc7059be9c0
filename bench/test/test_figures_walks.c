/* The figures of named walks and of many cycles, drawn from small folders with known figures. */
#include "program.h"

#define GB "000000000"

/* Before a test holds anything: skip() does not return. */
static bool can_draw(void)
{
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    return gnuplot && !TEST_SANITIZED;
}

/* Summarises the run folder and draws; the caller frees its path. */
static char *draw(program_outcome *outcome, const char *folder)
{
    g_auto(program_outcome) summarised = {0};
    char *run = g_build_filename(folder, "run", NULL);
    program_run(&summarised, "summary", run);
    program_assert_code(&summarised, EXIT_PROVEN);
    program_run_words(outcome, (const char *const[]){TEST_SOURCE_DIR "/scripts/plot", run, NULL});
    program_assert_code(outcome, 0);
    support_assert_has_not(outcome->err, "cycles.gp\" line");
    support_assert_has_not(outcome->err, "five_steps.gp\" line");
    return run;
}

static bool drawn(const char *run, const char *figure)
{
    g_autofree char *path = g_strdup_printf("%s/plots/%s.svg", run, figure);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Where a text of the figure stands, in pixels from the left and the top. */
static struct spot {
    double x, y;
} spot_of(const char *figure, const char *text)
{
    struct spot spot = {-1, -1};
    const char *at = strstr(figure, text);
    const char *from = at ? g_strrstr_len(figure, at - figure, "translate(") : NULL;
    if (!from || sscanf(from, "translate(%lf,%lf)", &spot.x, &spot.y) != 2)
        fail_msg("%s is not in the figure", text);
    return spot;
}

/* --- five_steps --- */

#define STEPS_PLAN                                                                                           \
    "[plan]\nsummary = x\nsilent = 300 s\nticking = 1 s\n"                                                   \
    "[walk forget]\nphases = build hold drop silent\n[walk ask]\nphases = build hold drop purge silent\n"    \
    "[cells z]\nallocators = zero\n[cells a]\nallocators = able\n"
#define STEPS_RUNS                                                                                           \
    "cell,allocator,setting,policy,workload,shape,walk,order,repeat,window_ms,status,reason,"                \
    "baseline_rss_bytes,live_bytes,peak_rss_bytes,at_once_rss_bytes,at_once_held_bytes,at_once_live_bytes,"  \
    "silent_rss_bytes,silent_held_bytes,at_once_ms,t50_ms\n"
#define KEPT                                                                                                 \
    "able/s/w/x/walk-forget,able,s,lazy,w,x,forget,hash,1,300000,ok,,0,1000000000,2000000000,2000000000,"    \
    "2000000000,0,2000000000,2000000000,0,\n"

static void a_step_has_what_stays_at_once_and_at_the_end_and_when_half_was_gone(void **state)
{
    if (!can_draw())
        skip();
    g_auto(program_outcome) outcome = {0};
    support_write(*state, "run/plan.ini", STEPS_PLAN);
    support_write(*state, "run/runs.csv",
                  STEPS_RUNS KEPT
                  "able/s/w/x/walk-ask,able,s,lazy,w,x,ask,hash,1,300000,oom,killed,,,,,,,,,,\n"
                  "zero/s/w/x/walk-forget,zero,s,lazy,w,x,forget,hash,1,300000,ok,,0,1000000000,2000000000,"
                  "2000000000,2000000000,0,125000000,125000000,1000,153000\n"
                  "zero/s/w/x/walk-ask,zero,s,lazy,w,x,ask,hash,1,300000,ok,,0,1000000000,2000000000,"
                  "2000000000,500000000,0,2000000000,250000000,0,\n");
    g_autofree char *run = draw(&outcome, *state);
    g_autofree char *figure = support_read(run, "plots/five_steps.svg");
    assert_true(spot_of(figure, ">forget<").x < spot_of(figure, ">ask<").x);
    support_assert_has(figure, "drop purge");                                   /* what that walk does */
    assert_true(spot_of(figure, ">zero/s<").y < spot_of(figure, ">able/s<").y); /* as in the plan */
    support_assert_has(figure, "125 MB");
    support_assert_has(figure, "half gone after 152 s");
    support_assert_has(figure, "half not gone in 300 s");
    support_assert_has(figure, "lazy; held: 250 MB");
    support_assert_has(figure, "oom");
}

static void a_run_of_one_walk_compares_no_steps(void **state)
{
    if (!can_draw())
        skip();
    g_auto(program_outcome) outcome = {0};
    support_write(*state, "run/plan.ini", STEPS_PLAN);
    support_write(*state, "run/runs.csv",
                  STEPS_RUNS KEPT
                  "able/s/w/x/walk-ask,able,s,lazy,w,x,ask,hash,1,300000,skipped,none,,,,,,,,,,\n");
    g_autofree char *run = draw(&outcome, *state);
    assert_false(drawn(run, "five_steps"));
    support_assert_has(outcome.err, "plot: five_steps: This run does not compare named walks");
}

/* --- cycles --- */

#define CYCLES_RUNS                                                                                          \
    "cell,allocator,setting,policy,workload,shape,order,repeat,window_ms,status,reason,baseline_rss_bytes,"  \
    "live_bytes\n"

/* Idle, 1.5 GB are held and 100 MB live. */
static void write_cycles(const char *folder, guint cycles, const char *status)
{
    g_autofree char *runs = g_strdup_printf(
        CYCLES_RUNS "able/default/w/x,able,default,default,w,x,hash,1,1000,%s,,0,2" GB "\n", status);
    g_autoptr(GString) marks =
        g_string_new("cell,repeat,phase,live_bytes,live_blocks,rollup_rss_bytes,lazy_bytes,"
                     "peak_bytes\nable/default/w/x,1,baseline,0,0,0,0,0\n");
    for (guint k = 0; k < cycles; k++)
        g_string_append_printf(marks,
                               "able/default/w/x,1,%sbuild,2" GB ",9,3" GB ",0,3" GB
                               "\nable/default/w/x,1,%sdrop,100000000,1,3" GB ",0,3" GB
                               "\nable/default/w/x,1,silent,100000000,1,1500000000,0,3" GB "\n",
                               k ? "re" : "", k ? "re" : "");
    support_write(folder, "run/runs.csv", runs);
    support_write(folder, "run/marks.csv", marks->str);
    support_write(folder, "run/plan.ini", "[plan]\n");
}

static void what_is_unused_between_jobs_is_told_in_gb_hours_a_day(void **state)
{
    if (!can_draw())
        skip();
    g_auto(program_outcome) outcome = {0};
    write_cycles(*state, 8, "ok");
    g_autofree char *run = draw(&outcome, *state);
    g_autofree char *figure = support_read(run, "plots/cycles.svg");
    support_assert_has(figure, "1.40 GB"); /* unused */
    support_assert_has(figure, "70 %");    /* of 2 GB */
    support_assert_has(figure, ">34<");    /* GB h a day */
    support_assert_has(figure, "no creep shown");
    assert_false(drawn(run, "five_steps"));
}

static void a_run_without_cycles_draws_none(void **state)
{
    if (!can_draw())
        skip();
    static const struct {
        guint cycles;
        const char *status, *reason;
    } cases[] = {{3, "ok", "No walk of this run has four cycles"}, {4, "oom", "No ok cell of this run"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(program_outcome) outcome = {0};
        write_cycles(*state, cases[i].cycles, cases[i].status);
        g_autofree char *run = draw(&outcome, *state);
        assert_false(drawn(run, "cycles"));
        g_autofree char *said = g_strconcat("plot: cycles: ", cases[i].reason, NULL);
        support_assert_has(outcome.err, said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_step_has_what_stays_at_once_and_at_the_end_and_when_half_was_gone),
        SUPPORT_TEST(a_run_of_one_walk_compares_no_steps),
        SUPPORT_TEST(what_is_unused_between_jobs_is_told_in_gb_hours_a_day),
        SUPPORT_TEST(a_run_without_cycles_draws_none),
    };
    return cmocka_run_group_tests_name("figures of walks", tests, NULL, NULL);
}
