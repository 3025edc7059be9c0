#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#include "csv.h"
#include "error.h"

static char *folder, *path;

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("afterfree-csv-XXXXXX", NULL);
    path = g_build_filename(folder, "table.csv", NULL);
    return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    g_rmdir(folder);
    g_free(folder);
    g_free(path);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    g_unlink(path);
    return 0;
}

static void write_bytes(const char *bytes, size_t length)
{
    assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
}

static struct csv *read_good(const char *text)
{
    GError *error = NULL;
    write_bytes(text, strlen(text));
    struct csv *csv = csv_read(path, &error);
    if (!csv)
        fail_msg("%s", error->message);
    return csv;
}

/* `line`: as in "table.csv:3: " */
static void assert_bad(const char *bytes, size_t length, const char *line)
{
    GError *error = NULL;
    write_bytes(bytes, length);
    assert_null(csv_read(path, &error));
    assert_int_equal(error->code, EXIT_BAD_DATA);
    assert_non_null(strstr(error->message, path));
    if (!strstr(error->message, line))
        fail_msg("%s: not in line %s", error->message, line);
    g_error_free(error);
}

static void assert_file_holds(const char *expected)
{
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_string_equal(text, expected);
}

static void fields_are_found_by_column_name(void **state)
{
    (void)state;
    g_autoptr(csv_table) csv = read_good("cell,peak_rss_bytes\na,1\nb,2\n");
    int peak = csv_column(csv, "peak_rss_bytes");
    uint64_t value;
    assert_int_equal(csv_rows(csv), 2);
    assert_int_equal(peak, 1);
    assert_string_equal(csv_text(csv, 1, csv_column(csv, "cell")), "b");
    assert_true(csv_u64(csv, 1, peak, &value));
    assert_int_equal(value, 2);
}

static void an_absent_column_a_short_row_and_no_row_read_as_empty(void **state)
{
    (void)state;
    g_autoptr(csv_table) csv = read_good("a,b\n1\n");
    assert_int_equal(csv_column(csv, "c"), -1);
    assert_string_equal(csv_text(csv, 0, -1), "");
    assert_string_equal(csv_text(csv, 0, 1), "");
    assert_string_equal(csv_text(csv, 1, 0), "");
}

static void an_empty_or_mistaken_number_is_unknown_not_zero(void **state)
{
    static const char *const FIELDS[] = {
        "", "-1", "1.5", "abc", " 1", "1 ", "0x1", "18446744073709551616", "\v1", "\v-1"};
    uint64_t value = 4711;
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        g_autofree char *text = g_strdup_printf("a,b\nx,%s\n", FIELDS[i]);
        g_autoptr(csv_table) csv = read_good(text);
        assert_false(csv_u64(csv, 0, 1, &value));
        assert_int_equal(value, 4711);
    }
}

static void quoted_fields_may_hold_commas_quotes_and_line_feeds(void **state)
{
    (void)state;
    g_autoptr(csv_table) csv =
        read_good("a,b,c\n\"x,y\",\"say \"\"no\"\"\",\"two\nlines\"\n\"\",\"\"\"\",z\n");
    assert_int_equal(csv_rows(csv), 2);
    assert_string_equal(csv_text(csv, 0, 0), "x,y");
    assert_string_equal(csv_text(csv, 0, 1), "say \"no\"");
    assert_string_equal(csv_text(csv, 0, 2), "two\nlines");
    assert_string_equal(csv_text(csv, 1, 0), "");
    assert_string_equal(csv_text(csv, 1, 1), "\"");
    assert_string_equal(csv_text(csv, 1, 2), "z");
}

static void a_spreadsheets_line_ends_are_read(void **state)
{
    (void)state;
    g_autoptr(csv_table) csv = read_good("a,b\r\n1,\"2\"\r\n\r\n3,\r\n");
    assert_int_equal(csv_column(csv, "b"), 1);
    assert_int_equal(csv_rows(csv), 2);
    assert_string_equal(csv_text(csv, 0, 1), "2");
    assert_string_equal(csv_text(csv, 1, 1), "");
}

