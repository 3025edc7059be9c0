/* Services, as the program runs them: a run of one that does as it has to is ok, one that does anything else is not, and
 * the row says what; who is killed by the kernel says in which request. */
#include <unistd.h>

#include "cgroup.h"
#include "processes.h"
#include "program.h"

#define RECORDS "1013" /* nobody else's */
#define CLIENT "/build?records=" RECORDS
#define LIMIT "96M" /* of a service that eats 60 MB a build */
#define LIMIT_BYTES (96 << 20)

static bool lacks_curl(void)
{
    g_autofree char *curl = g_find_program_in_path("curl");
    return !curl || PROGRAM_UNPROVABLE;
}

static char *write_plan(const char *folder, const char *allocator, const char *workload, const char *rest)
{
    g_autofree char *text =
        g_strdup_printf("[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 100 ms\nticking = 100 ms\n"
                        "%s"
                        "[shape s]\nrecords = " RECORDS "\nstrings = 1\nlength = 15\norder = hash\n"
                        "[cells c]\nallocators = %s\nsettings = *\nworkloads = %s\nshapes = s\n",
                        rest, allocator, workload);
    return support_new_file(folder, "plan.ini", text);
}

static struct csv *run_plan(program_outcome *outcome, const char *folder, const char *plan, const char *only)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    program_run(outcome, "run", "--plan", plan, "--out", run, "--data", TEST_SOURCE_DIR "/bench/test",
                "--only", only);
    return program_table(run, "runs.csv");
}

static void assert_row(const struct csv *runs, guint row, const char *status, const char *reason)
{
    const char *cell = program_text(runs, row, "cell"), *why = program_text(runs, row, "reason");
    if (strcmp(program_text(runs, row, "status"), status) != 0 || !strstr(why, reason))
        fail_msg("%s is %s (%s), and not %s (%s)", cell, program_text(runs, row, "status"), why, status,
                 reason);
}

#define WALK "walk = build drop\n"

