#include "driver/call.h"

#include <gnu/libc-version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct call_list list;

static void parse(const char *text)
{
    const char *wrong = call_parse(&list, text);
    if (wrong)
        fail_msg("%s: %s", text, wrong);
}

static void a_function_that_is_missing_is_named(void **state)
{
    (void)state;
    parse("getpid(); no_such_function(); neither_this()");
    const char *missing = call_resolve(&list);
    assert_non_null(missing);
    assert_string_equal(missing, "no_such_function");
    parse("getpid(); getppid()");
    assert_null(call_resolve(&list));
}

static void run(const char *text, bool works, const char *expected)
{
    char answer[64] = "";
    parse(text);
    assert_null(call_resolve(&list));
    assert_int_equal(call_run(&list, answer, sizeof answer), works);
    assert_string_equal(answer, expected);
}

static void an_int_reads_back(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    run("int: getpid()", true, pid);
    run("int: toupper(97)", true, "65");
    run("int: dup2(1, 1)", true, "1");
    run("int: abs(-2147483647)", true, "2147483647");
    run("int: close(-1)", true, "-1");
    run("getpid()", true, "");
}

static void a_string_reads_back(void **state)
{
    (void)state;
    run("string: gnu_get_libc_version()", true, gnu_get_libc_version());
    run("int: getpid(); string: gnu_get_libc_version()", true, gnu_get_libc_version()); /* the last counts */
}

static void an_answer_without_room_is_an_error(void **state)
{
    (void)state;
    char answer[8];
    parse("int: toupper(97)");
    assert_null(call_resolve(&list));
    assert_true(call_run(&list, answer, 3));
    assert_false(call_run(&list, answer, 2));
    assert_true(call_run(&list, NULL, 0)); /* nobody asks */
}

static void what_tells_nothing_answers_with_an_empty_text(void **state)
{
    (void)state;
    char answer[8] = "stale";
    parse("getpid(); getppid()");
    assert_null(call_resolve(&list));
    assert_true(call_run(&list, answer, sizeof answer));
    assert_string_equal(answer, "");
}

static long seen[4];

static int see(long a, long b, long c, long d)
{
    seen[0] = a, seen[1] = b, seen[2] = c, seen[3] = d;
    return -7;
}

static const char *see_text(long a, long b, long c, long d)
{
    return see(a, b, c, d) == -7 ? "seen" : "unseen";
}

static const char *no_text(void)
{
    return NULL;
}

/* A mallctl of ours: the text version, the numbers byte, word and wide, the action act. Strict of size, as the
 * real one is. */
static int fake_mallctl(const char *name, void *value, size_t *bytes, void *new_value, size_t new_bytes)
{
    static const struct {
        const char *name;
        int64_t number;
        size_t bytes;
    } numbers[] = {{"byte", 1, 1}, {"word", 4000000000, 4}, {"wide", -1, 8}};
    static const char *const version = "5.3.0";
    if (new_value || new_bytes)
        return 22;
    if (strcmp(name, "act") == 0)
        return value || bytes ? 22 : 0;
    if (strcmp(name, "version") == 0) {
        memcpy(value, &version, sizeof version);
        return *bytes == sizeof version ? 0 : 22;
    }
    for (size_t i = 0; i < 3; i++)
        if (strcmp(name, numbers[i].name) == 0) {
            size_t asked = *bytes;
            *bytes = asked < numbers[i].bytes ? asked : numbers[i].bytes;
            memcpy(value, &numbers[i].number, *bytes);
            return asked == numbers[i].bytes ? 0 : 22;
        }
    return 2;
}

static void run_mallctl(const char *text, bool works, const char *expected)
{
    char answer[64] = "";
    int (*function)(const char *, void *, size_t *, void *, size_t) = fake_mallctl;
    parse(text);
    memcpy(&list.calls[0].address, &function, sizeof function);
    assert_int_equal(call_run(&list, answer, sizeof answer), works);
    assert_string_equal(answer, expected);
}

static void mallctl_reads_by_the_size_it_stores(void **state)
{
    (void)state;
    run_mallctl("int: mallctl(\"byte\")", true, "1");
    run_mallctl("int: mallctl(\"word\")", true, "4000000000");
    run_mallctl("int: mallctl(\"wide\")", true, "-1");
    run_mallctl("bool: mallctl(\"byte\")", true, "1");
    run_mallctl("bool: mallctl(\"word\")", true, "1");
    run_mallctl("long: mallctl(\"wide\")", true, "-1");
    run_mallctl("string: mallctl(\"version\")", true, "5.3.0");
    run_mallctl("string: mallctl(\"byte\")", false, "");
}