static void a_torn_last_line_is_dropped(void **state)
{
    static const char *const TAILS[] = {"3", "3,4", "3,\"4", "3,\"4\""};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(TAILS); i++) {
        g_autofree char *text = g_strdup_printf("a,b\n1,2\n%s", TAILS[i]);
        g_autoptr(csv_table) csv = read_good(text);
        assert_int_equal(csv_rows(csv), 1);
        assert_string_equal(csv_text(csv, 0, 1), "2");
    }
}

static void an_open_quote_does_not_swallow_the_rows_after_it(void **state)
{
    static const char CLOSED[] = "a,b\n1,\"2\n3,4\n", TORN[] = "a,b\n1,2\n\n3,\"4\n5,6\n7";
    (void)state;
    assert_bad(CLOSED, strlen(CLOSED), ":2: ");
    assert_bad(TORN, strlen(TORN), ":4: ");
}

static void what_is_not_rfc_4180_is_refused_with_its_line(void **state)
{
    static const char NUL[] = "a,b\n1,2\n3,\0\n5,6\n", INNER[] = "a,b\n1,2\n3,x\"y\n",
                      AFTER[] = "a\n\"x\ny\"z\n";
    static const char LONG[] = "a,b\n1,\"2\n2\"\n1,2,3\n", TWICE[] = "a,b,a\n", HEADLESS[] = "",
                      TORN[] = "a,b";
    (void)state;
    assert_bad(NUL, sizeof NUL - 1, ":3: ");
    assert_bad(INNER, sizeof INNER - 1, ":3: ");
    assert_bad(AFTER, sizeof AFTER - 1, ":2: ");
    assert_bad(LONG, sizeof LONG - 1, ":4: ");
    assert_bad(TWICE, sizeof TWICE - 1, ":1: ");
    assert_bad(HEADLESS, sizeof HEADLESS - 1, ":1: ");
    assert_bad(TORN, sizeof TORN - 1, ":1: ");
}

static void a_missing_file_is_named(void **state)
{
    GError *error = NULL;
    (void)state;
    assert_null(csv_read("/nonexistent/runs.csv", &error));
    assert_non_null(strstr(error->message, "/nonexistent/runs.csv"));
    assert_int_equal(error->code, EXIT_BAD_DATA);
    g_error_free(error);
}

static void what_is_written_reads_back(void **state)
{
    static const char *const TEXTS[] = {"plain",      "",       "a,b",      "say \"no\"",
                                        "two\nlines", "cr\rlf", " blanks ", "\""};
    g_autoptr(GString) row = g_string_new(NULL);
    uint64_t value;
    (void)state;
    int fd = csv_open_append(path, "number,text,none", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        csv_add_u64(row, UINT64_MAX - i);
        csv_add_text(row, TEXTS[i]);
        csv_add_empty(row);
        assert_true(csv_write_row(fd, row, path, NULL));
        assert_int_equal(row->len, 0);
    }
    close(fd);
    g_autoptr(csv_table) csv = csv_read(path, NULL);
    assert_int_equal(csv_rows(csv), G_N_ELEMENTS(TEXTS));
    for (guint i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        assert_true(csv_u64(csv, i, 0, &value));
        assert_true(value == UINT64_MAX - i);
        assert_string_equal(csv_text(csv, i, 1), TEXTS[i]);
        assert_string_equal(csv_text(csv, i, 2), "");
    }
}

static void an_empty_first_field_keeps_its_place(void **state)
{
    g_autoptr(GString) row = g_string_new(NULL);
    (void)state;
    csv_add_text(row, NULL);
    csv_add_text(row, "second");
    assert_string_equal(row->str, "\"\",second");
}

static void a_new_file_begins_with_the_header(void **state)
{
    (void)state;
    int fd = csv_open_append(path, "a,b", NULL);
    assert_true(fd >= 0);
    close(fd);
    assert_file_holds("a,b\n");
}

