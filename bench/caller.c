#include "caller.h"

#include <string.h>
#include <sys/wait.h>

#include "error.h"
#include "units.h"

#define STATUS_MARK "\nHTTP " /* between the body and the status, see --write-out */

static const struct {
    const char *method, *path;
} requests[] = {[CALLER_HEALTH] = {"GET", "/healthz"},
                [CALLER_BUILD] = {"POST", "/build"},
                [CALLER_RELEASE] = {"POST", "/release"}};

void caller_open(struct caller *caller, const char *program)
{
    *caller = (struct caller){.program = g_strdup(program)};
}

static void forget(struct caller *caller)
{
    g_clear_pointer(&caller->text, g_free);
    g_clear_pointer(&caller->failure, g_free);
}

static void end(struct caller *caller)
{
    if (caller->is_under_way)
        child_close(&caller->child);
    caller->is_under_way = false;
}

void caller_close(struct caller *caller)
{
    end(caller);
    forget(caller);
    g_clear_pointer(&caller->program, g_free);
}

bool caller_ask(struct caller *caller, enum caller_request request, uint64_t records, GError **error)
{
    g_autofree char *query =
        request == CALLER_BUILD ? g_strdup_printf("?records=%" G_GUINT64_FORMAT, records) : g_strdup("");
    g_autofree char *url =
        g_strdup_printf("http://127.0.0.1:%u%s%s", caller->port, requests[request].path, query);
    const char *const get[] = {CALLER_PROGRAM,
                               "--disable",
                               "--silent",
                               "--show-error",
                               "--noproxy",
                               "*",
                               "--write-out",
                               STATUS_MARK "%{http_code}\n",
                               url,
                               NULL};
    const char *const post[] = {CALLER_PROGRAM, "--disable", "--silent",    "--show-error",
                                "--noproxy",    "*",         "--write-out", STATUS_MARK "%{http_code}\n",
                                "--data",       "",          url,           NULL};
    char *const environment[] = {NULL};
    bool posts = strcmp(requests[request].method, "POST") == 0;
    const struct spawn_spec spec = {.program = caller->program,
                                    .arguments = (char *const *)(uintptr_t)(posts ? post : get),
                                    .environment = environment};
    end(caller);
    forget(caller);
    caller->request = request;
    caller->builds += request == CALLER_BUILD;
    caller->is_under_way = child_start(&caller->child, &spec, error);
    return caller->is_under_way;
}

void caller_give_up(struct caller *caller)
{
    if (!caller->is_under_way)
        return;
    end(caller);
    caller->failure = g_strdup("there was no answer");
}

bool caller_watch(struct caller *caller)
{
    const char *line;
    int status;
    if (!caller->is_under_way)
        return false;
    while (child_read(&caller->child, &line) ==
           CHILD_LINE) /* it has nothing to say there: its end is told by it */
        ;
    child_read_output(&caller->child);
    if (!child_reap(&caller->child, false, &status))
        return false;
    child_read_output(&caller->child);
    caller_parse_output(caller->child.output->str, status, &caller->text, &caller->failure);
    caller->answered += caller->request == CALLER_BUILD && caller->text;
    end(caller);
    return true;
}

/* --- texts --- */

static char *ordinal(guint number)
{
    static const char *const words[] = {"first", "second", "third"};
    static const char *const endings[] = {"th", "st", "nd", "rd"};
    guint last = number / 10 % 10 == 1 ? 0 : number % 10;
    return number >= 1 && number <= G_N_ELEMENTS(words)
               ? g_strdup(words[number - 1])
               : g_strdup_printf("%u%s", number, endings[last < G_N_ELEMENTS(endings) ? last : 0]);
}

char *caller_describe(const struct caller *caller)
{
    g_autofree char *nth = ordinal(caller->builds);
    return g_strdup_printf("%s %s%s%s%s", requests[caller->request].method, requests[caller->request].path,
                           caller->request == CALLER_BUILD ? " (" : "",
                           caller->request == CALLER_BUILD ? nth : "",
                           caller->request == CALLER_BUILD ? " request)" : "");
}

static char *expected_text(enum caller_request request, uint64_t records, uint64_t checksum)
{
    switch (request) {
    case CALLER_HEALTH:
        return g_strdup("ok\n");
    case CALLER_BUILD:
        return g_strdup_printf("records=%" G_GUINT64_FORMAT " checksum=%" G_GUINT64_FORMAT "\n", records,
                               checksum);
    default:
        return g_strdup("released\n");
    }
}

char *caller_judge(const struct caller *caller, uint64_t records, uint64_t checksum)
{
    if (caller->request == CALLER_NONE)
        return NULL;
    g_autofree char *what = caller_describe(caller);
    g_autofree char *expected = expected_text(caller->request, records, checksum);
    g_autofree char *is = g_strchomp(g_strdup(caller->text ? caller->text : ""));
    if (caller->failure)
        return g_strdup_printf("%s: %s", what, caller->failure);
    if (!caller->text)
        return g_strdup_printf("%s: there is no answer", what);
    if (strcmp(caller->text, expected) == 0)
        return NULL;
    return g_strdup_printf("%s: the answer is \"%.80s\", not \"%s\"", what, is, g_strchomp(expected));
}

bool caller_parse_line(const char *line, unsigned *port, GError **error)
{
    static const char prefix[] = "service port=";
    uint64_t number;
    if (g_str_has_prefix(line, prefix) && units_parse_digits(line + strlen(prefix), &number) && number >= 1 &&
        number <= G_MAXUINT16) {
        *port = (unsigned)number;
        return true;
    }
    return error_refuse(error, EXIT_BAD_DATA, "bad line of a service: \"%.60s\" is not service port=1..65535",
                        line);
}

/* The line in which curl says what went wrong; else its exit code. */
static char *said(const char *output, int status)
{
    const char *words = strstr(output, "curl: (");
    return words ? g_strndup(words, strcspn(words, "\r\n")) : child_describe_status(status);
}

void caller_parse_output(const char *output, int status, char **text, char **failure)
{
    const char *mark = g_strrstr(output, STATUS_MARK);
    const char *code = mark ? mark + strlen(STATUS_MARK) : "";
    g_autofree char *body = g_strndup(output, mark ? (gsize)(mark - output) : 0);
    *text = *failure = NULL;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !mark) {
        *failure = said(output, status);
    } else if (strcmp(code, "200\n") == 0) {
        *text = g_steal_pointer(&body);
    } else {
        *failure = g_strdup_printf("HTTP %.*s: %.100s", (int)strcspn(code, "\n"), code, g_strchomp(body));
    }
}
