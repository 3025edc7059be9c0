/* The figures of what a timed pass adds, drawn from a committed run with prices put in. */
#include <unistd.h>

#include "program.h"

#define REFERENCE TEST_SOURCE_DIR "/results/reference/default"
#define FLOOR "tcmalloc"

#define PRICE "512.5"
#define RATIOS "1.2000,1.1000,1.3000,more,0.9000,0.8000,1.1000,no difference shown: 1"

/* The columns of a timed pass, in the order of append_prices. */
static GPtrArray *price_columns(void)
{
    static const char *const phases[] = {"build", "drop", "rebuild", "purge", "rebuild_after_purge", "cycle"};
    static const char *const tails[] = {"cpu_ns_per_record", "of_default",         "of_default_low",
                                        "of_default_high",   "of_default_verdict", "of_baseline",
                                        "of_baseline_low",   "of_baseline_high",   "of_baseline_verdict"};
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(names, g_strdup("role"));
    g_ptr_array_add(names, g_strdup("cost_shape"));
    for (gsize i = 0; i < G_N_ELEMENTS(phases); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(tails); k++)
            g_ptr_array_add(names, g_strdup_printf("%s_%s", phases[i], tails[k]));
    g_ptr_array_add(names, g_strdup("cost_rounds"));
    return names;
}

static void append_prices(GString *out, bool floor)
{
    g_string_append_printf(out, ",%s,api-250k", floor ? "floor" : "");
    for (int phase = 0; phase < 6; phase++)
        g_string_append(out, "," PRICE "," RATIOS);
    g_string_append(out, ",8");
}

/* The header, what the committed run may have of such columns under another name, and ours behind it. */
static void append_header(GString *out, const char *header, bool priced)
{
    g_autoptr(GPtrArray) names = price_columns();
    g_auto(GStrv) columns = g_strsplit(header, ",", -1);
    for (guint i = 0; columns[i]; i++) {
        bool ours = g_ptr_array_find_with_equal_func(names, columns[i], g_str_equal, NULL);
        g_string_append_printf(out, "%s%s%s", i == 0 ? "" : ",", ours ? "was_" : "", columns[i]);
    }
    for (guint i = 0; priced && i < names->len; i++)
        g_string_append_printf(out, ",%s", (char *)names->pdata[i]);
}

/* The committed summary, with prices at the end of each row if `priced`; one allocator's cells become floors. */
static void write_summary(const char *folder, bool priced)
{
    g_autofree char *text = support_read(REFERENCE, "summary.csv");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    append_header(out, lines[0], priced);
    g_string_append_c(out, '\n');
    for (guint i = 1; lines[i] && *lines[i]; i++) {
        g_string_append(out, lines[i]);
        if (priced)
            append_prices(out, g_str_has_prefix(lines[i], FLOOR "/"));
        g_string_append_c(out, '\n');
    }
    support_write(folder, "summary.csv", out->str);
}

static void copy(const char *folder, const char *name)
{
    g_autofree char *text = support_read(REFERENCE, name);
    support_write(folder, name, text);
}

static void plot(const char *run, program_outcome *outcome)
{
    g_autofree char *samples = g_build_filename(run, "samples", NULL);
    if (!g_file_test(samples, G_FILE_TEST_EXISTS))
        assert_int_equal(symlink(REFERENCE "/samples", samples), 0);
    program_run_words(outcome, (const char *const[]){TEST_SOURCE_DIR "/scripts/plot", run, NULL});
    program_assert_code(outcome, 0);
}

static bool drawn(const char *run, const char *figure)
{
    g_autofree char *path = g_strdup_printf("%s/plots/%s.svg", run, figure);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Before a test holds anything: skip() does not return. */
static bool can_draw(void)
{
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    return gnuplot && !TEST_SANITIZED;
}

static void prices_are_drawn_with_every_setting_by_name_and_floors_apart(void **state)
{
    if (!can_draw())
        skip();
    const char *const run = *state;
    g_autofree char *cost = g_build_filename(run, "cost", NULL);
    assert_int_equal(g_mkdir(cost, 0755), 0);
    write_summary(run, true);
    write_summary(cost, true);
    copy(run, "plan.ini");
    g_auto(program_outcome) outcome = {0};
    plot(run, &outcome);
    g_autofree char *pareto = support_read(run, "plots/pareto.svg");
    g_autofree char *policy = support_read(run, "plots/price_of_policy.svg");
    g_autoptr(csv_table) summary = program_table(run, "summary.csv");
    for (guint row = 0; row < csv_rows(summary); row++) {
        g_autofree char *name = g_strdup_printf("%s/%s", program_text(summary, row, "allocator"),
                                                program_text(summary, row, "setting"));
        if (strcmp(program_text(summary, row, "role"), "floor") == 0) {
            assert_null(strstr(pareto, name));
            support_assert_has(policy, name);
        } else if (strcmp(program_text(summary, row, "shape"), "api-1M") == 0) {
            support_assert_has(pareto, name);
            support_assert_has(policy, program_text(summary, row, "setting"));
        }
    }
    support_assert_has(policy, "workload null");
    assert_false(drawn(run, "give_back_price"));
}

static void the_folder_of_a_timed_pass_draws_its_own_prices(void **state)
{
    if (!can_draw())
        skip();
    const char *const run = *state;
    write_summary(run, true);
    copy(run, "plan.ini");
    support_write(run, "machine.ini", "[run]\npass=cost\n");
    g_auto(program_outcome) outcome = {0};
    plot(run, &outcome);
    assert_true(drawn(run, "price_of_policy"));
    assert_false(drawn(run, "rss_over_time"));
}

static void without_prices_the_rebuild_is_drawn_instead(void **state)
{
    if (!can_draw())
        skip();
    const char *const run = *state;
    write_summary(run, false);
    copy(run, "plan.ini");
    g_auto(program_outcome) outcome = {0};
    plot(run, &outcome);
    support_assert_has(outcome.err, "plot: pareto: This run has no prices of a timed pass");
    support_assert_has(outcome.err, "plot: price_of_policy: This run has no prices of a timed pass");
    assert_false(drawn(run, "pareto"));
    assert_true(drawn(run, "give_back_price"));
}

/* What stays readable of a run that proved nothing: no figure fails. */
static void a_summary_of_nothing_but_its_header_draws_nothing(void **state)
{
    if (!can_draw())
        skip();
    const char *const run = *state;
    g_autofree char *text = support_read(REFERENCE, "summary.csv");
    g_auto(GStrv) lines = g_strsplit(text, "\n", 2);
    g_autofree char *header = g_strconcat(lines[0], "\n", NULL);
    support_write(run, "summary.csv", header);
    copy(run, "plan.ini");
    g_auto(program_outcome) outcome = {0};
    plot(run, &outcome);
    assert_false(drawn(run, "pareto"));
    assert_false(drawn(run, "price_of_policy"));
    assert_false(drawn(run, "peak_and_post_free"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(prices_are_drawn_with_every_setting_by_name_and_floors_apart),
        SUPPORT_TEST(the_folder_of_a_timed_pass_draws_its_own_prices),
        SUPPORT_TEST(without_prices_the_rebuild_is_drawn_instead),
        SUPPORT_TEST(a_summary_of_nothing_but_its_header_draws_nothing),
    };
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
