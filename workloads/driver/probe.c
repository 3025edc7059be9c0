#include "driver/probe.h"

#include <dlfcn.h>
#include <string.h>

#include "driver/call.h"
#include "driver/die.h"
#include "driver/mark.h"

static void tell_owner(void)
{
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, "malloc");
    if (!address || dladdr(address, &info) == 0)
        die(PROTOCOL_EXIT_MISSING, "nobody owns malloc", NULL);
    mark_write_line("malloc", info.dli_fname);
}

static void parse(struct call_list *list, const char *text)
{
    const char *wrong = call_parse(list, text);
    if (wrong)
        die(PROTOCOL_EXIT_USAGE, "\"", text, "\": ", wrong, NULL);
}

static void tell_version(const char *text)
{
    struct call_list list;
    char answer[256];
    parse(&list, text);
    if (!call_resolve(&list) && call_run(&list, answer, sizeof answer))
        mark_write_line("version", answer);
}

static void tell_purge(const char *text)
{
    struct call_list list;
    parse(&list, text);
    mark_write_line("purge", call_resolve(&list) ? "missing" : "found");
}

int probe_run(char *const *arguments)
{
    tell_owner();
    for (; *arguments; arguments++) {
        if (strncmp(*arguments, "version=", 8) == 0)
            tell_version(*arguments + 8);
        else if (strncmp(*arguments, "purge=", 6) == 0)
            tell_purge(*arguments + 6);
        else
            die(PROTOCOL_EXIT_USAGE, "probe: unknown argument ", *arguments, NULL);
    }
    return PROTOCOL_EXIT_DONE;
}
