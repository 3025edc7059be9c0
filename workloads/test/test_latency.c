/* Latency of operations: the histogram, what is told of a phase, and that every workload times all its records. */
#include "driver/latency.h"
#include "driver/params.h"
#include "driver/rng.h"
#include "driver/scratch.h"
#include "driver/walk.h"
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const unsigned percentiles[] = {5000, 9900, 9990, 9999};
static struct histogram histogram;

/* --- the histogram --- */

static void assert_kept(uint64_t value)
{
    uint64_t told;
    histogram_clear(&histogram);
    histogram_add(&histogram, value);
    histogram_add(&histogram, value);
    assert_true(histogram_percentile(&histogram, 5000, &told));
    if (told < value || told - value > value / HISTOGRAM_SUB)
        fail_msg("%llu is told as %llu", (unsigned long long)value, (unsigned long long)told);
}

static void a_value_is_never_told_too_small_and_at_most_one_64th_too_large(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (uint64_t value = 0; value < 5000; value++)
        assert_kept(value);
    for (unsigned bits = 0; bits < 64; bits++)
        for (unsigned i = 0; i < 100; i++)
            assert_kept(rng_next(&random) >> bits);
    for (unsigned bits = 1; bits < 64; bits++) {
        assert_kept((UINT64_C(1) << bits) - 1);
        assert_kept(UINT64_C(1) << bits);
        assert_kept((UINT64_C(1) << bits) + 1);
    }
    assert_kept(UINT64_MAX);
}

static int by_value(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

/* So many that have to be at or below it. */
static uint64_t rank_of(unsigned per_10000, uint64_t count)
{
    return (per_10000 * count + 9999) / 10000;
}

static void percentiles_are_those_of_the_sorted_values(void **state)
{
    (void)state;
    static uint64_t values[123457];
    const uint64_t count = sizeof values / sizeof *values;
    uint64_t random = 1, told;
    histogram_clear(&histogram);
    for (uint64_t i = 0; i < count; i++) {
        values[i] = rng_next(&random) >> (24 + rng_next(&random) % 36);
        histogram_add(&histogram, values[i]);
    }
    qsort(values, count, sizeof *values, by_value);
    assert_int_equal(histogram_count(&histogram), count);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t exact = values[rank_of(percentiles[i], count) - 1];
        assert_true(histogram_percentile(&histogram, percentiles[i], &told));
        assert_in_range(told, exact, exact + exact / HISTOGRAM_SUB);
    }
}

static void a_percentile_that_none_would_have_to_exceed_is_not_told(void **state)
{
    (void)state;
    static const uint64_t needed[] = {2, 100, 1000, 10000};
    uint64_t told;
    for (unsigned i = 0; i < 4; i++) {
        histogram_clear(&histogram);
        for (uint64_t n = 1; n <= needed[i]; n++) {
            histogram_add(&histogram, n == needed[i] ? 100 : 1);
            assert_true(histogram_percentile(&histogram, percentiles[i], &told) == (n == needed[i]));
        }
        assert_int_equal(told, 1); /* all but the one */
    }
}

/* --- a phase --- */

/* A clock of 2 ticks a ns where is_tsc; else ticks are ns. */
static void begin_phase(bool is_tsc)
{
    latency_open();
    latency_now.is_tsc = is_tsc;
    latency_begin_phase(1000);
    latency_begin(1100);
}

static void the_longest_is_exact_and_told_with_when_it_began(void **state)
{
    (void)state;
    struct mark_latency told;
    begin_phase(true);
    latency_done(1200);
    latency_done(1200 + 1000003);
    latency_done(1200 + 1000003 + 10);
    latency_end_phase(1000 + 4000000);
    latency_tell(70, 70 + 2000000, &told);
    assert_int_equal(told.count, 3);
    assert_int_equal(told.max_ns, 500002); /* 500001.5 */
    assert_int_equal(told.max_at_ns, 100);
    assert_int_equal(told.p50_ns, 50);
    assert_int_equal(told.p99_ns, MARK_LEFT_OUT);
}

static void without_a_time_stamp_counter_the_clock_is_in_ns(void **state)
{
    (void)state;
    struct mark_latency told;
    begin_phase(false);
    latency_done(1200);
    latency_end_phase(1201);
    latency_tell(0, 400, &told);
    assert_int_equal(told.max_ns, 100);
    assert_string_equal(latency_clock_name(), "monotonic");
    latency_open();
    assert_true(latency_clock() > 0);
}

static void what_follows_the_last_operation_is_its_work_too(void **state)
{
    (void)state;
    struct mark_latency told;
    begin_phase(false);
    latency_done(1600);
    latency_done(1700);
    latency_extend(9700);
    latency_end_phase(9800);
    latency_tell(0, 8800, &told);
    assert_int_equal(told.count, 2);
    assert_int_equal(told.max_ns, 8100);
    assert_int_equal(told.max_at_ns, 600);
    assert_in_range(told.p50_ns, 500, 507);
}

static void a_clock_that_lags_takes_no_time_and_a_phase_without_operations_tells_of_none(void **state)
{
    (void)state;
    struct mark_latency told;
    begin_phase(true);
    latency_done(1090);
    latency_end_phase(1200);
    latency_tell(0, 100, &told);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.max_ns, 0);
    assert_int_equal(told.max_at_ns, 0);
    latency_begin_phase(5000);
    latency_begin(5000);
    latency_extend(6000);
    latency_end_phase(6000);
    latency_tell(0, 100, &told);
    assert_int_equal(told.count, 0);
    assert_int_equal(told.p50_ns, MARK_LEFT_OUT);
    assert_int_equal(told.max_ns, MARK_LEFT_OUT);
    assert_int_equal(told.max_at_ns, MARK_LEFT_OUT);
}

