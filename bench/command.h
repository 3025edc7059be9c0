/* command.h: the subcommands of `afterfree`. Each returns the exit code, or -1 with error set. */
#ifndef AFTERFREE_COMMAND_H
#define AFTERFREE_COMMAND_H

#include <glib.h>

int command_run(int argc, char **argv, GError **error);
int command_cost(int argc, char **argv, GError **error);
int command_list(int argc, char **argv, GError **error);
int command_check(int argc, char **argv, GError **error);
int command_summary(int argc, char **argv, GError **error);
int command_selftest(int argc, char **argv, GError **error);
int command_compare(int argc, char **argv, GError **error);

#endif