/* By file, line, group and key, before anything is run. */
static void what_no_service_does_is_an_error_of_the_plan(void **state)
{
    static const struct {
        const char *rest, *tail, *error;
    } plans[] = {
        {WALK "latency = yes\n", "", "plan.ini:7: [plan] latency: operations of api are not timed: it is a"},
        {"walk = build drop ticking\n", "", "plan.ini:6: [plan] walk: api is a service: none can walk"},
        {"", "", "plan.ini:1: [plan] walk: api is a service: none can walk ticking"}, /* the default */
        {"[walk w]\nphases = build drop ticking\n", "walks = w\n", "plan.ini:7: [walk w] phases: api is a"},
        {WALK "[shape t]\nrecords = 1\nstrings = 1\nlength = 1\norder = hash\nworkers = 2\n",
         "[cells d]\nallocators = glibc\nsettings = default\nworkloads = api\nshapes = t\n",
         "plan.ini:12: [shape t] workers: api is a service: it has a worker for each request"},
        {WALK, "", NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(plans); i++) {
        g_auto(program_outcome) outcome = {0};
        g_autofree char *plan = write_plan(*state, "glibc", "api", plans[i].rest);
        g_autofree char *head = support_read(*state, "plan.ini");
        g_autofree char *text = g_strconcat(head, plans[i].tail, NULL);
        support_write(*state, "plan.ini", text);
        program_run(&outcome, "list", "--plan", plan);
        program_assert_code(&outcome, plans[i].error ? EXIT_BAD_DATA : EXIT_PROVEN);
        support_assert_has(outcome.err, plans[i].error ? plans[i].error : "");
    }
}

static void a_service_is_asked_for_each_build_and_each_purge_and_its_null_request_is_told(void **state)
{
    if (lacks_curl())
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(
        *state, "glibc", "api", "walk = build hold drop purge silent rebuild hold redrop rebuild redrop\n");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/default/*");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_row(runs, 0, "ok", "");
    assert_int_equal(program_number(runs, 0, "requests"), 3);
    assert_string_equal(program_text(runs, 0, "killed_in_request"), "");
    assert_string_equal(program_text(runs, 0, "cpu_wait_ns"), "");
    assert_in_range(program_number(runs, 0, "null_request_rss_bytes"), 4096, 16 << 20);
}

static void proxies_of_the_user_and_his_curlrc_are_nobodys_concern(void **state)
{
    if (lacks_curl())
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(*state, "rude", "rude", "walk = build hold drop\n");
    support_write(*state, ".curlrc", "proxy = http://127.0.0.1:1\n");
    g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
    g_setenv("ALL_PROXY", "http://127.0.0.1:1", TRUE);
    g_setenv("CURL_HOME", *state, TRUE);
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/default/*");
    g_unsetenv("http_proxy");
    g_unsetenv("ALL_PROXY");
    g_unsetenv("CURL_HOME");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_row(runs, 0, "ok", "");
}

static void a_service_that_does_not_as_it_has_to_is_told_what(void **state)
{
    static const struct {
        const char *setting, *status, *reason;
    } faults[] = {
        {"default", "ok", ""},
        {"eater", "ok", ""}, /* without a limit */
        {"checksum", "invalid",
         "POST /build (first request): the answer is \"records=" RECORDS
         " checksum=4712\", not \"records=" RECORDS " "
         "checksum=4711\""},
        {"body", "invalid", "POST /build (first request): the answer is \"done\""},
        {"status", "invalid", "POST /build (first request): HTTP 500: no"},
        {"stuck", "invalid", "POST /build (first request): HTTP 500: no"},
        {"mute", "invalid", "POST /build (first request): the client saw no answer"},
        {"hangup", "invalid", "POST /build (first request): curl: (52) Empty reply from server"},
        {"dumb", "timeout",
         "build did not end in time, in POST /build (first request): the client saw no answer"},
        {"exit", "failed", "exit code 3 in build, in POST /build (first request): the client saw curl: (5"},
        {"left", "failed", "exit code 3 in build, in POST /build (first request): the client saw curl: (5"},
        {"port", "invalid", "bad line of a service: \"service port=0\""},
        {"deaf", "invalid", "GET /healthz: curl: (7) Failed to connect"},
        {"silent", "invalid", "a service has to tell its port before its baseline"},
        {"twice", "invalid", "again, or behind its baseline"},
        {"late", "invalid", "a service has to tell its port before its baseline"},
        {"sick", "invalid", "GET /healthz: the answer is \"ill\", not \"ok\""},
    };
    if (lacks_curl())
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan =
        write_plan(*state, "rude", "rude", "timeout = 2 s\nwalk = build hold drop purge silent\n");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*");
    program_assert_code(&outcome, EXIT_NOT_PROVEN);
    assert_int_equal(csv_rows(runs), G_N_ELEMENTS(faults));
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        guint row = 0;
        while (strcmp(program_text(runs, row, "setting"), faults[i].setting) != 0)
            assert_true(++row < csv_rows(runs));
        assert_row(runs, row, faults[i].status, faults[i].reason);
    }
    processes_assert_none(CLIENT);
    processes_assert_none("rude/");
}

