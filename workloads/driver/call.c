#include "driver/call.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

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

static const char *take_arguments(const char **text, struct call *call)
{
    if (strcmp(call->function, "mallctl") == 0) {
        if (!take_quoted(text, call->text))
            return "mallctl takes one name in quotes";
        return take(text, ")") ? NULL : "a closing parenthesis is missing";
    }
    if (take(text, ")"))
        return NULL;
    do {
        if (call->argument_count == CALL_ARGUMENTS_MAX)
            return "a call takes at most four integers";
        if (!take_integer(text, &call->arguments[call->argument_count++]))
            return "an argument is no integer";
    } while (take(text, ","));
    return take(text, ")") ? NULL : "a closing parenthesis is missing";
}

static const char *take_call(const char **text, struct call *call)
{
    *call = (struct call){.result = CALL_NOTHING};
    if (take(text, "int:"))
        call->result = CALL_INT;
    else if (take(text, "string:"))
        call->result = CALL_STRING;
    if (!take_name(text, call->function))
        return "a function name is missing";
    if (!take(text, "("))
        return "an opening parenthesis is missing";
    return take_arguments(text, call);
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

static bool run_mallctl(const struct call *call, long *number, const char **text)
{
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);
    memcpy(&mallctl, &call->address, sizeof mallctl);
    union {
        uint8_t byte;
        uint32_t word;
        int64_t wide;
        const char *text;
    } value = {.wide = 0};
    size_t bytes = sizeof value;
    bool reads = call->result != CALL_NOTHING;
    if (mallctl(call->text, reads ? &value : NULL, reads ? &bytes : NULL, NULL, 0) != 0)
        return false;
    *text = value.text;
    *number = bytes == 1 ? value.byte : bytes == 4 ? (long)value.word : (long)value.wide;
    return true;
}

/* The arguments not named are passed too: on the ABIs we run on, a callee never sees them. */
static void run_plain(const struct call *call, long *number, const char **text)
{
    const long *a = call->arguments;
    if (call->result == CALL_STRING) {
        const char *(*function)(long, long, long, long);
        memcpy(&function, &call->address, sizeof function);
        *text = function(a[0], a[1], a[2], a[3]);
    } else {
        int (*function)(long, long, long, long);
        memcpy(&function, &call->address, sizeof function);
        *number = function(a[0], a[1], a[2], a[3]);
    }
}

static bool answer_with(char *answer, size_t answer_bytes, enum call_result kind, long number,
                        const char *text)
{
    char digits[MARK_NUMBER_MAX + 1] = "-";
    if (kind == CALL_INT) {
        mark_number(digits + (number < 0), number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
        text = digits;
    }
    if (!text || strlen(text) >= answer_bytes)
        return false;
    strcpy(answer, text);
    return true;
}

bool call_run(const struct call_list *list, char *answer, size_t answer_bytes)
{
    for (unsigned i = 0; i < list->count; i++) {
        const struct call *call = &list->calls[i];
        long number = 0;
        const char *text = NULL;
        if (strcmp(call->function, "mallctl") != 0)
            run_plain(call, &number, &text);
        else if (!run_mallctl(call, &number, &text))
            return false;
        if (answer && call->result != CALL_NOTHING &&
            !answer_with(answer, answer_bytes, call->result, number, text))
            return false;
    }
    return true;
}
