/* child.h: marks are read strictly; an ended process is described. */
#include <fcntl.h>
#include <signal.h>

#include "child.h"
#include "support.h"

#define FIELDS                                                                                               \
    "minor_faults=3 major_faults=4 user_ns=5 sys_ns=6 live_bytes=7 live_blocks=8 shape_bytes=9 checksum=10 " \
    "shape_checksum=18446744073709551615 scratch_bytes=11"

static void a_mark_is_read_whatever_the_order_of_its_fields(void **state)
{
    (void)state;
    static const char *const lines[] = {"drop begin_ns=1 end_ns=2 " FIELDS,
                                        "drop " FIELDS " end_ns=2 begin_ns=1"};
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        struct child_mark mark;
        g_autoptr(GError) error = NULL;
        assert_true(child_parse_mark(lines[i], &mark, &error));
        assert_string_equal(mark.phase, "drop");
        assert_int_equal(mark.begin_ns, 1);
        assert_int_equal(mark.end_ns, 2);
        assert_int_equal(mark.minor_faults, 3);
        assert_int_equal(mark.major_faults, 4);
        assert_int_equal(mark.user_ns, 5);
        assert_int_equal(mark.sys_ns, 6);
        assert_int_equal(mark.live_bytes, 7);
        assert_int_equal(mark.live_blocks, 8);
        assert_int_equal(mark.shape_bytes, 9);
        assert_int_equal(mark.checksum, 10);
        assert_true(mark.shape_checksum == UINT64_MAX);
        assert_int_equal(mark.scratch_bytes, 11);
    }
}

static void what_a_runtime_tells_of_its_heap_is_read_where_it_tells_all_three(void **state)
{
    (void)state;
    struct child_mark mark;
    assert_true(child_parse_mark("drop begin_ns=1 end_ns=2 " FIELDS, &mark, NULL));
    assert_true(mark.heap_inuse_bytes == CHILD_UNKNOWN && mark.heap_idle_bytes == CHILD_UNKNOWN &&
                mark.heap_released_bytes == CHILD_UNKNOWN);
    assert_true(child_parse_mark("drop begin_ns=1 end_ns=2 " FIELDS
                                 " heap_inuse_bytes=20 heap_idle_bytes=30 heap_released_bytes=0",
                                 &mark, NULL));
    assert_int_equal(mark.heap_inuse_bytes, 20);
    assert_int_equal(mark.heap_idle_bytes, 30);
    assert_int_equal(mark.heap_released_bytes, 0);
    assert_int_equal(mark.scratch_bytes, 11);
}

static void every_phase_of_the_protocol_may_be_marked(void **state)
{
    (void)state;
#define X(name, kind) #name " begin_ns=1 end_ns=1 " FIELDS,
    static const char *const lines[] = {PROTOCOL_PHASES(X)};
#undef X
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        struct child_mark mark;
        if (!child_parse_mark(lines[i], &mark, NULL))
            fail_msg("refused: %s", lines[i]);
        assert_true(g_str_has_prefix(lines[i], mark.phase));
    }
}

