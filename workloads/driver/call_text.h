/* call_text.h: the few call shapes a descriptor may name, as text and as data. The other header both sides include
 * (see protocol.h), and its .c is built into both: outside a descriptor is refused by the very code that reads it
 * inside. So it is pure: text in, a struct out, of libc string.h alone.
 *
 *     CALL [; CALL]…      each CALL one of
 *     f()  f(1)  f(1, 0)  …     up to four integers, passed as long; f may be of words with dots between them
 *                               (runtime.GC()), as other languages name functions: no C library has one
 *     mallctl("name")           all else NULL: the action of that name
 *     TYPE: CALL                a read-back: what f returns, or what mallctl stores
 *     TYPE: f("name", &)        a read-back: what f stores through a size_t *; f returning 0 is an error
 *     TYPE: NAME                a read-back: the data symbol of that name
 * TYPE is int, long, bool, double or string, which a result or symbol has in C; what is stored is read by its
 * size, so that int, long and bool say the same of it. A bool reads 1 or 0, a double as decimal.h has it. */
#ifndef CALL_TEXT_H
#define CALL_TEXT_H

#include <stdbool.h>

#define CALL_MAX 4
#define CALL_NAME_MAX 128
#define CALL_ARGUMENTS_MAX 4

enum call_shape {
    CALL_PLAIN,
    CALL_MALLCTL,
    CALL_PROPERTY, /* f("name", &) */
    CALL_DATA,
};

enum call_result {
    CALL_NOTHING,
    CALL_INT,
    CALL_LONG,
    CALL_BOOL,
    CALL_DOUBLE,
    CALL_STRING,
};

struct call {
    char function[CALL_NAME_MAX]; /* or data symbol */
    char text[CALL_NAME_MAX];     /* the name in quotes; "" where there is none */
    long arguments[CALL_ARGUMENTS_MAX];
    unsigned argument_count;
    enum call_shape shape;
    enum call_result result;
    void *address; /* after call_resolve */
};

struct call_list {
    struct call calls[CALL_MAX];
    unsigned count;
};

/* Returns NULL, or in static words what is wrong with the text. */
const char *call_parse(struct call_list *list, const char *text);
/* The same of what must tell something, so that one call at least has a type; and of what must do something, a
 * purge, where none has. */
const char *call_parse_read_back(struct call_list *list, const char *text);
const char *call_parse_action(struct call_list *list, const char *text);

#endif
