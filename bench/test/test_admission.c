/* admission.h: the new one's peak and the largest regrowth of the others must both fit what is available. */
#include "admission.h"
#include "support.h"

static void both_must_fit_to_the_byte(void **state)
{
    (void)state;
    assert_true(admission_fits(100, 60, 40));
    assert_false(admission_fits(100, 60, 41));
    assert_false(admission_fits(100, 61, 40));
    assert_true(admission_fits(100, 100, 0));
    assert_false(admission_fits(100, 101, 0));
    assert_false(admission_fits(100, 0, 101));
}

static void nothing_needs_nothing(void **state)
{
    (void)state;
    assert_true(admission_fits(0, 0, 0));
    assert_false(admission_fits(0, 1, 0));
    assert_false(admission_fits(0, 0, 1));
}

static void sums_beyond_64_bits_do_not_wrap(void **state)
{
    (void)state;
    assert_false(admission_fits(100, UINT64_MAX, 2));
    assert_false(admission_fits(100, 2, UINT64_MAX));
    assert_false(admission_fits(UINT64_MAX - 1, UINT64_MAX, UINT64_MAX));
    assert_true(admission_fits(UINT64_MAX, UINT64_MAX, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_must_fit_to_the_byte),
        cmocka_unit_test(nothing_needs_nothing),
        cmocka_unit_test(sums_beyond_64_bits_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
