#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allowance.h"
#include "error.h"
#include "offspring.h"
#include "units.h"

static bool bad_mark(GError **error, const char *why, const char *what)
{
    g_set_error(error, AFTERFREE_ERROR, EXIT_BAD_DATA, "bad mark: %s \"%.40s\"", why, what);
    return false;
}

#define X(name) +1
enum { REQUIRED = 0 PROTOCOL_MARK_FIELDS(X), KNOWN = REQUIRED PROTOCOL_HEAP_FIELDS(X) };
#undef X

static bool take_field(struct child_mark *mark, const char *field, unsigned *seen, GError **error)
{
    static const struct {
        const char *name;
        size_t offset;
    } fields[] = {
#define X(name) {#name, offsetof(struct child_mark, name)},
        PROTOCOL_MARK_FIELDS(X) PROTOCOL_HEAP_FIELDS(X)
#undef X
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        size_t length = strlen(fields[i].name);
        if (strncmp(field, fields[i].name, length) != 0 || field[length] != '=')
            continue;
        uint64_t value;
        if (*seen & 1u << i)
            return bad_mark(error, "a field twice:", field);
        if (!units_parse_digits(field + length + 1, &value) || (i >= REQUIRED && value == CHILD_UNKNOWN))
            return bad_mark(error, "not a number:", field);
        *seen |= 1u << i;
        memcpy((char *)mark + fields[i].offset, &value, sizeof value);
        return true;
    }
    return bad_mark(error, "unknown field", field);
}

bool child_parse_mark(const char *line, struct child_mark *mark, GError **error)
{
    const unsigned required = (1u << REQUIRED) - 1, all = (1u << KNOWN) - 1;
#define X(name, kind) #name,
    static const char *const phases[] = {PROTOCOL_PHASES(X) NULL};
#undef X
    g_auto(GStrv) parts = g_strsplit(line, " ", -1);
    *mark = (struct child_mark){.phase = "",
#define X(name) .name = CHILD_UNKNOWN,
                                PROTOCOL_HEAP_FIELDS(X)
#undef X
    };
    if (!parts[0] || !g_strv_contains(phases, parts[0]))
        return bad_mark(error, "unknown phase", parts[0] ? parts[0] : "");
    g_strlcpy(mark->phase, parts[0], sizeof mark->phase);
    unsigned seen = 0;
    for (char **part = parts + 1; *part; part++)
        if (!take_field(mark, *part, &seen, error))
            return false;
    if (seen != required && seen != all)
        return bad_mark(error, "fields are missing in", line);
    if (mark->end_ns < mark->begin_ns)
        return bad_mark(error, "ends before it begins:", line);
    return true;
}

