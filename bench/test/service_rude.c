/* rude: a service that does wrong on purpose, as its environment variable RUDE says; without it, a well behaved one with
 * one thread and no map. Its descriptor, bench/test/allocators/rude.ini, has a setting per fault:
 *   eater     each build touches 60 MB in some 200 ms, and keeps them
 *   checksum  answers with another checksum                  body      answers with other words
 *   status    answers HTTP 500, and walks on                 stuck     answers HTTP 500, and says nothing any more
 *   mute      walks on without an answer                     hangup    walks on, and closes the connection instead
 *   dumb      neither answers nor walks on
 *   exit      exit code 3 in build, and so does left, but a child of it keeps the connection
 *   port      tells port 0                                   deaf      tells a port where nobody listens
 *   silent    tells none                                     twice     tells it twice
 *   late      tells it behind its baseline                   sick      is not healthy */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "driver/protocol.h"

#define CHECKSUM UINT64_C(4711)
#define MEAL_BYTES ((size_t)60 << 20)

static int listener, connection = -1;
static unsigned long records;

static bool is_rude(const char *fault)
{
    const char *asked = getenv("RUDE");
    return asked && strcmp(asked, fault) == 0;
}

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- fd 3 and 4 --- */

static void say(const char *line)
{
    if (write(PROTOCOL_MARK_FD, line, strlen(line)) != (ssize_t)strlen(line))
        _exit(PROTOCOL_EXIT_ORPHAN);
}

static void await_go(void)
{
    char byte;
    if (read(PROTOCOL_GO_FD, &byte, 1) != 1)
        _exit(PROTOCOL_EXIT_ORPHAN);
}

static void mark(const char *phase, uint64_t begin_ns)
{
    char line[PROTOCOL_LINE_MAX];
    uint64_t checksum = strcmp(phase, "hold") == 0 ? CHECKSUM : 0;
    snprintf(line, sizeof line,
             "%s begin_ns=%llu end_ns=%llu minor_faults=0 major_faults=0 user_ns=0 sys_ns=0 live_bytes=0 "
             "live_blocks=0 shape_bytes=0 checksum=%llu shape_checksum=%llu scratch_bytes=0\n",
             phase, (unsigned long long)begin_ns, (unsigned long long)now_ns(), (unsigned long long)checksum,
             (unsigned long long)checksum);
    say(line);
    await_go();
}

static void tell_port(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    char line[64];
    getsockname(listener, (struct sockaddr *)&address, &length);
    unsigned port = is_rude("port") ? 0 : ntohs(address.sin_port);
    if (is_rude("deaf"))
        close(listener);
    snprintf(line, sizeof line, "service port=%u\n", port);
    say(line);
    if (is_rude("twice"))
        say(line);
}

/* --- HTTP --- */

static void listen_anywhere(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0)
        _exit(PROTOCOL_EXIT_USAGE);
}

/* A request as it has to be, word by word: curl's first line, and neither proxy nor body. */
static void await_request(const char *first_line)
{
    char text[4096] = "";
    size_t length = 0;
    connection = accept(listener, NULL, NULL);
    while (!strstr(text, "\r\n\r\n")) {
        ssize_t got = read(connection, text + length, sizeof text - 1 - length);
        if (got <= 0)
            _exit(9);
        length += (size_t)got;
        text[length] = '\0';
    }
    if (strncmp(text, first_line, strlen(first_line)) != 0 || strstr(text, "Proxy"))
        _exit(10);
}

static void answer(const char *status, const char *body)
{
    char text[512];
    int length =
        snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                 status, strlen(body), body);
    if (write(connection, text, (size_t)length) != length)
        _exit(11);
    close(connection);
}

static void answer_build(void)
{
    char body[100];
    snprintf(body, sizeof body, "records=%lu checksum=%llu\n", records,
             (unsigned long long)(is_rude("checksum") ? CHECKSUM + 1 : CHECKSUM));
    if (is_rude("mute"))
        return;
    if (is_rude("hangup"))
        close(connection);
    else if (is_rude("status") || is_rude("stuck"))
        answer("500 Internal Server Error", "no\n");
    else
        answer("200 OK", is_rude("body") ? "done\n" : body);
    if (is_rude("stuck"))
        wait_for_ever();
}

/* --- the walk --- */

static void eat(void)
{
    char *map = mmap(NULL, MEAL_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t at = 0; at < MEAL_BYTES; at += 4096) {
        map[at] = 1;
        if (at % (1 << 20) == 0)
            usleep(3000);
    }
}

static void build(void)
{
    char first_line[100];
    snprintf(first_line, sizeof first_line, "POST /build?records=%lu HTTP/1.1\r\n", records);
    await_request(first_line);
    if (is_rude("dumb"))
        wait_for_ever();
    if (is_rude("left") && fork() == 0)
        wait_for_ever();
    if (is_rude("exit") || is_rude("left"))
        _exit(3);
    if (is_rude("eater"))
        eat();
}

static void walk(char *phases)
{
    for (char *phase = strtok(phases, ","); phase; phase = strtok(NULL, ",")) {
        char *window = strchr(phase, ':');
        if (window)
            *window = '\0';
        if (strcmp(phase, "build") == 0 || strcmp(phase, "rebuild") == 0)
            build();
        if (strcmp(phase, "drop") == 0 || strcmp(phase, "redrop") == 0)
            answer_build();
        if (strcmp(phase, "purge") == 0) {
            await_request("POST /release HTTP/1.1\r\n");
            answer("200 OK", "released\n");
        }
        uint64_t begin_ns = now_ns();
        if (window)
            usleep((unsigned)atoi(window + 1) * 1000);
        mark(phase, begin_ns);
    }
}

static void begin(void)
{
    listen_anywhere();
    if (!is_rude("silent") && !is_rude("late"))
        tell_port();
    if (!is_rude("silent") && !is_rude("late") && !is_rude("port") && !is_rude("deaf") && !is_rude("twice")) {
        await_request("GET /healthz HTTP/1.1\r\n");
        answer("200 OK", is_rude("sick") ? "ill\n" : "ok\n");
    }
    if (is_rude("deaf") || is_rude("port") || is_rude("twice"))
        wait_for_ever();
    mark("baseline", now_ns());
    if (is_rude("late"))
        tell_port();
}

/* As a probe it owns no malloc of its own: the C library's. */
int main(int count, char **arguments)
{
    static char phases[1024];
    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < count; i++) {
        if (strncmp(arguments[i], "records=", 8) == 0)
            records = strtoul(arguments[i] + 8, NULL, 10);
        if (strncmp(arguments[i], "walk=", 5) == 0)
            snprintf(phases, sizeof phases, "%s", arguments[i] + 5);
    }
    begin();
    walk(phases);
    mark("end", now_ns());
    return 0;
}
