/* summary_latency.h: from the rows of latency.csv to latency_summary.csv and its part of the printed table. */
#include "program.h"

static void the_summary_has_medians_and_extremes_and_when_the_longest_was(void **state)
{
    g_auto(program_outcome) outcome = {0};
    support_write(*state, "run/runs.csv",
                  "cell,allocator,setting,policy,workload,shape,repeat,status,reason,live_bytes\n"
                  "a/s/w/x,a,s,lazy,w,x,1,ok,,5\na/s/w/x,a,s,lazy,w,x,2,ok,,5\na/s/w/x,a,s,lazy,w,x,3,ok,,5\n"
                  "a/s/w/x,a,s,lazy,w,x,4,invalid,why,5\nb/s/n/x,b,s,lazy,n,x,1,ok,,0\n");
    support_write(*state, "run/marks.csv",
                  "cell,repeat,phase,cpu_wait_ns\na/s/w/x,2,drop,77\na/s/w/x,1,drop,1\na/s/w/x,2,build,2\n");
    support_write(*state, "run/latency.csv",
                  "cell,repeat,phase,count,p50_ns,p99_ns,p999_ns,p9999_ns,max_ns,max_at_ns,clock\n"
                  "a/s/w/x,1,drop,9,10,,,,500,1,tsc\na/s/w/x,2,drop,9,30,,,,900,2,tsc\na/s/w/"
                  "x,3,drop,9,20,,,,100,3,tsc\n"
                  "a/s/w/x,4,drop,9,1,,,,100000,4,tsc\na/s/w/x,1,build,9,5,,,,400,5,tsc\nb/s/n/"
                  "x,1,drop,9,1,,,,2,6,tsc\n");
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    program_run(&outcome, "summary", run);
    program_assert_code(&outcome, EXIT_PROVEN);
    g_autoptr(csv_table) summary = program_table(run, "latency_summary.csv");
    assert_int_equal(csv_rows(summary), 3);
    assert_string_equal(program_text(summary, 0, "phase"), "drop");
    assert_int_equal(program_number(summary, 0, "values"), 3);
    assert_int_equal(program_number(summary, 0, "p50_ns"), 20);
    assert_int_equal(program_number(summary, 0, "p50_ns_min"), 10);
    assert_int_equal(program_number(summary, 0, "p50_ns_max"), 30);
    assert_string_equal(program_text(summary, 0, "p99_ns"), "");
    assert_int_equal(program_number(summary, 0, "max_ns"), 500);
    assert_int_equal(program_number(summary, 0, "max_ns_min"), 100);
    assert_int_equal(program_number(summary, 0, "max_ns_max"), 900);
    assert_int_equal(program_number(summary, 0, "max_at_ns"), 2);
    assert_int_equal(program_number(summary, 0, "max_repeat"), 2);
    assert_int_equal(program_number(summary, 0, "max_wait_ns"), 77);
    assert_string_equal(program_text(summary, 0, "has_longest"), "yes");
    assert_string_equal(program_text(summary, 1, "has_longest"), "no");
    assert_string_equal(program_text(summary, 1, "max_wait_ns"), "");
    assert_string_equal(program_text(summary, 1, "floor"), "no");
    assert_string_equal(program_text(summary, 2, "floor"), "yes");
}

#define RUNS                                                                                                 \
    "cell,allocator,setting,policy,workload,shape,repeat,status,reason,live_bytes,drop_user_ns,drop_sys_"    \
    "ns\n"
#define MARKS "cell,repeat,phase,cpu_wait_ns\n"
#define LATENCY "cell,repeat,phase,count,p50_ns,p99_ns,p999_ns,p9999_ns,max_ns,max_at_ns,clock\n"

static void summarise(program_outcome *outcome, const char *folder, const char *runs, const char *marks,
                      const char *latency)
{
    support_write(folder, "run/runs.csv", runs);
    support_write(folder, "run/marks.csv", marks);
    support_write(folder, "run/latency.csv", latency);
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    program_run(outcome, "summary", run);
    program_assert_code(outcome, EXIT_PROVEN);
}

