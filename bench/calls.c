#include "calls.h"

#include <glib.h>
#include <string.h>

#include "driver/call_text.h"

static const char *tunable_problem(const char *text)
{
    g_autofree char *name = g_strstrip(g_strdup(text + strlen(CALLS_TUNABLE)));
    size_t length = strspn(name, G_CSET_a_2_z G_CSET_DIGITS "._");
    return length > 0 && name[length] == '\0'
               ? NULL
               : "a tunable's name is of a-z, 0-9, . and _: write it as the loader's --list-tunables does, "
                 "as in \"tunable: glibc.malloc.arena_max\"";
}

const char *calls_problem(const char *key, const char *text)
{
    struct call_list list;
    if (strcmp(key, "purge") == 0 || strcmp(key, "collect") == 0)
        return call_parse_action(&list, text);
    if (g_str_has_prefix(key, "read.") && g_str_has_prefix(text, CALLS_TUNABLE))
        return tunable_problem(text);
    return call_parse_read_back(&list, text);
}
