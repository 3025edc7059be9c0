#include "driver/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct call_list list;

static void assert_good(const char *text)
{
    const char *wrong = call_parse(&list, text);
    if (wrong)
        fail_msg("%s: %s", text, wrong);
}

static void assert_bad(const char *text, const char *expected)
{
    const char *wrong = call_parse(&list, text);
    if (!wrong)
        fail_msg("%s is accepted", text);
    if (!strstr(wrong, expected))
        fail_msg("%s: %s, not: %s", text, wrong, expected);
}

static void a_call_has_up_to_four_integers(void **state)
{
    (void)state;
    assert_good("f()");
    assert_int_equal(list.count, 1);
    assert_string_equal(list.calls[0].function, "f");
    assert_int_equal(list.calls[0].argument_count, 0);
    assert_int_equal(list.calls[0].result, CALL_NOTHING);
    assert_good("g_1(1, -2,30 , 999999999999999999)");
    assert_string_equal(list.calls[0].function, "g_1");
    assert_int_equal(list.calls[0].argument_count, 4);
    assert_int_equal(list.calls[0].arguments[0], 1);
    assert_int_equal(list.calls[0].arguments[1], -2);
    assert_int_equal(list.calls[0].arguments[2], 30);
    assert_true(list.calls[0].arguments[3] == 999999999999999999);
}

static void mallctl_has_a_name_in_quotes(void **state)
{
    (void)state;
    assert_good("mallctl(\"arena.4096.purge\")");
    assert_string_equal(list.calls[0].function, "mallctl");
    assert_string_equal(list.calls[0].text, "arena.4096.purge");
    assert_int_equal(list.calls[0].argument_count, 0);
}

static void up_to_four_calls_stand_in_order(void **state)
{
    (void)state;
    assert_good("a(); b(2) ;mallctl(\"c\"); int: d()");
    assert_int_equal(list.count, 4);
    assert_string_equal(list.calls[0].function, "a");
    assert_int_equal(list.calls[1].arguments[0], 2);
    assert_string_equal(list.calls[2].text, "c");
    assert_int_equal(list.calls[3].result, CALL_INT);
}

static void a_read_back_says_its_type(void **state)
{
    (void)state;
    assert_good("int: f()");
    assert_int_equal(list.calls[0].result, CALL_INT);
    assert_good("string:f()");
    assert_int_equal(list.calls[0].result, CALL_STRING);
    assert_good("string: mallctl(\"version\")");
    assert_int_equal(list.calls[0].result, CALL_STRING);
    assert_good("integer()"); /* "int" alone is no type */
    assert_int_equal(list.calls[0].result, CALL_NOTHING);
    assert_good("long: f()");
    assert_int_equal(list.calls[0].result, CALL_LONG);
    assert_good("bool: f(1)");
    assert_int_equal(list.calls[0].result, CALL_BOOL);
    assert_good("double: f()");
    assert_int_equal(list.calls[0].result, CALL_DOUBLE);
    assert_int_equal(list.calls[0].shape, CALL_PLAIN);
    assert_bad("float: f()", "opening parenthesis");
    assert_bad("int f()", "opening parenthesis");
}

static void a_typed_name_without_parentheses_is_a_data_symbol(void **state)
{
    (void)state;
    assert_good("double: _ZN5FLAGS4rateE");
    assert_int_equal(list.calls[0].shape, CALL_DATA);
    assert_string_equal(list.calls[0].function, "_ZN5FLAGS4rateE");
    assert_good("f(); bool: flag ; int: g()");
    assert_int_equal(list.count, 3);
    assert_int_equal(list.calls[1].shape, CALL_DATA);
    assert_bad("flag", "opening parenthesis");
    assert_bad("int: flag 1", "text behind");
}

static void a_property_is_a_quoted_name_and_a_place_to_store(void **state)
{
    (void)state;
    assert_good("bool: get(\"a.b\", &)");
    assert_int_equal(list.calls[0].shape, CALL_PROPERTY);
    assert_string_equal(list.calls[0].text, "a.b");
    assert_string_equal(list.calls[0].function, "get");
    assert_bad("int: get(\"a\")", "followed by");
    assert_bad("int: get(\"a\", 1)", "followed by");
    assert_bad("int: get(\"a, &)", "followed by");
    assert_bad("int: get(\"a\", &, 1)", "closing parenthesis");
    assert_bad("get(\"a\", &)", "int, long or bool");
    assert_bad("double: get(\"a\", &)", "int, long or bool");
    assert_bad("string: get(\"a\", &)", "int, long or bool");
    assert_bad("double: mallctl(\"a\")", "no double");
}

