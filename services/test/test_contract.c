/* What every service answers, and when it marks (protocol.h). A service is tested by being in services/. */
#include "served.h"
#include "threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORDS "records=2000 strings=1..3 "
#define BUILD "POST /build?records=2000"

static struct served served;
static struct told told;
static struct answer answer;

static void start(const char *program, const char *arguments)
{
    served_start_to_baseline(&served, &(struct start){.program = program, .arguments = arguments}, &told);
}

static void assert_ends(int expected)
{
    int code = child_end(&served.child);
    if (code != expected)
        fail_msg("%s: ended with %d instead of %d", served.child.title, code, expected);
}

static void go_to_the_end(void)
{
    struct told end;
    served_go(&served, "end", &end);
    child_go(&served.child);
    assert_ends(PROTOCOL_EXIT_DONE);
}

static void assert_answer(unsigned status, const char *body)
{
    if (answer.status != status || (body && strcmp(answer.body, body) != 0))
        fail_msg("%s: answers %u, %s", served.child.title, answer.status, answer.body);
}

static void assert_answers(const char *method_and_target, unsigned status, const char *body)
{
    served_ask(&served, method_and_target, &answer);
    assert_answer(status, body);
}

static void assert_built(uint64_t checksum)
{
    char body[128];
    snprintf(body, sizeof body, "records=2000 checksum=%llu\n", (unsigned long long)checksum);
    assert_answer(200, body);
}

static void assert_mark_agrees(void)
{
    if (told.mark.live_bytes != told.mark.shape_bytes || told.mark.checksum != told.mark.shape_checksum)
        fail_msg("%s: the mark %s does not agree with the shape", served.child.title, told.phase);
}

static void ask_for_nothing(const char *program)
{
    served_start(&served, &(struct start){.program = program, .arguments = RECORDS "walk=build,hold,drop"});
    assert_answers("GET /nowhere", 404, NULL);
    assert_answers("POST /healthz", 405, NULL);
    assert_false(served_has_marked(&served));
    assert_answers("GET /healthz", 200, "ok\n");
    served_read_mark(&served, "baseline", &told);
    assert_int_equal(told.mark.live_bytes, 0);
    assert_ends(PROTOCOL_EXIT_ORPHAN);
}

static void the_baseline_comes_behind_the_first_healthz_alone(void **state)
{
    (void)state;
    services_each(ask_for_nothing);
}

static void build_once(const char *program)
{
    start(program, RECORDS "walk=build,hold,drop");
    int building = served_send(&served, BUILD);
    served_go(&served, "build", &told);
    assert_mark_agrees();
    assert_true(told.mark.live_bytes > 0);
    served_go(&served, "hold", &told);
    assert_mark_agrees();
    uint64_t checksum = told.mark.checksum;
    child_await_parked(&served.child);
    assert_false(served_has_answered(building));
    served_go(&served, "drop", &told);
    assert_int_equal(told.mark.live_bytes, 0);
    assert_true(served_has_answered(building));
    served_receive(building, &answer);
    assert_built(checksum);
    go_to_the_end();
}

static void a_build_is_answered_behind_its_drop_and_before_the_mark(void **state)
{
    (void)state;
    services_each(build_once);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void time_a_build(const char *program)
{
    start(program, RECORDS "walk=build,drop");
    child_go(&served.child);
    child_await_parked(&served.child);
    uint64_t sent_ns = now_ns();
    int building = served_send(&served, BUILD);
    served_read_mark(&served, "build", &told);
    assert_true(told.mark.begin_ns >= sent_ns);
    served_go(&served, "drop", &told);
    served_receive(building, &answer);
    go_to_the_end();
}

static void a_phase_takes_no_longer_because_its_request_comes_late(void **state)
{
    (void)state;
    services_each(time_a_build);
}

static void build_early(const char *program)
{
    start(program, RECORDS "walk=build,hold,drop,silent:0");
    int building = served_send(&served, BUILD);
    assert_answers("GET /healthz", 200, "ok\n"); /* so the one before has been accepted */
    assert_false(served_has_marked(&served));
    served_go(&served, "build", &told);
    served_go(&served, "hold", &told);
    served_go(&served, "drop", &told);
    served_receive(building, &answer);
    assert_answer(200, NULL);
    served_go(&served, "silent", &told);
    go_to_the_end();
}

static void a_build_that_comes_before_its_go_waits(void **state)
{
    (void)state;
    services_each(build_early);
}

static void build_what_is_not_there(const char *program)
{
    static const char *const wrong[] = {
        "POST /build",           "POST /build?records=", "POST /build?records=1", "POST /build?records=20000",
        "POST /build?records=x", "POST /build?keys=2000"};
    start(program, RECORDS "walk=build,drop");
    child_go(&served.child);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_answers(wrong[i], 400, NULL);
        assert_non_null(strstr(answer.body, "records=2000"));
    }
    assert_false(served_has_marked(&served));
    int building = served_send(&served, BUILD);
    served_read_mark(&served, "build", &told);
    served_go(&served, "drop", &told);
    served_receive(building, &answer);
    assert_answer(200, NULL);
    go_to_the_end();
}

