/* cycles.h: what is held between builds and drops, again and again, and whether it creeps up. */
#include <math.h>

#include "cycles.h"
#include "program.h"

static void assert_near(double value, double expected)
{
    if (fabs(value - expected) > 1e-6 * MAX(fabs(expected), 1))
        fail_msg("%.9g where %.9g was expected", value, expected);
}

/* By hand: 1, 2, 4 over 1, 2, 3 has the slope 1.5 and the residuals 1/6, -1/3, 1/6; so its variance is (1/6) / 1 / 2, and
 * t of 97.5 % with one degree of freedom is 12.7062047. */
static void the_interval_of_a_slope_is_students(void **state)
{
    (void)state;
    struct cycles_line line = cycles_fit((const double[]){1, 2, 4}, 3);
    assert_near(line.slope, 1.5);
    assert_near(line.high - line.slope, 12.7062047362 * sqrt(1.0 / 12));
    assert_near(line.slope - line.low, line.high - line.slope);
}

static void a_straight_line_has_no_width(void **state)
{
    (void)state;
    struct cycles_line line = cycles_fit((const double[]){7, 5, 3, 1}, 4);
    assert_near(line.slope, -2);
    assert_near(line.low, -2);
    assert_near(line.high, -2);
}

/* --- run folders --- */

#define BASELINE UINT64_C(1000000)
#define PEAK_LIVE UINT64_C(100000000)
#define PEAK_RSS (BASELINE + UINT64_C(140000000)) /* a live byte takes 1.4 */

struct story {
    const char *cell, *status, *ended_in;
    guint cycles;
    double first, held, rise; /* held over the baseline after cycle 1, after cycle 2, and more each cycle */
    uint64_t live, live_rise; /* the cache, the same */
    double
        garbage; /* what a runtime has in use beyond the map that takes 1.2; less by the cycle; 0: no runtime */
};

struct tables {
    GString *runs, *marks;
};

static struct tables open_tables(void)
{
    return (struct tables){
        g_string_new("cell,allocator,setting,policy,workload,shape,walk,repeat,window_ms,status,reason,"
                     "baseline_rss_bytes,ended_in\n"),
        g_string_new("cell,repeat,phase,live_bytes,live_blocks,rollup_rss_bytes,lazy_bytes,heap_inuse_bytes,"
                     "peak_bytes\n")};
}

static void add_heap_mark(struct tables *tables, const char *cell, const char *phase, uint64_t live,
                          double rss, double lazy, double inuse, uint64_t peak)
{
    g_autofree char *told = inuse > 0 ? g_strdup_printf("%.0f", inuse) : g_strdup("");
    g_string_append_printf(tables->marks,
                           "%s,1,%s,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT
                           ",%.0f,%.0f,%s,%" G_GUINT64_FORMAT "\n",
                           cell, phase, live, live / 100, rss, lazy, told, peak);
}

static void add_mark(struct tables *tables, const char *cell, const char *phase, uint64_t live, double rss,
                     double lazy, uint64_t peak)
{
    add_heap_mark(tables, cell, phase, live, rss, lazy, 0, peak);
}

/* A quarter of what is resident in the idle phase is lazy. */
static void add_story(struct tables *tables, const struct story *story)
{
    g_auto(GStrv) parts = g_strsplit(story->cell, "/", -1);
    g_string_append_printf(tables->runs, "%s,%s,%s,lazy,%s,%s,%s,1,1000,%s,,%" G_GUINT64_FORMAT ",%s\n",
                           story->cell, parts[0], parts[1], parts[2], parts[3], parts[4] + strlen("walk-"),
                           story->status ? story->status : "ok", BASELINE,
                           story->ended_in ? story->ended_in : "end");
    add_mark(tables, story->cell, "baseline", 0, (double)BASELINE, 0, BASELINE);
    for (guint k = 1; k <= story->cycles; k++) {
        double held = (double)BASELINE + (k == 1 ? story->first : story->held + story->rise * (k - 2));
        uint64_t live = story->live + story->live_rise * (k - 1);
        double inuse = story->garbage > 0 ? 1.2 * (double)PEAK_LIVE + story->garbage / k : 0;
        add_heap_mark(tables, story->cell, k == 1 ? "build" : "rebuild", PEAK_LIVE, (double)PEAK_RSS, 0,
                      inuse, PEAK_RSS);
        add_mark(tables, story->cell, "hold", PEAK_LIVE, (double)PEAK_RSS, 0, PEAK_RSS + 5);
        add_mark(tables, story->cell, k == 1 ? "drop" : "redrop", live, held * 2, 0, PEAK_RSS);
        add_mark(tables, story->cell, "silent", live, held * 1.5, 7, PEAK_RSS * 2);
        add_mark(tables, story->cell, "ticking", live, held * 4 / 3, held / 3, PEAK_RSS * 2);
    }
}