static void a_function_of_another_language_has_dots_between_words(void **state)
{
    (void)state;
    assert_good("debug.FreeOSMemory()");
    assert_string_equal(list.calls[0].function, "debug.FreeOSMemory");
    assert_int_equal(list.calls[0].shape, CALL_PLAIN);
    assert_good("long: a.b_1.C(-1); runtime.GC()");
    assert_string_equal(list.calls[0].function, "a.b_1.C");
    assert_int_equal(list.calls[0].arguments[0], -1);
    assert_string_equal(list.calls[1].function, "runtime.GC");
}

static void blanks_are_free(void **state)
{
    (void)state;
    assert_good(" \t int:  f ( 1 ,\t2 ) ; g ( ) ");
    assert_int_equal(list.count, 2);
    assert_int_equal(list.calls[0].argument_count, 2);
}

static void bad_calls_are_told_from_good_ones(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wrong;
    } bad[] = {
        {"", "name is missing"},
        {"()", "name is missing"},
        {"1f()", "name is missing"},
        {"int:", "name is missing"},
        {"f();", "name is missing"},
        {"f", "opening parenthesis"},
        {"f 1", "opening parenthesis"},
        {".f()", "name is missing"},
        {"f.()", "name is missing"},
        {"f..g()", "name is missing"},
        {"f.1()", "name is missing"},
        {"f.g", "has no dot"},
        {"int: f.g", "has no dot"},
        {"f(", "no integer"},
        {"f(1", "closing parenthesis"},
        {"f(1 2)", "closing parenthesis"},
        {"f(1.5)", "closing parenthesis"},
        {"f(0x10)", "closing parenthesis"},
        {"f(1,)", "no integer"},
        {"f(,1)", "no integer"},
        {"f(x)", "no integer"},
        {"f(\"x\")", "followed by"},
        {"f(-)", "no integer"},
        {"f(+1)", "no integer"},
        {"f(1000000000000000000)", "no integer"}, /* 19 digits could overflow */
        {"f(1,2,3,4,5)", "at most four integers"},
        {"f() g()", "text behind"},
        {"f())", "text behind"},
        {"f(), g()", "text behind"},
        {"a();b();c();d();e()", "more than four"},
        {"mallctl(version)", "in quotes"},
        {"mallctl()", "in quotes"},
        {"mallctl(1)", "in quotes"},
        {"mallctl(\"\")", "in quotes"},
        {"mallctl(\"version)", "in quotes"},
        {"mallctl(\"a\", 1)", "closing parenthesis"},
        {"mallctl(\"a\"", "closing parenthesis"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_bad(bad[i].text, bad[i].wrong);
}

static void names_have_their_room_and_no_more(void **state)
{
    (void)state;
    char text[2 * CALL_NAME_MAX];
    snprintf(text, sizeof text, "%0*d()", CALL_NAME_MAX - 1, 0);
    memset(text, 'f', CALL_NAME_MAX - 1);
    assert_good(text);
    assert_int_equal(strlen(list.calls[0].function), CALL_NAME_MAX - 1);
    snprintf(text, sizeof text, "%0*d()", CALL_NAME_MAX, 0);
    memset(text, 'f', CALL_NAME_MAX);
    assert_bad(text, "name is missing");
    snprintf(text, sizeof text, "mallctl(\"%0*d\")", CALL_NAME_MAX - 1, 0);
    assert_good(text);
    assert_int_equal(strlen(list.calls[0].text), CALL_NAME_MAX - 1);
    snprintf(text, sizeof text, "mallctl(\"%0*d\")", CALL_NAME_MAX, 0);
    assert_bad(text, "in quotes");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_has_up_to_four_integers),
        cmocka_unit_test(mallctl_has_a_name_in_quotes),
        cmocka_unit_test(up_to_four_calls_stand_in_order),
        cmocka_unit_test(a_read_back_says_its_type),
        cmocka_unit_test(a_typed_name_without_parentheses_is_a_data_symbol),
        cmocka_unit_test(a_property_is_a_quoted_name_and_a_place_to_store),
        cmocka_unit_test(a_function_of_another_language_has_dots_between_words),
        cmocka_unit_test(blanks_are_free),
        cmocka_unit_test(bad_calls_are_told_from_good_ones),
        cmocka_unit_test(names_have_their_room_and_no_more),
    };
    return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
