/* main of every workload: read the arguments, find the calls they name, walk. */
#include <string.h>

#include "driver/call.h"
#include "driver/die.h"
#include "driver/mark.h"
#include "driver/params.h"
#include "driver/probe.h"
#include "driver/walk.h"

/* `text` may be NULL: it is not given. */
static void find_action(struct call_list *action, const char *key, const char *text)
{
    if (!text)
        return;
    const char *wrong = call_parse_action(action, text);
    if (wrong)
        die(PROTOCOL_EXIT_USAGE, key, "=", text, ": ", wrong, NULL);
    const char *missing = call_resolve(action);
    if (missing)
        die(PROTOCOL_EXIT_MISSING, key, " call ", missing, " is not in this process", NULL);
}

int main(int argc, char **argv)
{
    static struct params params;
    static struct walk_actions actions;
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
    find_action(&actions.purge, "purge", params.purge);
    find_action(&actions.collect, "collect", params.collect);
    walk_run(&params, &actions);
    return PROTOCOL_EXIT_DONE;
}
