/* The call language of descriptors (inside): what is taken is what is written. */
#include "driver/call.h"
#include "fuzz.h"

static char *write_calls(const struct call_list *list)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < list->count; i++) {
        const struct call *call = &list->calls[i];
        static const char *const results[] = {"", "int: ", "string: "};
        g_string_append_printf(text, "%s%s%s(", i > 0 ? "; " : "", results[call->result], call->function);
        if (*call->text)
            g_string_append_printf(text, "\"%s\"", call->text);
        for (unsigned j = 0; j < call->argument_count; j++)
            g_string_append_printf(text, "%s%ld", j > 0 ? ", " : "", call->arguments[j]);
        g_string_append_c(text, ')');
    }
    return g_string_free(text, FALSE);
}

static void assert_is_call(const struct call *call)
{
    const char *name = call->function;
    g_assert_true(*name && !g_ascii_isdigit(*name) && strlen(name) < CALL_NAME_MAX);
    g_assert_cmpuint(strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_"), ==, strlen(name));
    g_assert_true(strlen(call->text) < CALL_NAME_MAX && !strchr(call->text, '"'));
    g_assert_true((*call->text != '\0') == (strcmp(name, "mallctl") == 0));
    g_assert_cmpuint(call->argument_count, <=, CALL_ARGUMENTS_MAX);
    g_assert_null(call->address);
}

static void assert_same(const struct call *a, const struct call *b)
{
    g_assert_cmpstr(a->function, ==, b->function);
    g_assert_cmpstr(a->text, ==, b->text);
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
