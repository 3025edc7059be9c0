/* The figure of what is left of a limit, drawn from a small folder with known figures. */
#include "program.h"

#define PLAN "[plan]\nsummary = x\nbaseline = a/s\nsilent = 1 s\nticking = 1 s\n[limit]\nmemory = 1G\n"
#define RUNS                                                                                                 \
    "cell,allocator,setting,policy,workload,shape,walk,order,repeat,limit_bytes,samples_file,ended_in,"      \
    "status,reason,baseline_rss_bytes,live_bytes,cgroup_baseline_working_bytes,cgroup_silent_working_bytes," \
    "requests,killed_in_request,oom_kills\n"
#define LEFT                                                                                                 \
    "a/s/w/x/walk-leave,a,s,default,w,x,leave,hash,1,1000000000,samples/leave.csv,rebuild,oom,killed,0,0,"   \
    "1000000,750000000,1,2,1\n"
#define RELEASED                                                                                             \
    "a/s/w/x/walk-release,a,s,default,w,x,release,hash,1,1000000000,samples/release.csv,end,ok,,0,0,"        \
    "1000000,250000000,2,,0\n"
#define SAMPLES "time_ms,phase,rss_bytes,lazy_bytes,cgroup_usage_bytes,cgroup_working_bytes,step\n"

/* Before a test holds anything: skip() does not return. */
static bool can_draw(void)
{
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    return gnuplot && !TEST_SANITIZED;
}

/* Summarises the folder and draws; what is drawn of container_memory, NULL: nothing is. The caller frees. */
static char *draw(const char *run)
{
    g_auto(program_outcome) summarised = {0}, plotted = {0};
    g_autofree char *path = g_build_filename(run, "plots", "container_memory.svg", NULL);
    char *text = NULL;
    program_run(&summarised, "summary", run);
    program_assert_code(&summarised, EXIT_PROVEN);
    program_run_words(&plotted, (const char *const[]){TEST_SOURCE_DIR "/scripts/plot", run, NULL});
    support_assert_has_not(plotted.err, "container_memory.gp\" line");
    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static void write_samples(const char *run)
{
    support_write(run, "samples/leave.csv",
                  SAMPLES "-5.0,baseline,0,0,1000000,1000000,0\n-4.0,build,1,,,,1\n"
                          "0.0,drop,1,0,750000000,750000000,2\n900.0,rebuild,1,,,,3\n"
                          "990.0,rebuild,1,,990000000,990000000,3\n999.0,rebuild,2,,,,3\n");
    support_write(run, "samples/release.csv",
                  SAMPLES "-5.0,baseline,0,0,1000000,1000000,0\n0.0,drop,1,0,750000000,750000000,2\n"
                          "10.0,purge,1,0,250000000,250000000,3\n20.0,end,1,0,250000000,250000000,4\n");
}

static void a_setting_has_a_panel_in_which_each_walk_says_what_is_left_and_where_it_was_killed(void **state)
{
    if (!can_draw())
        skip();
    support_write(*state, "plan.ini", PLAN);
    support_write(*state, "machine.ini", "[run]\npass=memory\n");
    support_write(*state, "runs.csv", RUNS LEFT RELEASED);
    write_samples(*state);
    g_autofree char *figure = draw(*state);
    assert_non_null(figure);
    support_assert_has(figure, ">a s<");
    support_assert_has(figure, "250 MB, killed in request 2");
    support_assert_has(figure, ">750 MB<");
    support_assert_has(figure, "1 of 2 cells live");
    support_assert_has(figure, ">leave<");
    support_assert_has(figure, ">release<");
    support_assert_has(figure, "a request begins");
    support_assert_has(figure, "killed by the kernel");
}

/* Of before samples had it. */
static void a_folder_without_a_working_set_has_no_such_figure(void **state)
{
    if (!can_draw())
        skip();
    support_write(*state, "plan.ini", PLAN);
    support_write(*state, "machine.ini", "[run]\npass=memory\n");
    support_write(
        *state, "runs.csv",
        "cell,allocator,setting,policy,workload,shape,order,repeat,limit_bytes,samples_file,ended_in,"
        "status,reason,baseline_rss_bytes,live_bytes,cgroup_peak_bytes\n"
        "a/s/w/x,a,s,default,w,x,hash,1,1000000000,samples/leave.csv,end,ok,,0,0,900000000\n");
    support_write(*state, "samples/leave.csv", "time_ms,phase,rss_bytes,lazy_bytes\n0.0,baseline,1,\n");
    assert_null(draw(*state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(a_setting_has_a_panel_in_which_each_walk_says_what_is_left_and_where_it_was_killed),
        SUPPORT_TEST(a_folder_without_a_working_set_has_no_such_figure),
    };
    return cmocka_run_group_tests_name("figure of a container", tests, NULL, NULL);
}