/* The longest drop is the first one, the longest redrop the second: a rule that takes one of both is wrong once. */
static void of_a_phase_that_comes_twice_the_wait_is_that_of_the_one_with_the_longest(void **state)
{
    g_auto(program_outcome) outcome = {0};
    summarise(&outcome, *state, RUNS "a/s/w/x,a,s,lazy,w,x,1,ok,,5,,\na/s/w/x,a,s,lazy,w,x,2,ok,,5,,\n",
              MARKS "a/s/w/x,1,drop,9\na/s/w/x,2,drop,80\na/s/w/x,2,redrop,60\na/s/w/x,2,drop,7\n"
                    "a/s/w/x,2,redrop,5\n",
              LATENCY "a/s/w/x,1,drop,9,10,,,,500,1,tsc\na/s/w/x,2,drop,9,10,,,,900,2,tsc\n"
                      "a/s/w/x,2,redrop,9,10,,,,100,3,tsc\na/s/w/x,2,drop,9,10,,,,800,4,tsc\n"
                      "a/s/w/x,2,redrop,9,10,,,,600,5,tsc\n");
    g_autofree char *run = g_build_filename(*state, "run", NULL);
    g_autoptr(csv_table) summary = program_table(run, "latency_summary.csv");
    assert_int_equal(csv_rows(summary), 2);
    assert_string_equal(program_text(summary, 0, "phase"), "drop");
    assert_int_equal(program_number(summary, 0, "max_at_ns"), 2);
    assert_int_equal(program_number(summary, 0, "max_wait_ns"), 80);
    assert_string_equal(program_text(summary, 1, "phase"), "redrop");
    assert_int_equal(program_number(summary, 1, "max_at_ns"), 5);
    assert_int_equal(program_number(summary, 1, "max_wait_ns"), 5);
}

static void the_floor_is_told_once_a_shape_by_the_longest_of_all_its_cells_and_phases(void **state)
{
    g_auto(program_outcome) outcome = {0};
    summarise(&outcome, *state,
              RUNS "b/s/n/x,b,s,lazy,n,x,1,ok,,0,300,100\nb/t/n/x,b,t,lazy,n,x,1,ok,,0,100,100\n"
                   "b/t/n/x,b,t,lazy,n,x,2,ok,,0,100,100\nb/t/n/x,b,t,lazy,n,x,3,ok,,0,100,100\n"
                   "b/s/n/y,b,s,lazy,n,y,1,ok,,0,300,100\n",
              MARKS,
              LATENCY "b/s/n/x,1,build,10,31,,,,300,1,tsc\nb/s/n/x,1,drop,10,20,,,,200,1,tsc\n"
                      "b/t/n/x,1,build,10,33,,,,50,1,tsc\nb/t/n/x,1,drop,10,20,,,,40,1,tsc\n"
                      "b/t/n/x,2,build,10,33,,,,50,1,tsc\nb/t/n/x,2,drop,10,20,,,,777,1,tsc\n"
                      "b/t/n/x,3,build,10,33,,,,50,1,tsc\nb/t/n/x,3,drop,10,20,,,,40,1,tsc\n"
                      "b/s/n/y,1,build,10,31,,,,300,1,tsc\nb/s/n/y,1,drop,10,20,,,,200,1,tsc\n");
    g_auto(GStrv) told = g_strsplit(outcome.out, "The floor is ", -1);
    assert_int_equal(g_strv_length(told), 3);
    support_assert_has(told[1], "n, x, ");
    support_assert_has(told[1], "777 ns in drop");
    support_assert_has(told[1], "Timing costs 20.0 to 40.0 ns of CPU an operation");
    support_assert_has(told[1], "p50 31 ns to 33 ns.");
    support_assert_has(told[2], "n, y, ");
    support_assert_has(told[2], "300 ns in build");
    support_assert_has(told[2], "Timing costs 40.0 ns of CPU an operation");
}

/* Three runs: the median of their longest, and of the longest of all when it began and what its process waited. */
static void the_table_says_of_which_run_begin_and_wait_are(void **state)
{
    g_auto(program_outcome) outcome = {0};
    summarise(&outcome, *state,
              RUNS "a/s/w/x,a,s,lazy,w,x,1,ok,,5,,\na/s/w/x,a,s,lazy,w,x,2,ok,,5,,\n"
                   "a/s/w/x,a,s,lazy,w,x,3,ok,,5,,\n",
              MARKS "a/s/w/x,1,drop,1\na/s/w/x,2,drop,77\na/s/w/x,3,drop,3\n",
              LATENCY "a/s/w/x,1,drop,9,10,,,,500,11,tsc\na/s/w/x,2,drop,9,10,,,,900,22,tsc\n"
                      "a/s/w/x,3,drop,9,10,,,,100,33,tsc\n");
    support_assert_has(outcome.out, "of the longest one:\n");
    support_assert_has(outcome.out, "it began  CPU wait\n");
    support_assert_has(outcome.out, "500 ns    100 ns to 900 ns  drop         22 ns     77 ns\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(the_summary_has_medians_and_extremes_and_when_the_longest_was),
        SUPPORT_TEST(of_a_phase_that_comes_twice_the_wait_is_that_of_the_one_with_the_longest),
        SUPPORT_TEST(the_floor_is_told_once_a_shape_by_the_longest_of_all_its_cells_and_phases),
        SUPPORT_TEST(the_table_says_of_which_run_begin_and_wait_are),
    };
    if (PROGRAM_UNPROVABLE)
        return 0;
    return cmocka_run_group_tests_name("latency_summary", tests, NULL, NULL);
}
