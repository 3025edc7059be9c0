#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#include "error.h"
#include "ini.h"

static char *folder, *path;

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("afterfree-ini-XXXXXX", NULL);
    path = g_build_filename(folder, "file.ini", NULL);
    return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    g_unlink(path);
    g_rmdir(folder);
    g_free(folder);
    g_free(path);
    return 0;
}

static struct ini *read_good(const char *text)
{
    GError *error = NULL;
    assert_true(g_file_set_contents(path, text, -1, NULL));
    struct ini *ini = ini_read(path, &error);
    if (!ini)
        fail_msg("%s", error->message);
    return ini;
}

/* `message`: what the error says after the path. */
static void assert_bad(const char *text, gssize length, const char *message)
{
    GError *error = NULL;
    assert_true(g_file_set_contents(path, text, length, NULL));
    assert_null(ini_read(path, &error));
    assert_int_equal(error->code, EXIT_BAD_DATA);
    assert_true(g_str_has_prefix(error->message, path));
    assert_non_null(strstr(error->message, message));
    g_error_free(error);
}

static void assert_text(const struct ini *ini, const char *key, const char *expected)
{
    g_autofree char *text = ini_text(ini, "group", key, NULL);
    assert_string_equal(text, expected);
}

static void values_come_without_blanks_around(void **state)
{
    (void)state;
    g_autoptr(ini_file) ini = read_good("# comment\n\n[group]\n plain  =  a = b  \nempty=\nlf=a\\nb\r\n"
                                        "meant = \\sa\\n\\s  \n");
    assert_text(ini, "plain", "a = b");
    assert_text(ini, "empty", "");
    assert_text(ini, "lf", "a\nb");
    assert_text(ini, "meant", " a\n ");
}

static void a_group_given_twice_is_refused_with_both_lines(void **state)
{
    (void)state;
    assert_bad("[a]\nx=1\n[b]\n[a]\ny=1\n", -1, ":4: [a]: stands in line 1 already");
}

static void a_key_given_twice_is_refused_with_both_lines(void **state)
{
    (void)state;
    assert_bad("[a]\nx=1\n# x=2\n x =1\n", -1, ":4: [a] x: stands in line 2 already");
}

static void the_same_key_may_stand_in_two_groups(void **state)
{
    (void)state;
    ini_free(read_good("[a]\nx=1\n[b]\nx=1\n"));
}

static void a_line_that_is_neither_group_nor_key_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_bad("[a]\nx\n", -1, ":2: \"x\"");
    assert_bad("x=1\n[a]\n", -1, ":1: \"x=1");
    assert_bad("[a]\n\n=1\n", -1, ":3: \"=1\"");
    assert_bad("[a\nx=1\n", -1, ":1: \"[a\"");
    assert_bad("[a]\nx=1\n\0y=1\n", 13, ":3: a NUL byte");
}

static void a_key_of_another_locale_does_not_vanish(void **state)
{
    (void)state;
    g_autoptr(ini_file) ini = read_good("[group]\nsummary[xx]=a\n");
    g_auto(GStrv) keys = g_key_file_get_keys(ini_values(ini), "group", NULL, NULL);
    assert_int_equal(g_strv_length(keys), 1);
}

/* At once: to who asks for a value and takes a failure for absence it would be a default. */
static void a_bad_escape_or_byte_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_bad("[group]\na=1\nb=\\q\n", -1, ":3: [group] b: ");
    assert_bad("[group]\na=1\nb=\xff\n", -1, ":3: [group] b: ");
}

static void what_gkeyfile_alone_refuses_has_its_line_too(void **state)
{
    (void)state;
    assert_bad("[a]\nx=1\n[b\x03]\ny=1\n", -1, ":3: ");
    assert_bad("[a]\nx=1\n\n[]=\n", -1, ":4: ");
}

static void a_refusal_names_file_line_group_and_key(void **state)
{
    GError *error = NULL;
    (void)state;
    g_autoptr(ini_file) ini = read_good("\n[group]\nkey=7\n");
    g_autofree char *of_key = g_strdup_printf("%s:3: [group] key: 7 is odd", path);
    g_autofree char *of_group = g_strdup_printf("%s:2: [group]: odd", path);
    g_autofree char *of_missing = g_strdup_printf("%s:2: [group] other: missing", path);
    assert_false(ini_refuse(ini, "group", "key", &error, "%d is odd", 7));
    assert_string_equal(error->message, of_key);
    g_clear_error(&error);
    ini_refuse(ini, "group", NULL, &error, "odd");
    assert_string_equal(error->message, of_group);
    g_clear_error(&error);
    ini_refuse(ini, "group", "other", &error, "missing");
    assert_string_equal(error->message, of_missing);
    g_clear_error(&error);
}

static void a_missing_file_is_named(void **state)
{
    GError *error = NULL;
    (void)state;
    assert_null(ini_read("/nonexistent/x.ini", &error));
    assert_non_null(strstr(error->message, "/nonexistent/x.ini"));
    assert_int_equal(error->code, EXIT_BAD_DATA);
    g_error_free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_without_blanks_around),
        cmocka_unit_test(a_group_given_twice_is_refused_with_both_lines),
        cmocka_unit_test(a_key_given_twice_is_refused_with_both_lines),
        cmocka_unit_test(the_same_key_may_stand_in_two_groups),
        cmocka_unit_test(a_line_that_is_neither_group_nor_key_is_refused_with_its_line),
        cmocka_unit_test(a_key_of_another_locale_does_not_vanish),
        cmocka_unit_test(a_bad_escape_or_byte_is_refused_with_its_line),
        cmocka_unit_test(what_gkeyfile_alone_refuses_has_its_line_too),
        cmocka_unit_test(a_refusal_names_file_line_group_and_key),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
