/* options_select.h: what the command lines of `run`, `list` and `cost` share, for options*.c. */
#ifndef AFTERFREE_OPTIONS_SELECT_H
#define AFTERFREE_OPTIONS_SELECT_H

#include "options.h"

#define NOT_GIVEN G_MININT /* of options that take a number */

/* Options of `run` and `list`, which say which cells. */
struct selection {
    char **preloads;
    int repeat;
};

#define SELECTION_ENTRIES(options, selection)                                                                \
    {"plan",     'p', 0, G_OPTION_ARG_STRING, &(options)->plan, "plan by name or file (default: default)",   \
     "NAME|FILE"},                                                                                           \
        {"only",                                                                                             \
         'o',                                                                                                \
         0,                                                                                                  \
         G_OPTION_ARG_STRING_ARRAY,                                                                          \
         &(options)->only,                                                                                   \
         "only cells whose name matches; repeatable",                                                        \
         "GLOB"},                                                                                            \
        {"repeat", 'r', 0, G_OPTION_ARG_INT, &(selection).repeat, "runs of each cell (default: the plan's)", \
         "N"},                                                                                               \
        {"data",                                                                                             \
         0,                                                                                                  \
         0,                                                                                                  \
         G_OPTION_ARG_FILENAME_ARRAY,                                                                        \
         &(options)->data,                                                                                   \
         "look for allocators/ and plans/ here first; repeatable",                                           \
         "DIR"},                                                                                             \
    {                                                                                                        \
        "preload", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(selection).preloads,                                   \
            "run NAME's settings on this library; repeatable", "NAME=PATH"                                   \
    }

/* Prints help and exits where that is asked for. */
bool options_parse(GOptionContext *context, int *argc, char ***argv, GError **error);
/* What is left over is refused; the rest goes into `options`. */
bool options_finish_selection(struct options *options, const struct selection *selection, int argc,
                              char **argv, GError **error);
bool options_in_range(const char *name, int value, int low, int high, GError **error);
/* False always; the message is `what` and `value`. */
bool options_usage(GError **error, const char *what, const char *value);

#endif
