/* caller.h on canned texts: what a service may say of its port, what curl says, and what is an answer. */
#include <signal.h>

#include "caller.h"
#include "support.h"

#define DONE 0
#define EXIT_OF(code) ((code) << 8) /* as of wait4 */

static void a_service_tells_a_port_and_nothing_else(void **state)
{
    static const char *const bad[] = {
        "service",           "service port=",           "service port=0",   "service port=65536",
        "service port=-1",   "service port=+80",        "service port= 80", "service port=80 ",
        "service port=0x50", "service port=80 port=81", "service host=80"};
    unsigned port = 0;
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_true(caller_is_line("service port=1") && caller_parse_line("service port=1", &port, NULL));
    assert_int_equal(port, 1);
    assert_true(caller_parse_line("service port=65535", &port, NULL));
    assert_int_equal(port, 65535);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_false(caller_parse_line(bad[i], &port, &error));
        support_assert_error(&error, EXIT_BAD_DATA, (const char *const[]){bad[i], "port=1..65535", NULL});
    }
    assert_false(caller_is_line("services port=1") || caller_is_line("build begin_ns=1"));
}

static void assert_output(const char *output, int status, const char *expected_text,
                          const char *expected_failure)
{
    g_autofree char *text = NULL, *failure = NULL;
    caller_parse_output(output, status, &text, &failure);
    if (g_strcmp0(text, expected_text) != 0 || g_strcmp0(failure, expected_failure) != 0)
        fail_msg("\"%s\": text \"%s\", failure \"%s\"", output, text, failure);
}

static void only_a_whole_answer_by_http_200_is_one(void **state)
{
    (void)state;
    assert_output("ok\n\nHTTP 200\n", DONE, "ok\n", NULL);
    assert_output("\nHTTP 200\n", DONE, "", NULL);
    assert_output("\nHTTP 500\n\nHTTP 200\n", DONE, "\nHTTP 500\n", NULL); /* a body may say what it likes */
    assert_output("no such path\n\nHTTP 404\n", DONE, NULL, "HTTP 404: no such path");
    assert_output("ok\n\nHTTP 2000\n", DONE, NULL, "HTTP 2000: ok");
    assert_output("ok\n\nHTTP 201\n", DONE, NULL, "HTTP 201: ok");
    assert_output("ok\n", DONE, NULL, "exit code 0"); /* it was cut off at what is kept of it */
    assert_output("", DONE, NULL, "exit code 0");
}

static void a_failure_is_told_in_curls_own_words_wherever_they_stand(void **state)
{
    static const char words[] = "curl: (52) Empty reply from server";
    (void)state;
    assert_output("curl: (52) Empty reply from server\n\nHTTP 000\n", EXIT_OF(52), NULL, words);
    assert_output("\nHTTP 000\ncurl: (52) Empty reply from server\n", EXIT_OF(52), NULL, words);
    assert_output("half an ans\nHTTP 200\ncurl: (18) transfer closed\n", EXIT_OF(18), NULL,
                  "curl: (18) transfer closed");
    assert_output("ok\n\nHTTP 200\n", EXIT_OF(23), NULL, "exit code 23");
    assert_output("", SIGKILL, NULL, "signal 9 (Killed)");
}

static void assert_judged(enum caller_request request, char *text, const char *expected)
{
    const struct caller caller = {.request = request, .builds = 4, .text = text};
    g_autofree char *why = caller_judge(&caller, 10, 7);
    if (g_strcmp0(why, expected) != 0)
        fail_msg("\"%s\": %s", text, why);
}

static void an_answer_is_right_to_the_letter_and_the_sum_is_that_of_the_hold(void **state)
{
    char ok[] = "ok\n", built[] = "records=10 checksum=7\n", released[] = "released\n",
         other[] = "records=10 checksum=8\n", longer[] = "records=10 checksum=7\n\n", none[] = "";
    (void)state;
    assert_judged(CALLER_NONE, NULL, NULL);
    assert_judged(CALLER_HEALTH, ok, NULL);
    assert_judged(CALLER_BUILD, built, NULL);
    assert_judged(CALLER_RELEASE, released, NULL);
    assert_judged(CALLER_RELEASE, ok, "POST /release: the answer is \"ok\", not \"released\"");
    assert_judged(CALLER_HEALTH, none, "GET /healthz: the answer is \"\", not \"ok\"");
    assert_judged(
        CALLER_BUILD, other,
        "POST /build (4th request): the answer is \"records=10 checksum=8\", not \"records=10 checksum=7\"");
    char *why = caller_judge(&(struct caller){.request = CALLER_BUILD, .builds = 1, .text = longer}, 10, 7);
    support_assert_has(why, "POST /build (first request)");
    g_free(why);
    assert_judged(CALLER_BUILD, NULL, "POST /build (4th request): there is no answer");
}

static void a_request_is_counted_as_people_do(void **state)
{
    static const struct {
        guint builds;
        const char *nth;
    } requests[] = {{1, "first"}, {3, "third"},   {4, "4th"},    {11, "11th"}, {12, "12th"},
                    {13, "13th"}, {20, "20th"},   {21, "21st"},  {22, "22nd"}, {23, "23rd"},
                    {24, "24th"}, {101, "101st"}, {111, "111th"}};
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
        const struct caller caller = {.request = CALLER_BUILD, .builds = requests[i].builds};
        g_autofree char *text = caller_describe(&caller);
        g_autofree char *expected = g_strdup_printf("POST /build (%s request)", requests[i].nth);
        assert_string_equal(text, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_tells_a_port_and_nothing_else),
        cmocka_unit_test(only_a_whole_answer_by_http_200_is_one),
        cmocka_unit_test(a_failure_is_told_in_curls_own_words_wherever_they_stand),
        cmocka_unit_test(an_answer_is_right_to_the_letter_and_the_sum_is_that_of_the_hold),
        cmocka_unit_test(a_request_is_counted_as_people_do),
    };
    return cmocka_run_group_tests_name("caller", tests, NULL, NULL);
}
