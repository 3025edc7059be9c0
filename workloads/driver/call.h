/* call.h: the few call shapes a descriptor may name, as typed code in one place.
 *
 *     CALL [; CALL]…      each CALL one of
 *     f()  f(1)  f(1, 0)  …            up to four integers, passed as long
 *     mallctl("name")                  all else NULL: the action of that name
 *     int: CALL   string: CALL         a read-back: what it returns (mallctl: what it stores) */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stddef.h>

#define CALL_MAX 4
#define CALL_NAME_MAX 128
#define CALL_ARGUMENTS_MAX 4

enum call_result {
    CALL_NOTHING,
    CALL_INT,
    CALL_STRING,
};

struct call {
    char function[CALL_NAME_MAX];
    char text[CALL_NAME_MAX]; /* mallctl's name; "" otherwise */
    long arguments[CALL_ARGUMENTS_MAX];
    unsigned argument_count;
    enum call_result result;
    void *address; /* after call_resolve */
};

struct call_list {
    struct call calls[CALL_MAX];
    unsigned count;
};

/* Returns NULL, or in static words what is wrong with the text. */
const char *call_parse(struct call_list *list, const char *text);

/* Looks all functions up; returns NULL or the name of the first that is not in this process. Do it before
 * the baseline: a name that is missing makes dlsym allocate. */
const char *call_resolve(struct call_list *list);

/* Runs them in order. `answer` (may be NULL) gets the last read-back as text; false: a call reported an
 * error (mallctl not 0) or returned no text. */
bool call_run(const struct call_list *list, char *answer, size_t answer_bytes);

#endif
