/* admission.h: the new one's peak and the largest regrowth of the others must both fit what is available. */
#include "admission.h"
#include "run.h"
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

/* --- whom to start --- */

static GPtrArray *steps_of(const char *phases)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) names = g_strsplit(phases, " ", -1);
    for (char **name = names; *name; name++) {
        struct plan_step *step = g_malloc0(sizeof *step + strlen(*name) + 1);
        step->phase = strcpy((char *)(step + 1), *name);
        step->builds = strstr(*name, "build") != NULL;
        step->waits = strcmp(*name, "silent") == 0 || strcmp(*name, "ticking") == 0;
        g_ptr_array_add(steps, step);
    }
    return steps;
}

/* Asks for `peak_bytes`, for a plan's limit is what is admitted. */
struct someone {
    struct plan plan;
    struct plan_cell cell;
    struct run_spec spec; /* of one who waits */
    struct run run;       /* of one who lives */
};

static void set_someone(struct someone *someone, uint64_t peak_bytes, enum thp_mode mode)
{
    *someone = (struct someone){.plan = {.limit_bytes = peak_bytes}, .cell = {.thp = mode}};
    someone->spec = (struct run_spec){.plan = &someone->plan, .what = {.cell = &someone->cell}};
    someone->run = (struct run){.plan = &someone->plan, .what = {.cell = &someone->cell}};
}

/* With 100 bytes available: who is next of those that ask for `first` and `second` (0: there is no second) beside
 * one of 10 bytes, alive in `living`; THP_MODES: nobody lives. */
static int next_of(const struct thp *thp, enum thp_mode living, uint64_t first, enum thp_mode first_mode,
                   uint64_t second, enum thp_mode second_mode)
{
    g_autoptr(GPtrArray) queue = g_ptr_array_new(), active = g_ptr_array_new();
    struct someone alive, waiting[2];
    g_autoptr(GPtrArray) steps = steps_of("silent rebuild redrop end");
    set_someone(&alive, 10, living);
    alive.run.steps = steps;
    set_someone(&waiting[0], first, first_mode);
    set_someone(&waiting[1], second, second_mode);
    if (living != THP_MODES)
        g_ptr_array_add(active, &alive.run);
    g_ptr_array_add(queue, &waiting[0].spec);
    if (second > 0)
        g_ptr_array_add(queue, &waiting[1].spec);
    return admission_next(queue, active, 100, thp);
}

static void the_first_that_fits_is_started_and_passes_those_that_do_not(void **state)
{
    (void)state;
    assert_int_equal(next_of(NULL, THP_AS_IS, 90, THP_AS_IS, 10, THP_AS_IS), 0);
    assert_int_equal(next_of(NULL, THP_AS_IS, 91, THP_AS_IS, 90, THP_AS_IS), 1);
    assert_int_equal(next_of(NULL, THP_AS_IS, 91, THP_AS_IS, 91, THP_AS_IS), -1);
    assert_int_equal(next_of(NULL, THP_MODES, 91, THP_AS_IS, 0, THP_AS_IS), 0);
}

/* Of the 100 bytes that are available: those that may be asked for beside three that wait, hold 5, may grow to 20 and
 * have these phases ahead. */
static uint64_t most_beside_three(const char *phases_ahead)
{
    g_autofree char *phases = g_strdup_printf("silent %s", phases_ahead);
    g_autoptr(GPtrArray) queue = g_ptr_array_new(), active = g_ptr_array_new(), steps = steps_of(phases);
    struct someone living[3], asking;
    for (guint i = 0; i < G_N_ELEMENTS(living); i++) {
        set_someone(&living[i], 20, THP_AS_IS);
        living[i].run.steps = steps;
        living[i].run.last_rss_bytes = 5;
        g_ptr_array_add(active, &living[i].run);
    }
    set_someone(&asking, 200, THP_AS_IS);
    g_ptr_array_add(queue, &asking.spec);
    while (asking.plan.limit_bytes > 0 && admission_next(queue, active, 100, NULL) < 0)
        asking.plan.limit_bytes--;
    return asking.plan.limit_bytes;
}

static void who_ends_behind_a_build_counts_once_and_who_waits_again_each_time(void **state)
{
    (void)state;
    assert_int_equal(most_beside_three("rebuild redrop purge end"), 85);
    assert_int_equal(most_beside_three("rebuild redrop silent rebuild redrop end"), 55);
    assert_int_equal(most_beside_three("rebuild redrop silent end"), 55);
}

