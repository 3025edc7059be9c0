/* call.h: what call_text.h has read, looked up in this process and run: typed code in one place. */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "driver/call_text.h"

/* Looks all functions up; returns NULL or the name of the first that is not in this process. Do it before
 * the baseline: a name that is missing makes dlsym allocate. */
const char *call_resolve(struct call_list *list);

/* Runs them in order. `answer` (may be NULL) gets the last read-back as text, control characters as '?', ""
 * where no call has a type; false: a call reported an error (mallctl not 0, f("name", &) 0) or returned no text. */
bool call_run(const struct call_list *list, char *answer, size_t answer_bytes);

#endif
