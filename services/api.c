/* api: the article's test API on libmicrohttpd, a thread per connection. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew/requests.h"
#include "driver/die.h"
#include "driver/mark.h"
#include "service.h"

static struct MHD_Daemon *server;
static uint64_t records;

struct answer {
    unsigned status;
    const char *allowed; /* the methods of this path, of 405 alone; NULL */
    char text[160];
};

static void say_ok(struct answer *answer, uint64_t checksum)
{
    (void)checksum;
    strcpy(answer->text, "ok\n");
}

static void say_built(struct answer *answer, uint64_t checksum)
{
    snprintf(answer->text, sizeof answer->text, "records=%" PRIu64 " checksum=%" PRIu64 "\n", records,
             checksum);
}

static void say_released(struct answer *answer, uint64_t checksum)
{
    (void)checksum;
    strcpy(answer->text, "released\n");
}

static const struct route {
    const char *path, *method;
    enum request request;
    void (*say)(struct answer *answer, uint64_t checksum);
} routes[] = {
    {"/healthz", "GET", REQUEST_HEALTH, say_ok},
    {"/build", "POST", REQUEST_BUILD, say_built},
    {"/release", "POST", REQUEST_RELEASE, say_released},
};

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

static void refuse(struct answer *answer, unsigned status, const char *text)
{
    answer->status = status;
    snprintf(answer->text, sizeof answer->text, "%s\n", text);
}

/* Is it the shape's records that are asked for? */
static bool asks_for_our_records(struct MHD_Connection *connection)
{
    char number[MARK_NUMBER_MAX];
    const char *asked = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "records");
    mark_number(number, records);
    return asked && strcmp(asked, number) == 0;
}

static void serve(struct MHD_Connection *connection, const char *path, const char *method,
                  struct answer *answer)
{
    const struct route *route = find_route(path);
    uint64_t checksum;
    if (!route) {
        refuse(answer, MHD_HTTP_NOT_FOUND, "there are GET /healthz, POST /build?records=N and POST /release");
    } else if (strcmp(method, route->method) != 0) {
        refuse(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "not by this method");
        answer->allowed = route->method;
    } else if (route->request == REQUEST_BUILD && !asks_for_our_records(connection)) {
        answer->status = MHD_HTTP_BAD_REQUEST;
        snprintf(answer->text, sizeof answer->text,
                 "ask for /build?records=%" PRIu64 ", or start the service with records=N\n", records);
    } else if (!requests_serve(route->request, connection, &checksum)) {
        refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "the walk is over");
    } else {
        route->say(answer, checksum);
    }
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(answer->text), answer->text, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (answer->allowed)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allowed);
    enum MHD_Result sent = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return sent;
}

/* Called once for the headers, for each piece of the body, and behind it: then it is answered. */
static enum MHD_Result handle(void *unused, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *body, size_t *body_bytes,
                              void **seen)
{
    struct answer answer = {.status = MHD_HTTP_OK};
    (void)unused, (void)version, (void)body;
    if (!*seen || *body_bytes > 0) {
        *seen = &server;
        *body_bytes = 0;
        return MHD_YES;
    }
    serve(connection, path, method, &answer);
    return send_answer(connection, &answer);
}

/* Told by the listening thread: of the end when it has joined the connection's thread. */
static void notice(void *unused, struct MHD_Connection *connection, void **context,
                   enum MHD_ConnectionNotificationCode code)
{
    (void)unused, (void)context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED)
        requests_gone(connection);
}

static uint16_t open_port(uint16_t port, uint64_t shape_records)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[MARK_NUMBER_MAX];
    mark_number(text, port);
    records = shape_records;
    server = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC |
                                  MHD_USE_ERROR_LOG,
                              port, NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &address,
                              MHD_OPTION_NOTIFY_CONNECTION, notice, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info = server ? MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info)
        die(PROTOCOL_EXIT_USAGE, "port=", text, ": cannot listen there on 127.0.0.1", NULL);
    return info->port;
}

static void close_port(void)
{
    MHD_stop_daemon(server);
}

const struct service service = {.open = open_port, .close = close_port};