static void who_has_no_build_ahead_does_not_grow(void **state)
{
    (void)state;
    assert_int_equal(most_beside_three("ticking purge silent end"), 100);
    assert_int_equal(most_beside_three("pressure end"), 85); /* the neighbour does */
}

/* The system's own file is left alone: a file with the same words stands for it. */
static void the_mode_never_changes_under_a_living_run_and_nobody_passes_who_waits_for_it(void **state)
{
    g_autofree char *path = support_new_file(*state, "enabled", "always [madvise] never\n");
    g_autoptr(GError) error = NULL;
    struct thp *thp = thp_borrow(path, &error);
    assert_non_null(thp);
    assert_int_equal(next_of(thp, THP_MADVISE, 10, THP_ALWAYS, 0, THP_AS_IS), -1);
    assert_int_equal(next_of(thp, THP_AS_IS, 10, THP_ALWAYS, 10, THP_MADVISE), -1);
    assert_int_equal(next_of(thp, THP_MADVISE, 91, THP_AS_IS, 10, THP_ALWAYS), -1);
    assert_int_equal(next_of(thp, THP_MADVISE, 91, THP_AS_IS, 10, THP_NEVER), 1);
    assert_int_equal(next_of(thp, THP_MADVISE, 10, THP_MADVISE, 0, THP_AS_IS), 0);
    assert_int_equal(next_of(thp, THP_MADVISE, 10, THP_NEVER, 0, THP_AS_IS), 0); /* private to it */
    assert_int_equal(next_of(thp, THP_NEVER, 10, THP_ALWAYS, 0, THP_AS_IS), 0);  /* matters to nobody alive */
    assert_int_equal(next_of(thp, THP_MODES, 10, THP_ALWAYS, 0, THP_AS_IS), 0);
    assert_true(thp_set(thp, THP_ALWAYS, NULL));
    assert_int_equal(next_of(thp, THP_ALWAYS, 10, THP_AS_IS, 0, THP_AS_IS), -1);
    assert_int_equal(next_of(thp, THP_ALWAYS, 10, THP_ALWAYS, 0, THP_AS_IS), 0);
    assert_true(thp_give_back(thp, NULL));
}

/* --- did the estimates hold? --- */

static void read_margin(const char *folder, const char *rows, struct admission_margin *margin)
{
    g_autofree char *text =
        g_strconcat("cell,status,peak_rss_bytes,rebuild_peak_rss_bytes,expected_peak_bytes\n", rows, NULL);
    support_write(folder, "runs.csv", text);
    assert_true(admission_read_margin(margin, folder, NULL));
}

static void the_least_margin_is_over_the_larger_peak_of_proven_rows(void **state)
{
    struct admission_margin margin;
    read_margin(*state,
                "a,ok,100,150,300\n"
                "b,ok,200,,250\n"
                "c,failed,200,,10\n"
                "d,ok,,,10\n"
                "e,ok,10,9,100\n",
                &margin);
    assert_string_equal(margin.cell, "b");
    assert_true(margin.least > 1.249 && margin.least < 1.251);
    assert_int_equal(margin.over->len, 0);
    admission_margin_clear(&margin);
}

static void what_took_more_than_expected_is_told(void **state)
{
    struct admission_margin margin;
    read_margin(*state, "a,ok,100,300,200\nb,ok,100,,100\n", &margin);
    assert_string_equal(margin.cell, "a");
    assert_string_equal(margin.over->str, "a took 300 B, 200 B were expected\n");
    admission_margin_clear(&margin);
}

static void without_a_proven_row_there_is_no_margin(void **state)
{
    struct admission_margin margin;
    read_margin(*state, "", &margin);
    assert_null(margin.cell);
    admission_margin_clear(&margin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_must_fit_to_the_byte),
        cmocka_unit_test(nothing_needs_nothing),
        cmocka_unit_test(sums_beyond_64_bits_do_not_wrap),
        cmocka_unit_test(the_first_that_fits_is_started_and_passes_those_that_do_not),
        cmocka_unit_test(who_ends_behind_a_build_counts_once_and_who_waits_again_each_time),
        cmocka_unit_test(who_has_no_build_ahead_does_not_grow),
        SUPPORT_TEST(the_mode_never_changes_under_a_living_run_and_nobody_passes_who_waits_for_it),
        SUPPORT_TEST(the_least_margin_is_over_the_larger_peak_of_proven_rows),
        SUPPORT_TEST(what_took_more_than_expected_is_told),
        SUPPORT_TEST(without_a_proven_row_there_is_no_margin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
