/* Google Benchmark as C sees it, over a fake that measures nothing: benchmark i at repetition r takes
 * 10 i + r + 1 ns per record. */
#include "gbench.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "support.h"

#define REPETITIONS 3

static const struct gbench_benchmark benchmarks[] = {
    {"one/default/map/s/build", 1000},
    {"one/default/map/s/drop", 1000},
    {"two/eager/map/s/build", 500},
};

struct fake {
    unsigned calls[G_N_ELEMENTS(benchmarks)];
    unsigned failing;   /* benchmark; */
    guint32 failing_at; /* a bit for each repetition */
    bool out_of_order, zeros;
    unsigned at_once; /* repetitions of one benchmark in a row, the longest */
    unsigned last, row;
};

static void fake_measure(void *opaque, unsigned benchmark, unsigned repetition, struct gbench_result *result)
{
    static struct gbench_counter counters[2];
    struct fake *fake = opaque;
    fake->out_of_order |= repetition != fake->calls[benchmark]++;
    fake->row = fake->last == benchmark ? fake->row + 1 : 1;
    fake->last = benchmark;
    fake->at_once = MAX(fake->at_once, fake->row);
    result->cpu_ns = fake->zeros ? 0 : benchmarks[benchmark].records * (10 * benchmark + repetition + 1);
    counters[0] = (struct gbench_counter){"zero", 0};
    counters[1] = (struct gbench_counter){"minor_faults", fake->zeros ? NAN : 100.0 * (repetition + 1)};
    result->counters = counters;
    result->counter_count = G_N_ELEMENTS(counters);
    if (benchmark == fake->failing && repetition < REPETITIONS && fake->failing_at >> repetition & 1)
        result->error = "exit \"code\" 9,\n\\x\x01\xff of it";
}

static struct gbench gbench_of(struct fake *fake, char *const *flags)
{
    return (struct gbench){
        benchmarks, G_N_ELEMENTS(benchmarks), NULL, 0, flags, REPETITIONS, true, fake_measure, fake};
}

/* Flags are a program's arguments, and so not const; these are. */
#define FLAGS(...) ((char *const *)(uintptr_t)(const char *[]){__VA_ARGS__, NULL})
#define NO_FLAGS ((char *const[]){NULL})

/* The report of a run that must succeed; the caller frees. */
static char *report_of(struct fake *fake, char *const *flags)
{
    struct gbench gbench = gbench_of(fake, flags);
    g_autoptr(GError) error = NULL;
    char *json;
    if (!gbench_run(&gbench, &json, &error))
        fail_msg("%s", error->message);
    return json;
}

/* RFC 8259, of values; returns what follows, NULL where it is none. */
static const char *json_skip(const char *at);

static const char *json_space(const char *at)
{
    return at ? at + strspn(at, " \t\r\n") : NULL;
}

static const char *json_string(const char *at)
{
    for (at++; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\' && !strchr("\"\\/bfnrt", *++at)) /* a NUL is found too, and refused the next time */
            return NULL;
    }
    return at + 1;
}

static const char *json_number(const char *at)
{
    at += *at == '-';
    size_t digits = strspn(at, "0123456789");
    if (!digits || (*at == '0' && digits > 1))
        return NULL;
    at += digits;
    if (*at == '.') {
        if (!(digits = strspn(++at, "0123456789")))
            return NULL;
        at += digits;
    }
    if (*at != 'e' && *at != 'E')
        return at;
    at++;
    at += *at == '-' || *at == '+';
    return (digits = strspn(at, "0123456789")) ? at + digits : NULL;
}

static const char *json_members(const char *at, char end)
{
    at = json_space(at + 1);
    if (*at == end)
        return at + 1;
    for (;;) {
        if (end == '}') {
            at = *at == '"' ? json_space(json_string(at)) : NULL;
            at = at && *at == ':' ? at + 1 : NULL;
        }
        at = at ? json_space(json_skip(at)) : NULL;
        if (!at || *at == end)
            return at ? at + 1 : NULL;
        if (*at != ',')
            return NULL;
        at = json_space(at + 1);
    }
}

static const char *json_skip(const char *at)
{
    static const char *const words[] = {"true", "false", "null"};
    at = json_space(at);
    switch (*at) {
    case '{':
        return json_members(at, '}');
    case '[':
        return json_members(at, ']');
    case '"':
        return json_string(at);
    default:
        for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
            if (g_str_has_prefix(at, words[i]))
                return at + strlen(words[i]);
        return json_number(at);
    }
}