static void without_curl_the_cells_are_skipped_and_say_what_to_install(void **state)
{
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(*state, "rude", "rude", "walk = build hold drop\n");
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_setenv("PATH", *state, TRUE);
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/default/*");
    g_setenv("PATH", path, TRUE);
    if (PROGRAM_UNPROVABLE)
        skip();
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_row(runs, 0, "skipped", "install the package curl");
}

static bool has_no_limits(void)
{
    struct cgroup_site *site = cgroup_find(NULL, NULL, NULL);
    cgroup_site_close(site);
    return !site;
}

/* The second meal is told of, though the phase has no mark; and of the cgroup what an operator sees, which grows towards
 * the limit. Nothing is told of what the kernel took behind the kill. */
static void assert_curve_until_the_kill(const char *folder, const char *name)
{
    g_autofree char *run = g_build_filename(folder, "run", NULL);
    g_autoptr(csv_table) samples = program_table(run, name);
    guint last = csv_rows(samples) - 1;
    assert_string_equal(program_text(samples, last, "phase"), "rebuild");
    assert_string_equal(program_text(samples, last, "step"), "5");
    assert_in_range(program_number(samples, last, "rss_bytes"), 80 << 20, 100 << 20);
    while (!*program_text(samples, last, "cgroup_working_bytes"))
        last--;
    uint64_t usage = program_number(samples, last, "cgroup_usage_bytes");
    assert_string_equal(program_text(samples, last, "phase"), "rebuild");
    assert_in_range(usage, 61 << 20, LIMIT_BYTES);
    assert_in_range(program_number(samples, last, "cgroup_working_bytes"), 60 << 20, usage);
}

static void who_is_killed_in_the_second_request_says_so_and_what_the_client_saw(void **state)
{
    if (lacks_curl() || has_no_limits())
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan = write_plan(*state, "rude", "rude",
                                       "walk = build hold drop silent rebuild hold redrop\n"
                                       "[limit]\nmemory = " LIMIT "\noom = answer\n");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*/eater/*");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_row(runs, 0, "oom", "in rebuild, in POST /build (second request): the client saw curl: (5");
    assert_int_equal(program_number(runs, 0, "requests"), 1);
    assert_int_equal(program_number(runs, 0, "killed_in_request"), 2);
    assert_curve_until_the_kill(*state, program_text(runs, 0, "samples_file"));
    processes_assert_none(CLIENT);
}

/* Half of each build's records stay through the next one, so that asks for half as much again: 55 MB, 82 MB, 95 MB. */
static void the_api_itself_is_killed_in_its_second_request_where_that_needs_more_than_there_is(void **state)
{
    if (lacks_curl() || has_no_limits() || TEST_SANITIZED)
        skip();
    g_auto(program_outcome) outcome = {0};
    g_autofree char *plan =
        support_new_file(*state, "plan.ini",
                         "[plan]\nsummary = x\nbaseline = glibc/default\nsilent = 100 ms\nticking = 100 ms\n"
                         "[walk thrice]\nphases = build hold drop silent\ncycles = 3\n"
                         "[limit]\nmemory = 68M\noom = answer\n"
                         "[shape s]\nrecords = 300k\nstrings = 1\nlength = 15..30\norder = hash\n"
                         "survivors = 0.5\nkeys = fresh\n"
                         "[cells c]\nallocators = glibc\nsettings = default\nworkloads = api\nshapes = s\n"
                         "walks = thrice\n");
    g_autoptr(csv_table) runs = run_plan(&outcome, *state, plan, "*");
    program_assert_code(&outcome, EXIT_PROVEN);
    assert_row(runs, 0, "oom",
               "at the limit of 68 MiB in rebuild, in POST /build (second request): the client saw curl: (5");
    assert_int_equal(program_number(runs, 0, "requests"), 1);
    assert_int_equal(program_number(runs, 0, "killed_in_request"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST(what_no_service_does_is_an_error_of_the_plan),
        SUPPORT_TEST(a_service_is_asked_for_each_build_and_each_purge_and_its_null_request_is_told),
        SUPPORT_TEST(proxies_of_the_user_and_his_curlrc_are_nobodys_concern),
        SUPPORT_TEST(a_service_that_does_not_as_it_has_to_is_told_what),
        SUPPORT_TEST(without_curl_the_cells_are_skipped_and_say_what_to_install),
        SUPPORT_TEST(who_is_killed_in_the_second_request_says_so_and_what_the_client_saw),
        SUPPORT_TEST(the_api_itself_is_killed_in_its_second_request_where_that_needs_more_than_there_is),
    };
    return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
