/* The call language of descriptors (inside): what is taken is what is written. */
#include "driver/call.h"
#include "fuzz.h"

static void write_call(GString *text, const struct call *call)
{
    static const char *const results[] = {
        [CALL_NOTHING] = "",    [CALL_INT] = "int: ",       [CALL_LONG] = "long: ",
        [CALL_BOOL] = "bool: ", [CALL_DOUBLE] = "double: ", [CALL_STRING] = "string: "};
    g_string_append_printf(text, "%s%s", results[call->result], call->function);
    switch (call->shape) {
    case CALL_DATA:
        return;
    case CALL_MALLCTL:
        g_string_append_printf(text, "(\"%s\")", call->text);
        return;
    case CALL_PROPERTY:
        g_string_append_printf(text, "(\"%s\", &)", call->text);
        return;
    case CALL_PLAIN:
        for (unsigned i = 0; i < call->argument_count; i++)
            g_string_append_printf(text, "%s%ld", i > 0 ? ", " : "(", call->arguments[i]);
        g_string_append(text, call->argument_count > 0 ? ")" : "()");
    }
}

static char *write_calls(const struct call_list *list)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < list->count; i++) {
        g_string_append(text, i > 0 ? "; " : "");
        write_call(text, &list->calls[i]);
    }
    return g_string_free(text, FALSE);
}

static void assert_is_call(const struct call *call)
{
    const char *name = call->function;
    g_assert_true(*name && !g_ascii_isdigit(*name) && strlen(name) < CALL_NAME_MAX);
    g_assert_cmpuint(strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_."), ==, strlen(name));
    g_assert_true(*name != '.' && !g_str_has_suffix(name, ".") && !strstr(name, ".."));
    g_assert_true(call->shape != CALL_DATA || !strchr(name, '.'));
    g_assert_true(strlen(call->text) < CALL_NAME_MAX && !strchr(call->text, '"'));
    g_assert_true((*call->text != '\0') == (call->shape == CALL_MALLCTL || call->shape == CALL_PROPERTY));
    g_assert_cmpuint(call->argument_count, <=, CALL_ARGUMENTS_MAX);
    g_assert_true(call->argument_count == 0 || call->shape == CALL_PLAIN);
    g_assert_true(call->result != CALL_NOTHING || call->shape == CALL_PLAIN || call->shape == CALL_MALLCTL);
    g_assert_null(call->address);
}

static void assert_same(const struct call *a, const struct call *b)
{
    g_assert_cmpstr(a->function, ==, b->function);
    g_assert_cmpstr(a->text, ==, b->text);
    g_assert_cmpint(a->shape, ==, b->shape);
    g_assert_cmpint(a->result, ==, b->result);
    g_assert_cmpuint(a->argument_count, ==, b->argument_count);
    for (unsigned i = 0; i < a->argument_count; i++)
        g_assert_cmpint(a->arguments[i], ==, b->arguments[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    struct call_list list, again;
    const char *wrong = call_parse(&list, text);
    if (wrong) {
        g_assert_true(*wrong);
        return 0;
    }
    g_assert_true(list.count >= 1 && list.count <= CALL_MAX);
    g_autofree char *written = write_calls(&list);
    g_assert_null(call_parse(&again, written));
    g_assert_cmpuint(again.count, ==, list.count);
    for (unsigned i = 0; i < list.count; i++) {
        assert_is_call(&list.calls[i]);
        assert_same(&list.calls[i], &again.calls[i]);
    }
    return 0;
}