static void assert_json(const char *text)
{
    const char *end = json_space(json_skip(text));
    if (!end || *end || !g_utf8_validate(text, -1, NULL))
        fail_msg("no JSON: %s", text);
}

/* What stands at `key` in the entry `name` of the report: the `nth` of that name, from 0. */
static const char *entry(const char *json, const char *name, unsigned nth)
{
    g_autofree char *line = g_strdup_printf("\"name\": \"%s\",", name);
    const char *at = json;
    for (unsigned i = 0; at && i <= nth; i++)
        at = strstr(at + 1, line);
    return at;
}

static double number_at(const char *json, const char *name, unsigned nth, const char *key)
{
    g_autofree char *quoted = g_strdup_printf("\"%s\": ", key);
    const char *at = entry(json, name, nth);
    const char *end = at ? strchr(at, '}') : NULL;
    const char *value = at ? strstr(at, quoted) : NULL;
    if (!value || value > end)
        fail_msg("no %s of %s, %u, in: %s", key, name, nth, json);
    return g_ascii_strtod(value + strlen(quoted), NULL);
}

static void assert_near(double value, double expected)
{
    if (ABS(value - expected) > 1e-9 * ABS(expected))
        fail_msg("%.17g is not %.17g", value, expected);
}

static void assert_refused(char *const *flags, int code, const char *part)
{
    struct fake fake = {0};
    struct gbench gbench = gbench_of(&fake, flags);
    bool wanted[G_N_ELEMENTS(benchmarks)];
    g_autoptr(GError) error = NULL;
    const char *const parts[] = {part, NULL};
    char *json;
    assert_false(gbench_select(&gbench, wanted, &error));
    support_assert_error(&error, code, parts);
    assert_false(gbench_run(&gbench, &json, &error));
    support_assert_error(&error, code, parts);
    assert_null(json);
    assert_int_equal(fake.calls[0] + fake.calls[1] + fake.calls[2], 0);
}

static void assert_selects(char *const *flags, bool first, bool second, bool third)
{
    struct fake fake = {0};
    struct gbench gbench = gbench_of(&fake, flags);
    bool wanted[G_N_ELEMENTS(benchmarks)];
    g_autoptr(GError) error = NULL;
    if (!gbench_select(&gbench, wanted, &error))
        fail_msg("%s", error->message);
    const bool expected[] = {first, second, third};
    assert_memory_equal(wanted, expected, sizeof wanted);
    g_free(report_of(&fake, flags));
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_int_equal(fake.calls[i], expected[i] ? REPETITIONS : 0);
}

static void without_a_filter_all_are_wanted(void **state)
{
    (void)state;
    assert_selects(NO_FLAGS, true, true, true);
    assert_selects(FLAGS("--benchmark_filter="), true, true, true);
    assert_selects(FLAGS("--benchmark_filter=all"), true, true, true);
}

static void a_filter_is_a_regular_expression_over_the_names_as_given(void **state)
{
    (void)state;
    assert_selects(FLAGS("--benchmark_filter=/build$"), true, false, true);
    assert_selects(FLAGS("--benchmark_filter=^one/"), true, true, false);
    assert_selects(FLAGS("--benchmark_filter=(drop|two)"), false, true, true);
}

static void a_negative_filter_leaves_the_others(void **state)
{
    (void)state;
    assert_selects(FLAGS("--benchmark_filter=-/build$"), false, true, false);
}

static void a_filter_that_leaves_none_is_no_match(void **state)
{
    (void)state;
    assert_refused(FLAGS("--benchmark_filter=manual_time"), EXIT_NO_MATCH, "manual_time");
}

static void flags_and_values_that_there_are_not_are_refused_before_anything_runs(void **state)
{
    (void)state;
    assert_refused(FLAGS("--benchmark_filtre=x"), EXIT_USAGE, "--benchmark_filtre=x");
    assert_refused(FLAGS("--benchmark_out_formats=json"), EXIT_USAGE, "--benchmark_out_formats=json");
    assert_refused(FLAGS("--benchmark_filter=("), EXIT_USAGE, "--benchmark_filter=(");
    assert_refused(FLAGS("--benchmark_filter"), EXIT_USAGE, "--benchmark_filter");
    assert_refused(FLAGS("--benchmark_repetitions=0"), EXIT_USAGE, "from 1 on");
    assert_refused(FLAGS("--benchmark_repetitions=8x"), EXIT_USAGE, "=8x");
    assert_refused(FLAGS("--benchmark_list_tests=flase"), EXIT_USAGE, "=flase");
    assert_refused(FLAGS("--benchmark_format=xml"), EXIT_USAGE, "console|json|csv");
    assert_refused(FLAGS("--benchmark_time_unit=h"), EXIT_USAGE, "ns|us|ms|s");
    assert_refused(FLAGS("--benchmark_context=a=1,b"), EXIT_USAGE, "KEY=VALUE");
    assert_refused(FLAGS("--benchmark_min_time=1"), EXIT_USAGE, "once");
}

