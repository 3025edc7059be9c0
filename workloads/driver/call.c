#include "driver/call.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#include "driver/decimal.h"
#include "driver/mark.h"

const char *call_resolve(struct call_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        list->calls[i].address = dlsym(RTLD_DEFAULT, list->calls[i].function);
        if (!list->calls[i].address)
            return list->calls[i].function;
    }
    return NULL;
}

/* What a read-back has brought, before it is text. */
struct value {
    long number;
    double real;
    const char *text;
};

typedef int mallctl_function(const char *, void *, size_t *, void *, size_t);

/* It refuses any size but the value's own, which we don't know: each in turn. */
static bool read_mallctl(mallctl_function *mallctl, const struct call *call, struct value *value)
{
    static const size_t sizes[] = {8, 4, 1};
    size_t count = call->result == CALL_STRING ? 1 : sizeof sizes / sizeof *sizes;
    for (size_t i = 0; i < count; i++) {
        union {
            uint8_t byte;
            uint32_t word;
            int64_t wide;
            const char *text;
        } stored = {.wide = 0};
        size_t bytes = sizes[i];
        if (mallctl(call->text, &stored, &bytes, NULL, 0) != 0)
            continue;
        value->text = stored.text;
        value->number = bytes == 1 ? stored.byte : bytes == 4 ? (long)stored.word : (long)stored.wide;
        return true;
    }
    return false;
}

static bool run_mallctl(const struct call *call, struct value *value)
{
    mallctl_function *mallctl;
    memcpy(&mallctl, &call->address, sizeof mallctl);
    if (call->result == CALL_NOTHING)
        return mallctl(call->text, NULL, NULL, NULL, 0) == 0;
    return read_mallctl(mallctl, call, value);
}

static bool run_property(const struct call *call, struct value *value)
{
    int (*property)(const char *, size_t *);
    memcpy(&property, &call->address, sizeof property);
    size_t stored = 0;
    if (property(call->text, &stored) == 0)
        return false;
    value->number = (long)stored;
    return true;
}

/* The arguments not named are passed too: on the ABIs we run on, a callee never sees them. */
#define RUN_AS(type, call, into)                                                                             \
    do {                                                                                                     \
        type (*function)(long, long, long, long);                                                            \
        memcpy(&function, &(call)->address, sizeof function);                                                \
        const long *a = (call)->arguments;                                                                   \
        (into) = function(a[0], a[1], a[2], a[3]);                                                           \
    } while (0)

static void run_plain(const struct call *call, struct value *value)
{
    switch (call->result) {
    case CALL_NOTHING:
    case CALL_INT:
        RUN_AS(int, call, value->number);
        break;
    case CALL_LONG:
        RUN_AS(long, call, value->number);
        break;
    case CALL_BOOL:
        RUN_AS(bool, call, value->number);
        break;
    case CALL_DOUBLE:
        RUN_AS(double, call, value->real);
        break;
    case CALL_STRING:
        RUN_AS(const char *, call, value->text);
        break;
    }
}

static void read_data(const struct call *call, struct value *value)
{
    switch (call->result) {
    case CALL_NOTHING:
        break;
    case CALL_INT:
        value->number = *(const int *)call->address;
        break;
    case CALL_LONG:
        value->number = *(const long *)call->address;
        break;
    case CALL_BOOL:
        value->number = *(const unsigned char *)call->address != 0;
        break;
    case CALL_DOUBLE:
        value->real = *(const double *)call->address;
        break;
    case CALL_STRING:
        value->text = *(const char *const *)call->address;
        break;
    }
}

static bool run_one(const struct call *call, struct value *value)
{
    switch (call->shape) {
    case CALL_PLAIN:
        run_plain(call, value);
        return true;
    case CALL_MALLCTL:
        return run_mallctl(call, value);
    case CALL_PROPERTY:
        return run_property(call, value);
    case CALL_DATA:
        read_data(call, value);
        return true;
    }
    return false;
}

static bool answer_with(char *answer, size_t answer_bytes, enum call_result result, const struct value *value)
{
    char digits[DECIMAL_MAX > MARK_NUMBER_MAX ? DECIMAL_MAX : MARK_NUMBER_MAX + 1] = "-";
    const char *text = result == CALL_STRING ? value->text : digits;
    long number = result == CALL_BOOL ? value->number != 0 : value->number;
    if (result == CALL_DOUBLE)
        decimal_write(digits, value->real);
    else if (result != CALL_STRING)
        mark_number(digits + (number < 0), number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
    if (!text || strlen(text) >= answer_bytes)
        return false;
    strcpy(answer, text);
    for (char *at = answer; *at; at++)
        if ((unsigned char)*at < ' ') /* would forge a line of the protocol */
            *at = '?';
    return true;
}

bool call_run(const struct call_list *list, char *answer, size_t answer_bytes)
{
    if (answer)
        *answer = '\0';
    for (unsigned i = 0; i < list->count; i++) {
        const struct call *call = &list->calls[i];
        struct value value = {.number = 0};
        if (!run_one(call, &value))
            return false;
        if (answer && call->result != CALL_NOTHING &&
            !answer_with(answer, answer_bytes, call->result, &value))
            return false;
    }
    return true;
}
