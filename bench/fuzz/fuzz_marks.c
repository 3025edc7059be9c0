/* What a process writes to the mark descriptor: lines as they were written, and marks or a clear refusal. And what its
 * client wrote: an answer, or why there is none. */
#include <fcntl.h>

#include "caller.h"
#include "child.h"
#include "fuzz.h"
#include "latency.h"

static char *write_mark(const struct child_mark *mark)
{
    GString *line = g_string_new(mark->phase);
#define X(name) g_string_append_printf(line, " " #name "=%" G_GUINT64_FORMAT, mark->name);
    PROTOCOL_MARK_FIELDS(X)
    if (mark->heap_inuse_bytes != CHILD_UNKNOWN) {
        PROTOCOL_HEAP_FIELDS(X)
    }
#undef X
    return g_string_free(line, FALSE);
}

static void assert_same(const struct child_mark *a, const struct child_mark *b)
{
    g_assert_cmpstr(a->phase, ==, b->phase);
#define X(name) g_assert_cmpuint(a->name, ==, b->name);
    PROTOCOL_MARK_FIELDS(X)
    PROTOCOL_HEAP_FIELDS(X)
#undef X
}

static void read_mark(const char *line)
{
    struct child_mark mark, again;
    g_autoptr(GError) error = NULL;
    if (!child_parse_mark(line, &mark, &error)) {
        g_assert_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA);
        g_assert_true(g_str_has_prefix(error->message, "bad mark: "));
        return;
    }
    g_assert_cmpuint(mark.begin_ns, <=, mark.end_ns);
    g_assert_cmpuint(strspn(line, G_CSET_a_2_z G_CSET_DIGITS "_= "), ==, strlen(line));
    g_autofree char *text = write_mark(&mark);
    g_assert_true(child_parse_mark(text, &again, NULL));
    assert_same(&mark, &again);
}

static char *write_latency(const struct latency *latency)
{
    GString *line = g_string_new(NULL);
    g_string_printf(line, "latency phase=%s clock=%s", latency->phase, latency->clock);
#define X(name)                                                                                              \
    if (latency->name != LATENCY_UNKNOWN)                                                                    \
        g_string_append_printf(line, " " #name "=%" G_GUINT64_FORMAT, latency->name);
    PROTOCOL_LATENCY_FIELDS(X)
#undef X
    return g_string_free(line, FALSE);
}

static void read_latency(const char *line)
{
    struct latency latency, again;
    g_autoptr(GError) error = NULL;
    if (!latency_parse(line, &latency, &error)) {
        g_assert_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA);
        g_assert_true(g_str_has_prefix(error->message, "bad line on latency: "));
        return;
    }
    g_autofree char *text = write_latency(&latency);
    g_assert_true(latency_parse(text, &again, NULL));
    g_assert_cmpmem(&latency, sizeof latency, &again, sizeof again);
}

static void read_port(const char *line)
{
    unsigned port = 0;
    g_autoptr(GError) error = NULL;
    if (!caller_parse_line(line, &port, &error)) {
        g_assert_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA);
        return;
    }
    g_assert_cmpuint(port, >=, 1);
    g_assert_cmpuint(port, <=, G_MAXUINT16);
}

static void read_answer(const char *output)
{
    const int done = 0, failed = 1 << 8; /* as of wait4 */
    g_autofree char *text = NULL, *failure = NULL, *none = NULL, *why = NULL;
    caller_parse_output(output, done, &text, &failure);
    g_assert_true(!text != !failure);
    g_assert_true(!text || g_str_has_prefix(output, text));
    caller_parse_output(output, failed, &none, &why);
    g_assert_true(!none && why && !strpbrk(why, "\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct child child = {.mark_fd = open(fuzz_file(data, size), O_RDONLY | O_CLOEXEC),
                          .go_fd = -1,
                          .output_fd = open(fuzz_file(data, size), O_RDONLY | O_CLOEXEC),
                          .line = g_string_new(NULL),
                          .output = g_string_new(NULL)};
    const uint8_t *end = data + size;
    const char *line;
    enum child_event event;
    for (; (event = child_read(&child, &line)) == CHILD_LINE; data += strlen(line) + 1) {
        g_assert_cmpuint(strlen(line), <, PROTOCOL_LINE_MAX);
        g_assert_cmpmem(line, strlen(line), data, MIN(strlen(line), (size_t)(end - data)));
        g_assert_cmpint(data[strlen(line)], ==, '\n');
        if (latency_is_line(line))
            read_latency(line);
        else if (caller_is_line(line))
            read_port(line);
        else
            read_mark(line);
    }
    size_t left = (size_t)(end - data);
    const uint8_t *line_feed = left > 0 ? memchr(data, '\n', MIN(left, PROTOCOL_LINE_MAX)) : NULL;
    if (event == CHILD_GARBAGE) /* too long, or with a NUL byte, which would hide what follows it */
        g_assert_true(line_feed ? memchr(data, '\0', (size_t)(line_feed - data)) != NULL
                                : left >= PROTOCOL_LINE_MAX || memchr(data, '\0', left));
    else
        g_assert_true(event == CHILD_CLOSED && !line_feed && left < PROTOCOL_LINE_MAX);
    child_read_output(&child);
    read_answer(child.output->str);
    g_assert_cmpuint(child.output->len, ==, MIN(size, CHILD_OUTPUT_MAX));
    child_close(&child);
    return 0;
}