static void appending_goes_on_after_the_last_whole_row(void **state)
{
    g_autoptr(GString) row = g_string_new("3,4");
    (void)state;
    write_bytes("a,b\n1,2\n3,\"tor", 14);
    int fd = csv_open_append(path, "a,b", NULL);
    assert_true(fd >= 0);
    assert_file_holds("a,b\n1,2\n");
    assert_true(csv_write_row(fd, row, path, NULL));
    close(fd);
    assert_file_holds("a,b\n1,2\n3,4\n");
}

static void a_torn_header_is_written_anew(void **state)
{
    (void)state;
    write_bytes("cell,al", 7);
    int fd = csv_open_append(path, "cell,allocator", NULL);
    assert_true(fd >= 0);
    close(fd);
    assert_file_holds("cell,allocator\n");
}

static void a_file_with_other_columns_is_refused_and_left_alone(void **state)
{
    static const char *const FILES[] = {"a,c\n1,2\n", "a,b,c\n", "a\n", "a letter without its end",
                                        "a,b\n1,\"2\n3,4\n5"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        GError *error = NULL;
        write_bytes(FILES[i], strlen(FILES[i]));
        assert_int_equal(csv_open_append(path, "a,b", &error), -1);
        assert_int_equal(error->code, EXIT_BAD_DATA);
        assert_non_null(strstr(error->message, path));
        g_error_free(error);
        assert_file_holds(FILES[i]);
    }
}

static void a_folder_that_does_not_exist_is_an_error_of_the_system(void **state)
{
    GError *error = NULL;
    (void)state;
    assert_int_equal(csv_open_append("/nonexistent/runs.csv", "a,b", &error), -1);
    assert_int_equal(error->code, EXIT_SYSTEM);
    assert_non_null(strstr(error->message, "/nonexistent/runs.csv"));
    g_error_free(error);
}

static void a_full_disk_is_an_error_of_the_system(void **state)
{
    g_autoptr(GString) row = g_string_new("1,2");
    GError *error = NULL;
    (void)state;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_false(csv_write_row(fd, row, "/dev/full", &error));
    close(fd);
    assert_int_equal(error->code, EXIT_SYSTEM);
    assert_non_null(strstr(error->message, g_strerror(ENOSPC)));
    g_error_free(error);
}

/* A limit on the file's size makes the kernel write the part that fits, as a disk does when it fills up. */
static void half_a_row_is_taken_back(void **state)
{
    g_autoptr(GString) row = g_string_new("3,\"a long\n\nfield\"");
    struct rlimit unlimited, limited;
    GError *error = NULL;
    (void)state;
    int fd = csv_open_append(path, "a,b", NULL);
    getrlimit(RLIMIT_FSIZE, &unlimited);
    limited = (struct rlimit){.rlim_cur = 14, .rlim_max = unlimited.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    bool written = csv_write_row(fd, row, path, &error);
    setrlimit(RLIMIT_FSIZE, &unlimited);
    signal(SIGXFSZ, SIG_DFL);
    close(fd);
    assert_false(written);
    assert_int_equal(error->code, EXIT_SYSTEM);
    g_error_free(error);
    assert_file_holds("a,b\n");
}

#define TEST(claim) cmocka_unit_test_teardown(claim, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_are_found_by_column_name),
        TEST(an_absent_column_a_short_row_and_no_row_read_as_empty),
        TEST(an_empty_or_mistaken_number_is_unknown_not_zero),
        TEST(quoted_fields_may_hold_commas_quotes_and_line_feeds),
        TEST(a_spreadsheets_line_ends_are_read),
        TEST(a_torn_last_line_is_dropped),
        TEST(an_open_quote_does_not_swallow_the_rows_after_it),
        TEST(what_is_not_rfc_4180_is_refused_with_its_line),
        TEST(a_missing_file_is_named),
        TEST(what_is_written_reads_back),
        TEST(an_empty_first_field_keeps_its_place),
        TEST(a_new_file_begins_with_the_header),
        TEST(appending_goes_on_after_the_last_whole_row),
        TEST(a_torn_header_is_written_anew),
        TEST(a_file_with_other_columns_is_refused_and_left_alone),
        TEST(a_folder_that_does_not_exist_is_an_error_of_the_system),
        TEST(a_full_disk_is_an_error_of_the_system),
        TEST(half_a_row_is_taken_back),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
