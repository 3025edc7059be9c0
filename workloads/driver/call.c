#include "driver/call.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#include "driver/decimal.h"
#include "driver/mark.h"

static void skip_blanks(const char **text)
{
    while (**text == ' ' || **text == '\t')
        ++*text;
}

static bool take(const char **text, const char *word)
{
    skip_blanks(text);
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

static bool take_name(const char **text, char name[CALL_NAME_MAX])
{
    skip_blanks(text);
    size_t length = strspn(*text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (length == 0 || length >= CALL_NAME_MAX || (**text >= '0' && **text <= '9'))
        return false;
    memcpy(name, *text, length);
    name[length] = '\0';
    *text += length;
    return true;
}

static bool take_integer(const char **text, long *number)
{
    skip_blanks(text);
    bool negative = **text == '-';
    const char *at = *text + negative;
    long value = 0;
    unsigned digits = 0;
    for (; *at >= '0' && *at <= '9' && digits < 18; at++, digits++)
        value = value * 10 + (*at - '0');
    *number = negative ? -value : value;
    *text = at;
    return digits > 0 && (*at < '0' || *at > '9');
}

static bool take_quoted(const char **text, char quoted[CALL_NAME_MAX])
{
    if (!take(text, "\""))
        return false;
    size_t length = strcspn(*text, "\"");
    if (length == 0 || length >= CALL_NAME_MAX || (*text)[length] != '"')
        return false;
    memcpy(quoted, *text, length);
    quoted[length] = '\0';
    *text += length + 1;
    return true;
}

static const char *take_end(const char **text)
{
    return take(text, ")") ? NULL : "a closing parenthesis is missing";
}

static const char *take_integers(const char **text, struct call *call)
{
    if (take(text, ")"))
        return NULL;
    do {
        if (call->argument_count == CALL_ARGUMENTS_MAX)
            return "a call takes at most four integers";
        if (!take_integer(text, &call->arguments[call->argument_count++]))
            return "an argument is no integer";
    } while (take(text, ","));
    return take_end(text);
}

static bool is_number(enum call_result result)
{
    return result == CALL_INT || result == CALL_LONG || result == CALL_BOOL;
}

static const char *take_arguments(const char **text, struct call *call)
{
    skip_blanks(text);
    if (strcmp(call->function, "mallctl") == 0) {
        call->shape = CALL_MALLCTL;
        if (call->result == CALL_DOUBLE)
            return "mallctl stores no double";
        return take_quoted(text, call->text) ? take_end(text) : "mallctl takes one name in quotes";
    }
    if (**text != '"')
        return take_integers(text, call);
    call->shape = CALL_PROPERTY;
    if (!take_quoted(text, call->text) || !take(text, ",") || !take(text, "&"))
        return "a name in quotes is followed by \", &\"";
    return is_number(call->result) ? take_end(text) : "what is stored behind & is an int, long or bool";
}

static enum call_result take_type(const char **text)
{
    static const struct {
        const char *word;
        enum call_result result;
    } types[] = {{"int:", CALL_INT},
                 {"long:", CALL_LONG},
                 {"bool:", CALL_BOOL},
                 {"double:", CALL_DOUBLE},
                 {"string:", CALL_STRING}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (take(text, types[i].word))
            return types[i].result;
    return CALL_NOTHING;
}

static const char *take_call(const char **text, struct call *call)
{
    *call = (struct call){.shape = CALL_PLAIN};
    call->result = take_type(text);
    if (!take_name(text, call->function))
        return "a function name is missing";
    if (take(text, "("))
        return take_arguments(text, call);
    call->shape = CALL_DATA;
    return call->result != CALL_NOTHING ? NULL : "an opening parenthesis is missing";
}

const char *call_parse(struct call_list *list, const char *text)
{
    list->count = 0;
    do {
        if (list->count == CALL_MAX)
            return "there are more than four calls";
        const char *wrong = take_call(&text, &list->calls[list->count++]);
        if (wrong)
            return wrong;
    } while (take(&text, ";"));
    skip_blanks(&text);
    return *text ? "there is text behind the last call" : NULL;
}

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