/* Writes the folder (the tables are freed) and summarises it. */
static char *summarise(program_outcome *outcome, const char *folder, struct tables *tables)
{
    support_write(folder, "run/runs.csv", tables->runs->str);
    support_write(folder, "run/marks.csv", tables->marks->str);
    g_string_free(tables->runs, TRUE);
    g_string_free(tables->marks, TRUE);
    char *run = g_build_filename(folder, "run", NULL);
    program_run(outcome, "summary", run);
    program_assert_code(outcome, EXIT_PROVEN);
    return run;
}

static void a_cycle_has_what_is_alive_and_resident_at_its_marks(void **state)
{
    g_auto(program_outcome) outcome = {0};
    struct tables tables = open_tables();
    add_story(&tables, &(struct story){"a/s/w/x/walk-c", .cycles = 4, .first = 5e6, .held = 8e6, .rise = 3e6,
                                       .live = 1000, .live_rise = 500});
    g_autofree char *run = summarise(&outcome, *state, &tables);
    g_autoptr(csv_table) cycles = program_table(run, "cycles.csv");
    assert_int_equal(csv_rows(cycles), 4);
    assert_int_equal(program_number(cycles, 1, "cycle"), 2);
    assert_int_equal(program_number(cycles, 1, "repeat"), 1);
    assert_int_equal(program_number(cycles, 1, "peak_live_bytes"), PEAK_LIVE);
    assert_int_equal(program_number(cycles, 1, "live_bytes"), 1500);
    assert_int_equal(program_number(cycles, 1, "live_blocks"), 15);
    assert_int_equal(program_number(cycles, 1, "baseline_rss_bytes"), BASELINE);
    assert_int_equal(program_number(cycles, 1, "peak_rss_bytes"), PEAK_RSS + 5);
    assert_int_equal(program_number(cycles, 1, "drop_rss_bytes"), 18000000);
    assert_int_equal(program_number(cycles, 1, "silent_rss_bytes"), 13500000);
    assert_int_equal(program_number(cycles, 1, "silent_held_bytes"), 13499993);
    assert_int_equal(program_number(cycles, 1, "idle_rss_bytes"), 12000000);
    assert_int_equal(program_number(cycles, 1, "idle_held_bytes"), 9000000);
    assert_int_equal(program_number(cycles, 2, "idle_held_bytes"), 12000000);
    assert_string_equal(program_text(cycles, 2, "status"), "ok");
}

/* Ten cycles each; what they hold is 10 MB, and a story. */
static void creeping_is_more_than_the_first_cycle_noise_and_the_cache_explain(void **state)
{
    static const struct {
        struct story story;
        const char *verdict;
        double slope;
    } cases[] = {
        {{"a/s/w/x/walk-c", .first = 10e6, .held = 10e6}, "no creep shown", 0},
        {{"b/s/w/x/walk-c", .first = 10e6, .held = 10e6, .rise = 1e5}, "creeps", 1e5},
        {{"c/s/w/x/walk-c", .first = 10e6, .held = 10e6, .rise = -1e5}, "shrinks", -1e5},
        /* What the first cycle leaves is no creep. */
        {{"d/s/w/x/walk-c", .first = 1e6, .held = 10e6}, "no creep shown", 0},
        /* The cache grows by 1 MB a cycle, which takes 1.4 MB; then by 1.5. */
        {{"e/s/w/x/walk-c", .first = 10e6, .held = 11.4e6, .rise = 1.4e6, .live_rise = 1000000},
         "no creep shown",
         0.4e6},
        {{"f/s/w/x/walk-c", .first = 10e6, .held = 11.5e6, .rise = 1.5e6, .live_rise = 1000000},
         "creeps",
         0.5e6},
        /* Less than a page. */
        {{"g/s/w/x/walk-c", .first = 10e6, .held = 10e6, .rise = 4000}, "no creep shown", 4000},
        /* A runtime tells that it takes 1.2 and garbage, of which a tenth is left in the last cycle: 1.21. */
        {{"h/s/w/x/walk-c", .first = 10e6, .held = 11.2e6, .rise = 1.2e6, .live_rise = 1000000,
          .garbage = 10e6},
         "no creep shown",
         0.2e6},
        {{"i/s/w/x/walk-c", .first = 10e6, .held = 11.3e6, .rise = 1.3e6, .live_rise = 1000000,
          .garbage = 10e6},
         "creeps",
         0.3e6},
    };
    g_auto(program_outcome) outcome = {0};
    struct tables tables = open_tables();
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct story story = cases[i].story;
        story.cycles = 10;
        add_story(&tables, &story);
    }
    g_autofree char *run = summarise(&outcome, *state, &tables);
    g_autoptr(csv_table) summary = program_table(run, "cycles_summary.csv");
    assert_int_equal(csv_rows(summary), G_N_ELEMENTS(cases));
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (strcmp(program_text(summary, i, "verdict"), cases[i].verdict) != 0)
            fail_msg("%s is \"%s\"", program_text(summary, i, "cell"), program_text(summary, i, "verdict"));
        assert_near(g_ascii_strtod(program_text(summary, i, "slope_bytes_per_cycle"), NULL), cases[i].slope);
    }
    assert_int_equal(program_number(summary, 4, "overhead_bytes_per_cycle"), 400000);
    assert_int_equal(program_number(summary, 7, "overhead_bytes_per_cycle"), 210000);
    support_assert_has(outcome.out, "10 cycles of build, drop, idle (w, x, walk c): 100 MB live at most");
}