static void mallctl_acts_without_values_and_reports_its_error(void **state)
{
    (void)state;
    run_mallctl("mallctl(\"act\")", true, "");
    run_mallctl("mallctl(\"none such\")", false, "");
    run_mallctl("int: mallctl(\"none such\")", false, "");
}

static void all_four_integers_arrive(void **state)
{
    (void)state;
    char answer[8];
    int (*function)(long, long, long, long) = see;
    const char *(*text)(long, long, long, long) = see_text, *(*silent)(void) = no_text;
    parse("int: f(1, -2, 3, 999999999999999999)");
    memcpy(&list.calls[0].address, &function, sizeof function);
    assert_true(call_run(&list, answer, sizeof answer));
    assert_string_equal(answer, "-7");
    assert_true(seen[0] == 1 && seen[1] == -2 && seen[2] == 3 && seen[3] == 999999999999999999);
    parse("string: f(5, 6, 7, -8)");
    memcpy(&list.calls[0].address, &text, sizeof text);
    assert_true(call_run(&list, answer, sizeof answer));
    assert_string_equal(answer, "seen");
    assert_true(seen[0] == 5 && seen[1] == 6 && seen[2] == 7 && seen[3] == -8);
    parse("string: f()");
    memcpy(&list.calls[0].address, &silent, sizeof silent);
    assert_false(call_run(&list, answer, sizeof answer)); /* no text is an error */
}

/* As of a program that exports them; the dynamic symbol table of this one has none, so addresses are given. */
static const int an_int = -5;
static const long a_long = -5000000000;
static const bool a_bool = true;
static const double a_double = 12.5;
static const char *const a_text = "two\nlines";

static void run_data(const char *type, const void *symbol, const char *expected)
{
    char text[64], answer[64] = "";
    snprintf(text, sizeof text, "%s: symbol", type);
    parse(text);
    memcpy(&list.calls[0].address, &symbol, sizeof symbol);
    assert_true(call_run(&list, answer, sizeof answer));
    assert_string_equal(answer, expected);
}

static void a_data_symbol_is_read_as_its_type(void **state)
{
    (void)state;
    run_data("int", &an_int, "-5");
    run_data("long", &a_long, "-5000000000");
    run_data("bool", &a_bool, "1");
    run_data("double", &a_double, "12.5");
    run_data("string", &a_text, "two?lines"); /* a line break would forge a line of the protocol */
    parse("int: no_such_symbol");
    assert_string_equal(call_resolve(&list), "no_such_symbol");
}

static int fake_property(const char *name, size_t *value)
{
    *value = strcmp(name, "seven") == 0 ? 7 : 99;
    return strcmp(name, "seven") == 0;
}

static void run_property(const char *text, bool works, const char *expected)
{
    char answer[64] = "";
    int (*function)(const char *, size_t *) = fake_property;
    parse(text);
    memcpy(&list.calls[0].address, &function, sizeof function);
    assert_int_equal(call_run(&list, answer, sizeof answer), works);
    assert_string_equal(answer, expected);
}

static void a_property_is_what_is_stored_and_0_is_an_error(void **state)
{
    (void)state;
    run_property("int: get(\"seven\", &)", true, "7");
    run_property("long: get(\"seven\", &)", true, "7");
    run_property("bool: get(\"seven\", &)", true, "1");
    run_property("int: get(\"eight\", &)", false, "");
}

static double half(void)
{
    return -0.5;
}

static long wide(void)
{
    return 5000000000;
}

static void a_result_is_read_as_its_type(void **state)
{
    (void)state;
    char answer[32];
    double (*real)(void) = half;
    long (*number)(void) = wide;
    parse("double: f()");
    memcpy(&list.calls[0].address, &real, sizeof real);
    assert_true(call_run(&list, answer, sizeof answer));
    assert_string_equal(answer, "-0.5");
    parse("long: f()");
    memcpy(&list.calls[0].address, &number, sizeof number);
    assert_true(call_run(&list, answer, sizeof answer));
    assert_string_equal(answer, "5000000000");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_that_is_missing_is_named),
        cmocka_unit_test(an_int_reads_back),
        cmocka_unit_test(a_string_reads_back),
        cmocka_unit_test(an_answer_without_room_is_an_error),
        cmocka_unit_test(what_tells_nothing_answers_with_an_empty_text),
        cmocka_unit_test(mallctl_reads_by_the_size_it_stores),
        cmocka_unit_test(mallctl_acts_without_values_and_reports_its_error),
        cmocka_unit_test(all_four_integers_arrive),
        cmocka_unit_test(a_data_symbol_is_read_as_its_type),
        cmocka_unit_test(a_property_is_what_is_stored_and_0_is_an_error),
        cmocka_unit_test(a_result_is_read_as_its_type),
    };
    return cmocka_run_group_tests_name("call_run", tests, NULL, NULL);
}