static void the_flag_wins_over_the_caller_s_repetitions(void **state)
{
    (void)state;
    struct fake fake = {0};
    struct gbench gbench = gbench_of(&fake, NO_FLAGS);
    assert_int_equal(gbench_repetitions(&gbench), REPETITIONS);
    gbench.flags = FLAGS("--benchmark_repetitions=2", "--benchmark_repetitions=5");
    assert_int_equal(gbench_repetitions(&gbench), 5);
    g_free(report_of(&fake, gbench.flags));
    for (gsize i = 0; i < G_N_ELEMENTS(benchmarks); i++)
        assert_int_equal(fake.calls[i], 5);
    gbench.flags = FLAGS("--benchmark_repetitions=-1");
    assert_int_equal(gbench_repetitions(&gbench), 0);
}

static void each_repetition_is_measured_once_and_in_its_order(void **state)
{
    (void)state;
    struct fake fake = {0};
    g_free(report_of(&fake, NO_FLAGS));
    assert_false(fake.out_of_order);
    assert_int_equal(fake.at_once, REPETITIONS);
}

static void interleaved_each_is_measured_once_too(void **state)
{
    (void)state;
    struct fake fake = {0};
    g_autofree char *json =
        report_of(&fake, FLAGS("--benchmark_enable_random_interleaving=true", "--benchmark_repetitions=100"));
    assert_json(json);
    assert_false(fake.out_of_order);
    for (gsize i = 0; i < G_N_ELEMENTS(benchmarks); i++)
        assert_int_equal(fake.calls[i], 100);
    assert_in_range(fake.at_once, 1, 99);
    assert_near(number_at(json, benchmarks[2].name, 99, "real_time"), 120);
}

static void time_is_per_record_and_iterations_are_records(void **state)
{
    (void)state;
    struct fake fake = {0};
    g_autofree char *json = report_of(&fake, NO_FLAGS);
    assert_json(json);
    assert_near(number_at(json, "two/eager/map/s/build", 1, "real_time"), 22);
    assert_near(number_at(json, "two/eager/map/s/build", 1, "iterations"), 500);
    assert_near(number_at(json, "two/eager/map/s/build", 1, "minor_faults"), 200);
    assert_near(number_at(json, "two/eager/map/s/build_median", 0, "real_time"), 22);
    assert_near(number_at(json, "two/eager/map/s/build_stddev", 0, "minor_faults"), 100);
    fake = (struct fake){0};
    g_autofree char *in_us = report_of(&fake, FLAGS("--benchmark_time_unit=us"));
    assert_near(number_at(in_us, "two/eager/map/s/build_median", 0, "real_time"), 0.022);
}

static void what_is_zero_throughout_leaves_the_json_valid(void **state)
{
    (void)state;
    struct fake fake = {.zeros = true};
    g_autofree char *json = report_of(&fake, NO_FLAGS);
    assert_json(json);
    assert_near(number_at(json, "one/default/map/s/build_mean", 0, "zero"), 0);
    fake = (struct fake){0};
    g_autofree char *some = report_of(&fake, NO_FLAGS);
    assert_json(some);
    assert_near(number_at(some, "one/default/map/s/build_cv", 0, "minor_faults"), 0.5);
}

/* Whichever repetition has the error: with the first, Google Benchmark itself would crash. */
static void an_error_is_told_and_costs_the_others_nothing(void **state)
{
    (void)state;
    for (guint32 failing_at = 1; failing_at < 1 << REPETITIONS; failing_at++) {
        struct fake fake = {.failing = 1, .failing_at = failing_at};
        g_autofree char *json = report_of(&fake, NO_FLAGS);
        assert_json(json);
        assert_int_equal(fake.calls[1], REPETITIONS);
        support_assert_has(json, "\"exit \\\"code\\\" 9, \\\\x ");
        double sum = 0;
        unsigned good = 0;
        for (unsigned i = 0; i < REPETITIONS; i++)
            if (!(failing_at >> i & 1)) {
                sum += 10 + i + 1;
                good++;
            }
        if (good >= 2) {
            assert_near(number_at(json, "one/default/map/s/drop_mean", 0, "real_time"), sum / good);
            assert_near(number_at(json, "one/default/map/s/drop_mean", 0, "iterations"), good);
        } else {
            assert_null(entry(json, "one/default/map/s/drop_mean", 0));
        }
        assert_near(number_at(json, "one/default/map/s/build_mean", 0, "real_time"), 2);
        assert_near(number_at(json, "two/eager/map/s/build_cv", 0, "real_time"), 1.0 / 22);
    }
}