static void only_the_shapes_own_records_are_built_and_else_it_says_what_to_ask_for(void **state)
{
    (void)state;
    services_each(build_what_is_not_there);
}

static void ask_wrongly(const char *program)
{
    static const char *const ways[][2] = {{"POST /healthz", "Allow: GET"},
                                          {"GET /build?records=2000", "Allow: POST"},
                                          {"GET /release", "Allow: POST"},
                                          {"DELETE /build?records=2000", "Allow: POST"}};
    start(program, RECORDS "walk=build,drop");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        assert_answers(ways[i][0], 405, NULL);
        assert_non_null(strstr(answer.headers, ways[i][1]));
    }
    assert_answers("GET /", 404, NULL);
    assert_answers("POST /builds?records=2000", 404, NULL);
    assert_ends(PROTOCOL_EXIT_ORPHAN);
}

static void another_method_is_told_the_right_one_and_another_path_is_not_found(void **state)
{
    (void)state;
    services_each(ask_wrongly);
}

static void send_a_body(const char *program)
{
    static const char head[] =
        "POST /build?records=2000 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
    static char body[1000000];
    memset(body, 'b', sizeof body);
    start(program, RECORDS "walk=build,drop");
    child_go(&served.child);
    int building = served_connect(&served, "127.0.0.1");
    served_send_text(building, head, sizeof head - 1);
    served_send_text(building, body, sizeof body);
    served_read_mark(&served, "build", &told);
    served_go(&served, "drop", &told);
    served_receive(building, &answer);
    assert_answer(200, NULL);
    go_to_the_end();
}

static void a_body_is_read_and_ignored(void **state)
{
    (void)state;
    services_each(send_a_body);
}

static void ask_during_a_build(const char *program)
{
    start(program, "records=300000 walk=build,drop");
    int building = served_send(&served, "POST /build?records=300000");
    child_go(&served.child);
    assert_answers("GET /healthz", 200, "ok\n");
    assert_false(served_has_marked(&served)); /* it builds still */
    served_read_mark(&served, "build", &told);
    assert_answers("GET /healthz", 200, "ok\n");
    served_go(&served, "drop", &told);
    served_receive(building, &answer);
    assert_answer(200, NULL);
    assert_answers("GET /healthz", 200, "ok\n");
    go_to_the_end();
}

static void healthz_is_answered_while_a_build_is_going_on(void **state)
{
    (void)state;
    services_each(ask_during_a_build);
}