/* Without that the operations that are the first to reach a bucket would pay for its page. */
static void the_histogram_is_in_memory_before_anything_is_timed(void **state)
{
    (void)state;
    unsigned char present[64] = {0};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t before = scratch_bytes;
    latency_open();
    assert_in_range(scratch_bytes - before, sizeof histogram, sizeof histogram + page);
    assert_int_equal(mincore(latency_now.histogram, sizeof histogram, present), 0);
    for (size_t at = 0; at < sizeof histogram; at += page)
        assert_true(present[at / page] & 1);
}

/* --- the workloads --- */

static uint64_t field_of(const char *line, const char *name)
{
    char key[32];
    snprintf(key, sizeof key, " %s=", name);
    const char *at = strstr(line, key);
    if (!at)
        fail_msg("no%s in: %s", key, line);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void assert_line(const char *program, const struct told *told, uint64_t count)
{
    const char *line = told->latency;
    char begin[64];
    snprintf(begin, sizeof begin, "latency phase=%s clock=", told->phase);
    if (strncmp(line, begin, strlen(begin)) != 0 || field_of(line, "count") != count ||
        field_of(line, "shape_count") != count)
        fail_msg("%s, %s, %llu operations: \"%s\"", program, told->phase, (unsigned long long)count, line);
    if (count == 0)
        return;
    uint64_t longest = field_of(line, "max_ns");
    assert_true(strstr(line, " p50_ns=") == NULL || field_of(line, "p50_ns") <= longest);
    assert_true((strstr(line, " p9999_ns=") != NULL) == (count >= 10000));
    assert_true(field_of(line, "max_at_ns") + longest <= told->mark.end_ns - told->mark.begin_ns + 1000);
}

static const char *program_shape; /* of the walk that is asserted */

static void assert_all_timed(const char *program)
{
    static struct told marks[CHILD_MARKS_MAX];
    char arguments[300];
    if (strcmp(workloads_name(program), "mapped") == 0)
        return; /* it has no records */
    snprintf(arguments, sizeof arguments,
             "latency=yes records=12000 %s walk=build,hold,drop,silent:0,ticking:200,rebuild,redrop",
             program_shape);
    unsigned count = child_walk(&(struct start){.program = program, .arguments = arguments}, marks);
    assert_int_equal(count, 9);
    uint64_t others = field_of(marks[3].latency, "shape_count");
    bool all = strstr(program_shape, "survivors") == NULL;
    assert_true(all ? others == 12000 : others > 10000 && others < 12000);
    assert_line(program, &marks[1], 12000);
    assert_line(program, &marks[3], others);
    assert_line(program, &marks[5], 200 / PROTOCOL_TICK_MS);
    assert_line(program, &marks[6], others);
    assert_line(program, &marks[7], others);
    assert_string_equal(marks[2].latency, "");
    assert_string_equal(marks[8].latency, "");
}

static void every_workload_times_every_record_in_every_shape(void **state)
{
    (void)state;
    static const char *const shapes[] = {"order=hash", "order=insertion workers=2 survivors_ppm=100000",
                                         "order=reverse removal=delete",
                                         "order=hash survivors_ppm=100000 strings=0..2"};
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        program_shape = shapes[i];
        workloads_each(assert_all_timed);
    }
}

/* One record is nearly the whole phase: it begins with it, in the phase's own ns, and not behind what comes before. */
static void no_other_call_lies_between_the_two_clocks(void **state)
{
    (void)state;
    static struct told marks[CHILD_MARKS_MAX];
    if (TEST_SANITIZED)
        skip();
    child_walk(&(struct start){.program = TEST_BUILD_DIR "/workloads/hash_chained",
                               .preload = TEST_BUILD_DIR "/workloads/test/libslow_usage.so",
                               .arguments = "latency=yes records=1 strings=100000 walk=build"},
               marks);
    uint64_t phase_ns = marks[1].mark.end_ns - marks[1].mark.begin_ns;
    assert_int_equal(field_of(marks[1].latency, "count"), 1);
    assert_in_range(field_of(marks[1].latency, "max_at_ns"), 0, phase_ns / 2);
    assert_in_range(field_of(marks[1].latency, "max_ns"), phase_ns / 2, phase_ns + 1000);
}

static void assert_nothing_told(const char *program)
{
    static struct told marks[CHILD_MARKS_MAX];
    unsigned count =
        child_walk(&(struct start){.program = program, .arguments = "latency=no walk=build,drop"}, marks);
    for (unsigned i = 0; i < count; i++)
        assert_string_equal(marks[i].latency, "");
}

static void without_latency_nothing_is_told_of_it(void **state)
{
    (void)state;
    workloads_each(assert_nothing_told);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_never_told_too_small_and_at_most_one_64th_too_large),
        cmocka_unit_test(percentiles_are_those_of_the_sorted_values),
        cmocka_unit_test(a_percentile_that_none_would_have_to_exceed_is_not_told),
        cmocka_unit_test(the_longest_is_exact_and_told_with_when_it_began),
        cmocka_unit_test(without_a_time_stamp_counter_the_clock_is_in_ns),
        cmocka_unit_test(what_follows_the_last_operation_is_its_work_too),
        cmocka_unit_test(a_clock_that_lags_takes_no_time_and_a_phase_without_operations_tells_of_none),
        cmocka_unit_test(the_histogram_is_in_memory_before_anything_is_timed),
        cmocka_unit_test(no_other_call_lies_between_the_two_clocks),
        cmocka_unit_test(every_workload_times_every_record_in_every_shape),
        cmocka_unit_test(without_latency_nothing_is_told_of_it),
    };
    return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