static void noise_around_a_level_is_no_creep(void **state)
{
    static const double noise[] = {0, 3, -2, 1, 2, -3, 0, -1, 2, 1};
    struct cycles_line line = cycles_fit(noise, G_N_ELEMENTS(noise));
    (void)state;
    assert_true(line.low < 0 && line.high > 0);
}

static void what_it_costs_a_day_is_the_unused_of_the_last_half(void **state)
{
    g_auto(program_outcome) outcome = {0};
    struct tables tables = open_tables();
    /* Held: 1, 2, 3 … 10 MB; of the last five 8 MB, of which 3 MB live at the mean. */
    add_story(&tables, &(struct story){"a/s/w/x/walk-c", .cycles = 10, .first = 1e6, .held = 2e6, .rise = 1e6,
                                       .live = 3000000});
    g_autofree char *run = summarise(&outcome, *state, &tables);
    g_autoptr(csv_table) summary = program_table(run, "cycles_summary.csv");
    assert_int_equal(program_number(summary, 0, "cycles"), 10);
    assert_int_equal(program_number(summary, 0, "held_unused_bytes"), 5000000);
    assert_string_equal(program_text(summary, 0, "of_live"), "0.0500");
    assert_string_equal(program_text(summary, 0, "gb_hours_per_day"), "0.120");
    assert_string_equal(program_text(summary, 0, "share_of_40_gb"), "0.0001");
    assert_int_equal(program_number(summary, 0, "peak_live_bytes"), PEAK_LIVE);
    assert_int_equal(program_number(summary, 0, "live_bytes"), 3000000);
}

static void fewer_than_eight_cycles_have_no_line(void **state)
{
    g_auto(program_outcome) outcome = {0};
    struct tables tables = open_tables();
    add_story(&tables,
              &(struct story){"a/s/w/x/walk-c", .cycles = 7, .first = 1e6, .held = 2e6, .rise = 1e6});
    add_story(&tables,
              &(struct story){"b/s/w/x/walk-c", .cycles = 8, .first = 1e6, .held = 2e6, .rise = 1e6});
    g_autofree char *run = summarise(&outcome, *state, &tables);
    g_autoptr(csv_table) summary = program_table(run, "cycles_summary.csv");
    assert_string_equal(program_text(summary, 0, "verdict"), "too few cycles");
    assert_string_equal(program_text(summary, 0, "slope_bytes_per_cycle"), "");
    assert_int_equal(program_number(summary, 0, "held_unused_bytes"), 5500000);
    assert_string_equal(program_text(summary, 1, "verdict"), "creeps");
}