static void ask_side_by_side(const char *program)
{
    enum { CALLERS = 32 };
    static const char text[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    int connections[CALLERS];
    start(program, RECORDS "walk=build,drop");
    for (unsigned i = 0; i < CALLERS; i++)
        connections[i] = served_connect(&served, "127.0.0.1");
    for (unsigned i = 0; i < CALLERS; i++)
        served_send_text(connections[i], text, sizeof text - 1);
    for (unsigned i = CALLERS; i-- > 0;) {
        served_receive(connections[i], &answer);
        assert_answer(200, "ok\n");
    }
    assert_ends(PROTOCOL_EXIT_ORPHAN);
}

static void many_healthz_are_answered_side_by_side(void **state)
{
    (void)state;
    services_each(ask_side_by_side);
}

static void build_and_release_again_and_again(const char *program)
{
    static const char *const phases[3][3] = {
        {"build", "hold", "drop"}, {"rebuild", "hold", "redrop"}, {"rebuild", "hold", "redrop"}};
    char arguments[256];
    snprintf(arguments, sizeof arguments,
             RECORDS "purge=%s survivors_ppm=100000 walk=build,hold,drop,rebuild,hold,redrop,purge,rebuild,"
                     "hold,redrop,purge",
             strncmp(workloads_name(program), "go_", 3) == 0 ? "debug.FreeOSMemory()" : "malloc_trim(0)");
    start(program, arguments);
    for (unsigned i = 0; i < 3; i++) {
        int building = served_send(&served, BUILD);
        served_go(&served, phases[i][0], &told);
        assert_mark_agrees();
        served_go(&served, phases[i][1], &told);
        assert_mark_agrees();
        uint64_t checksum = told.mark.checksum;
        served_go(&served, phases[i][2], &told);
        assert_mark_agrees();
        assert_true(told.mark.live_bytes > 0); /* survivors */
        served_receive(building, &answer);
        assert_built(checksum);
        if (i == 0)
            continue;
        int releasing = served_send(&served, "POST /release");
        assert_answers("GET /healthz", 200, "ok\n");
        assert_false(served_has_answered(releasing));
        served_go(&served, "purge", &told);
        assert_true(served_has_answered(releasing));
        served_receive(releasing, &answer);
        assert_answer(200, "released\n");
    }
    served_go(&served, "end", &told);
    assert_int_equal(told.mark.live_blocks, 0);
    assert_int_equal(told.mark.live_bytes, 0);
    child_go(&served.child);
    assert_ends(PROTOCOL_EXIT_DONE);
}

static void further_requests_are_served_alike_and_the_map_is_empty_at_the_end(void **state)
{
    (void)state;
    services_each(build_and_release_again_and_again);
}

static void build_too_often(const char *program)
{
    struct threads threads;
    int late[3];
    start(program, RECORDS "walk=build,drop");
    int building = served_send(&served, BUILD);
    served_go(&served, "build", &told);
    late[0] = served_send(&served, BUILD);
    late[1] = served_send(&served, BUILD);
    late[2] = served_send(&served, "POST /release");
    assert_answers("GET /healthz", 200, "ok\n"); /* so these have been accepted */
    threads_read(&served.child, &threads);       /* and wait */
    served_go(&served, "drop", &told);
    served_receive(building, &answer);
    assert_answer(200, NULL);
    served_go(&served, "end", &told);
    for (unsigned i = 0; i < 3; i++) {
        served_receive(late[i], &answer);
        assert_answer(503, NULL);
    }
    assert_int_equal(served_connect(&served, "127.0.0.1"), -1);
    child_go(&served.child);
    assert_ends(PROTOCOL_EXIT_DONE);
}

static void what_no_phase_is_left_for_is_turned_away_at_the_end_and_the_port_closed(void **state)
{
    (void)state;
    services_each(build_too_often);
}

/* Closes fd 4 at each of the points where the process waits or works. */
static void orphan(const char *program)
{
    served_start(&served, &(struct start){.program = program, .arguments = RECORDS "walk=build,drop"});
    assert_ends(PROTOCOL_EXIT_ORPHAN); /* before the null request */
    start(program, RECORDS "walk=build,drop");
    assert_ends(PROTOCOL_EXIT_ORPHAN); /* at a mark */
    start(program, RECORDS "walk=build,drop");
    child_go(&served.child);
    child_await_parked(&served.child);
    assert_ends(PROTOCOL_EXIT_ORPHAN); /* waiting for a request */
    start(program, "records=3000000 walk=build,drop");
    int building = served_send(&served, "POST /build?records=3000000");
    child_go(&served.child);
    assert_answers("GET /healthz", 200, "ok\n");
    assert_ends(PROTOCOL_EXIT_ORPHAN); /* in the midst of one: it is not built to its end */
    close(building);
}

static void a_service_without_an_orchestrator_ends_at_once_wherever_it_is(void **state)
{
    (void)state;
    services_each(orphan);
}

static void hang_up(const char *program)
{
    start(program, RECORDS "walk=build,hold,drop,rebuild,redrop");
    int idle = served_connect(&served, "127.0.0.1"); /* says nothing, and stays */
    int building = served_send(&served, BUILD);
    served_go(&served, "build", &told);
    close(building);
    served_go(&served, "hold", &told);
    served_go(&served, "drop", &told);
    building = served_send(&served, BUILD);
    served_go(&served, "rebuild", &told);
    served_go(&served, "redrop", &told);
    served_receive(building, &answer);
    assert_answer(200, NULL);
    go_to_the_end();
    close(idle);
}

static void a_client_that_hangs_up_or_says_nothing_stops_no_walk(void **state)
{
    (void)state;
    services_each(hang_up);
}

static void refuse(const char *program)
{
    static const char *const bad[][2] = {
        {"walk=build,drop,ticking:100", "ticking"}, {"walk=build,drop latency=yes", "latency"},
        {"walk=build,drop workers=2", "workers"},   {"walk=build,drop port=65536", "port"},
        {"walk=build,drop port=", "port"},          {"walk=build,drop port=x", "port"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char errors[1024], line[PROTOCOL_LINE_MAX];
        child_start(&served.child, &(struct start){.program = program, .arguments = bad[i][0]});
        assert_false(child_read_line(&served.child, line));
        int code = child_end_with_errors(&served.child, errors, sizeof errors);
        if (code != PROTOCOL_EXIT_USAGE || !strstr(errors, bad[i][1]))
            fail_msg("%s: ended with %d: %s", served.child.title, code, errors);
    }
}

static void ticking_latency_workers_and_bad_ports_are_refused(void **state)
{
    (void)state;
    services_each(refuse);
}

static void listen_twice(const char *program)
{
    struct served second;
    char arguments[64], errors[1024], line[PROTOCOL_LINE_MAX];
    start(program, RECORDS "walk=build,drop");
    assert_int_equal(served_connect(&served, "127.0.0.2"), -1);
    snprintf(arguments, sizeof arguments, "walk=build,drop port=%u", served.port);
    child_start(&second.child, &(struct start){.program = program, .arguments = arguments});
    assert_false(child_read_line(&second.child, line));
    assert_int_equal(child_end_with_errors(&second.child, errors, sizeof errors), PROTOCOL_EXIT_USAGE);
    snprintf(line, sizeof line, "port=%u", served.port);
    assert_non_null(strstr(errors, line));
    unsigned port = served.port;
    assert_ends(PROTOCOL_EXIT_ORPHAN);
    start(program, arguments); /* free again */
    assert_int_equal(served.port, port);
    assert_ends(PROTOCOL_EXIT_ORPHAN);
}

static void a_port_is_listened_at_on_127_0_0_1_alone_and_a_taken_one_is_named(void **state)
{
    (void)state;
    services_each(listen_twice);
}

static void probe(const char *program)
{
    char line[PROTOCOL_LINE_MAX];
    bool has_answered = false;
    child_start(&served.child, &(struct start){.program = program, .arguments = "probe"});
    while (child_read_line(&served.child, line)) {
        assert_null(strstr(line, "port"));
        has_answered |= strncmp(line, "malloc=", 7) == 0 || strncmp(line, "owner=", 6) == 0;
    }
    assert_true(has_answered);
    assert_ends(PROTOCOL_EXIT_DONE);
}

static void a_probe_is_answered_without_a_port(void **state)
{
    (void)state;
    services_each(probe);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_baseline_comes_behind_the_first_healthz_alone),
        cmocka_unit_test(a_build_is_answered_behind_its_drop_and_before_the_mark),
        cmocka_unit_test(a_phase_takes_no_longer_because_its_request_comes_late),
        cmocka_unit_test(a_build_that_comes_before_its_go_waits),
        cmocka_unit_test(only_the_shapes_own_records_are_built_and_else_it_says_what_to_ask_for),
        cmocka_unit_test(another_method_is_told_the_right_one_and_another_path_is_not_found),
        cmocka_unit_test(a_body_is_read_and_ignored),
        cmocka_unit_test(healthz_is_answered_while_a_build_is_going_on),
        cmocka_unit_test(many_healthz_are_answered_side_by_side),
        cmocka_unit_test(further_requests_are_served_alike_and_the_map_is_empty_at_the_end),
        cmocka_unit_test(what_no_phase_is_left_for_is_turned_away_at_the_end_and_the_port_closed),
        cmocka_unit_test(a_service_without_an_orchestrator_ends_at_once_wherever_it_is),
        cmocka_unit_test(a_client_that_hangs_up_or_says_nothing_stops_no_walk),
        cmocka_unit_test(ticking_latency_workers_and_bad_ports_are_refused),
        cmocka_unit_test(a_port_is_listened_at_on_127_0_0_1_alone_and_a_taken_one_is_named),
        cmocka_unit_test(a_probe_is_answered_without_a_port),
    };
    return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
