#include "driver/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void splitmix64_gives_the_published_numbers(void **state)
{
    (void)state;
    static const uint64_t published[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                         UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                         UINT64_C(16408922859458223821)};
    uint64_t random = 1234567;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        assert_true(rng_next(&random) == published[i]);
}

static void the_state_alone_decides_what_comes_next(void **state)
{
    (void)state;
    uint64_t first = 99, again;
    for (int i = 0; i < 10; i++)
        rng_next(&first);
    again = first;
    assert_true(first == 99 + 10 * RNG_GOLDEN);
    assert_true(rng_next(&first) == rng_next(&again));
}

static void the_ends_of_the_bits_give_the_ends_of_the_range(void **state)
{
    (void)state;
    static const uint32_t ranges[][2] = {
        {0, 0},        {7, 7},          {0, 1},          {15, 30},
        {1, 1u << 24}, {0, UINT32_MAX}, {5, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        assert_true(rng_in_range(0, ranges[i][0], ranges[i][1]) == ranges[i][0]);
        assert_true(rng_in_range(UINT32_MAX, ranges[i][0], ranges[i][1]) == ranges[i][1]);
    }
}

/* Six sigma of a fair share: the seed is fixed, so this holds always or never. */
static void each_number_of_a_range_comes_about_equally_often(void **state)
{
    (void)state;
    enum { LOW = 15, HIGH = 30, SPAN = HIGH - LOW + 1, DRAWS = 160000, FAIR = DRAWS / SPAN };
    unsigned drawn[SPAN] = {0};
    uint64_t random = 5;
    for (int i = 0; i < DRAWS; i++) {
        uint32_t number = rng_in_range((uint32_t)rng_next(&random), LOW, HIGH);
        assert_in_range(number, LOW, HIGH);
        drawn[number - LOW]++;
    }
    for (int i = 0; i < SPAN; i++)
        assert_in_range(drawn[i], FAIR - 6 * 97, FAIR + 6 * 97); /* sigma: sqrt(160000 / 16 * 15 / 16) = 97 */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(splitmix64_gives_the_published_numbers),
        cmocka_unit_test(the_state_alone_decides_what_comes_next),
        cmocka_unit_test(the_ends_of_the_bits_give_the_ends_of_the_range),
        cmocka_unit_test(each_number_of_a_range_comes_about_equally_often),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