static void the_context_has_the_facts_and_whose_times_they_are(void **state)
{
    (void)state;
    struct fake fake = {0};
    struct gbench gbench = gbench_of(&fake, FLAGS("--benchmark_context=who=me,why="));
    const struct gbench_fact facts[] = {{"plan", "smoke \"x\"\n\\"}, {"kernel", "\xff"}};
    gbench.facts = facts;
    gbench.fact_count = G_N_ELEMENTS(facts);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 2; i++) { /* again in the same process: nothing has stayed */
        g_autofree char *json = NULL;
        assert_true(gbench_run(&gbench, &json, &error));
        assert_json(json);
        support_assert_has(json, "\"executable\": \"afterfree\"");
        support_assert_has(json, "\"plan\": \"smoke \\\"x\\\" \\\\\"");
        support_assert_has(json, "\"who\": \"me\"");
        support_assert_has(json, "\"cpu_time\": \"the orchestrator's");
        support_assert_has(json, "\"real_time\": \"user + system CPU time");
    }
    g_autofree char *without = report_of(&fake, NO_FLAGS);
    support_assert_has_not(without, "\"plan\"");
    gbench.flags = FLAGS("--benchmark_context=plan=mine");
    char *json;
    assert_false(gbench_run(&gbench, &json, &error));
    support_assert_error(&error, EXIT_USAGE, (const char *const[]){"plan", NULL});
}

static void the_environment_s_flags_have_no_effect(void **state)
{
    (void)state;
    static const char *const names[] = {"BENCHMARK_FILTER", "BENCHMARK_CONTEXT", "BENCHMARK_MIN_WARMUP_TIME"};
    static const char *const values[] = {"drop", "stranger=1", "5"};
    if (!g_getenv(
            names[0])) { /* Google Benchmark reads them as it is loaded: in a process that begins with them */
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        g_auto(GStrv) environment = g_get_environ();
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
            environment = g_environ_setenv(environment, names[i], values[i], true);
        int status;
        g_autofree char *only = g_strdup(__func__);
        char *arguments[] = {self, only, NULL};
        assert_true(g_spawn_sync(NULL, arguments, environment, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                                 NULL, &status, NULL));
        assert_int_equal(status, 0);
        return;
    }
    struct fake fake = {0};
    g_autofree char *json = report_of(&fake, NO_FLAGS);
    assert_int_equal(fake.calls[0], REPETITIONS);
    support_assert_has_not(json, "stranger");
}

static void a_file_of_each_form_is_written_beside_the_report(void **state)
{
    struct fake fake = {.failing_at = ~0u}; /* the first rows of a CSV have no counters */
    const char *const forms[] = {"json", "csv", "console"};
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *out = g_strdup_printf("--benchmark_out=%s/%s", (char *)*state, forms[i]);
        g_autofree char *form = g_strdup_printf("--benchmark_out_format=%s", forms[i]);
        g_autofree char *json = report_of(&fake, FLAGS(out, form));
        g_autofree char *text = support_read(*state, forms[i]);
        support_assert_has(text, "two/eager/map/s/build_median");
        if (i == 0)
            assert_string_equal(text, json);
        if (i == 1)
            support_assert_has(text, "error_message,\"minor_faults\",\"zero\"\n");
        fake = (struct fake){.failing_at = ~0u};
    }
}

static void a_file_that_cannot_be_written_is_an_error(void **state)
{
    g_autofree char *nowhere = g_strdup_printf("--benchmark_out=%s/no/folder", (char *)*state);
    struct fake fake = {0};
    struct gbench gbench = gbench_of(&fake, FLAGS(nowhere));
    g_autoptr(GError) error = NULL;
    char *json;
    assert_false(gbench_run(&gbench, &json, &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){nowhere, NULL});
    assert_int_equal(fake.calls[0], 0);
    bool wanted[G_N_ELEMENTS(benchmarks)];
    assert_false(gbench_select(&gbench, wanted, &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){nowhere, NULL});
    gbench.flags = FLAGS("--benchmark_out=/dev/full");
    assert_false(gbench_run(&gbench, &json, &error));
    support_assert_error(&error, EXIT_SYSTEM, (const char *const[]){"/dev/full", NULL});
    assert_null(json);
}

