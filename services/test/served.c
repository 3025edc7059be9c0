#include "served.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

void served_start(struct served *served, const struct start *start)
{
    char line[PROTOCOL_LINE_MAX], errors[4096], rest;
    served->program = workloads_name(start->program);
    child_start(&served->child, start);
    if (!child_read_line(&served->child, line)) {
        int code = child_end_with_errors(&served->child, errors, sizeof errors);
        fail_msg("%s: ended with %d: %s", served->child.title, code, errors);
    }
    if (sscanf(line, "service port=%u%c", &served->port, &rest) != 1)
        fail_msg("%s: not the line of a service: %s", served->child.title, line);
}

void served_read_mark(struct served *served, const char *phase, struct told *told)
{
    if (!child_read_mark(&served->child, told))
        fail_msg("%s: ended before %s", served->child.title, phase);
    if (strcmp(told->phase, phase) != 0)
        fail_msg("%s: %s instead of %s", served->child.title, told->phase, phase);
}

void served_go(struct served *served, const char *phase, struct told *told)
{
    child_go(&served->child);
    served_read_mark(served, phase, told);
}

void served_start_to_baseline(struct served *served, const struct start *start, struct told *baseline)
{
    struct answer answer;
    served_start(served, start);
    served_ask(served, "GET /healthz", &answer);
    served_read_mark(served, "baseline", baseline);
}

static bool is_readable(int fd)
{
    struct pollfd awaited = {.fd = fd, .events = POLLIN};
    return poll(&awaited, 1, 0) == 1;
}

bool served_has_marked(const struct served *served)
{
    return is_readable(served->child.mark_fd);
}

bool served_has_answered(int connection)
{
    return is_readable(connection);
}

int served_connect(const struct served *served, const char *address)
{
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons((uint16_t)served->port)};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(connection >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &peer.sin_addr), 1);
    if (connect(connection, (const struct sockaddr *)&peer, sizeof peer) == 0)
        return connection;
    close(connection);
    return -1;
}

void served_send_text(int connection, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(connection, text, length, MSG_NOSIGNAL);
        assert_true(sent > 0);
        text += sent;
        length -= (size_t)sent;
    }
}

int served_send(const struct served *served, const char *method_and_target)
{
    char text[512];
    int connection = served_connect(served, "127.0.0.1");
    if (connection < 0)
        fail_msg("%s: nobody listens at port %u", served->child.title, served->port);
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", method_and_target, served->port);
    served_send_text(connection, text, strlen(text));
    return connection;
}

void served_receive(int connection, struct answer *answer)
{
    char *text = answer->text;
    size_t length = 0, room = sizeof answer->text - 1;
    ssize_t got;
    while ((got = recv(connection, text + length, room - length, 0)) > 0)
        length += (size_t)got;
    if (got < 0 || length == room)
        fail_msg("an answer breaks off, or is too long");
    close(connection);
    text[length] = '\0';
    char *end = strstr(text, "\r\n\r\n");
    if (!end || sscanf(text, "HTTP/1.1 %u ", &answer->status) != 1)
        fail_msg("not an answer: %s", text);
    *end = '\0';
    answer->headers = text;
    answer->body = end + 4;
}

void served_ask(const struct served *served, const char *method_and_target, struct answer *answer)
{
    served_receive(served_send(served, method_and_target), answer);
}

void services_each(void (*check)(const char *program))
{
    assert_true(programs_each(TEST_BUILD_DIR "/services/*", check) > 0);
}