/* Killed in its second build it has one cycle; that it would have had ten, its neighbour on the same walk tells. */
static void who_was_killed_says_in_which_cycle(void **state)
{
    g_auto(program_outcome) outcome = {0};
    struct tables tables = open_tables();
    add_story(&tables, &(struct story){"a/s/w/x/walk-c", .status = "oom", .ended_in = "rebuild", .cycles = 1,
                                       .first = 1e6});
    add_story(&tables, &(struct story){"b/s/w/x/walk-c", .cycles = 10, .first = 1e6, .held = 1e6});
    add_story(&tables, &(struct story){"c/s/w/x/walk-c", .status = "skipped", .ended_in = "", .cycles = 0});
    add_story(&tables, &(struct story){"d/s/w/x/walk-other", .cycles = 1, .first = 1e6, .held = 1e6});
    g_autofree char *run = summarise(&outcome, *state, &tables);
    g_autoptr(csv_table) summary = program_table(run, "cycles_summary.csv");
    assert_int_equal(csv_rows(summary), 3);
    assert_string_equal(program_text(summary, 0, "verdict"), "oom in cycle 2");
    assert_string_equal(program_text(summary, 0, "held_unused_bytes"), "");
    assert_string_equal(program_text(summary, 2, "verdict"), "skipped");
    g_autoptr(csv_table) cycles = program_table(run, "cycles.csv");
    assert_int_equal(csv_rows(cycles), 11);
    assert_string_equal(program_text(cycles, 0, "status"), "oom");
}

/* Ten small cycles beside two of the full size. */
static void two_cycles_are_told_beside_many(void **state)
{
    g_auto(program_outcome) outcome = {0};
    struct tables tables = open_tables();
    add_story(&tables, &(struct story){"a/s/w/x/walk-c", .cycles = 4, .first = 1e6, .held = 1e6});
    add_story(&tables, &(struct story){"b/s/w/y/walk-two", .cycles = 2, .first = 1e6, .held = 9e6});
    add_story(&tables, &(struct story){"c/s/w/y/walk-one", .cycles = 1, .first = 1e6});
    g_autofree char *run = summarise(&outcome, *state, &tables);
    g_autoptr(csv_table) summary = program_table(run, "cycles_summary.csv");
    assert_int_equal(csv_rows(summary), 2);
    assert_string_equal(program_text(summary, 1, "verdict"), "too few cycles");
    assert_int_equal(program_number(summary, 1, "held_unused_bytes"), 9000000);
}

static bool exists(const char *run, const char *name)
{
    g_autofree char *path = g_build_filename(run, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* The default walk waits once, and the timed one, which drops three times, never. */
static void drops_without_a_wait_are_no_cycles(void **state)
{
    static const char *const timed[] = {"baseline", "build", "hold",    "drop",  "rebuild",
                                        "redrop",   "purge", "rebuild", "redrop"};
    g_auto(program_outcome) outcome = {0};
    struct tables tables = open_tables();
    add_story(&tables, &(struct story){"a/s/w/x/walk-", .cycles = 0});
    for (unsigned i = 0; i < G_N_ELEMENTS(timed); i++)
        add_mark(&tables, "a/s/w/x/walk-", timed[i], 1, 5e6, 0, 5000000);
    g_autofree char *run = summarise(&outcome, *state, &tables);
    assert_false(exists(run, "cycles.csv"));
    assert_false(exists(run, "cycles_summary.csv"));
}

static void a_folder_of_three_cycles_at_the_most_has_none(void **state)
{
    g_auto(program_outcome) outcome = {0};
    struct tables tables = open_tables();
    add_story(&tables, &(struct story){"a/s/w/x/walk-", .cycles = 3, .first = 1e6, .held = 1e6});
    g_autofree char *run = summarise(&outcome, *state, &tables);
    assert_false(exists(run, "cycles.csv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_of_a_slope_is_students),
        cmocka_unit_test(a_straight_line_has_no_width),
        SUPPORT_TEST(a_cycle_has_what_is_alive_and_resident_at_its_marks),
        SUPPORT_TEST(creeping_is_more_than_the_first_cycle_noise_and_the_cache_explain),
        cmocka_unit_test(noise_around_a_level_is_no_creep),
        SUPPORT_TEST(what_it_costs_a_day_is_the_unused_of_the_last_half),
        SUPPORT_TEST(fewer_than_eight_cycles_have_no_line),
        SUPPORT_TEST(who_was_killed_says_in_which_cycle),
        SUPPORT_TEST(two_cycles_are_told_beside_many),
        SUPPORT_TEST(drops_without_a_wait_are_no_cycles),
        SUPPORT_TEST(a_folder_of_three_cycles_at_the_most_has_none),
    };
    return cmocka_run_group_tests_name("cycles", tests, NULL, NULL);
}
