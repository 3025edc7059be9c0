/* selftest.h: `afterfree selftest`: the controls are run like any plan, and their rows compared with their
 * known answers (bench/test/controls). */
#ifndef AFTERFREE_SELFTEST_H
#define AFTERFREE_SELFTEST_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "expect.h"
#include "options.h"

struct selftest {
    struct expect *answers;
    char *folder;   /* the run folder */
    bool temporary; /* it goes with us */
};

/* Reads the known answers, and tells `options` where the controls' libraries and the run folder are. False
 * with error; close it in any case. */
bool selftest_open(struct selftest *selftest, struct options *options, GError **error);

/* Prints the table of a finished run, not wider than 100 columns; `quiet`: what is not as expected alone.
 * EXIT_PROVEN or EXIT_NOT_PROVEN; -1 with error. */
int selftest_report(const struct selftest *selftest, bool quiet, FILE *out, GError **error);

void selftest_close(struct selftest *selftest); /* removes a temporary folder */

#endif
