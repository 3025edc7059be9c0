/* run_request.h on the test's own clock. The client is this program, too, under curl's name: the port it is sent to says
 * what it does. */
#include <dirent.h>
#include <errno.h>

#include "scene.h"

enum { ANSWERS = 1, NEVER_ENDS, HAS_500_FOR_A_BUILD };

static int play_client(const char *url)
{
    unsigned port = (unsigned)atoi(url + strlen("http://127.0.0.1:"));
    const char *body = strstr(url, "/build")     ? "records=0 checksum=0"
                       : strstr(url, "/release") ? "released"
                                                 : "ok";
    while (port == NEVER_ENDS)
        pause();
    bool fails = port == HAS_500_FOR_A_BUILD && strstr(url, "/build");
    printf("%s\n\nHTTP %d\n", fails ? "sorry" : body, fails ? 500 : 200);
    return 0;
}

static int count_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static int descriptors_before;

/* Its line stands in front of its baseline, and waits for no go. */
static void open_service(struct scene *scene, unsigned port)
{
    descriptors_before = count_descriptors();
    scene_open(scene);
    g_autofree char *line = g_strdup_printf("service port=%u\n+", port);
    g_string_insert(scene->marks, (gssize)strlen("MARKS="), line);
    scene->client = "/proc/self/exe";
}

static void assert_nothing_is_left(struct scene *scene)
{
    scene_close(scene);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(count_descriptors(), descriptors_before);
}

/* What it was asked is over; it is seen at `at_ms`. Marks are not read. */
static void take_answer(struct scene *scene, uint64_t at_ms)
{
    while (scene->run->caller.is_under_way) {
        struct pollfd end = {.fd = scene->run->caller.child.mark_fd, .events = POLLIN};
        poll(&end, 1, 1000);
        run_tick(scene->run, at_ms * MS);
    }
}

static char build[] = "build", hold[] = "hold", drop[] = "drop", purge[] = "purge", rebuild[] = "rebuild",
            redrop[] = "redrop";

static void a_walk_goes_on_behind_each_answer_and_counts_its_builds(void **state)
{
    char *const phases[] = {build, hold, drop, purge, rebuild, hold, redrop};
    struct scene scene;
    (void)state;
    open_service(&scene, ANSWERS);
    for (guint i = 0; i < G_N_ELEMENTS(phases); i++)
        scene_add_phase(&scene, phases[i], false, BEGIN_MS, BEGIN_MS);
    scene_say(&scene, "", "end", BEGIN_MS, BEGIN_MS);
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS); /* the port */
    take_answer(&scene, BEGIN_MS);
    scene_take(&scene, BEGIN_MS); /* the baseline */
    for (guint i = 0; i < G_N_ELEMENTS(phases); i++) {
        assert_int_equal(scene.run->state, RUN_BUSY);
        if (phases[i] != hold && phases[i] != drop && phases[i] != redrop)
            assert_int_equal(scene.run->caller.request, phases[i] == purge ? CALLER_RELEASE : CALLER_BUILD);
        if (phases[i] != redrop) /* once the mark comes first */
            take_answer(&scene, BEGIN_MS);
        scene_take(&scene, BEGIN_MS);
        take_answer(&scene, BEGIN_MS);
        if (phases[i] == purge)
            scene_tick(&scene, BEGIN_MS, BEGIN_MS + 300, 100);
    }
    scene_take(&scene, BEGIN_MS);
    scene_end(&scene, BEGIN_MS);
    scene_assert_verdict(&scene, "ok", "");
    assert_int_equal(scene.run->record.numbers[RECORD_requests], 2);
    assert_true(scene.run->record.numbers[RECORD_killed_in_request] == RECORD_UNKNOWN);
    assert_nothing_is_left(&scene);
}

static void a_mark_that_comes_before_its_answer_waits_for_it_five_seconds_and_keeps_the_token(void **state)
{
    struct scene scene;
    (void)state;
    open_service(&scene, NEVER_ENDS);
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    scene_take(&scene, BEGIN_MS);
    assert_int_equal(scene.run->state, RUN_UNANSWERED);
    assert_true(run_holds_token(scene.run));
    scene_tick(&scene, BEGIN_MS, BEGIN_MS + 5000, 1000);
    assert_int_equal(scene.run->state, RUN_UNANSWERED);
    scene_tick(&scene, BEGIN_MS + 5000, BEGIN_MS + 5001, 1);
    scene_end(&scene, BEGIN_MS + 5001);
    scene_assert_verdict(&scene, "invalid", "baseline is over, in GET /healthz: the client saw no answer");
    assert_nothing_is_left(&scene);
}

static void an_answer_that_is_none_is_told_at_the_next_mark(void **state)
{
    struct scene scene;
    (void)state;
    open_service(&scene, HAS_500_FOR_A_BUILD);
    scene_add_phase(&scene, build, false, BEGIN_MS, BEGIN_MS);
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    take_answer(&scene, BEGIN_MS);
    scene_take(&scene, BEGIN_MS);
    take_answer(&scene, BEGIN_MS);
    scene_take(&scene, BEGIN_MS);
    scene_end(&scene, BEGIN_MS);
    scene_assert_verdict(&scene, "invalid", "POST /build (first request): HTTP 500: sorry");
    assert_int_equal(scene.run->record.numbers[RECORD_requests], 0);
    assert_nothing_is_left(&scene);
}

static void a_run_that_is_ended_ends_its_client(void **state)
{
    struct scene scene;
    (void)state;
    open_service(&scene, NEVER_ENDS);
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    assert_true(scene.run->caller.is_under_way);
    run_kill(scene.run, "failed", "interrupted", BEGIN_MS * MS);
    assert_false(scene.run->caller.is_under_way);
    scene_end(&scene, BEGIN_MS);
    assert_nothing_is_left(&scene);
    open_service(&scene, NEVER_ENDS);
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    assert_nothing_is_left(&scene); /* as it is, in the middle of it */
}

static void who_is_no_service_has_no_port_to_tell(void **state)
{
    struct scene scene;
    (void)state;
    open_service(&scene, ANSWERS);
    scene.client = NULL;
    scene_start(&scene);
    scene_take(&scene, BEGIN_MS);
    scene_end(&scene, BEGIN_MS);
    scene_assert_verdict(&scene, "invalid", "it says \"service port=1\", but is no service");
    assert_nothing_is_left(&scene);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_goes_on_behind_each_answer_and_counts_its_builds),
        cmocka_unit_test(a_mark_that_comes_before_its_answer_waits_for_it_five_seconds_and_keeps_the_token),
        cmocka_unit_test(an_answer_that_is_none_is_told_at_the_next_mark),
        cmocka_unit_test(a_run_that_is_ended_ends_its_client),
        cmocka_unit_test(who_is_no_service_has_no_port_to_tell),
    };
    if (strcmp(arguments[0], CALLER_PROGRAM) == 0)
        return play_client(arguments[count - 1]);
    const char *marks = getenv("MARKS");
    return marks ? scene_play(marks) : cmocka_run_group_tests_name("requests of a run", tests, NULL, NULL);
}
