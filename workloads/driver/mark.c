#include "driver/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "driver/die.h"

static int mark_fd = PROTOCOL_MARK_FD;
static bool waits_for_go = true;

static _Noreturn void die_orphaned(void)
{
    die(PROTOCOL_EXIT_ORPHAN, "no go byte: the orchestrator is gone", NULL);
}

struct line {
    char text[PROTOCOL_LINE_MAX];
    size_t length;
};

void mark_open(void)
{
    signal(SIGPIPE, SIG_IGN); /* a closed fd 3 is an error of write, with its own exit code */
    if (fcntl(PROTOCOL_MARK_FD, F_GETFD) < 0)
        mark_fd = STDOUT_FILENO;
    waits_for_go = fcntl(PROTOCOL_GO_FD, F_GETFD) >= 0;
}

unsigned mark_number(char text[MARK_NUMBER_MAX], uint64_t number)
{
    char digits[MARK_NUMBER_MAX];
    unsigned count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    for (unsigned i = 0; i < count; i++)
        text[i] = digits[count - 1 - i];
    text[count] = '\0';
    return count;
}

static void add(struct line *line, const char *text)
{
    size_t length = strlen(text);
    if (length > sizeof line->text - line->length)
        die(PROTOCOL_EXIT_ORPHAN, "a mark is longer than the protocol allows", NULL);
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void add_field(struct line *line, const char *name, uint64_t number)
{
    char text[MARK_NUMBER_MAX];
    mark_number(text, number);
    add(line, " ");
    add(line, name);
    add(line, "=");
    add(line, text);
}

static void send_line(struct line *line)
{
    add(line, "\n");
    const char *at = line->text;
    while (line->length > 0) {
        ssize_t written = write(mark_fd, at, line->length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            die(PROTOCOL_EXIT_ORPHAN, "the mark cannot be written", NULL);
        at += written;
        line->length -= (size_t)written;
    }
}

void mark_await_go(void)
{
    if (!waits_for_go)
        return;
    char byte;
    ssize_t got;
    do
        got = read(PROTOCOL_GO_FD, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1)
        die_orphaned();
}

void mark_await_fd(int fd)
{
    struct pollfd awaited[] = {{.fd = fd, .events = POLLIN}, {.fd = waits_for_go ? PROTOCOL_GO_FD : -1}};
    while (poll(awaited, 2, -1) < 0 && errno == EINTR)
        ;
    if (awaited[1].revents != 0)
        die_orphaned();
}

void mark_write(const char *phase, const struct mark *mark)
{
    struct line line = {.length = 0};
    add(&line, phase);
#define X(name) add_field(&line, #name, mark->name);
    PROTOCOL_MARK_FIELDS(X)
#undef X
    send_line(&line);
    mark_await_go();
}

void mark_write_latency(const char *phase, const char *clock, const struct mark_latency *latency)
{
    struct line line = {.length = 0};
    add(&line, "latency phase=");
    add(&line, phase);
    add(&line, " clock=");
    add(&line, clock);
#define X(name)                                                                                              \
    if (latency->name != MARK_LEFT_OUT)                                                                      \
        add_field(&line, #name, latency->name);
    PROTOCOL_LATENCY_FIELDS(X)
#undef X
    send_line(&line);
}

void mark_write_line(const char *key, const char *value)
{
    struct line line = {.length = 0};
    add(&line, key);
    add(&line, "=");
    add(&line, value);
    send_line(&line);
}
