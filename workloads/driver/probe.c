#include "driver/probe.h"

#include <dlfcn.h>
#include <string.h>

#include "driver/call.h"
#include "driver/die.h"
#include "driver/mark.h"

#define KEY_MAX 128
#define ANSWER_MAX (PROTOCOL_LINE_MAX / 2)

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

/* Writes "PREFIX KEY=VALUE" without the blank. */
static void tell(const char *prefix, const char *key, const char *value)
{
    char name[16 + KEY_MAX];
    strcpy(name, prefix);
    strcat(name, key);
    mark_write_line(name, value);
}

/* "?": no object's, or there is no such symbol. */
static const char *object_of(const void *address)
{
    Dl_info info;
    return address && dladdr(address, &info) != 0 && info.dli_fname ? info.dli_fname : "?";
}

static const char *owner_of(const char *function)
{
    return object_of(dlsym(RTLD_DEFAULT, function));
}

static void tell_owners(void)
{
#define X(function) mark_write_line(#function, owner_of(#function));
    PROTOCOL_OWNED(X)
#undef X
    if (SANITIZED)
        mark_write_line("sanitizer", owner_of("malloc"));
    else
        mark_write_line("libc", owner_of("getpid"));
}

static void parse(struct call_list *list, const char *text, bool is_action)
{
    const char *wrong = (is_action ? call_parse_action : call_parse_read_back)(list, text);
    if (wrong)
        die(PROTOCOL_EXIT_USAGE, "\"", text, "\": ", wrong, NULL);
}

/* Where each call of the action lies; it is not run. */
static void tell_action(const char *prefix, struct call_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        tell(prefix, list->calls[i].function, object_of(list->calls[i].address));
}

static void answer(const char *key, const char *text)
{
    struct call_list list;
    char value[ANSWER_MAX];
    const char *prefix = strcmp(key, "purge") == 0     ? "purge."
                         : strcmp(key, "collect") == 0 ? "collect."
                                                       : NULL;
    parse(&list, text, prefix != NULL);
    const char *missing = call_resolve(&list);
    if (missing)
        tell("missing.", key, missing);
    else if (prefix)
        tell_action(prefix, &list);
    else if (call_run(&list, value, sizeof value))
        mark_write_line(key, value);
    else
        tell("failed.", key, text);
}

int probe_run(char *const *arguments)
{
    tell_owners();
    for (; *arguments; arguments++) {
        char key[KEY_MAX];
        size_t length = strcspn(*arguments, "=");
        if (length == 0 || length >= sizeof key || (*arguments)[length] != '=')
            die(PROTOCOL_EXIT_USAGE, "probe: not KEY=CALL: ", *arguments, NULL);
        memcpy(key, *arguments, length);
        key[length] = '\0';
        answer(key, *arguments + length + 1);
    }
    return PROTOCOL_EXIT_DONE;
}