static void a_bad_mark_is_refused_with_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line, *what;
    } bad[] = {
        {"", "phase"},
        {"lunch begin_ns=1 end_ns=2 " FIELDS, "lunch"},
        {"Drop begin_ns=1 end_ns=2 " FIELDS, "Drop"},
        {" drop begin_ns=1 end_ns=2 " FIELDS, "phase"},
        {"drop", "missing"},
        {"drop begin_ns=1 " FIELDS, "missing"},
        {"drop begin_ns=1 end_ns=2 end_ns=2 " FIELDS, "twice"},
        {"drop begin_ns=1 end_ns=2 " FIELDS " colour=3", "colour"},
        {"drop begin_ns=1 end_ns " FIELDS, "end_ns"},
        {"drop begin_ns=1 end_ns= " FIELDS, "end_ns="},
        {"drop begin_ns=1 end_ns=two " FIELDS, "end_ns=two"},
        {"drop begin_ns=1 end_ns=2x " FIELDS, "end_ns=2x"},
        {"drop begin_ns=-1 end_ns=2 " FIELDS, "begin_ns=-1"},
        {"drop begin_ns=+1 end_ns=2 " FIELDS, "begin_ns=+1"},
        {"drop begin_ns=\v-1 end_ns=2 " FIELDS, "begin_ns=\v-1"},
        {"drop begin_ns=1.5 end_ns=2 " FIELDS, "begin_ns=1.5"},
        {"drop begin_ns=1 end_ns=18446744073709551616 " FIELDS, "18446744073709551616"},
        {"drop  begin_ns=1 end_ns=2 " FIELDS, "unknown"},
        {"drop begin_ns=1 end_ns=2 " FIELDS " ", "unknown"},
        {"drop begin_ns=2 end_ns=1 " FIELDS, "ends before"},
        {"drop begin_ns=1 end_ns=2 " FIELDS " heap_inuse_bytes=1", "missing"},
        {"drop begin_ns=1 end_ns=2 " FIELDS " heap_inuse_bytes=1 heap_idle_bytes=2", "missing"},
        {"drop begin_ns=1 end_ns=2 heap_inuse_bytes=1 heap_idle_bytes=2 heap_released_bytes=3", "missing"},
        {"drop begin_ns=1 end_ns=2 " FIELDS
         " heap_inuse_bytes=18446744073709551615 heap_idle_bytes=2 heap_released_bytes=3",
         "not a number"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct child_mark mark;
        g_autoptr(GError) error = NULL;
        if (child_parse_mark(bad[i].line, &mark, &error))
            fail_msg("was read: %s", bad[i].line);
        support_assert_error(&error, EXIT_BAD_DATA, (const char *const[]){"bad mark", bad[i].what, NULL});
    }
}

/* What the child wrote, as it comes out of its pipe: a file does as well. */
static void a_nul_byte_cannot_hide_what_follows_it_in_a_line(void **state)
{
    static const char written[] = "drop begin_ns=1 end_ns=2 " FIELDS "\nend\0hidden\n";
    g_autofree char *path = support_new_file(*state, "marks", "");
    assert_true(g_file_set_contents(path, written, sizeof written - 1, NULL));
    struct child child = {.mark_fd = open(path, O_RDONLY), .go_fd = -1, .output_fd = -1};
    child.line = g_string_new(NULL);
    const char *line;
    assert_int_equal(child_read(&child, &line), CHILD_LINE);
    assert_true(g_str_has_prefix(line, "drop begin_ns=1"));
    assert_int_equal(child_read(&child, &line), CHILD_GARBAGE);
    child_close(&child);
}

static void assert_described(int status, const char *text)
{
    g_autofree char *described = child_describe_status(status);
    assert_string_equal(described, text);
}

static void an_end_is_described_by_signal_or_by_the_protocols_codes(void **state)
{
    (void)state;
    g_autofree char *killed = g_strdup_printf("signal 9 (%s)", g_strsignal(SIGKILL));
    assert_described(W_EXITCODE(0, SIGKILL), killed);
    assert_described(W_EXITCODE(PROTOCOL_EXIT_MEMORY, 0), "exit code 65 (the allocator returned NULL)");
    assert_described(W_EXITCODE(PROTOCOL_EXIT_USAGE, 0), "exit code 64 (an argument is wrong)");
    assert_described(W_EXITCODE(3, 0), "exit code 3");
}

/* It may write faster than we read: then there is always more. */
static void output_without_end_is_read_in_parts_and_its_beginning_kept(void **state)
{
    (void)state;
    struct child child = {.mark_fd = -1, .go_fd = -1, .output = g_string_new(NULL)};
    child.output_fd = open("/dev/zero", O_RDONLY);
    assert_true(child_wants_output(&child));
    child_read_output(&child);
    child_read_output(&child);
    assert_int_equal(child.output->len, CHILD_OUTPUT_MAX);
    assert_false(child_wants_output(&child));
    child_close(&child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_is_read_whatever_the_order_of_its_fields),
        cmocka_unit_test(what_a_runtime_tells_of_its_heap_is_read_where_it_tells_all_three),
        cmocka_unit_test(every_phase_of_the_protocol_may_be_marked),
        cmocka_unit_test(a_bad_mark_is_refused_with_what_is_wrong),
        cmocka_unit_test(output_without_end_is_read_in_parts_and_its_beginning_kept),
        SUPPORT_TEST(a_nul_byte_cannot_hide_what_follows_it_in_a_line),
        cmocka_unit_test(an_end_is_described_by_signal_or_by_the_protocols_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
