/* main of every workload: read the arguments, find the purge call, walk. */
#include <string.h>

#include "driver/call.h"
#include "driver/die.h"
#include "driver/mark.h"
#include "driver/params.h"
#include "driver/probe.h"
#include "driver/walk.h"

static void find_purge(struct call_list *purge, const char *text)
{
    const char *wrong = call_parse_action(purge, text);
    if (wrong)
        die(PROTOCOL_EXIT_USAGE, "purge=", text, ": ", wrong, NULL);
    const char *missing = call_resolve(purge);
    if (missing)
        die(PROTOCOL_EXIT_MISSING, "purge call ", missing, " is not in this process", NULL);
}

int main(int argc, char **argv)
{
    static struct params params;
    static struct call_list purge;
    if (argc < 1)
        return PROTOCOL_EXIT_USAGE;
    die_set_program(argv[0]);
    mark_open();
    if (argc > 1 && strcmp(argv[1], "probe") == 0)
        return probe_run(argv + 2);
    const char *culprit;
    const char *wrong = params_read(&params, argv + 1, &culprit);
    if (wrong)
        die(PROTOCOL_EXIT_USAGE, culprit, ": ", wrong, NULL);
    if (params.purge)
        find_purge(&purge, params.purge);
    walk_run(&params, &purge);
    return PROTOCOL_EXIT_DONE;
}