/* What gbench_run writes to both streams; the caller frees. */
static char *written_by(const struct gbench *gbench, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "streams", NULL);
    int file = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    int streams[] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    assert_true(file >= 0 && streams[0] >= 0 && streams[1] >= 0);
    fflush(NULL);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    g_autofree char *json = NULL;
    bool succeeded = gbench_run(gbench, &json, NULL);
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        dup2(streams[i], STDOUT_FILENO + i);
        close(streams[i]);
    }
    close(file);
    assert_true(succeeded);
    return support_read(folder, "streams");
}

static bool has_line(const char *text, const char *pattern)
{
    return g_regex_match_simple(pattern, text, G_REGEX_MULTILINE, 0);
}

static void quiet_writes_nothing_and_the_console_has_the_aggregates(void **state)
{
    struct fake fake = {.failing = 1, .failing_at = 1};
    struct gbench gbench = gbench_of(&fake, NO_FLAGS);
    g_autofree char *nothing = written_by(&gbench, *state);
    assert_string_equal(nothing, "");
    gbench.quiet = false;
    fake = (struct fake){.failing = 1, .failing_at = 1};
    g_autofree char *table = written_by(&gbench, *state);
    support_assert_has(table, " Time    orchestrator   Iterations ");
    assert_true(has_line(table, "^one/default/map/s/build_median +2\\.00 ns "));
    assert_true(has_line(table, "^one/default/map/s/drop +ERROR OCCURRED: 'exit \"code\" 9, "));
    assert_true(has_line(table, "^one/default/map/s/drop_median +12\\.5 ns "));
    assert_false(has_line(table, "^one/default/map/s/build "));
    support_assert_has(table, "cpu_time: the orchestrator's");
    support_assert_has_not(table, "DEBUG");
    fake = (struct fake){.failing = 1, .failing_at = 1};
    gbench.flags = FLAGS("--benchmark_display_aggregates_only=false");
    g_autofree char *all = written_by(&gbench, *state);
    assert_true(has_line(all, "^one/default/map/s/build +1\\.00 ns "));
}

static void a_list_has_the_names_and_measures_nothing(void **state)
{
    struct fake fake = {0};
    struct gbench gbench = gbench_of(&fake, FLAGS("--benchmark_list_tests", "--benchmark_filter=build"));
    assert_true(gbench_lists(&gbench));
    g_autofree char *list = written_by(&gbench, *state);
    assert_string_equal(list, "one/default/map/s/build\ntwo/eager/map/s/build\n");
    assert_int_equal(fake.calls[0], 0);
    gbench.flags = FLAGS("--benchmark_list_tests=false");
    assert_false(gbench_lists(&gbench));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_filter_all_are_wanted),
        cmocka_unit_test(a_filter_is_a_regular_expression_over_the_names_as_given),
        cmocka_unit_test(a_negative_filter_leaves_the_others),
        cmocka_unit_test(a_filter_that_leaves_none_is_no_match),
        cmocka_unit_test(flags_and_values_that_there_are_not_are_refused_before_anything_runs),
        cmocka_unit_test(the_flag_wins_over_the_caller_s_repetitions),
        cmocka_unit_test(each_repetition_is_measured_once_and_in_its_order),
        cmocka_unit_test(interleaved_each_is_measured_once_too),
        cmocka_unit_test(time_is_per_record_and_iterations_are_records),
        cmocka_unit_test(what_is_zero_throughout_leaves_the_json_valid),
        cmocka_unit_test(an_error_is_told_and_costs_the_others_nothing),
        cmocka_unit_test(the_context_has_the_facts_and_whose_times_they_are),
        cmocka_unit_test(the_environment_s_flags_have_no_effect),
        SUPPORT_TEST(a_file_of_each_form_is_written_beside_the_report),
        SUPPORT_TEST(a_file_that_cannot_be_written_is_an_error),
        SUPPORT_TEST(quiet_writes_nothing_and_the_console_has_the_aggregates),
        SUPPORT_TEST(a_list_has_the_names_and_measures_nothing),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
