#include "driver/call_text.h"

#include <string.h>

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

/* Of words with a dot between each two; 0: there is none. */
static size_t name_length(const char *text)
{
    size_t length = 0;
    for (;; length++) {
        size_t word =
            strspn(text + length, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        if (word == 0 || (text[length] >= '0' && text[length] <= '9'))
            return 0;
        length += word;
        if (text[length] != '.')
            return length;
    }
}

static bool take_name(const char **text, char name[CALL_NAME_MAX])
{
    skip_blanks(text);
    size_t length = name_length(*text);
    if (length == 0 || length >= CALL_NAME_MAX)
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
    if (strchr(call->function, '.'))
        return "a data symbol's name has no dot; a call has parentheses";
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

static bool reads_back(const struct call_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->calls[i].result != CALL_NOTHING)
            return true;
    return false;
}

const char *call_parse_read_back(struct call_list *list, const char *text)
{
    const char *wrong = call_parse(list, text);
    if (wrong || reads_back(list))
        return wrong;
    return "nothing is read back: write a type before the call, as in \"int: f()\" (int, long, bool, double "
           "or string)";
}

const char *call_parse_action(struct call_list *list, const char *text)
{
    const char *wrong = call_parse(list, text);
    if (wrong || !reads_back(list))
        return wrong;
    return "a type makes it a read-back, which does nothing: write the call without one, as in \"f()\"";
}