/* Both ends close on exec; spawn opens the child's. */
static bool open_pipe(int fds[2], GError **error)
{
    if (pipe2(fds, O_CLOEXEC) == 0)
        return true;
    g_set_error(error, AFTERFREE_ERROR, EXIT_SYSTEM, "pipe: %s%s", g_strerror(errno),
                allowance_advice(errno));
    return false;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

struct pipes {
    int mark[2], go[2], output[2];
};

static void close_pipes(struct pipes *pipes)
{
    for (int end = 0; end < 2; end++) {
        close_fd(&pipes->mark[end]);
        close_fd(&pipes->go[end]);
        close_fd(&pipes->output[end]);
    }
}

bool child_start(struct child *child, const struct spawn_spec *spec, GError **error)
{
    struct pipes pipes = {.mark = {-1, -1}, .go = {-1, -1}, .output = {-1, -1}};
    if (!open_pipe(pipes.mark, error) || !open_pipe(pipes.go, error) || !open_pipe(pipes.output, error)) {
        close_pipes(&pipes);
        return false;
    }
    pid_t pid = spawn(spec, pipes.output[1], pipes.mark[1], pipes.go[0], error);
    if (pid == 0) {
        close_pipes(&pipes);
        return false;
    }
    *child = (struct child){.pid = pid,
                            .mark_fd = pipes.mark[0],
                            .go_fd = pipes.go[1],
                            .output_fd = pipes.output[0],
                            .line = g_string_new(NULL),
                            .output = g_string_new(NULL)};
    pipes.mark[0] = pipes.go[1] = pipes.output[0] = -1;
    close_pipes(&pipes);
    fcntl(child->mark_fd, F_SETFL, O_NONBLOCK);
    fcntl(child->output_fd, F_SETFL, O_NONBLOCK);
    return true;
}

/* Byte by byte: a mark is short, and nothing behind it may be taken along. */
enum child_event child_read(struct child *child, const char **line)
{
    if (child->line_handed_out)
        g_string_truncate(child->line, 0);
    child->line_handed_out = false;
    for (;;) {
        char byte;
        ssize_t got = child->mark_fd < 0 ? 0 : read(child->mark_fd, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return CHILD_NOTHING;
        if (got <= 0) {
            close_fd(&child->mark_fd);
            return CHILD_CLOSED;
        }
        g_string_append_c(child->line, byte);
        if (byte == '\0') /* as text the line would end here, and what follows be hidden */
            return CHILD_GARBAGE;
        if (byte == '\n') {
            child->line->str[child->line->len - 1] = '\0';
            *line = child->line->str;
            child->line_handed_out = true;
            return CHILD_LINE;
        }
        if (child->line->len >= PROTOCOL_LINE_MAX)
            return CHILD_GARBAGE;
    }
}

/* One that floods its output would hold us in here for ever: a pipe's capacity is enough for one call. */
void child_read_output(struct child *child)
{
    char buffer[CHILD_OUTPUT_MAX];
    for (int parts = 16; parts > 0 && child->output_fd >= 0; parts--) {
        ssize_t got = read(child->output_fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            close_fd(&child->output_fd);
            return;
        }
        gsize room = CHILD_OUTPUT_MAX - child->output->len;
        g_string_append_len(child->output, buffer, (gssize)MIN((gsize)got, room));
    }
}

bool child_go(struct child *child)
{
    ssize_t written;
    do
        written = write(child->go_fd, "g", 1);
    while (written < 0 && errno == EINTR);
    return written == 1;
}

void child_stop(struct child *child)
{
    close_fd(&child->mark_fd);
    if (child->pid <= 0)
        return;
    offspring_kill(child->pid);
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL); /* it may have left its group */
}

bool child_is_stopped(const struct child *child)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)child->pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static bool has_exited(const struct child *child, bool wait)
{
    siginfo_t info = {.si_pid = 0};
    int failed;
    do
        failed = waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT | (wait ? 0 : WNOHANG));
    while (failed && errno == EINTR);
    return !failed && info.si_pid != 0;
}

bool child_has_exited(const struct child *child)
{
    return has_exited(child, false);
}

bool child_reap(struct child *child, bool wait, int *status)
{
    struct rusage usage;
    pid_t reaped;
    if (has_exited(child, wait)) /* until it is reaped its number is its group's and nobody else's */
        kill(-child->pid, SIGKILL);
    do
        reaped = wait4(child->pid, status, wait ? 0 : WNOHANG, &usage);
    while (reaped < 0 && errno == EINTR);
    if (reaped == 0)
        return false;
    if (reaped < 0)
        *status = 0; /* somebody else has reaped it; what it did is unknown, and its marks are incomplete */
    child->pid = 0;
    return true;
}

void child_close(struct child *child)
{
    if (child->pid > 0) {
        int status;
        child_stop(child);
        child_reap(child, true, &status);
    }
    close_fd(&child->mark_fd);
    close_fd(&child->go_fd);
    close_fd(&child->output_fd);
    if (child->line)
        g_string_free(child->line, TRUE);
    if (child->output)
        g_string_free(child->output, TRUE);
    child->line = child->output = NULL;
}

char *child_describe_status(int status)
{
    static const struct {
        int code;
        const char *meaning;
    } codes[] = {
        {PROTOCOL_EXIT_USAGE, "an argument is wrong"},
        {PROTOCOL_EXIT_MEMORY, "the allocator returned NULL"},
        {PROTOCOL_EXIT_ORPHAN, "the protocol's descriptors were closed"},
        {PROTOCOL_EXIT_MISSING, "the purge or collect call is missing or failed"},
    };
    if (WIFSIGNALED(status))
        return g_strdup_printf("signal %d (%s)", WTERMSIG(status), g_strsignal(WTERMSIG(status)));
    for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++)
        if (WEXITSTATUS(status) == codes[i].code)
            return g_strdup_printf("exit code %d (%s)", codes[i].code, codes[i].meaning);
    return g_strdup_printf("exit code %d", WEXITSTATUS(status));
}
